"""Two people save one household: both values side by side, one chosen, nothing lost."""

import pytest
from django.test import Client

from households.models import Household, Person, Residency, Survey, SurveyMember
from tests.factories import OfficeCast, make_household, make_office, make_person
from tests.households.survey_pages import SurveyPage

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> OfficeCast:
    return make_office()


@pytest.fixture
def household(cast: OfficeCast) -> Household:
    return make_household(cast.compound, door="101", floor="1", note="旧")


@pytest.fixture
def pages(cast: OfficeCast, household: Household) -> tuple[SurveyPage, SurveyPage]:
    """甲 and 乙 have opened the same household, with 张三 and 李四 in it."""
    make_person("张三", household, phone="13800001111")
    make_person("李四", household)
    opened = []
    for staff in (cast.jia, cast.yi):
        client = Client()
        client.force_login(staff)
        opened.append(SurveyPage(client, household.uid))
    return opened[0], opened[1]


def stale(page: SurveyPage) -> SurveyPage:
    """Save a page that has become stale; returns it as it is shown again."""
    page.fill(outcome="SIGNED")
    assert page.press().status_code == 409
    return page


def test_both_values_stand_side_by_side_and_nothing_is_saved(pages: tuple[SurveyPage, SurveyPage]) -> None:
    mine, theirs = pages
    theirs.fill(outcome="ABSENT", household_note="乙的备注").press()
    stale(mine.fill(household_note="甲的备注"))
    assert "甲的备注" in mine.text and "乙的备注" in mine.text
    assert mine.fields["choose-household-note"] == ["mine"]
    assert Survey.objects.count() == 1


@pytest.mark.parametrize(("choice", "note"), [("mine", "甲的备注"), ("theirs", "乙的备注")])
def test_the_chosen_value_is_saved_with_everything_else_that_was_typed(
    pages: tuple[SurveyPage, SurveyPage], household: Household, choice: str, note: str
) -> None:
    mine, theirs = pages
    theirs.fill(outcome="ABSENT", household_note="乙的备注").press()
    mine.fill(household_note="甲的备注", respondent="张三").fill_card(0, temperature="36.6")
    stale(mine).fill(**{"choose-household-note": choice})
    assert mine.press().status_code == 302
    household.refresh_from_db()
    assert (household.note, household.survey_state) == (note, "SIGNED")
    assert str(SurveyMember.objects.get(person__name="张三").temperature) == "36.6"
    assert Survey.objects.get(outcome="SIGNED").respondent == "张三"


def test_what_only_the_other_changed_is_preset_to_his(pages: tuple[SurveyPage, SurveyPage]) -> None:
    mine, theirs = pages
    theirs.fill(outcome="ABSENT").fill_card(1, name="李思").press()
    stale(mine)
    assert mine.fields[f"choose-{mine.keys[1]}-name"] == ["theirs"]
    mine.press()
    assert Person.objects.filter(name="李思").exists()


def test_what_only_i_changed_is_kept_without_a_question(pages: tuple[SurveyPage, SurveyPage]) -> None:
    mine, theirs = pages
    theirs.fill(outcome="ABSENT").press()
    stale(mine.fill_card(1, name="李思"))
    assert not [name for name in mine.fields if name.startswith("choose-")]
    assert mine.press().status_code == 302
    assert Person.objects.filter(name="李思").exists()


def test_a_person_whom_the_other_added_gets_a_card_and_one_whom_he_removed_can_stay(
    pages: tuple[SurveyPage, SurveyPage],
) -> None:
    mine, theirs = pages
    theirs.press("add_member")
    theirs.fill(outcome="ABSENT").fill_card(2, name="王五", relation="CHILD").press(
        "remove_member", theirs.keys[1]
    )
    theirs.fill_card(1, removal="MOVED_OUT")
    assert theirs.press().status_code == 302
    stale(mine)
    assert "王五" in mine.text
    [choice] = [name for name in mine.fields if name.startswith("choose-")]
    assert mine.fields[choice] == ["theirs"]
    mine.fill(**{choice: "mine"})
    assert mine.press().status_code == 302
    living = Residency.objects.actual().values_list("person__name", flat=True)
    assert set(living) == {"张三", "李四", "王五"}


def test_leaving_a_removed_person_out_drops_his_card(pages: tuple[SurveyPage, SurveyPage]) -> None:
    mine, theirs = pages
    theirs.fill(outcome="ABSENT").press("remove_member", theirs.keys[1])
    theirs.fill_card(1, removal="MOVED_OUT").press()
    stale(mine)
    assert mine.press().status_code == 302
    assert set(Residency.objects.actual().values_list("person__name", flat=True)) == {"张三"}


def test_two_new_phones_are_compared_masked(pages: tuple[SurveyPage, SurveyPage]) -> None:
    mine, theirs = pages
    theirs.fill(outcome="ABSENT").fill_card(0, phone="13922223333").press()
    stale(mine.fill_card(0, phone="13733334444"))
    assert "139****3333" in mine.text and "13922223333" not in mine.text
    mine.fill(**{f"choose-{mine.keys[0]}-phone": "theirs"}).press()
    assert Person.objects.get(name="张三").phone == "13922223333"


def test_the_form_may_become_stale_again(pages: tuple[SurveyPage, SurveyPage], household: Household) -> None:
    mine, theirs = pages
    theirs.fill(outcome="ABSENT").press()
    stale(mine)
    again = SurveyPage(theirs.client, household.uid)
    again.fill(outcome="REFUSED").press()
    assert mine.press().status_code == 409
    assert mine.press().status_code == 302
