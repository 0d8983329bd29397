"""What the tests of absent households share: noon of 2020-01-29, a door where nobody opened the day before."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from households.models import Household
from households.services import survey_record
from households.services.data import SurveyData
from tests.factories import OfficeCast, aware, make_household, make_person

TODAY = dt.date(2020, 1, 29)


def knocked(office: OfficeCast, household: Household, outcome: str, at: str, **data: Any) -> Household:
    household.refresh_from_db()
    sent = SurveyData(outcome=outcome, visited_at=aware(at), **data)
    survey_record(household=household, version=household.version, data=sent, by=office.jia)
    return Household.objects.select_related("area").get(pk=household.pk)


def absent_door(office: OfficeCast) -> Household:
    """Somebody lives there, and nobody opened yesterday morning."""
    household = make_household(office.compound, "501")
    make_person("张建国", household)
    return knocked(office, household, "ABSENT", "2020-01-28 10:00", next_visit_on=TODAY, note="邻居说晚上在")


def page_of(household: Household) -> str:
    return f"/households/{household.uid}/absent/"


def flat(page: str) -> str:
    return re.sub(r"\s+", "", re.sub(r"<[^>]+>", "", page))
