"""The world of the permission table: the cast, and twins of everything, one in 甲's group, one in another village."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import timezone

from grassroots.grid.models import Area, AreaDuty, DutyKind, Level, Posting, Role, Staff
from grassroots.ledgers.models import BatchState, ImportBatch, LedgerLayout, Publication
from grassroots.notices.inbox import message_send
from grassroots.notices.models import Channel, ChannelKind
from households.models import (
    AbsentContact,
    CommitmentLetter,
    ContactRelation,
    DismissedDoor,
    DoorSlip,
    Household,
    HouseholdDuty,
    Person,
    PersonRemoval,
    RemovalKind,
    Residency,
    SupportKind,
    SupportStatus,
    Survey,
    SurveyMember,
    SurveyPhoto,
)
from measures.models import (
    CareVisit,
    CheckItem,
    Checklist,
    FindingPhoto,
    Incident,
    Inspection,
    Kind,
    Order,
    OrderReceipt,
    Plan,
    Record,
    Rectification,
    Shift,
    SpotCheck,
    Venue,
    VenueEvent,
)
from quarantine.models import (
    Alert,
    AlertAction,
    AlertKind,
    CloseContact,
    Handover,
    Observation,
    Paper,
    Policy,
    PolicyState,
    PushedCode,
    PushedList,
    PushedPerson,
    Reading,
    ReadingFlag,
    Recalculation,
    ReleaseFollowup,
    Returnee,
    ServiceRequest,
    Visit,
)
from quarantine.services.alert_actions import alert_transfer
from quarantine.services.observations import StartDates, observation_open
from quarantine.services.papers import papers_issue
from quarantine.services.policies import policy_switch_on
from quarantine.services.readings import reading_record
from tests.factories import OfficeCast, make_area, make_household, make_office, make_person, make_staff
from tests.permissions.order_world import make_orders
from tests.permissions.photo_things import finding_photo


@dataclass
class Things:
    """One of everything, lying in one area."""

    area: Area
    household: Household
    person: Person
    residency: Residency
    traveller: Residency
    support: SupportStatus
    survey: Survey
    member: SurveyMember
    letter: CommitmentLetter
    photo: SurveyPhoto
    household_duty: HouseholdDuty
    area_duty: AreaDuty
    returnee: Returnee
    contact: CloseContact
    observation: Observation
    visit: Visit
    reading: Reading
    alert: Alert
    alert_action: AlertAction
    flag: ReadingFlag
    paper: Paper
    sheet: Paper
    service: ServiceRequest
    colleague: Staff
    posting: Posting
    pushed_list: PushedList
    pushed_row: PushedPerson
    layout: LedgerLayout
    batch: ImportBatch
    publication: Publication
    channel: Channel
    handover: Handover
    removal: PersonRemoval
    dismissed: DismissedDoor
    absent_contact: AbsentContact
    slip: DoorSlip
    recalculation: Recalculation
    followup: ReleaseFollowup
    venue: Venue
    venue_event: VenueEvent
    record: Record
    plan: Plan
    care_visit: CareVisit
    spot_check: SpotCheck
    check_item: CheckItem
    rectification: Rectification
    shift: Shift
    inspection: Inspection
    finding_photo: FindingPhoto
    order: Order
    receipt: OrderReceipt
    incident: Incident


@dataclass
class World:
    """Cast, own things (in 甲's group) and foreign ones (in another village)."""

    office: OfficeCast
    own: Things
    foreign: Things
    policy: Policy
    template: Policy
    kind: DutyKind


def _pushed_row(area: Area, by: Staff) -> PushedPerson:
    """A row of a list that came to the area."""
    one = PushedList.objects.create(
        area=area, title="推送名单", content_digest=f"list {area.pk}", recorded_by=by
    )
    return PushedPerson.objects.create(
        list=one, number=1, row=2, name="推某", phone="13900002222", area=area, proposed=PushedCode.OMITTED
    )


def _batch(area: Area, by: Staff) -> ImportBatch:
    """A list of returnees that waits to be confirmed; its file is gone."""
    return ImportBatch.objects.create(
        kind="returnees", area=area, staff=by, state=BatchState.PLANNED, plan_digest="0" * 64,
        planned_at=timezone.now(),
    )  # fmt: skip


def _channel(area: Area) -> Channel:
    """A robot that nobody has at the other end."""
    return Channel.objects.create(
        name=f"群{area.pk}", kind=ChannelKind.WECOM, area=area, address="http://127.0.0.1:9/?key=a"
    )


def _publication(area: Area, by: Staff) -> Publication:
    figures: dict[str, Any] = {"columns": [], "captions": {}, "rows": [], "values": [], "figures": {}}
    now = timezone.now()
    on = timezone.localdate(now) - dt.timedelta(days=2)
    return Publication.objects.create(
        area=area, on=on, text="日报", figures=figures, known_at=now, published_by=by
    )


def make_things(office: OfficeCast, area: Area, by: Staff, policy: Policy) -> Things:
    now = timezone.now()
    household = make_household(area, survey_state="ABSENT")
    person = make_person("", household)
    survey = Survey.objects.create(
        household=household, area=area, staff=by, recorded_by=by, outcome="SIGNED", visited_at=now
    )
    member = SurveyMember.objects.create(survey=survey, person=person)
    traveller = _traveller(household)
    support = SupportStatus.objects.create(person=person, kind=SupportKind.DISABLED)
    kind, colleague = DutyKind.objects.get(code="group"), make_staff(f"同事{area.name}", Role.OFFICER, area)
    on = timezone.localdate() - dt.timedelta(days=3)
    returnee = Returnee.objects.create(
        person=person, household=household, area=area, origin="武汉市江夏区", origin_kind="WUHAN", left_on=on,
        arrived_on=on, recorded_by=by, reasons=["WUHAN"],
    )  # fmt: skip
    observation = observation_open(
        person=person, area=area, household=household, returnee=returnee, dates=StartDates.of(returnee), by=by,
        policy=policy, at=now - dt.timedelta(hours=30), known_at=now - dt.timedelta(hours=30),
    )  # fmt: skip
    visit = observation.visits.filter(opens_at__lte=now).order_by("opens_at").first()
    assert visit is not None
    reading = reading_record(visit=visit, temperature=Decimal("37.6"), by=by, source="PAPER").reading
    alert = Alert.objects.get(observation=observation, kind=AlertKind.FEVER)
    return Things(
        area=area, household=household, person=person, residency=person.residencies.get(),
        traveller=traveller, support=support, survey=survey, member=member,
        household_duty=HouseholdDuty.objects.create(household=household, staff=colleague, kind=kind),
        area_duty=AreaDuty.objects.create(area=area, staff=colleague, kind=kind),
        returnee=returnee, contact=CloseContact.objects.create(returnee=returnee, name="李四", phone="13900001111"),
        observation=observation, visit=visit, reading=reading, alert=alert, flag=_flag(reading),
        service=ServiceRequest.objects.create(person=person, area=area, kind="SHOPPING", request="米", recorded_by=by),
        paper=papers_issue(observations=[observation], kind="NOTICE", by=by)[0],
        sheet=papers_issue(observations=[observation], kind="TEMPERATURE", by=by)[0],
        colleague=colleague, posting=colleague.postings.get(), alert_action=_transfer(alert, by),
        pushed_row=(row := _pushed_row(area, by)), pushed_list=row.list,
        layout=_layout(area, by), batch=_batch(area, by), publication=_publication(area, by), channel=_channel(area),
        handover=_handover(office, observation, by), removal=_removal(area, by),
        **_beside(observation, by), **_measures(area, by), **_at_the_door(survey), **make_orders(office, area, by),
    )  # fmt: skip


def _at_the_door(survey: Survey) -> dict[str, Any]:
    """The letter that was signed, and a photo of it whose file is gone."""
    at, home = survey.visited_at, survey.household
    letter = CommitmentLetter.objects.create(household=home, survey=survey, area=home.area, signed_at=at)
    photo = SurveyPhoto.objects.create(survey=survey, kind="LETTER", path="gone", size=1, expires_at=at)
    return {"letter": letter, "photo": photo}


def _transfer(alert: Alert, by: Staff) -> AlertAction:
    """On its way to the fever clinic; nobody has taken notice of the alert but who drives."""
    return alert_transfer(
        alert=alert,
        vehicle="120救护车",
        escort="卫某",
        destination="县医院",
        departed_at=timezone.now(),
        by=by,
    )


def _traveller(household: Household) -> Residency:
    """Somebody of the household who is away."""
    traveller = make_person("", household).residencies.get()
    Residency.objects.filter(pk=traveller.pk).update(is_away=True, away_where="成都")
    return traveller


def _handover(office: OfficeCast, observation: Observation, by: Staff) -> Handover:
    """Offered to a village that none of the twins lies in."""
    village = _third_village(office)
    return Handover.objects.create(
        observation=observation, from_area=observation.area, to_area=village, reason="回村", requested_by=by
    )


def _beside(observation: Observation, by: Staff) -> dict[str, Any]:
    """A proposal that waits, a follow-up that is due, and a door that does not exist."""
    recalculation = Recalculation.objects.create(
        observation=observation, kind="HOUSEHOLD", policy=observation.policy, seen_version=observation.version,
        start_basis=observation.start_basis, basis_on=observation.basis_on, day_one_on=observation.day_one_on,
        last_on=observation.last_on + dt.timedelta(days=1), old_last_on=observation.last_on, old_words="14天",
        new_words="15天", reason="同住人延长",
    )  # fmt: skip
    today = timezone.localdate()
    followup = ReleaseFollowup.objects.create(observation=observation, day_number=1, due_on=today)
    gone = DismissedDoor.objects.create(
        area=observation.area, door="7", display="7号", reason="没有这个号", by=by
    )
    household = observation.household
    assert household is not None
    contact = AbsentContact.objects.create(
        household=household, relation=ContactRelation.NEIGHBOUR, name="王某", phone="13900003333", added_by=by
    )
    slip = DoorSlip.objects.create(
        household=household, area=observation.area, year=2020, number=1, code=f"{household.pk:010d}",
        issue=uuid.uuid4(), printed_by=by,
    )  # fmt: skip
    visit = CareVisit.objects.create(
        person=observation.person, area=observation.area, on=today, way="PHONE", result="WELL", by=by, recorded_by=by
    )  # fmt: skip
    return {
        "recalculation": recalculation, "followup": followup, "dismissed": gone, "absent_contact": contact,
        "slip": slip, "care_visit": visit,
    }  # fmt: skip


def _measures(area: Area, by: Staff) -> dict[str, Any]:
    """A teahouse to which a notice was served, and tables of a banquet that were cancelled."""
    today, kinds = timezone.localdate(), {kind.code: kind for kind in Kind.objects.all()}
    venue = Venue.objects.create(
        kind=kinds["teahouse"], area=area, name="桥头茶馆", phone="13900003333", recorded_by=by
    )
    notice = VenueEvent.objects.create(venue=venue, action="NOTICE", on=today, by=by)
    record = Record.objects.create(
        kind=kinds["banquet"], area=area, on=today, quantity=12, by=by, recorded_by=by
    )
    plan = Plan.objects.create(kind=kinds["rubbish"], area=area, place="垃圾房", recorded_by=by)
    now = timezone.now()
    shift = Shift.objects.create(
        area=area, place="村口", starts_at=now, ends_at=now + dt.timedelta(hours=8), recorded_by=by
    )
    return {
        "venue": venue,
        "venue_event": notice,
        "record": record,
        "plan": plan,
        "shift": shift,
        **_check(area, by),
    }


def _check(area: Area, by: Staff) -> dict[str, Any]:
    """A sample of one, which the officer recorded, and what came of another."""
    today = timezone.localdate()
    check = SpotCheck.objects.create(
        subject="HOUSEHOLDS", area=area, since=today, until=today, wanted=1, seed=7, frame_size=1,
        frame_digest="0" * 64, strata={str(area.pk): 1}, drawn_by=by,
    )  # fmt: skip
    item = CheckItem.objects.create(check_of=check, number=1, village=area, title="1-1-101", recorder=by)
    demand = Rectification.objects.create(
        area=area, problem="人数不符", demand="重新入户", due_on=today, raised_by=by
    )
    inspection = Inspection.objects.create(
        checklist=Checklist.objects.get(code="checkpoint"), area=area, unit="东门劝导点", at=timezone.now(),
        recorded_by=by,
    )  # fmt: skip
    inspection.inspectors.set([by])
    return {"spot_check": check, "check_item": item, "rectification": demand, "inspection": inspection,
            "finding_photo": finding_photo(inspection)}  # fmt: skip


def _third_village(office: OfficeCast) -> Area:
    """A village where none of the cast works but the street."""
    street = Area.objects.get(pk=office.street.pk)
    return Area.objects.get_children(street).filter(name="石佛村").first() or make_area(
        office.street, Level.VILLAGE, "石佛村", "510121006003"
    )


def _flag(reading: Reading) -> ReadingFlag:
    """A hint on one reading."""
    at = reading.entered_at
    flag = ReadingFlag.objects.create(
        kind="FUTURE", officer=reading.by, area=reading.visit.area, count=1, from_at=at, until_at=at
    )
    flag.readings.add(reading)
    return flag


def _removal(area: Area, by: Staff) -> PersonRemoval:
    """Somebody of the area who was typed by mistake."""
    nobody = make_person(voided_at=timezone.now())
    return PersonRemoval.objects.create(
        kind=RemovalKind.VOIDED,
        person=nobody,
        area=area,
        reason="误录",
        by=by,
        detail={"homes": [], "apps": {}},
    )


def _layout(area: Area, by: Staff) -> LedgerLayout:
    """A layout of 返乡人员台账 for the area, with its first version."""
    layout = LedgerLayout.objects.create(ledger="returnees", area=area, name=f"{area.name}版式")
    definition = {"title": "名单", "columns": [{"key": "name", "caption": "姓名"}]}
    layout.versions.create(number=1, definition=definition, by=by)
    return layout


def make_world() -> World:
    """The office with its twins; every POST of the table meets real ids."""
    office = make_office()
    template = Policy.objects.get(state=PolicyState.TEMPLATE, code="home-14")
    policy = policy_switch_on(template=template, effective_from=dt.date(2020, 1, 1), by=office.admin)
    world = World(
        office,
        make_things(office, office.group, office.jia, policy),
        make_things(office, office.other_group, office.bing, policy),
        policy,
        template,
        DutyKind.objects.get(code="group"),
    )
    for staff in office.everyone().values():
        message_send(recipient=staff, title="消息")
    return world


def message_of(staff: Any) -> Any:
    """The uid of somebody's own message."""
    return staff.messages.first().uid
