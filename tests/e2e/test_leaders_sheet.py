"""领导看板 on paper: a township of more villages than the largest has lies on one sheet of A4 across."""

from __future__ import annotations

from django.utils import timezone

from grassroots.grid.models import AreaDuty, DutyKind, Level
from grassroots.ledgers.rollups import refresh_rollups
from tests.e2e.conftest import SignIn
from tests.e2e.test_journey_papers import pages_of
from tests.factories import OfficeCast, make_area, make_household


def test_thirty_villages_print_on_one_sheet(cast: OfficeCast, sign_in: SignIn) -> None:
    kinds = DutyKind.objects.filter(level=Level.VILLAGE)
    for number in range(30):
        village = make_area(cast.street, Level.VILLAGE, f"第{number + 1}社区")
        make_household(make_area(village, Level.GROUP, "1组"), "1")
        for kind in kinds:
            AreaDuty.objects.create(kind=kind, staff=cast.ding, area=village, valid_from=timezone.localdate())
    refresh_rollups(timezone.now())
    page = sign_in(cast.ding)
    page.goto("/leaders/")
    assert page.locator("table.leaders tbody tr").count() >= 30
    assert pages_of(page.pdf(prefer_css_page_size=True)) == [(842, 595)]
