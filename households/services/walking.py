"""Which door comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import BooleanField, Case, Q, Value, When

from households.models import SurveyState

if TYPE_CHECKING:
    from grassroots.grid.models import Staff
    from households.models import Household


def next_door(*, household: Household, by: Staff) -> Household | None:
    """The next open household of the same area to knock at, in walking order, or None when it is finished.

    Ahead: doors never visited and doors found empty earlier (the evening round walks past them again). With
    nothing left ahead, doors never visited that were passed over. One query.
    """
    rows = type(household)._default_manager.open().visible_to(by).filter(area=household.area_id)
    ahead = Q(walk_key__gt=household.walk_key) | Q(walk_key=household.walk_key, pk__gt=household.pk)
    unsettled = ahead & Q(survey_state__in=[SurveyState.UNVISITED, SurveyState.ABSENT])
    is_behind = Case(When(ahead, then=Value(False)), default=Value(True), output_field=BooleanField())
    return (
        rows.exclude(pk=household.pk)
        .filter(unsettled | Q(survey_state=SurveyState.UNVISITED))
        .order_by(is_behind, "walk_key", "pk")
        .first()
    )
