"""Who brings what is needed, the daily round of services, and who is left without a carer (reads only)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from grassroots.grid.duties import DutyTarget, duties_for_many
from grassroots.grid.models import Staff
from grassroots.notices.leaves import away_for
from households.doors import places_of
from households.models import Household, Person, Residency, SupportStatus
from quarantine.models import Observation, ObservationState, Outcome, Place, ServiceRequest, ServiceState
from quarantine.papers.facts import nearest_officers
from quarantine.rules.left_alone import CHILD, NEEDS_CARE, OLD, LeftAlone, Member, Where, left_alone

ROUND_ROWS = 200
HOUSES_A_PAGE = 40
HOSPITAL_DAYS = 60  # whoever was taken there longer ago without further word is not counted as away any more


@dataclass
class Stop:
    """One request on the round: whose, where, what to bring."""

    service: ServiceRequest
    place: str
    door: str
    order: tuple[str, str, int]
    at: dt.datetime

    @property
    def is_overdue(self) -> bool:
        return self.service.is_overdue(self.at)

    @property
    def age(self) -> str:
        """How long ago it was asked for."""
        return age_words(self.at - self.service.requested_at)

    @property
    def late(self) -> str:
        """By how much it is overdue."""
        return age_words(self.at - self.service.due_at) if self.service.due_at else ""


def age_words(span: dt.timedelta) -> str:
    """25分钟, 3小时, 2天."""
    minutes = max(0, int(span.total_seconds() // 60))
    if minutes < 60:
        return f"{minutes}分钟"
    return f"{minutes // 60}小时" if minutes < 48 * 60 else f"{minutes // (24 * 60)}天"


def homes_of(people: Iterable[int]) -> dict[int, Residency]:
    """Where each lives, by person (one query)."""
    rows = Residency.objects.open().filter(person__in=set(people)).select_related("household", "area")
    found: dict[int, Residency] = {}
    for row in rows.order_by("is_away", "pk"):
        found.setdefault(row.person_id, row)
    return found


def stops_of(services: Sequence[ServiceRequest], at: dt.datetime) -> list[Stop]:
    """The requests with their doors, in walking order (two queries)."""
    homes = homes_of(service.person_id for service in services)
    where = {one.pk: homes[one.person_id].area if one.person_id in homes else one.area for one in services}
    places = places_of(set(where.values()))
    stops = []
    for service in services:
        home = homes.get(service.person_id)
        house = home.household if home else None
        door = house.display if house else (home.address_text if home else "")
        order = (where[service.pk].path, house.walk_key if house else "", service.pk)
        stops.append(Stop(service, places.get(where[service.pk].pk, ""), door, order, at))
    return sorted(stops, key=lambda stop: stop.order)


def servers_of(targets: Iterable[DutyTarget], on: dt.date) -> dict[DutyTarget, list[Staff]]:
    """The named service people of each: who answers for the person, the household or the nearest area and does not
    measure (淮口: 一人一名服务人员), deputies while they stand in. A constant number of queries.
    """
    wanted = list(dict.fromkeys(targets))
    chains = duties_for_many(wanted, on)
    return {
        target: [one for one in nearest_officers(chains[target], is_measuring=False) if one.is_active]
        for target in wanted
    }


def target_of(service: ServiceRequest, homes: Mapping[int, Residency]) -> DutyTarget:
    """Whose duty a request falls to."""
    home = homes.get(service.person_id)
    return DutyTarget(service.area_id, home.household_id if home else None, service.person_id)


def server_for(person: Person, area_id: int) -> Staff | None:
    """Who brings things to somebody, as a suggestion."""
    home = homes_of([person.pk]).get(person.pk)
    target = DutyTarget(area_id, home.household_id if home else None, person.pk)
    return next(iter(servers_of([target], timezone.localdate())[target]), None)


@dataclass
class Round:
    """What one person has to bring: given to him, to be taken by him, and brought but not confirmed yet."""

    mine: list[Stop]
    free: list[Stop]
    brought: list[Stop]


def round_of(staff: Staff, at: dt.datetime) -> Round:
    """Today's round of the service person, in walking order; at most ROUND_ROWS of each part."""
    related = ServiceRequest.objects.select_related("person", "area", "assigned_to")
    given = Q(assigned_to__in=[staff.pk, *away_for(staff, timezone.localdate(at))])
    mine = list(related.open().filter(given).order_by("due_at", "pk")[:ROUND_ROWS])
    asked = related.filter(state=ServiceState.ASKED).visible_to(staff).order_by("requested_at", "pk")
    free = _served_by(staff, list(asked[:ROUND_ROWS]), timezone.localdate(at))
    brought = related.filter(given, state=ServiceState.DONE).order_by("-done_at", "-pk")
    stops = stops_of([*mine, *free, *brought[:ROUND_ROWS]], at)
    own, open_ones = {row.pk for row in mine}, {row.pk for row in free}
    return Round(
        [stop for stop in stops if stop.service.pk in own],
        [stop for stop in stops if stop.service.pk in open_ones],
        [stop for stop in stops if stop.service.pk not in own | open_ones],
    )


def _served_by(staff: Staff, services: list[ServiceRequest], on: dt.date) -> list[ServiceRequest]:
    homes = homes_of(service.person_id for service in services)
    targets = {service.pk: target_of(service, homes) for service in services}
    servers = servers_of(targets.values(), on)
    return [service for service in services if staff in servers[targets[service.pk]]]


