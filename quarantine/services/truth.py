"""A step of the tick: look through the readings that were entered since, batch by batch (docs/truth-of-readings.md)."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone

from grassroots.grid.models import Area, Level, Staff
from quarantine.models import (
    Alert,
    AlertKind,
    Conclusion,
    FlagCheck,
    FlagKind,
    Observation,
    ObservationState,
    Policy,
    Reading,
    ReadingFlag,
    ReadingScan,
    ReadingSource,
    Visit,
)
from quarantine.rules.truth import Entry, Group, bursts, identical, in_future, repeated, two_places
from quarantine.services.alerts import alert_raise

Row = dict[str, Any]
SCAN = "readings"
BATCH = 500
MOST_BATCHES = 10  # a tick looks at no more; the next one goes on
# Readings are looked at once they are this old: whatever was being written beside them is there by then.
SETTLE = dt.timedelta(minutes=2)
A_DAY = dt.timedelta(days=1)
MOST_BESIDE = 5_000  # entries of the officers of one batch that are looked at with it
SHORTEST_GAP = dt.timedelta(minutes=1)
FIELDS = (
    "pk", "by_id", "entered_by_id", "temperature", "entered_at", "measured_at", "source", "is_late",
    "visit__observation_id", "visit__area_id", "visit__date",
)  # fmt: skip


@dataclass(frozen=True)
class Found:
    """A hint that a rule gave: on which entries."""

    kind: FlagKind
    entries: Group
    observation: int | None = None


def flags_find(at: dt.datetime) -> Mapping[str, int]:
    """Look at readings entered since the last time, at most BATCH × MOST_BATCHES; returns how many hints were given.

    What was entered before it ran for the first time is not looked at. The cost is bounded by what was entered since:
    nothing is ever read for all officers or all observations.
    """
    found = 0
    for _ in range(MOST_BATCHES):
        given = _look_at_next(at)
        if given is None:
            break
        found += given
    return {"flags": found}


def _look_at_next(at: dt.datetime) -> int | None:
    scan = ReadingScan.objects.filter(name=SCAN).first()
    if scan is None:
        last = Reading.objects.aggregate(last=Max("pk"))["last"] or 0
        ReadingScan.objects.get_or_create(name=SCAN, defaults={"last_pk": last})
        return None
    if not _settled(scan.last_pk, at, 1):
        return None
    with transaction.atomic():  # whoever comes second waits, and finds the mark moved on
        scan = ReadingScan.objects.select_for_update().get(name=SCAN)
        rows = _settled(scan.last_pk, at, BATCH)
        if not rows:
            return None
        given = sum(_keep(one, at) for one in _look(rows))
        scan.last_pk = rows[-1]["pk"]
        scan.save(update_fields=["last_pk"])
        return given


def _settled(after: int, at: dt.datetime, limit: int) -> list[Row]:
    """The next readings in the order in which they were written, up to the first that is still too fresh."""
    rows = Reading.objects.filter(pk__gt=after).order_by("pk").values(*FIELDS)[:limit]
    return list(takewhile(lambda row: not at - SETTLE < row["entered_at"] <= at + A_DAY, rows))


def _look(rows: Sequence[Row]) -> list[Found]:
    """What the rules say about a batch, seen together with what the same officers entered right before."""
    villages = _villages({row["visit__area_id"] for row in rows})
    fresh = {row["pk"] for row in rows}
    beside = _beside(rows)
    villages |= _villages({row["visit__area_id"] for row in beside} - villages.keys())
    entries = [_entry(row, villages) for row in beside]
    found = [Found(FlagKind.FUTURE, group) for group in in_future(_entry(row, villages) for row in rows)]
    for kind, rule in (
        (FlagKind.BURST, bursts), (FlagKind.TWO_PLACES, two_places), (FlagKind.REPEATED, repeated),
    ):  # fmt: skip
        # A group that has nothing new in it was given when its last entry was new.
        found += [
            Found(kind, group) for group in rule(entries) if fresh & {entry.pk for entry in group}
        ]  # fmt: skip
    return found + _identical(rows)


def _beside(rows: Sequence[Row]) -> list[Row]:
    """What those who entered the batch entered on those days up to its end; imports left out."""
    moments = [row["entered_at"] for row in rows]
    local = timezone.localtime(min(moments))
    since = min(
        local.replace(hour=0, minute=0, second=0, microsecond=0), min(moments) - dt.timedelta(minutes=2)
    )
    officers = {row["entered_by_id"] for row in rows if row["source"] != ReadingSource.IMPORT}
    near = Reading.objects.filter(
        entered_by__in=officers,
        entered_at__gte=since,
        entered_at__lte=max(moments),
        pk__lte=rows[-1]["pk"],
    )
    near = near.exclude(source=ReadingSource.IMPORT).filter(corrects=None)
    return list(near.order_by("-entered_at", "-pk").values(*FIELDS)[:MOST_BESIDE])


def _villages(area_ids: set[int]) -> dict[int, str]:
    """By area the path of its village, '' for an area above villages (two queries)."""
    if not area_ids:
        return {}
    paths = dict(Area.objects.filter(pk__in=area_ids).order_by().values_list("pk", "path"))
    step = Area.steplen
    above = {path[:end] for path in paths.values() for end in range(step, len(path) + 1, step)}
    villages = set(
        Area.objects.filter(level=Level.VILLAGE, path__in=above).order_by().values_list("path", flat=True)
    )
    return {
        pk: next((path[:end] for end in range(step, len(path) + 1, step) if path[:end] in villages), "")
        for pk, path in paths.items()
    }


def _entry(row: Row, villages: dict[int, str]) -> Entry:
    measured_at: dt.datetime | None = row["measured_at"]
    return Entry(
        pk=row["pk"],
        officer=row["by_id"],
        observation=row["visit__observation_id"],
        village=villages.get(row["visit__area_id"], ""),
        temperature=row["temperature"],
        entered_at=timezone.localtime(row["entered_at"]),
        measured_at=timezone.localtime(measured_at) if measured_at else None,
        source=str(row["source"]),
        is_late=bool(row["is_late"]),
        is_by_clerk=row["by_id"] != row["entered_by_id"],
    )


def _identical(rows: Sequence[Row]) -> list[Found]:
    """People of the batch whose latest readings were the same for as many days as their policy says."""
    observation_ids = {row["visit__observation_id"] for row in rows}
    policies = Policy.objects.filter(observations__in=observation_ids).distinct()
    terms = {policy.pk: policy.parsed() for policy in policies}
    longest = max((one.alerts.identical_days for one in terms.values()), default=0)
    if longest < 2:
        return []
    first = min(row["visit__date"] for row in rows) - dt.timedelta(days=longest)
    near = Reading.objects.effective().filter(
        visit__observation__in=observation_ids, visit__date__gte=first
    )  # fmt: skip
    near = near.annotate(policy=F("visit__observation__policy"))
    by_person: dict[int, list[Row]] = defaultdict(list)
    for row in near.order_by("visit__observation_id", "visit__opens_at", "sequence").values(
        *FIELDS, "policy"
    ):
        by_person[row["visit__observation_id"]].append(row)
    found = []
    for observation_id, own in by_person.items():
        one = terms[own[-1]["policy"]]
        line = [(row["visit__date"], row["temperature"]) for row in own]
        length = identical(line, days=one.alerts.identical_days, slots=len(one.slots))
        if length:
            found.append(
                Found(FlagKind.IDENTICAL, [_entry(row, {}) for row in own[-length:]], observation_id)
            )
    return found


def _keep(found: Found, at: dt.datetime) -> int:
    """Write a hint down, or add to the one that it goes on from; 1 for a new one."""
    entries = found.entries
    officer = Counter(entry.officer for entry in entries).most_common(1)[0][0]
    value = entries[-1].temperature if found.kind in {FlagKind.IDENTICAL, FlagKind.REPEATED} else None
    # By when they were entered: a period of the page misses nothing that was dated wrongly or typed in late.
    from_at, until_at = min(one.entered_at for one in entries), max(one.entered_at for one in entries)
    same = ReadingFlag.objects.filter(kind=found.kind, temperature=value)
    whose = {"observation": found.observation} if found.observation else {"officer": officer}
    flag = (
        same.filter(**whose, from_at__lte=until_at + SHORTEST_GAP, until_at__gte=from_at - SHORTEST_GAP)
        .order_by("pk")
        .first()
    )
    keys = [entry.pk for entry in entries]
    if flag is None:
        flag = ReadingFlag.objects.create(
            kind=found.kind, officer_id=officer, observation_id=found.observation, area=_area_of(keys),
            count=len(keys), temperature=value, from_at=from_at, until_at=until_at, found_at=at,
        )  # fmt: skip
        flag.readings.add(*keys)
        if found.observation:
            _alert(found.observation, entries[-1], at)
        return 1
    flag.readings.add(*keys)
    flag.count = flag.readings.count()
    flag.from_at, flag.until_at = min(flag.from_at, from_at), max(flag.until_at, until_at)
    flag.area = _area_of(list(flag.readings.values_list("pk", flat=True)))
    flag.save(update_fields=["count", "from_at", "until_at", "area"])
    return 0


def _area_of(reading_ids: Sequence[int]) -> Area:
    """The smallest area that holds them all: whoever sees the hint sees every reading behind it."""
    paths = Area.objects.filter(pk__in=Visit.objects.filter(readings__in=reading_ids).values("area"))
    found = list(paths.order_by().values_list("path", flat=True).distinct())
    end = min(len(path) for path in found)
    while any(path[:end] != found[0][:end] for path in found):
        end -= Area.steplen
    area: Area = Area.objects.get(path=found[0][:end])
    return area


def _alert(observation_id: int, last: Entry, at: dt.datetime) -> None:
    """Identical readings for days are an alert as well, unless such a one is open or the observation has ended."""
    observation = Observation.objects.select_related("area", "policy").get(pk=observation_id)
    standing = Alert.objects.open().filter(observation=observation, kind=AlertKind.IDENTICAL)
    if observation.state != ObservationState.OPEN or standing.exists():
        return
    reading = Reading.objects.select_related("visit").get(pk=last.pk)
    alert_raise(
        observation=observation, kind=AlertKind.IDENTICAL, at=at, visit=reading.visit, reading=reading
    )


@transaction.atomic
def flag_check(
    *, flag: ReadingFlag, conclusion: str, note: str, by: Staff, at: dt.datetime | None = None
) -> FlagCheck:
    """已核实: what came out when somebody asked, in words; a later check stands beside it.

    Raises ValidationError by field.
    """
    at = at or timezone.now()
    if conclusion not in Conclusion.values:
        raise ValidationError({"conclusion": "请选择核实情况。"})
    if not note.strip():
        raise ValidationError({"note": "请写明向谁了解的、情况怎样。"})
    row = ReadingFlag.objects.select_for_update().get(pk=flag.pk)
    row.conclusion = conclusion
    row.save(update_fields=["conclusion"])
    return FlagCheck.objects.create(flag=row, conclusion=conclusion, note=note.strip(), by=by, at=at)


def readings_forget(readings: Iterable[Reading]) -> None:
    """Readings that an import takes back leave the hints they stand behind; the hints stay, with fewer of them."""
    keys = [reading.pk for reading in readings]
    links = ReadingFlag.readings.through.objects.filter(reading__in=keys)
    touched = list(ReadingFlag.objects.filter(pk__in=links.values("readingflag")))
    links.delete()
    for flag in touched:
        flag.count = flag.readings.count()
        flag.save(update_fields=["count"])
