"""Doors that the filters of 基础台账表 may want, told by the database.

Never too few; where only the rows can tell (what was the latest knock, what somebody said last) it may be more,
and base_columns leaves those out. Without it a filter that few doors answer to reads a whole street for them.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Exists, OuterRef, Q, QuerySet

from grassroots.ledgers.asof import AsOf
from grassroots.ledgers.engine import LedgerContext
from households.indicators import is_signed, known_surveys
from households.models import Household, Residency, SurveyMember, SurveyState

AWAY, NOBODY_HOME = "AWAY", "NOBODY"
YES, NO = "YES", "NO"


def narrowed(doors: QuerySet[Household], context: LedgerContext, asof: AsOf) -> QuerySet[Household]:
    """The doors without those of which the filters want no row."""
    chosen = context.filters
    if kinds := chosen.get("housing"):
        doors = doors.filter(housing_kind__in=kinds)
    if states := chosen.get("state"):
        doors = doors.filter(_in_state(states, asof))
    if residencies := chosen.get("residency"):
        doors = doors.filter(_lived_in(residencies, asof))
    if answers := chosen.get("contact"):
        doors = doors.filter(_answered(answers, asof))
    return doors


def living(asof: AsOf) -> QuerySet[Residency]:
    """Those who were registered at the door of an outer query, at home or away."""
    open_then = Q(ended_on=None) | Q(ended_on__gt=asof.on) | Q(end_recorded_at__gt=asof.known_at)
    return Residency.objects.filter(
        open_then, household=OuterRef("pk"), started_on__lte=asof.on, recorded_at__lte=asof.known_at
    )


def _in_state(states: Sequence[str], asof: AsOf) -> Q:
    found = Q(is_signed(asof)) if SurveyState.SIGNED in states else Q()
    if SurveyState.UNVISITED in states:
        found |= ~is_signed(asof) & ~Exists(known_surveys(asof))
    if outcomes := [state for state in states if state not in (SurveyState.SIGNED, SurveyState.UNVISITED)]:
        found |= ~is_signed(asof) & Q(Exists(known_surveys(asof).filter(outcome__in=outcomes)))
    return found


def _lived_in(residencies: Sequence[str], asof: AsOf) -> Q:
    found = Q(~Exists(living(asof))) if NOBODY_HOME in residencies else Q()
    if AWAY in residencies:
        found |= Q(Exists(living(asof).filter(is_away=True)))
    if kinds := [kind for kind in residencies if kind not in (AWAY, NOBODY_HOME)]:
        found |= Q(Exists(living(asof).filter(is_away=False, kind__in=kinds)))
    return found


def _answered(answers: Sequence[str], asof: AsOf) -> Q:
    said = SurveyMember.objects.filter(person=OuterRef("person"))
    found = Q()
    if wanted := [answer == YES for answer in answers if answer in (YES, NO)]:
        found |= Q(Exists(living(asof).filter(Exists(said.filter(hubei_contact__in=wanted)))))
    if len(wanted) < len(answers):  # never asked, or something not said
        silent = ~Exists(said) | Exists(said.filter(hubei_contact=None)) | Exists(_later(said, asof))
        found |= ~Exists(living(asof)) | Q(Exists(living(asof).filter(silent)))
    return found


def _later(said: QuerySet[SurveyMember], asof: AsOf) -> QuerySet[SurveyMember]:
    """Answers that had not been given yet, or were not known: without them the person may not have been asked."""
    return said.filter(Q(survey__visited_at__gt=asof.end) | Q(survey__recorded_at__gt=asof.known_at))
