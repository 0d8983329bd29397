"""甲 knocks at a door that nobody has registered: three people, one of them back from 武汉, up to his observation."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from households.models import CommitmentLetter, Household, Person, Relation, Survey, SurveyMember
from quarantine.models import Observation, Returnee, Visit
from tests.e2e.conftest import PHONE, SignIn
from tests.e2e.steps import answer, day, go_to, new_id_number, picture, words
from tests.factories import OfficeCast

DOOR = "3栋2单元501"


@dataclass(frozen=True)
class Neighbour:
    """Somebody behind the door, as he shows his identity card."""

    name: str
    relation: Relation
    born: dt.date
    phone: str
    id_number: str


def family() -> list[Neighbour]:
    """Husband, wife and their son, who came back from 武汉."""
    father = ("张国强", Relation.HEAD, dt.date(1971, 5, 4), "13800001001")
    mother = ("李秀英", Relation.SPOUSE, dt.date(1973, 2, 11), "13800001002")
    son = ("张·阿迪力", Relation.CHILD, dt.date(1998, 9, 30), "13800001003")
    return [Neighbour(*one, new_id_number(one[2])) for one in (father, mother, son)]


def add_door(page: Page, text: str) -> None:
    """入户 → the compound → a door typed into the box → the form of a door that nobody has registered."""
    go_to(page, "入户")
    page.get_by_role("link", name="翠柏苑").click()
    page.get_by_label("门牌", exact=True).fill(text)
    page.get_by_role("button", name="到这户").click()
    expect(page.get_by_text("没有登记这一户")).to_be_visible()
    picture(page, "staff-1-no-such-door")
    page.get_by_role("button", name=words("保存，去入户登记")).click()
    expect(page.get_by_role("heading", level=1, name=DOOR)).to_be_visible()


def cards(page: Page) -> Locator:
    """The cards of the people in the survey form."""
    return page.locator(".person-card")


def fill_card(card: Locator, one: Neighbour) -> None:
    """Type what stands on the identity card."""
    card.get_by_label("姓名").fill(one.name)
    card.get_by_label("与户主关系").select_option(label=one.relation.label)
    card.get_by_label("证件号码").fill(one.id_number)
    card.get_by_label("联系电话").fill(one.phone)


def back_from_wuhan(card: Locator) -> None:
    """The answers of somebody who left 武汉 five days ago and arrived a day later."""
    answer(card, "武汉(湖北)旅居或接触史", "是")
    journey = card.get_by_label("从何地返回")
    if not journey.is_visible():  # without script nothing opens by itself
        card.get_by_text("返回行程").click()
    journey.fill("湖北武汉")
    card.get_by_label("离开日期").fill(day(5).isoformat())
    card.get_by_label("返回日期").fill(day(4).isoformat())
    card.get_by_label("体温").fill("36.4")


def sign_and_save(page: Page, signer: str) -> None:
    """The letter is signed: the result of the knock, who signed, and the button below."""
    page.get_by_role("radio", name="已签承诺书").check()
    page.get_by_label(words("被调查人(签字人)")).fill(signer)
    picture(page, "staff-3-survey-filled")
    page.get_by_role("button", name="保存", exact=True).locator("visible=true").last.click()


def check_household(people: list[Neighbour]) -> Household:
    """The register holds the door, everybody behind it, the knock with its answers, and the letter."""
    household = Household.objects.get()
    assert (household.display, household.area.name) == (DOOR, "翠柏苑")
    residencies = household.residencies.filter(ended_on=None).select_related("person").order_by("pk")
    found = [
        (row.person.name, row.relation, row.person.birth_date, row.person.id_number) for row in residencies
    ]
    assert found == [(one.name, one.relation, one.born, one.id_number) for one in people]
    assert Survey.objects.get().household == household
    assert SurveyMember.objects.filter(survey__household=household).count() == len(people)
    assert CommitmentLetter.objects.get().household == household
    return household


def test_a_door_is_opened_by_typing_it_and_its_returnee_is_led_to_his_observation(
    cast: OfficeCast, sign_in: SignIn
) -> None:
    page, people = sign_in(cast.jia, PHONE), family()
    son = people[2]
    add_door(page, "3-2-501")
    for number, one in enumerate(people):
        if number:
            page.get_by_role("button", name="添加一人").click()
            expect(cards(page)).to_have_count(number + 1)
            expect(cards(page).nth(number).get_by_label("姓名")).to_be_focused()
        card = cards(page).nth(number)
        fill_card(card, one)
        expect(card.get_by_text("号码校验通过")).to_be_visible()
        expect(card.get_by_label("出生日期")).to_have_value(one.born.isoformat())
    picture(page, "staff-2-three-people")
    page.get_by_text("只有一部分相同").click()
    page.get_by_role("button", name="全家都在家").click()
    page.get_by_role("button", name=words("全家无武汉(湖北)接触")).click()
    back_from_wuhan(cards(page).nth(2))
    sign_and_save(page, people[0].name)

    # Straight on to his file, with what he said at the door already in it.
    expect(page.get_by_role("heading", level=1, name="新建返乡档案")).to_be_visible()
    expect(page.get_by_text(son.name)).to_be_visible()
    expect(page.get_by_label("从何地返回")).to_have_value("湖北武汉")
    expect(page.get_by_label("离开日期")).to_have_value(day(5).isoformat())
    expect(page.get_by_label("返回日期")).to_have_value(day(4).isoformat())
    expect(page.get_by_role("checkbox", name="武汉", exact=True)).to_be_checked()
    picture(page, "staff-4-returnee")
    page.get_by_label("交通方式").first.select_option(label="火车")
    page.get_by_label(words("车次/航班/车牌(座号)")).first.fill("D622 05车12A")
    page.get_by_role("button", name=words("保存，下一步开始观察")).click()

    expect(page.get_by_role("heading", level=1, name="开始居家医学观察")).to_be_visible()
    picture(page, "staff-5-open")
    left, last = day(5), day(5) + dt.timedelta(days=14)
    term = words(f"离鄂 {left.month}月{left.day}日,次日为第1天,14天 → {last.month}月{last.day}日24时期满")
    expect(page.get_by_text(term)).to_be_visible()
    page.get_by_role("button", name="开始观察").click()
    expect(page.get_by_role("heading", level=1, name=son.name)).to_be_visible()
    expect(page.get_by_text(term)).to_be_visible()
    picture(page, "staff-6-observation")

    household = check_household(people)
    returnee = Returnee.objects.get()
    assert (returnee.person, returnee.household) == (Person.objects.get(name=son.name), household)
    assert (returnee.origin_kind, returnee.left_on, returnee.arrived_on) == ("WUHAN", day(5), day(4))
    observation = Observation.objects.get()
    assert (observation.returnee, observation.day_one_on, observation.last_on) == (returnee, day(4), last)
    dates = [today + dt.timedelta(days=n) for today in [day(0)] for n in range(10)]
    assert list(Visit.objects.order_by("date").values_list("date", flat=True)) == dates
    assert Household.objects.get().followup_state == "OBSERVED"


def test_the_same_door_without_script(cast: OfficeCast, sign_in: SignIn) -> None:
    page, people = sign_in(cast.jia, PHONE, java_script_enabled=False), family()[::2]
    add_door(page, "3-2-501")
    fill_card(cards(page).nth(0), people[0])
    page.get_by_role("button", name="添加一人").click()
    expect(cards(page)).to_have_count(2)
    expect(cards(page).nth(0).get_by_label("证件号码")).to_have_value(people[0].id_number)
    fill_card(cards(page).nth(1), people[1])
    picture(page, "staff-no-script-two-people")
    back_from_wuhan(cards(page).nth(1))
    sign_and_save(page, people[0].name)
    expect(page.get_by_role("heading", level=1, name="新建返乡档案")).to_be_visible()
    expect(page.get_by_label("从何地返回")).to_have_value("湖北武汉")
    check_household(people)
