"""What this app enters at households (households/hooks.py): who must have a file, and the box on a person's page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils import timezone

from quarantine.models import Observation, Outcome, Returnee
from quarantine.rules.origins import applicable_policy
from quarantine.services.policies import policies_in_force
from quarantine.services.returnees import same_arrival

if TYPE_CHECKING:
    from grassroots.grid.models import Staff
    from households.models import Person, SurveyMember

SHOWN = 5
# 武汉(湖北)旅居或接触史 without a place is taken for the region that the question names.
ASKED_ABOUT = "湖北"


def returnee_check(member: SurveyMember) -> str | None:
    """The file to open, prefilled, when the answers fall under a policy in force and there is none for the arrival.

    An arrival whose date nobody knew counts as of the knock.
    """
    origin = member.returned_from or (ASKED_ABOUT if member.hubei_contact else "")
    if not origin:
        return None
    policies = [terms for _policy, terms in policies_in_force()]
    arrived_on = member.returned_on or timezone.localdate(member.survey.visited_at)
    if applicable_policy(policies, origin, arrived_on=arrived_on) is None:
        return None
    if same_arrival(person=member.person, arrived_on=member.returned_on) is not None:
        return None
    uids = {"survey_uid": member.survey.uid, "person_uid": member.person.uid}
    return reverse("quarantine:returnee_create", kwargs=uids)


def person_panel(person: Person, staff: Staff) -> tuple[str, dict[str, Any]] | None:
    """返乡与观察 on a person's page (three queries); nothing for whoever may not see files."""
    if not staff.has_perm("quarantine.view_returnee"):
        return None
    returns = Returnee.objects.active().visible_to(staff).filter(person=person)
    observations = Observation.objects.visible_to(staff).filter(person=person).exclude(outcome=Outcome.VOIDED)
    is_observed = Observation.objects.open().filter(person=person).exists()
    context = {
        "person": person,
        "returns": list(returns.order_by("-found_at", "-pk")[:SHOWN]),
        "observations": list(observations.order_by("-opened_at", "-pk")[:SHOWN]),
        "is_observed": is_observed,
        "today": timezone.localdate(),
    }
    return "quarantine/_person_panel.html", context
