"""What opening an observation would lay down, worked out and explained before it is done."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace

from django.core.exceptions import ValidationError
from django.utils import timezone

from households.services.data import Caution
from quarantine.models import Policy, Returnee
from quarantine.rules.clock import MeasureOff, MissingStart, Start, Term, choose_start, term
from quarantine.rules.origins import applicable_policy, out_of_scope_reasons
from quarantine.rules.policy import PolicyTerms
from quarantine.rules.slots import slot_windows
from quarantine.rules.words import day_words, explain_policy_choice, explain_term, hour_words
from quarantine.services.policies import policies_in_force, policy_in_force

TERM_OVER, OUT_OF_SCOPE = "term-over", "out-of-scope"


@dataclass(frozen=True)
class StartDates:
    """The dates from which the count may start; the policy's order decides which."""

    last_contact_on: dt.date | None = None
    left_on: dt.date | None = None
    arrived_on: dt.date | None = None
    controlled_on: dt.date | None = None

    @classmethod
    def of(cls, returnee: Returnee, controlled_on: dt.date | None = None) -> StartDates:
        """A returnee's own dates."""
        return cls(returnee.last_contact_on, returnee.left_on, returnee.arrived_on, controlled_on)

    def controlled_by(self, on: dt.date) -> StartDates:
        """The same, with the day on which control began unless it is known."""
        return self if self.controlled_on else replace(self, controlled_on=on)


@dataclass(frozen=True)
class Plan:
    """What opening an observation would lay down."""

    policy: Policy
    terms: PolicyTerms
    start: Start
    term: Term

    def words(self, origin: str = "") -> str:
        """The sentence of the file: “离鄂 1月20日,次日为第1天,14天 → 2月3日24时期满”."""
        year = timezone.localdate().year
        return explain_term(self.terms, self.start, self.term, reference_year=year, origin_text=origin)


@dataclass(frozen=True)
class Choice:
    """The policy that was found for an arrival, why it does not take it in ([] when it does), and all in words."""

    policy: Policy | None
    reasons: list[str]
    words: str
    origin: str = ""


@dataclass(frozen=True)
class Preview:
    """A plan with what is to be known before it is carried out; `problem` says why there is no plan."""

    choice: Choice
    plan: Plan | None = None
    problem: str = ""
    visits: int = 0
    """How many visits will be laid down."""
    cautions: list[Caution] = field(default_factory=list)

    @property
    def words(self) -> str:
        """The plan as a sentence."""
        return self.plan.words(self.choice.origin) if self.plan else ""


def policy_choose(*, origin: str, native_place: str = "", arrived_on: dt.date | None) -> Choice:
    """Find the policy that takes in this arrival; failing that, the one to explain why not (one query or two)."""
    pairs = policies_in_force()
    terms = applicable_policy([terms for _policy, terms in pairs], origin, native_place, arrived_on)
    policy = next((policy for policy, parsed in pairs if parsed is terms), None)
    if policy is None:
        policy = policy_in_force(arrived_on or timezone.localdate()) or policy_in_force(timezone.localdate())
        terms = policy.parsed() if policy else None
    reasons = out_of_scope_reasons(terms, origin, native_place, arrived_on) if terms else []
    words = explain_policy_choice(
        terms,
        origin_text=origin,
        native_place=native_place,
        arrived_on=arrived_on,
        reference_year=timezone.localdate().year,
    )
    return Choice(policy, reasons, words, origin)


def policy_choose_for_contact(*, on: dt.date) -> Choice:
    """A close contact who came from nowhere falls under the policy in force on that day."""
    policy = policy_in_force(on)
    if policy is None:
        return Choice(None, [], "没有正在执行的政策，不能开始观察。")
    return Choice(policy, [], f"密切接触者，按正在执行的“{policy.name}”观察。")


def observation_plan(*, dates: StartDates, policy: Policy | None = None) -> Plan:
    """Choose the policy and work out start and term. Raises ValidationError in the office's words."""
    arrived_on = dates.arrived_on or dates.controlled_on or timezone.localdate()
    policy = policy or policy_in_force(arrived_on)
    if policy is None:
        raise ValidationError(f"{arrived_on:%Y-%m-%d} 返回时没有执行中的防控政策，请管理员先启用政策。")
    terms = policy.parsed()
    try:
        start = choose_start(
            terms,
            last_contact_on=dates.last_contact_on,
            left_on=dates.left_on,
            arrived_on=dates.arrived_on,
            controlled_on=dates.controlled_on,
        )
        return Plan(policy, terms, start, term(terms, start))
    except (MissingStart, MeasureOff) as refused:
        raise ValidationError(str(refused)) from refused


def observation_preview(*, dates: StartDates, choice: Choice, at: dt.datetime) -> Preview:
    """What would be laid down at `at` under the chosen policy, and what must be confirmed first."""
    if choice.policy is None:
        return Preview(choice, problem="没有正在执行的防控政策，不能开始观察。请管理员先在“防控政策”里启用。")
    try:
        plan = observation_plan(dates=dates.controlled_by(timezone.localdate(at)), policy=choice.policy)
    except ValidationError as refused:
        return Preview(choice, problem=" ".join(refused.messages))
    first = max(timezone.localdate(at), plan.start.day_one_on)
    visits = len(slot_windows(plan.terms, first, plan.term.last_on, at))
    return Preview(choice, plan, visits=visits, cautions=_cautions(choice, plan, at))


def _cautions(choice: Choice, plan: Plan, at: dt.datetime) -> list[Caution]:
    found = []
    if choice.reasons:
        message = f"{'；'.join(choice.reasons)}。确需观察的，请写明原因。"
        found.append(Caution("reason", OUT_OF_SCOPE, message, by_reason=True))
    if plan.term.expires_at <= at:
        over = day_words(plan.term.last_on, timezone.localdate(at).year)
        over += hour_words(plan.terms.release.full_term_time)
        message = (
            f"按这些日期推算，观察期到{over}已经结束，不会再安排测温。请先核对日期；确需建档的，请勾选确认。"
        )
        found.append(Caution("confirmed", TERM_OVER, message))
    return found
