"""丁 writes the brief of yesterday, publishes and copies it; what is entered afterwards is told and becomes a 更正."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from grassroots.ledgers.models import Publication
from households.services.residency import residency_open
from quarantine.services.observations import StartDates, observation_open
from tests.e2e.conftest import DESKTOP, PHONE, SignIn
from tests.e2e.steps import day, go_to, picture
from tests.factories import OfficeCast, make_household, make_person
from tests.quarantine.cases import make_returnee

PERMISSIONS = ["clipboard-read", "clipboard-write"]


def yesterday(hour: int) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day(1), dt.time(hour)))


def found(cast: OfficeCast, known_at: dt.datetime) -> None:
    """Somebody under observation since yesterday morning, entered at that time."""
    returnee = make_returnee(
        cast, left_on=day(3), arrived_on=day(2), found_at=yesterday(9), recorded_at=known_at
    )
    observation_open(
        person=returnee.person, area=returnee.area, household=returnee.household, returnee=returnee,
        dates=StartDates.of(returnee), by=cast.jia, at=yesterday(9), known_at=known_at,
    )  # fmt: skip


def enter(target: Locator) -> None:
    """By the keyboard: the focus is there, and Enter."""
    target.focus()
    target.press("Enter")


def write(page: Page) -> None:
    """The two paragraphs, from one to the other by Tab."""
    page.get_by_label("七、存在问题").focus()
    page.keyboard.insert_text("测温人手不足。")
    page.keyboard.press("Tab")
    expect(page.get_by_label("八、明日安排")).to_be_focused()
    page.keyboard.insert_text("向街道增派2人。")
    enter(page.get_by_role("button", name="保存"))
    expect(page.get_by_label("日报正文")).to_contain_text("测温人手不足。")


def test_the_brief_of_a_day_is_written_published_copied_and_corrected(
    cast: OfficeCast, sign_in: SignIn
) -> None:
    found(cast, yesterday(9))
    door = make_household(cast.group, opened_on=day(3), recorded_at=yesterday(8))
    page = sign_in(cast.ding, DESKTOP, permissions=PERMISSIONS)
    go_to(page, "日报")
    page.locator("#id_area").select_option(label="淮口街道")
    page.get_by_label("日期").fill(day(1).isoformat())
    enter(page.get_by_role("button", name="查看"))
    text = page.get_by_label("日报正文")
    expect(text).to_contain_text("昨日在管0人，现在管1人")
    expect(page.get_by_text("核对一致")).to_be_visible()
    write(page)
    picture(page, "brief-1-written")

    enter(page.get_by_role("link", name="核对并发布"))
    expect(text).to_contain_text("向街道增派2人。")
    enter(page.get_by_role("button", name="确认发布"))
    expect(page.get_by_text("日报已发布")).to_be_visible()
    first = Publication.objects.get()
    assert (first.area, first.on, first.published_by) == (cast.street, day(1), cast.ding)
    enter(page.get_by_role("button", name="复制正文"))
    expect(page.get_by_text("正文已复制")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == first.text
    picture(page, "brief-2-published")

    late = timezone.now()
    found(cast, late)
    residency_open(person=make_person(), household=door, by=cast.yi, started_on=day(1), at=late)
    enter(page.get_by_role("link", name="与现有数据核对（更正）"))
    told = page.get_by_role("row")
    expect(told.filter(has_text="居家观察现在管").first).to_contain_text("补登开始观察")
    expect(told.filter(has_text="居家观察现在管").first).to_contain_text("甲某 录入")
    residents = told.filter(has_text="人数").filter(has_text="补登人员")
    expect(residents).to_contain_text(f"{day(1).month}月{day(1).day}日 发生")
    expect(residents).to_contain_text("乙某 录入")
    picture(page, "brief-3-changed")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    expect(residents).to_be_visible()
    picture(page, "brief-3-changed")
    page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
    page.get_by_label("补充说明").focus()
    page.keyboard.insert_text("1组晚报。")
    enter(page.get_by_role("button", name="发布更正"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("（更正）")
    expect(text).to_contain_text("居家观察现在管由1改为2（补登开始观察1条）")
    expect(text).to_contain_text("1组晚报。")
    picture(page, "brief-4-corrected")
    second = Publication.objects.order_by("version").last()
    first.refresh_from_db()
    assert (
        second is not None
        and second.version == 2
        and "现在管1人" in first.text
        and "现在管2人" in second.text
    )
