"""Demo follow-up: returnees, their observations, visits and readings up to the demo's present moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils import timezone

from grassroots.desk.demo.invent import Inventor
from grassroots.desk.demo.people import Home, Member
from grassroots.grid.bulk import BulkWriter
from households.models import Followup, Household, SurveyMember
from quarantine.models import (
    Alert,
    AlertKind,
    EventKind,
    KeyReason,
    Observation,
    ObservationEvent,
    ObservationStay,
    Policy,
    Reading,
    Returnee,
    TripLeg,
    Visit,
    VisitState,
)
from quarantine.rules.clock import choose_start, term
from quarantine.rules.origins import OriginKind
from quarantine.rules.slots import SlotWindow, slot_windows

DISTRICTS = ("江岸区", "江汉区", "硚口区", "汉阳区", "武昌区", "洪山区", "江夏区", "东西湖区")
OTHER_HUBEI = ("湖北省荆州市", "湖北省黄冈市麻城市", "湖北省孝感市孝南区")
OTHER_PROVINCES = ("广东省东莞市", "浙江省温州市", "重庆市渝北区", "福建省泉州市")
TRAINS = ("G1719次 05车08F", "D627次 11车12A", "K1063次 08车", "G2192次 03车05C")
REASON_OF = {OriginKind.WUHAN: KeyReason.WUHAN, OriginKind.HUBEI_OTHER: KeyReason.HUBEI}


@dataclass(frozen=True)
class Return:
    """A return to be written: who, where to, where from, and when he left and came back."""

    home: Home
    member: Member
    kind: OriginKind
    left_on: dt.date
    arrived_on: dt.date
    has_fever: bool = False


def origin_text(invent: Inventor, kind: OriginKind) -> str:
    if kind == OriginKind.WUHAN:
        return f"武汉市{invent.rng.choice(DISTRICTS)}"
    return invent.rng.choice(OTHER_HUBEI if kind == OriginKind.HUBEI_OTHER else OTHER_PROVINCES)


class FollowupWriter:
    """Writes returnees and, for those within the policy's scope, the whole observation so far."""

    def __init__(self, invent: Inventor, policy: Policy, now: dt.datetime, town: str) -> None:
        self.invent, self.policy, self.now, self.town = invent, policy, now, town
        self.terms = policy.parsed()
        self.origins: dict[int, str] = {}  # by returnee
        self.returnees = BulkWriter(Returnee)
        self.legs = BulkWriter(TripLeg)
        self.observations = BulkWriter(Observation)
        self.stays = BulkWriter(ObservationStay)
        self.events = BulkWriter(ObservationEvent)
        self.visits = BulkWriter(Visit)
        self.readings = BulkWriter(Reading)
        self.alerts = BulkWriter(Alert)

    def write(self, trip: Return, *, officer_id: int, health_id: int, measured_share: float) -> None:
        """Write one return; Hubei's are under observation from the morning after they came back."""
        opened_at = timezone.make_aware(dt.datetime.combine(trip.arrived_on, dt.time(18, 30)))
        returnee_id = self._returnee(trip, opened_at, officer_id)
        is_observed = trip.kind in REASON_OF
        state = Followup.OBSERVED if is_observed else Followup.RETURNEE
        Household.objects.filter(pk=trip.home.household_id).update(followup_state=state)
        self._answers_agree(trip, returnee_id)
        if not is_observed:
            return
        observation_id = self._observation(trip, returnee_id, opened_at, officer_id)
        start = choose_start(self.terms, left_on=trip.left_on, arrived_on=trip.arrived_on)
        first = max(timezone.localdate(opened_at), start.day_one_on)
        windows = slot_windows(self.terms, first, term(self.terms, start).last_on, opened_at)
        for window in windows:
            self._visit(trip, observation_id, window, health_id, measured_share)

    def _answers_agree(self, trip: Return, returnee_id: int) -> None:
        """What the returnee said at the door is what stands in his file."""
        SurveyMember.objects.filter(person=trip.member.person_id).update(
            at_home=True, left_county=True, hubei_contact=trip.kind in REASON_OF, left_on=trip.left_on,
            returned_on=trip.arrived_on, returned_from=self.origins[returnee_id], temperature=Decimal("36.4"),
        )  # fmt: skip

    def _returnee(self, trip: Return, found_at: dt.datetime, officer_id: int) -> int:
        origin = origin_text(self.invent, trip.kind)
        train = self.invent.rng.choice(TRAINS)
        returnee_id = self.returnees.next_pk
        self.origins[returnee_id] = origin
        self.returnees.add(
            uid=self.invent.uid(), person_id=trip.member.person_id, household_id=trip.home.household_id,
            area_id=trip.home.area_id, origin=origin, origin_kind=trip.kind, native_place="四川省成都市金堂县",
            registered_place="四川省成都市金堂县", reasons=[REASON_OF[trip.kind]] if trip.kind in REASON_OF else [],
            left_on=trip.left_on, arrived_on=trip.arrived_on, transport="TRAIN", transport_no=train,
            stops="成都东站", hubei_history=trip.kind in REASON_OF, case_contact=False,
            arrival_temperature=Decimal("36.4"), information_source="入户排查", found_at=found_at, recorded_at=found_at,
            recorded_by_id=officer_id, notice_no=f"GZ{self.returnees.next_pk:04d}" if trip.kind in REASON_OF else "",
            door_card_posted=trip.kind in REASON_OF,
        )  # fmt: skip
        for order, (place, to) in enumerate([(origin, "成都东站"), ("成都东站", self.town)], start=1):
            self.legs.add(
                returnee_id=returnee_id, order=order, from_place=place, to_place=to,
                transport="TRAIN" if order == 1 else "CAR", transport_no=train if order == 1 else "川A·D3817",
            )  # fmt: skip
        return returnee_id

    def _observation(self, trip: Return, returnee_id: int, opened_at: dt.datetime, officer_id: int) -> int:
        start = choose_start(self.terms, left_on=trip.left_on, arrived_on=trip.arrived_on)
        observation_id = self.observations.add(
            uid=self.invent.uid(), person_id=trip.member.person_id, returnee_id=returnee_id, policy_id=self.policy.pk,
            household_id=trip.home.household_id, area_id=trip.home.area_id, start_basis=start.basis,
            basis_on=start.basis_on, day_one_on=start.day_one_on, last_on=term(self.terms, start).last_on,
            opened_at=opened_at, recorded_at=opened_at, walk_key=trip.home.walk_key,
        )  # fmt: skip
        self.stays.add(
            observation_id=observation_id, area_id=trip.home.area_id, from_at=opened_at, recorded_at=opened_at
        )
        self.events.add(
            uid=self.invent.uid(), observation_id=observation_id, kind=EventKind.OPENED, happened_at=opened_at,
            recorded_at=opened_at, to_area_id=trip.home.area_id, by_id=officer_id, reason="湖北返乡，居家医学观察",
        )  # fmt: skip
        return observation_id

    def _visit(
        self, trip: Return, observation_id: int, window: SlotWindow, health_id: int, share: float
    ) -> None:
        is_over = window.closes_at <= self.now
        is_now = window.opens_at <= self.now < window.closes_at
        fever = (
            trip.has_fever and window.date == self.invent.on and (is_over or is_now) and window.slot == "AM"
        )
        measured = (
            fever
            or (is_over and self.invent.rng.random() < 0.985)
            or (is_now and self.invent.rng.random() < share)
        )
        latest = min(window.closes_at, self.now)
        minutes = max(1, int((latest - window.opens_at).total_seconds() // 60) - 1)
        at = window.opens_at + dt.timedelta(minutes=self.invent.rng.randrange(minutes))
        state = VisitState.DONE if measured else VisitState.MISSED if is_over else VisitState.PLANNED
        visit_id = self.visits.add(
            uid=self.invent.uid(), observation_id=observation_id, area_id=trip.home.area_id, date=window.date,
            slot=window.slot, opens_at=window.opens_at, closes_at=window.closes_at, state=state,
            state_at=at if measured else window.closes_at if is_over else None,
            state_recorded_at=at if measured else window.closes_at if is_over else None,
            state_by_id=health_id if measured else None,
        )  # fmt: skip
        if measured:
            self._readings(trip, observation_id, visit_id, at, health_id, fever)

    def _readings(
        self, trip: Return, observation_id: int, visit_id: int, at: dt.datetime, health_id: int, fever: bool
    ) -> None:
        values = (
            [Decimal("37.8"), Decimal("37.9")] if fever else [Decimal(self.invent.rng.randint(360, 369)) / 10]
        )
        for sequence, temperature in enumerate(values, start=1):
            moment = min(at + dt.timedelta(minutes=15 * (sequence - 1)), max(at, self.now))
            reading_id = self.readings.add(
                uid=self.invent.uid(), visit_id=visit_id, sequence=sequence, temperature=temperature,
                is_abnormal=fever, symptoms=["干咳"] if fever else [], measured_at=moment, entered_at=moment,
                by_id=health_id, entered_by_id=health_id,
            )  # fmt: skip
            if fever and sequence == 1:
                self.alerts.add(
                    uid=self.invent.uid(), observation_id=observation_id, area_id=trip.home.area_id,
                    kind=AlertKind.FEVER, visit_id=visit_id, reading_id=reading_id, raised_at=moment,
                )  # fmt: skip

    def close(self) -> None:
        """Write what is left, then history."""
        writers: Sequence[BulkWriter] = (
            self.returnees, self.legs, self.observations, self.stays, self.events, self.visits, self.readings,
            self.alerts,
        )  # fmt: skip
        for writer in writers:
            writer.flush()
        for writer in writers:
            writer.close()
