"""管某 moves 1组 from 甲 to 丙 through the pages; 甲's open browser sees it no more, 丙's does."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from grassroots.grid.models import AreaDuty
from tests.e2e.conftest import SignIn
from tests.e2e.steps import day, go_to, picture
from tests.factories import OfficeCast, make_household, make_person

RESIDENT = "王桂兰"


def pick(page: Page, label: str, name: str) -> None:
    """Find somebody by typing his name, and choose the line that comes."""
    box = page.locator(".pick").filter(has=page.get_by_label(label))
    box.get_by_label(label).fill(name)
    box.get_by_role("button", name="查找").click()
    expect(box.get_by_role("radio")).to_have_count(
        1
    )  # a short list stands there before anything is looked for
    box.get_by_role("radio", name=name).check()


def resident(page: Page) -> Locator:
    """The resident's line on the page of his household."""
    return page.get_by_role("link", name=RESIDENT)


def hand_over(page: Page, cast: OfficeCast) -> None:
    """工作交接: everything that 甲 answers for goes to 丙 from today, after a look at what that is."""
    go_to(page, "工作交接")
    pick(page, "交出人", cast.jia.name)
    pick(page, "接手人", cast.bing.name)
    picture(page, "admin-1-picked")
    page.get_by_role("button", name="列出要交接的包保").click()
    expect(page.get_by_role("heading", name="甲某 → 丙某")).to_be_visible()
    expect(page.get_by_role("row", name="包户")).to_contain_text("城厢社区 1组")
    picture(page, "admin-2-list")
    page.get_by_role("button", name="确认交接 1 项").click()
    expect(page.get_by_text("已交接 1 项")).to_be_visible()


def end_posting(page: Page, cast: OfficeCast) -> None:
    """The page that comes says that he is posted to 1组 still; that ends today."""
    expect(page.get_by_role("heading", level=1)).to_contain_text(cast.jia.name)
    expect(page.get_by_text("还任职于1组")).to_be_visible()
    picture(page, "admin-3-staff")
    page.get_by_role("link", name="结束", exact=True).click()
    expect(page.get_by_label("从哪天起不再负责")).to_have_value(day(0).isoformat())
    picture(page, "admin-4-end-posting")
    page.get_by_role("main").locator("form").get_by_role("button").click()
    expect(page.get_by_text("任职已结束")).to_be_visible()


def test_a_group_moves_to_another_officer(cast: OfficeCast, sign_in: SignIn) -> None:
    household = make_household(cast.group, "12", building="", unit="")
    make_person(RESIDENT, household)
    jia = sign_in(cast.jia)
    go_to(jia, "入户")
    jia.get_by_role("link", name="12号").first.click()
    expect(resident(jia)).to_be_visible()
    bing = sign_in(cast.bing)
    assert bing.goto(jia.url).status == 404

    page = sign_in(cast.admin)
    hand_over(page, cast)
    end_posting(page, cast)

    # 甲's page is still open: the next thing he does there is refused, whichever it is.
    with jia.expect_response(jia.url) as answered:
        jia.reload()
    assert answered.value.status == 404
    expect(jia.get_by_text(RESIDENT)).to_have_count(0)
    picture(jia, "admin-6-404")
    jia.goto("/")
    go_to(jia, "入户")
    expect(jia.get_by_text("您还没有负责的区域")).to_be_visible()
    # 丙 finds the household by himself and opens it.
    bing.goto("/")
    go_to(bing, "入户")
    picture(bing, "admin-7-bing")
    bing.get_by_role("link", name="1组").click()
    bing.get_by_role("link", name="12号").first.click()
    expect(resident(bing)).to_be_visible()
    picture(bing, "admin-8-bing")
    duty = AreaDuty.objects.get(area=cast.group, staff=cast.bing)
    assert (duty.kind.code, duty.valid_from, duty.valid_to) == ("group", day(0), None)
