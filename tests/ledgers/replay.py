"""Replays the office's days at random: events, late entries and corrections through the services."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

from django.core.exceptions import ValidationError
from django.utils import timezone

from grassroots.grid.models import Area
from grassroots.ledgers.asof import AsOf
from grassroots.ledgers.rollups import mark_dirty
from grassroots.ledgers.statistics import Figures, count_all
from quarantine.models import Handover, Observation, Reading, Recalculation, Visit, VisitState
from quarantine.services.corrections import event_annul, latest_event
from quarantine.services.handovers import (
    handover_accept,
    handover_decline,
    handover_request,
    handover_withdraw,
)
from quarantine.services.observations import (
    StartDates,
    observation_end,
    observation_extend,
    observation_move,
    observation_open,
    observation_refused,
    observation_release,
    observation_restart,
    observation_shorten,
    observation_transfer,
)
from quarantine.services.readings import reading_correct, reading_record, visit_explain, visit_mark
from quarantine.services.recalculations import recalculation_apply
from quarantine.services.returns import observation_return
from quarantine.steps import mark_missed
from tests.factories import OfficeCast
from tests.quarantine.cases import make_returnee

FIRST, DAYS = dt.date(2020, 1, 25), 7
SLOT_HOURS = dt.timedelta(hours=3)


def moment(day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
    """A time of a day in the office's zone."""
    return dt.datetime(day.year, day.month, day.day, hour, minute, tzinfo=timezone.get_default_timezone())


