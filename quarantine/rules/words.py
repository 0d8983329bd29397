"""The rules in words: what the page says about a policy and about the term that follows from it."""

from __future__ import annotations

from datetime import date

from quarantine.rules.clock import Start, Term
from quarantine.rules.origins import is_native_of_hubei, matching_region, out_of_scope_reasons
from quarantine.rules.places import HUBEI, first_place
from quarantine.rules.policy import Phase, Place, PolicyTerms, StartBasis

_PHASE_WORDS = {Place.HOME: "居家", Place.HOTEL: "集中隔离", Place.HOSPITAL: "住院"}
_BASIS_WORDS = {
    StartBasis.LAST_CONTACT: "末次接触",
    StartBasis.LEFT_REGION: "离开疫区",
    StartBasis.ARRIVED: "到达",
    StartBasis.CONTROLLED: "开始管控",
}


def day_words(on: date, reference_year: int) -> str:
    """1月20日, and 2019年12月31日 when the year is not the reference year."""
    words = f"{on.month}月{on.day}日"
    return words if on.year == reference_year else f"{on.year}年{words}"


def explain_term(
    terms: PolicyTerms, start: Start, term: Term, *, reference_year: int | None = None, origin_text: str = ""
) -> str:
    """The sentence of the file: "离鄂 1月20日,次日为第1天,14天 → 2月3日24时期满".

    Years are shown where they differ from `reference_year` (pass the year in which the page is read;
    without it the year of the basis). Who came from elsewhere (`origin_text`) did not leave Hubei, whatever the
    policy is for. A term that was extended or shortened says by how many days. Its
    commas are the half-width ones of the sentence that the offices were promised.
    """
    year = start.basis_on.year if reference_year is None else reference_year
    basis = _BASIS_WORDS[start.basis]
    if start.basis == StartBasis.LEFT_REGION and is_hubei_policy(terms):
        basis = "离鄂" if not origin_text or is_native_of_hubei(origin_text) else "离开当地"
    days = (start.day_one_on - start.basis_on).days
    day_one = {0: "当日为第1天", 1: "次日为第1天"}.get(days, f"{day_words(start.day_one_on, year)}为第1天")
    over = f"{day_words(term.last_on, year)}{hour_words(terms.release.full_term_time)}期满"
    return f"{basis} {day_words(start.basis_on, year)},{day_one},{_length_words(terms, term)} → {over}"


def is_hubei_policy(terms: PolicyTerms) -> bool:
    """Whether every region of the policy lies in Hubei, so that leaving the region is 离鄂."""
    places = [first_place(region) for region in terms.regions]
    return bool(places) and all(place is not None and place.province == HUBEI for place in places)


def hour_words(day_time: str) -> str:
    """24时, 8时, 17时30分 from 'HH:MM'."""
    hours, minutes = day_time.split(":")
    return f"{int(hours)}时" if minutes == "00" else f"{int(hours)}时{minutes}分"


def phase_words(phase: Phase) -> str:
    """集中隔离7天, 居家3天."""
    return f"{_PHASE_WORDS[phase.place]}{phase.days}天"


def explain_policy_choice(
    terms: PolicyTerms | None,
    *,
    origin_text: str,
    native_place: str = "",
    arrived_on: date | None = None,
    reference_year: int | None = None,
) -> str:
    """Why this policy applies to this arrival, or why it does not, as a Chinese sentence.

    `terms` None means that no policy was found (`origins.applicable_policy`). Years as in `explain_term`, the
    reference being the year of the arrival unless it is given.
    """
    if terms is None:
        return "没有正在执行且适用于此人的政策，不安排观察。"
    reasons = out_of_scope_reasons(terms, origin_text, native_place, arrived_on)
    if reasons or arrived_on is None:
        return f"不适用“{terms.name}”：{'；'.join(reasons)}。"
    year = arrived_on.year if reference_year is None else reference_year
    parts = [_region_words(terms, origin_text, native_place), f"{day_words(arrived_on, year)}返回"]
    if terms.cutoff_on is not None:
        parts.append(f"在排查起始日期{day_words(terms.cutoff_on, year)}（含）之后")
    if terms.effective_from is not None:
        until = f"至{day_words(terms.effective_to, year)}" if terms.effective_to else "起"
        parts.append(f"政策{day_words(terms.effective_from, year)}{until}执行")
    return f"适用“{terms.name}”：{'，'.join(parts)}。"


def _region_words(terms: PolicyTerms, origin_text: str, native_place: str) -> str:
    if not terms.regions:
        return f"来自{origin_text.strip() or '外地'}，政策不限来源地"
    region = matching_region(terms, origin_text)
    if region is not None:
        return f"来自{origin_text.strip()}，属于管控地区（{region}）"
    region = matching_region(terms, origin_text, native_place)
    native = "湖北籍" if is_native_of_hubei(native_place) else f"籍贯{native_place.strip()}"
    return f"来自{origin_text.strip() or '外地'}，{native}，按管控地区（{region}）人员管理"


def _length_words(terms: PolicyTerms, term: Term) -> str:
    """14天; 集中隔离7天+居家3天,共10天; 14天,延长3天."""
    if not terms.phases:
        return f"{term.days}天"
    if len(terms.phases) > 1:
        words = f"{'+'.join(map(phase_words, terms.phases))},共{terms.total_days}天"
    elif terms.phases[0].place == Place.HOME:
        words = f"{terms.total_days}天"
    else:
        words = phase_words(terms.phases[0])
    change = term.days - terms.total_days
    if change > 0:
        return f"{words},延长{change}天"
    return f"{words},缩短{-change}天" if change < 0 else words
