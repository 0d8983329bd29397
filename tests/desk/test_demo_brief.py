"""The brief of the demo village: it can be published, and holds nobody's name, number or door."""

import datetime as dt

import pytest

from grassroots.desk.demo.build import load
from grassroots.grid.models import Area, Staff
from grassroots.ledgers.services.briefs import publication_publish
from households.models import Household, Person
from quarantine.models import CloseContact

ON = dt.date(2020, 1, 29)
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("cutoff", [dt.time(17), dt.time(8, 30)])
def test_nobody_is_in_the_brief_of_the_demo_village(cutoff):
    load("village", ON)
    village = Area.objects.get(code="510121006001")
    by = Staff.objects.get(username="supervisor")
    text = publication_publish(area=village, on=ON, cutoff=cutoff, by=by).text
    assert "300户" in text and "现在管10人" in text
    body, _, signed = text.rpartition("填报人：")
    people = Person.objects.values_list("name", "id_number", "phone")
    staff = Staff.objects.values_list("name", "phone")
    contacts = CloseContact.objects.values_list("name", "phone")
    words = {word for row in [*people, *staff, *contacts] for word in row if word}
    doors = {
        *Household.objects.values_list("display", flat=True),
        *Household.objects.values_list("door_key", flat=True),
    }
    assert len(words) > 2000 and [word for word in words if word in body] == []
    assert [door for door in doors if len(door) > 3 and door in body] == []
    # Who signs is the writer himself, with the office's number and not his own.
    assert signed.startswith(by.name) and by.phone not in signed