@dataclass
class Replay:
    """A week of one office; `counted` is every area's figures as they were counted at the end of each day."""

    office: OfficeCast
    random: Random
    counted: dict[dt.date, dict[int, Figures]] = field(default_factory=dict)
    counted_at_cutoff: dict[dt.date, dict[int, Figures]] = field(default_factory=dict)
    """The same up to the cut-off of the week, counted at that minute."""
    done: list[str] = field(default_factory=list)
    """What was carried out, by name: a week in which nothing happens shows nothing."""
    after: Callable[[dt.datetime], None] | None = None
    is_counted: bool = True

    def run(self) -> None:
        """Every day has eight moments; a few things happen at each, and the clock ticks."""
        self.cutoff = dt.time(self.random.randint(0, 23), self.random.randint(1, 59))
        for number in range(DAYS):
            day = FIRST + dt.timedelta(days=number)
            at = dt.datetime.combine(day, self.cutoff, tzinfo=timezone.get_default_timezone())
            for hour in range(0, 24, 3):
                known_at = moment(day, hour, self.random.choice((0, 0, 20, 59)))
                if known_at > at and day not in self.counted_at_cutoff:
                    self.counted_at_cutoff[day] = self.count(day, at, self.cutoff)
                for _ in range(self.random.randint(0, 2)):
                    self._something(known_at)
                mark_missed(known_at)
                if self.after:
                    self.after(known_at)
            if day not in self.counted_at_cutoff:
                self.counted_at_cutoff[day] = self.count(day, at, self.cutoff)
            self.counted[day] = self.count(day, AsOf.day(day).end)

    def count(self, day: dt.date, known_at: dt.datetime, cutoff: dt.time | None = None) -> dict[int, Figures]:
        """Every area's figures of a day (up to a cut-off) as known at a time."""
        if not self.is_counted:
            return {}
        return count_all(self.office.county, AsOf.day(day, known_at, cutoff)).every_total()

    # -- what may happen

    def _something(self, known_at: dt.datetime) -> None:
        late = dt.timedelta(hours=self.random.choice((0, 0, 1, 5, 24, 50)))
        at = known_at - late
        if self.random.random() < 0.3:  # midnight sharp is a minute that people type
            at = moment(timezone.localdate(at), 0)
        # _annul twice: what is undone and done again is where figures part
        what = self.random.choice(
            (self._open, self._open, self._move, self._end, self._extend, self._annul, self._annul, self._read,
             self._read, self._correct, self._mark, self._explain, self._release, self._life, self._life,
             self._hand_over, self._hand_over)
        )  # fmt: skip
        try:
            if what(at, known_at):
                self.done.append(what.__name__)
        except ValidationError:
            pass  # the office would be told; nothing was written

    def _pick(self) -> Observation | None:
        rows = list(Observation.objects.open().order_by("pk"))
        return self.random.choice(rows) if rows else None

    def _area(self) -> Area:
        return self.random.choice((self.office.compound, self.office.group, self.office.other_group))

    def _open(self, at: dt.datetime, known_at: dt.datetime) -> bool:
        since = dt.date(2020, 1, self.random.choice((2, 9, 20)))  # some have their term behind them
        returnee = make_returnee(
            self.office, found_at=at, recorded_at=known_at, left_on=since, arrived_on=since
        )
        mark_dirty([returnee.area_id])
        observation_open(
            person=returnee.person, area=self._area(), returnee=returnee, dates=StartDates.of(returnee),
            place_note="王家院子", by=self.office.jia, at=at, known_at=known_at,
        )  # fmt: skip
        return True

    def _move(self, at: dt.datetime, known_at: dt.datetime) -> bool:
        if (row := self._pick()) is None:
            return False
        observation_move(
            observation=row, version=row.version, area=self._area(), reason="换住处", by=self.office.ding,
            place_note=f"{known_at:%d %H}", at=at, known_at=known_at,
        )  # fmt: skip
        return True

    def _end(self, at: dt.datetime, known_at: dt.datetime) -> bool:
        if (row := self._pick()) is None:
            return False
        common = {"observation": row, "version": row.version, "reason": "发热", "by": self.office.health}
        times = {"at": at, "known_at": known_at}
        if self.random.random() < 0.6:
            observation_transfer(destination="县医院", **common, **times)
        else:
            observation_end(outcome="LOST", **common, **times)
        return True

    def _release(self, at: dt.datetime, known_at: dt.datetime) -> bool:
        if (row := self._pick()) is None:
            return False
        row.visits.filter(state=VisitState.MISSED).update(explanation="已说明")
        observation_release(
            observation=row, version=row.version, reviewer=self.office.ding, by=self.office.health, at=at,
            known_at=known_at,
        )  # fmt: skip
        return True

    def _extend(self, at: dt.datetime, known_at: dt.datetime) -> bool:
        if (row := self._pick()) is None:
            return False
        observation_extend(
            observation=row, version=row.version, days=2, reason="同住人发热", by=self.office.health, at=at,
            known_at=known_at,
        )  # fmt: skip
        return True

    def _life(self, at: dt.datetime, known_at: dt.datetime) -> bool:
        """What changes a term, or brings somebody back."""
        what = self.random.choice(("shorten", "restart", "refuse", "return", "apply"))
        if what == "return":
            return self._return(at, known_at)
        if what == "apply":
            waiting = list(Recalculation.objects.pending().order_by("pk"))
            if waiting:
                one = self.random.choice(waiting)
                recalculation_apply(recalculation=one, by=self.office.ding, at=known_at)
                self.done.append(what)
            return bool(waiting)
        if (row := self._pick()) is None:
            return False
        common = {"observation": row, "version": row.version, "reason": "核实", "by": self.office.health}
        times = {"at": at, "known_at": known_at}
        if what == "shorten":
            days = self.random.randint(-1, 3)
            last_on = timezone.localdate(known_at) + dt.timedelta(days=days)
            observation_shorten(last_on=last_on, **common, **times)
        elif what == "restart":
            observation_restart(cause="NEW_EXPOSURE", basis_on=timezone.localdate(at), **common, **times)
        else:
            observation_refused(**common, **times)
        self.done.append(what)
        return True

    def _return(self, at: dt.datetime, known_at: dt.datetime) -> bool:
        rows = list(Observation.objects.filter(outcome="TRANSFERRED").order_by("pk"))
        if not rows:
            return False
        row, clock = self.random.choice(rows), self.random.choice(("CONTINUE", "RESTART"))
        observation_return(
            observation=row, clock=clock, reason="排除", area=self._area(), place_note="王家院子",
            by=self.office.health, at=at, known_at=known_at,
        )  # fmt: skip
        self.done.append("return")
        return True

    def _hand_over(self, at: dt.datetime, known_at: dt.datetime) -> bool:
        """Offered to another village; accepted, declined or taken back at a later moment."""
        waiting = list(Handover.objects.pending().order_by("pk"))
        if waiting and self.random.random() < 0.7:
            row = self.random.choice(waiting)
            area = self.random.choice((self.office.other_group, self.office.other_village))
            answer = self.random.random()
            if answer < 0.7:
                self.done.append("accept")
                handover_accept(handover=row, area=area, by=self.office.bing, at=known_at)
            elif answer < 0.85:
                handover_decline(handover=row, reason="查无此址", by=self.office.bing, at=known_at)
            else:
                handover_withdraw(handover=row, reason="不走了", by=self.office.jia, at=known_at)
            return True
        if (one := self._pick()) is None:
            return False
        handover_request(
            observation=one, version=one.version, to_area=self.office.other_village, reason="回本村",
            by=self.office.jia, at=known_at,
        )  # fmt: skip
        return True

    def _annul(self, at: dt.datetime, known_at: dt.datetime) -> bool:
        rows = list(Observation.objects.exclude(outcome="VOIDED").order_by("pk"))
        if not rows:
            return False
        row = self.random.choice(rows)
        event = latest_event(row, known_at)
        if event is None:
            return False
        event_annul(event=event, version=row.version, reason="录错", by=self.office.ding, known_at=known_at)
        return True

    def _visit(self, known_at: dt.datetime) -> Visit | None:
        began = Visit.objects.filter(opens_at__lte=known_at).exclude(state=VisitState.CANCELLED)
        rows = list(began.order_by("-opens_at", "pk")[:12])
        return self.random.choice(rows) if rows else None

    def _read(self, at: dt.datetime, known_at: dt.datetime) -> bool:
        if (visit := self._visit(known_at)) is None:
            return False
        measured_at = self.random.choice((None, min(visit.opens_at + SLOT_HOURS, known_at)))
        reading_record(
            visit=visit, temperature=Decimal(self.random.choice(("36.4", "36.8", "37.9"))), by=self.office.health,
            source=self.random.choice(("DOOR", "PAPER")), measured_at=measured_at, at=known_at,
        )  # fmt: skip
        return True

    def _correct(self, at: dt.datetime, known_at: dt.datetime) -> bool:
        rows = list(Reading.objects.effective().order_by("-pk")[:6])
        if not rows:
            return False
        reading_correct(
            reading=self.random.choice(rows), temperature=Decimal(self.random.choice(("36.5", "38.1"))),
            reason="看错", by=self.office.health, at=known_at,
        )  # fmt: skip
        return True

    def _mark(self, at: dt.datetime, known_at: dt.datetime) -> bool:
        if (visit := self._visit(known_at)) is None:
            return False
        state = self.random.choice((VisitState.AWAY, VisitState.PHONE))
        visit_mark(visit=visit, state=state, by=self.office.health, at=known_at)
        return True

    def _explain(self, at: dt.datetime, known_at: dt.datetime) -> bool:
        if (visit := self._visit(known_at)) is None:
            return False
        visit_explain(visit=visit, explanation="外出", by=self.office.health, at=known_at)
        return True
