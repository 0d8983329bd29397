"""The parsed terms of a policy row (政策), and their way out of and back into JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from itertools import pairwise

from quarantine.rules.alerting import USUAL_RULES, AlertRules, alert_rules
from quarantine.rules.fields import FieldProblem, FieldReader, PolicyError
from quarantine.rules.policy_choices import FeverOperator, Notify, Place, ReturnClock, StartBasis
from quarantine.rules.templates import HISTORICAL_POLICIES

__all__ = [
    "HISTORICAL_POLICIES",
    "NO_SYMPTOM",
    "AlertRules",
    "EscalationStep",
    "ExtensionRules",
    "FeverOperator",
    "FieldProblem",
    "Notify",
    "Phase",
    "Place",
    "PolicyError",
    "PolicyTerms",
    "ReleaseRules",
    "RestartRules",
    "ReturnClock",
    "Slot",
    "StartBasis",
    "policy_terms_from_json",
]

# What symptom lists print for "none"; it counts as no symptom (a 2020 export: “无/乏力/干咳/…”).
NO_SYMPTOM = "无"


@dataclass(frozen=True)
class Phase:
    """A stretch of whole days at one place; `test_days` are day numbers within the phase, 1 the first."""

    place: Place
    days: int
    test_days: tuple[int, ...] = ()


@dataclass(frozen=True)
class Slot:
    """A time of day in which everyone is measured once, local time of the office, opens ≤ t < closes."""

    code: str
    label: str
    opens: time
    closes: time


@dataclass(frozen=True)
class EscalationStep:
    """Whom to tell `after_minutes` minutes after an alert was raised; steps of one stage are parallel."""

    stage: int
    after_minutes: int
    notify: Notify


@dataclass(frozen=True)
class ReleaseRules:
    """What blocks a release, and the time of the last day at which the term is over ('HH:MM', '24:00')."""

    block_on_missed: bool = True
    block_on_open_alert: bool = True
    block_on_pending_extension: bool = True
    full_term_time: str = "24:00"


@dataclass(frozen=True)
class RestartRules:
    """What starts the count again (local practice): leaving home without leave, a new exposure."""

    on_left_home: bool = True
    on_new_exposure: bool = True


@dataclass(frozen=True)
class ExtensionRules:
    """Whether an observation can be extended, and the longest extension in days that one event may add."""

    is_allowed: bool = True
    longest_days: int = 14


#: After how many hours a handover without an answer is told of: to both sides, to those one level above the side that
#: was asked, and two levels above. No document names any; these are the office's starting values.
USUAL_HANDOVER_HOURS = (2, 4, 8)
LONGEST_HANDOVER_HOURS = 7 * 24


@dataclass(frozen=True)
class PolicyTerms:
    """One version of a policy. Dates are calendar days in Asia/Shanghai, `effective_to` is included.

    `regions` are names such as 湖北, 温州, 境外, 省外; () means arrivals from anywhere. `cutoff_on` is the
    first arrival date that counts. With `is_measure_on` false nobody is put under observation. With `shares_clock`
    a later exposure of one who lives in the household is proposed for the others; `return_clock` is how the count
    goes on for one who comes back from a hospital or a central place.
    """

    code: str
    name: str
    effective_from: date | None
    phases: tuple[Phase, ...]
    start_basis: tuple[StartBasis, ...]
    slots: tuple[Slot, ...]
    fever_threshold: Decimal
    low_limit: Decimal
    fever_operator: FeverOperator = FeverOperator.GTE
    day_one_is_next_day: bool = True
    document_no: str = ""
    effective_to: date | None = None
    regions: tuple[str, ...] = ()
    cutoff_on: date | None = None
    symptoms: tuple[str, ...] = ()
    escalation: tuple[EscalationStep, ...] = ()
    release: ReleaseRules = ReleaseRules()
    restart: RestartRules = RestartRules()
    extension: ExtensionRules = ExtensionRules()
    alerts: AlertRules = USUAL_RULES
    followup_days: tuple[int, ...] = ()
    source: str = ""
    is_measure_on: bool = True
    shares_clock: bool = False
    return_clock: ReturnClock = ReturnClock.CONTINUE
    handover_hours: tuple[int, ...] = USUAL_HANDOVER_HOURS
    """After how many hours a handover that nobody answers is told of, level by level."""

    @property
    def total_days(self) -> int:
        """The days of all phases together; 0 when the measure is switched off."""
        return sum(phase.days for phase in self.phases)

    def is_effective(self, on: date) -> bool:
        """Whether `on` lies within the effective dates, ends included; never without a start."""
        if self.effective_from is None or on < self.effective_from:
            return False
        return self.effective_to is None or on <= self.effective_to

    def slot(self, code: str) -> Slot:
        """The slot with that code; KeyError when the policy has none."""
        for slot in self.slots:
            if slot.code == code:
                return slot
        raise KeyError(code)

    def to_json(self) -> dict[str, object]:
        """Plain JSON values that `policy_terms_from_json` reads back as equal terms."""
        return {
            "code": self.code,
            "name": self.name,
            "document_no": self.document_no,
            "effective_from": _iso(self.effective_from),
            "effective_to": _iso(self.effective_to),
            "regions": list(self.regions),
            "cutoff_on": _iso(self.cutoff_on),
            "phases": [
                {"place": phase.place.value, "days": phase.days, "test_days": list(phase.test_days)}
                for phase in self.phases
            ],
            "start_basis": [basis.value for basis in self.start_basis],
            "day_one_is_next_day": self.day_one_is_next_day,
            "slots": [_slot_json(slot) for slot in self.slots],
            "fever_threshold": str(self.fever_threshold),
            "fever_operator": self.fever_operator.value,
            "low_limit": str(self.low_limit),
            "symptoms": list(self.symptoms),
            "escalation": [
                {"stage": step.stage, "after_minutes": step.after_minutes, "notify": step.notify.value}
                for step in self.escalation
            ],
            "release": dict(vars(self.release)),
            "restart": dict(vars(self.restart)),
            "extension": dict(vars(self.extension)),
            "alerts": self.alerts.to_json(),
            "followup_days": list(self.followup_days),
            "source": self.source,
            "is_measure_on": self.is_measure_on,
            "shares_clock": self.shares_clock,
            "return_clock": self.return_clock.value,
            "handover_hours": list(self.handover_hours),
        }


def policy_terms_from_json(data: Mapping[str, object]) -> PolicyTerms:
    """Read and check the terms of a policy as `to_json` writes them.

    Raises PolicyError with every problem at once, each with its field and a Chinese message. A key that is
    not known is a problem too. Thresholds, limits, slots and phases have no default: they are the policy.
    """
    reader = FieldReader(data)
    terms = PolicyTerms(
        code=reader.text("code", is_required=True),
        name=reader.text("name", is_required=True),
        document_no=reader.text("document_no"),
        effective_from=reader.day("effective_from"),
        effective_to=reader.day("effective_to"),
        regions=reader.texts("regions"),
        cutoff_on=reader.day("cutoff_on"),
        phases=tuple(_phase(child) for child in reader.children("phases")),
        start_basis=_start_basis(reader),
        day_one_is_next_day=reader.flag("day_one_is_next_day", default=True),
        slots=tuple(_slot(child) for child in reader.children("slots")),
        fever_threshold=reader.degrees("fever_threshold"),
        fever_operator=reader.choice("fever_operator", FeverOperator),
        low_limit=reader.degrees("low_limit"),
        symptoms=reader.texts("symptoms"),
        escalation=tuple(_escalation_step(child) for child in reader.children("escalation")),
        release=_release(reader.child("release")),
        restart=_restart(reader.child("restart")),
        extension=_extension(reader.child("extension")),
        alerts=alert_rules(reader.child("alerts")),
        followup_days=reader.wholes("followup_days", least=1),
        source=reader.text("source"),
        is_measure_on=reader.flag("is_measure_on", default=True),
        shares_clock=reader.flag("shares_clock", default=False),
        return_clock=reader.choice("return_clock", ReturnClock, default=ReturnClock.CONTINUE),
        handover_hours=_handover_hours(reader),
    )
    reader.refuse_unknown()
    if not reader.problems:
        _check_together(terms, reader)
    if reader.problems:
        raise PolicyError(reader.problems)
    return terms


def _slot_json(slot: Slot) -> dict[str, str]:
    hours = {"opens": f"{slot.opens:%H:%M}", "closes": f"{slot.closes:%H:%M}"}
    return {"code": slot.code, "label": slot.label, **hours}


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _phase(reader: FieldReader) -> Phase:
    phase = Phase(
        place=reader.choice("place", Place),
        days=reader.whole("days", least=1),
        test_days=reader.wholes("test_days", least=1),
    )
    if phase.test_days and phase.test_days[-1] > phase.days:
        reader.fail("test_days", f"检测日超出了本阶段的{phase.days}天")
    reader.refuse_unknown()
    return phase


def _start_basis(reader: FieldReader) -> tuple[StartBasis, ...]:
    names = reader.texts("start_basis")
    unknown = [name for name in names if name not in StartBasis.values]
    if unknown:
        reader.fail("start_basis", f"没有这种起算依据：{'、'.join(unknown)}")
    return tuple(StartBasis(name) for name in names if name in StartBasis.values)


def _slot(reader: FieldReader) -> Slot:
    slot = Slot(
        code=reader.text("code", is_required=True),
        label=reader.text("label", is_required=True),
        opens=reader.clock("opens"),
        closes=reader.clock("closes"),
    )
    if slot.code and not re.fullmatch(r"[A-Z0-9]{1,4}", slot.code):
        reader.fail("code", "时段代码为1至4个大写字母或数字")
    if slot.closes <= slot.opens:
        reader.fail("closes", "截止时间应晚于开始时间")
    reader.refuse_unknown()
    return slot


def _escalation_step(reader: FieldReader) -> EscalationStep:
    step = EscalationStep(
        stage=reader.whole("stage", least=1),
        after_minutes=reader.whole("after_minutes", least=0),
        notify=reader.choice("notify", Notify),
    )
    reader.refuse_unknown()
    return step


def _release(reader: FieldReader) -> ReleaseRules:
    rules = ReleaseRules(
        block_on_missed=reader.flag("block_on_missed", default=True),
        block_on_open_alert=reader.flag("block_on_open_alert", default=True),
        block_on_pending_extension=reader.flag("block_on_pending_extension", default=True),
        full_term_time=reader.day_end("full_term_time", default="24:00"),
    )
    reader.refuse_unknown()
    return rules


def _restart(reader: FieldReader) -> RestartRules:
    rules = RestartRules(
        on_left_home=reader.flag("on_left_home", default=True),
        on_new_exposure=reader.flag("on_new_exposure", default=True),
    )
    reader.refuse_unknown()
    return rules


def _extension(reader: FieldReader) -> ExtensionRules:
    rules = ExtensionRules(
        is_allowed=reader.flag("is_allowed", default=True),
        longest_days=reader.whole("longest_days", least=1, default=14),
    )
    reader.refuse_unknown()
    return rules


def _handover_hours(reader: FieldReader) -> tuple[int, ...]:
    found = reader.wholes("handover_hours", least=1) or USUAL_HANDOVER_HOURS
    if len(found) != len(USUAL_HANDOVER_HOURS):
        reader.fail("handover_hours", "要三个小时数：提醒双方、报上一级、再报上一级")
    elif found[-1] > LONGEST_HANDOVER_HOURS:
        reader.fail("handover_hours", f"不能超过{LONGEST_HANDOVER_HOURS}小时（7天）")
    return found


def _check_together(terms: PolicyTerms, reader: FieldReader) -> None:
    """What no single field can show."""
    if terms.effective_from and terms.effective_to and terms.effective_to < terms.effective_from:
        reader.fail("effective_to", "执行截止日期早于执行开始日期")
    if terms.cutoff_on and terms.effective_to and terms.cutoff_on > terms.effective_to:
        reader.fail("cutoff_on", "排查起始日期晚于执行截止日期")
    if terms.low_limit >= terms.fever_threshold:
        reader.fail("low_limit", "偏低界限应低于发热界限")
    if len({slot.code for slot in terms.slots}) != len(terms.slots):
        reader.fail("slots", "时段代码重复")
    if any(later.opens < earlier.closes for earlier, later in pairwise(terms.slots)):
        reader.fail("slots", "时段应按先后排列且互不重叠")
    if not _is_rising(terms.escalation):
        reader.fail("escalation", "上报步骤应按级别排列，级别越高时限越长，同级时限相同")
    if terms.is_measure_on:
        for name, value in (
            ("phases", terms.phases),
            ("start_basis", terms.start_basis),
            ("slots", terms.slots),
        ):
            if not value:
                reader.fail(name, "实行观察的政策不能缺少这一项")
    elif terms.phases:
        reader.fail("phases", "已停止观察的政策不应再有观察天数")


def _is_rising(steps: tuple[EscalationStep, ...]) -> bool:
    """Each step is either parallel to the one before (same stage, same minutes) or later in both."""
    return all(
        (earlier.stage == later.stage and earlier.after_minutes == later.after_minutes)
        or (earlier.stage < later.stage and earlier.after_minutes < later.after_minutes)
        for earlier, later in pairwise(steps)
    )
