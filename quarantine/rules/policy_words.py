"""A policy in words, point by point, for the page that switches it on."""

from __future__ import annotations

from quarantine.rules.policy import PolicyTerms
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
    points.append(("解除", _release_words(terms)))
    if terms.followup_days:
        points.append(("解除后随访", f"第{'、'.join(map(str, terms.followup_days))}天"))
    return points


def _scope_words(terms: PolicyTerms, year: int) -> str:
    regions = f"来自{'、'.join(terms.regions)}" if terms.regions else "不限来源地"
    since = f",{day_words(terms.cutoff_on, year)}(含)以后返回" if terms.cutoff_on else ""
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
        f";可延长，一次不超过{terms.extension.longest_days}天" if terms.extension.is_allowed else ";不可延长"
    )
    return over + (f";{'、'.join(blocks)}时不能解除" if blocks else "") + longest
