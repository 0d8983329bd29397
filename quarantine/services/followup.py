"""Writing down to households what the follow-up says about them."""

from __future__ import annotations

from collections.abc import Iterable

from households.models import Followup, Household
from quarantine.models import Observation, Returnee


def followup_refresh(household_ids: Iterable[int]) -> None:
    """Set `Household.followup_state` of these households from their observations and returnees."""
    ids = set(household_ids)
    if not ids:
        return
    observed = set(
        Observation.objects.open().filter(household__in=ids).values_list("household_id", flat=True)
    )
    returned = set(Returnee.objects.active().filter(household__in=ids).values_list("household_id", flat=True))
    for state, members in (
        (Followup.OBSERVED, observed),
        (Followup.RETURNEE, returned - observed),
        (Followup.NONE, ids - observed - returned),
    ):
        if members:
            Household.objects.filter(pk__in=members).exclude(followup_state=state).update(
                followup_state=state
            )