# --- left alone -------------------------------------------------------------------------------------------
@dataclass
class Neglected:
    """Somebody left without a carer, and what was asked for already."""

    person: Person
    household: Household
    place: str
    reason: LeftAlone
    service: ServiceRequest | None = None


@dataclass
class NeglectedPage:
    """One page of them; `next_uid` is the household after which the next page goes on."""

    rows: list[Neglected]
    next_uid: str = ""


def _isolated(at: dt.datetime) -> Q:
    since = at - dt.timedelta(days=HOSPITAL_DAYS)
    taken = Q(observations__outcome=Outcome.TRANSFERRED, observations__closed_at__gte=since)
    return Q(observations__state=ObservationState.OPEN) | taken


def _houses(doors: QuerySet[Household], at: dt.datetime) -> QuerySet[Household]:
    """Of these households those with somebody isolated and somebody who may need care (wider than the rule)."""
    today = timezone.localdate(at)
    members = Residency.objects.open().filter(household=OuterRef("pk"))
    old, young = (
        today.replace(year=today.year - OLD, day=min(today.day, 28)),
        today.replace(year=today.year - CHILD - 1, day=min(today.day, 28)),
    )
    frail = Q(person__birth_date__lte=old + dt.timedelta(days=3)) | Q(person__birth_date__gt=young)
    frail |= Q(person__stated_age__gte=OLD - 3) | Q(person__stated_age__lte=CHILD)
    supported = SupportStatus.objects.filter(person=OuterRef("person"), ended_on=None, kind__in=NEEDS_CARE)
    isolated = Person.objects.filter(_isolated(at)).values("pk")
    rows = doors.filter(Exists(members.filter(person__in=isolated)))
    return rows.filter(Exists(members.filter(frail | Q(Exists(supported)))))


def neglected(staff: Staff, at: dt.datetime, after: Household | None = None) -> NeglectedPage:
    """Who of the scope is left alone, household by household in walking order; HOUSES_A_PAGE of them a page."""
    return neglected_in(Household.objects.open().visible_to(staff), at, after)


def neglected_in(
    doors: QuerySet[Household], at: dt.datetime, after: Household | None = None
) -> NeglectedPage:
    """The same in these open households."""
    rows = _houses(doors, at)
    if after is not None:
        same = Q(walk_key__gt=after.walk_key) | Q(walk_key=after.walk_key, pk__gt=after.pk)
        rows = rows.filter(Q(area__path__gt=after.area.path) | Q(area__path=after.area.path) & same)
    ordered = rows.select_related("area").order_by("area__path", "walk_key", "pk")
    houses = list(ordered[: HOUSES_A_PAGE + 1])
    shown = houses[:HOUSES_A_PAGE]
    people, members = _members(shown, at)
    places = places_of({house.area for house in shown})
    found = [
        Neglected(people[reason.key], house, places.get(house.area_id, ""), reason)
        for house in shown
        for reason in left_alone(members[house.pk])
    ]
    wanted = ServiceRequest.objects.open().filter(person__in=[row.person.pk for row in found])
    asked = {row.person_id: row for row in wanted.select_related("assigned_to").order_by("-pk")}
    for row in found:
        row.service = asked.get(row.person.pk)
    return NeglectedPage(found, str(shown[-1].uid) if len(houses) > HOUSES_A_PAGE else "")


def neglected_reason(person: Person, house: Household, at: dt.datetime) -> LeftAlone | None:
    """Why somebody counts as left alone now; None when he does not (any more)."""
    _people, members = _members([house], at)
    return next((one for one in left_alone(members[house.pk]) if one.key == person.pk), None)


def _members(
    houses: Sequence[Household], at: dt.datetime
) -> tuple[dict[int, Person], dict[int, list[Member]]]:
    """The people of households, and by household what the rule needs of them (three queries)."""
    today = timezone.localdate(at)
    rows = list(
        Residency.objects.open().filter(household__in=houses).select_related("person").order_by("order", "pk")
    )
    people = {row.person_id: row.person for row in rows}
    supports: dict[int, list[SupportStatus]] = defaultdict(list)
    for support in SupportStatus.objects.filter(person__in=people, ended_on=None).order_by("pk"):
        supports[support.person_id].append(support)
    places = _isolation(people, at)
    members: dict[int, list[Member]] = defaultdict(list)
    for row in rows:
        where = places.get(row.person_id, Where.AWAY if row.is_away else Where.HOME)
        kinds = supports[row.person_id]
        member = Member(
            row.person_id, row.person.name, row.person.age(today), tuple(one.kind for one in kinds),
            tuple(one.get_kind_display() for one in kinds), where,
        )  # fmt: skip
        members[row.household_id or 0].append(member)
    return people, members


def _isolation(people: Iterable[int], at: dt.datetime) -> dict[int, Where]:
    """Where those are who are under observation or were taken to hospital: the last observation tells."""
    since = at - dt.timedelta(days=HOSPITAL_DAYS)
    rows = Observation.objects.filter(person__in=list(people)).exclude(outcome=Outcome.VOIDED)
    found: dict[int, Where] = {}
    for row in rows.order_by("opened_at", "pk").only("person", "state", "outcome", "place", "closed_at"):
        found.pop(row.person_id, None)
        if row.state == ObservationState.OPEN:
            found[row.person_id] = Where.OBSERVED if row.place == Place.HOME else Where.CENTRAL
        elif row.outcome == Outcome.TRANSFERRED and row.closed_at and row.closed_at >= since:
            found[row.person_id] = Where.HOSPITAL
    return found
