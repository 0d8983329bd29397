"""A policy in words, point by point, for the page that switches it on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from quarantine.rules.clock import (
    MeasureOff,
    MissingStart,
    choose_start,
    phase_spans,
    phase_test_dates,
    term,
)
from quarantine.rules.policy import PolicyTerms
from quarantine.rules.release import followup_dates
from quarantine.rules.words import day_words, hour_words, phase_words


def policy_points(terms: PolicyTerms, year: int) -> list[tuple[str, str]]:
    """(what, in words) for whom, how long, counted from when, measured when, fever, release, extension.

    Dates show their year where it differs from `year`, in which the page is read.
    """
    if not terms.is_measure_on:
        return [("措施", "不实行隔离观察：在此期间返回的人不再安排观察")]
    points = [
        ("对象", _scope_words(terms, year)),
        ("期限", _term_words(terms)),
        ("起算", _start_words(terms)),
    ]
    slots = "、".join(f"{slot.label} {slot.opens:%H:%M}–{slot.closes:%H:%M}" for slot in terms.slots)
    points.append(("测温", f"每天{len(terms.slots)}次：{slots}"))
    fever = f"{terms.fever_operator.label}{terms.fever_threshold} ℃为发热；低于 {terms.low_limit} ℃要求复测"
    points.append(("体温", fever))
    points.append(("异常", _alert_words(terms)))
    points.append(("解除", _release_words(terms)))
    if terms.followup_days:
        points.append(("解除后随访", f"第{'、'.join(map(str, terms.followup_days))}天"))
    return points


def _alert_words(terms: PolicyTerms) -> str:
    """发热、有症状：15分钟内知悉、2小时内办结; kinds with the same limits together."""
    kinds: dict[tuple[int, int], list[str]] = {}
    for one in terms.alerts.limits:
        kinds.setdefault((one.acknowledge_minutes, one.handle_minutes), []).append(str(one.kind.label))
    limits = "；".join(
        f"{'、'.join(names)}：{_minutes(notice)}内知悉、{_minutes(handle)}内办结"
        for (notice, handle), names in kinds.items()
    )
    days = terms.alerts.identical_days
    same = f"；连续{days}天数值相同时提示" if days else ""
    return f"{limits}；到时没人办的逐级上报，每级{_minutes(terms.alerts.next_level_minutes)}{same}"


def _minutes(minutes: int) -> str:
    return f"{minutes}分钟" if minutes % 60 else f"{minutes // 60}小时"


def _scope_words(terms: PolicyTerms, year: int) -> str:
    regions = f"来自{'、'.join(terms.regions)}" if terms.regions else "不限来源地"
    since = f"，{day_words(terms.cutoff_on, year)}（含）以后返回" if terms.cutoff_on else ""
    return f"{regions}{since}的人员"


def _term_words(terms: PolicyTerms) -> str:
    phases = "+".join(map(phase_words, terms.phases))
    return f"{phases}，共{terms.total_days}天" if len(terms.phases) > 1 else phases


def _start_words(terms: PolicyTerms) -> str:
    order = " → ".join(str(basis.label) for basis in terms.start_basis)
    return f"{order}，取第一个已知的日期；{'次日' if terms.day_one_is_next_day else '当日'}为第1天"


def _release_words(terms: PolicyTerms) -> str:
    blocks = []
    if terms.release.block_on_missed:
        blocks.append("漏测未说明")
    if terms.release.block_on_open_alert:
        blocks.append("异常未办结")
    if terms.release.block_on_pending_extension:
        blocks.append("延长待审")
    over = f"最后一天{hour_words(terms.release.full_term_time)}期满，由两人确认解除"
    longest = (
        f"；可延长，一次不超过{terms.extension.longest_days}天"
        if terms.extension.is_allowed
        else "；不可延长"
    )
    return over + (f"；{'、'.join(blocks)}时不能解除" if blocks else "") + longest


def example_words(terms: PolicyTerms, arrived_on: date) -> list[str]:
    """What the policy comes to for somebody of whom only the day of return is known, sentence by sentence.

    “2月1日返回者：次日为第1天（2月2日），2月15日24时期满”; then phases, tests, readings, follow-ups.
    """
    year = arrived_on.year
    on = f"{day_words(arrived_on, year)}返回者"
    try:
        start = choose_start(terms, arrived_on=arrived_on, controlled_on=arrived_on)
        span = term(terms, start)
    except (MissingStart, MeasureOff) as refused:
        return [f"{on}：{refused}。"]
    convention = "次日" if terms.day_one_is_next_day else "当日"
    over = f"{day_words(span.last_on, year)}{hour_words(terms.release.full_term_time)}期满"
    first = day_words(start.day_one_on, year)
    told = [f"{on}：按“{start.basis.label}”起算，{convention}为第1天（{first}），共{span.days}天，{over}。"]
    if len(terms.phases) > 1:
        spans = zip(terms.phases, phase_spans(terms, start.day_one_on), strict=True)
        parts = [
            f"{phase_words(phase)}（{day_words(one.from_on, year)}至{day_words(one.to_on, year)}）"
            for phase, one in spans
        ]
        told.append(f"阶段：{'，'.join(parts)}。")
    if tests := phase_test_dates(terms, start.day_one_on):
        told.append(f"检测：{'、'.join(day_words(day, year) for day in tests)}。")
    told.append(f"测温：每天{len(terms.slots)}次，全程应测{span.days * len(terms.slots)}次。")
    if terms.followup_days:
        released_on = span.last_on + timedelta(days=1)
        days = "、".join(day_words(day, year) for day in followup_dates(terms, released_on))
        told.append(f"随访：如{day_words(released_on, year)}解除，{days}各一次。")
    return told


@dataclass(frozen=True)
class Compared:
    """One point of two versions side by side."""

    label: str
    old: str
    new: str

    @property
    def is_changed(self) -> bool:
        """Whether the versions differ here."""
        return self.old != self.new


def compare_points(old: PolicyTerms, new: PolicyTerms, year: int) -> list[Compared]:
    """Both versions point by point, in words; a point that one of them has not is empty there."""
    sides = [dict(full_points(terms, year)) for terms in (old, new)]
    labels = [*sides[0], *(label for label in sides[1] if label not in sides[0])]
    return [Compared(label, sides[0].get(label, ""), sides[1].get(label, "")) for label in labels]


def full_points(terms: PolicyTerms, year: int) -> list[tuple[str, str]]:
    """All that a policy says, in words: the points of its card, and what is looked up more rarely."""
    points = policy_points(terms, year)
    if not terms.is_measure_on:
        return points
    tests = [
        f"{phase_words(phase)}：第{'、'.join(map(str, phase.test_days))}天"
        for phase in terms.phases
        if phase.test_days
    ]
    points.append(("检测", "；".join(tests) or "没有规定"))
    points.append(("症状", "、".join(terms.symptoms) or "没有列出"))
    steps = [f"{step.after_minutes}分钟：{step.notify.label}" for step in terms.escalation]
    points.append(("异常上报", "，".join(steps) or "没有规定"))
    limits = [
        f"{one.kind.label}{one.acknowledge_minutes}分钟内知悉、{one.handle_minutes}分钟内办结"
        for one in terms.alerts.limits
    ]
    points.append(("处置时限", "；".join(limits)))
    both, above, further = terms.handover_hours
    points.append(("移交没有答复", f"{both}小时提醒双方，{above}小时报对方上一级，{further}小时再报上一级"))
    again = [
        words
        for words, is_on in (
            ("擅自外出", terms.restart.on_left_home),
            ("新的暴露", terms.restart.on_new_exposure),
        )
        if is_on
    ]
    points.append(("重新起算", "、".join(again) or "不重新起算"))
    points.append(("同住人", "共用期限：一人延长，建议同住人一起延长" if terms.shares_clock else "各算各的"))
    points.append(("转送后返回", str(terms.return_clock.label)))
    return points
