"""The health worker's morning on a phone: told by the clock, then door by door, thumb on the keys."""

from __future__ import annotations

import re
import subprocess

from playwright.sync_api import Locator, Page, expect

from grassroots.celery import app
from grassroots.notices.models import Message, TickRun
from grassroots.notices.tick import HEARTBEAT
from quarantine.models import Alert, AlertKind, Reading, ReadingSource, Visit, VisitState
from tests.e2e.conftest import PHONE, SignIn, wait_until
from tests.e2e.steps import observe, picture
from tests.factories import OfficeCast, make_household

# In the order of registration; the round goes by unit, floor and door.
PEOPLE = (
    ("3", "1201", "孙东"),
    ("1", "302", "赵阳"),
    ("2", "101", "钱春"),
    ("1", "1102", "李冬"),
    ("1", "301", "周强"),
)
ROUND = ("周强", "赵阳", "李冬", "钱春", "孙东")


def rows(page: Page) -> Locator:
    """The people of the round."""
    return page.locator("[data-round-row]")


def row(page: Page, name: str) -> Locator:
    """One person's row."""
    return rows(page).filter(has_text=name)


def field(page: Page, name: str) -> Locator:
    """Where one person's temperature is typed."""
    return row(page, name).get_by_label("体温")


def open_inbox(page: Page) -> None:
    """Tap the bell."""
    page.get_by_role("banner").get_by_role("link", name=re.compile("消息")).click()
    expect(page.get_by_role("heading", level=1, name="消息")).to_be_visible()


def beat(queue: str) -> None:
    """What Celery's beat does once a minute."""
    app.send_task("notices.tick", queue=queue)


def test_the_round_by_keyboard_with_a_fever(
    cast: OfficeCast, sign_in: SignIn, worker: subprocess.Popen[bytes], queue: str
) -> None:
    for unit, door, name in PEOPLE:
        observe(cast, make_household(cast.compound, door, building="2", unit=unit), name)
    page = sign_in(cast.health, PHONE)

    # The clock, through Redis and a worker: one digest, however often it runs.
    beat(queue)
    beat(queue)
    wait_until(lambda: Message.objects.filter(recipient=cast.health).exists())
    open_inbox(page)
    digest = page.get_by_role("button", name=re.compile(r"上午(有|还有)5户(待测|未测)"))
    expect(digest).to_have_count(1)
    picture(page, "health-1-inbox")
    digest.click()
    expect(page.get_by_role("heading", level=1, name="测温")).to_be_visible()

    # Walking order; from the first field on, only the keyboard.
    for number, name in enumerate(ROUND):
        expect(rows(page).nth(number)).to_contain_text(name)
        expect(field(page, name)).to_have_value("")
    picture(page, "health-2-round")
    field(page, "周强").focus()
    for name, typed in (("周强", "36.4"), ("赵阳", "36.7")):
        expect(field(page, name)).to_be_focused()
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
    expect(field(page, "李冬")).to_be_focused()
    page.keyboard.type("37.8")
    page.keyboard.press("Enter")

    # A fever: measured again at the same door, while the alert is out already.
    expect(row(page, "李冬").get_by_role("alert")).to_contain_text("请马上再测一次")
    picture(page, "health-3-fever")
    again = row(page, "李冬").get_by_label("复测体温")
    expect(again).to_be_focused()
    assert Alert.objects.get().kind == AlertKind.FEVER
    page.keyboard.type("37.9")
    page.keyboard.press("Enter")
    expect(row(page, "李冬")).to_contain_text("37.9")
    expect(field(page, "钱春")).to_be_focused()
    page.keyboard.type("365")
    page.keyboard.press("Enter")

    # A slip of the finger is refused in words, with what was typed still there, ready to be typed over.
    expect(row(page, "钱春").get_by_role("alert")).to_contain_text("是否漏了小数点")
    expect(field(page, "钱春")).to_have_value("365")
    expect(field(page, "钱春")).to_be_focused()
    page.wait_for_function(
        "document.activeElement.selectionEnd === 3 && !document.activeElement.selectionStart"
    )
    page.keyboard.type("36.5")
    page.keyboard.press("Enter")
    expect(row(page, "钱春")).to_contain_text("36.5")
    expect(field(page, "孙东")).to_be_focused()
    row(page, "孙东").get_by_role("button", name="不在家").tap()
    expect(row(page, "孙东").get_by_role("button", name="不在家")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("status").filter(has_text="已测")).to_contain_text("已测 4 / 5")
    picture(page, "health-4-done")
    expect(page.get_by_role("status").filter(has_text="已测")).to_contain_text("已测 4 / 5")

    page.reload()
    for name, shown in (
        ("周强", "36.4"),
        ("赵阳", "36.7"),
        ("李冬", "37.8"),
        ("李冬", "37.9"),
        ("钱春", "36.5"),
    ):
        expect(row(page, name)).to_contain_text(shown)
    expect(row(page, "孙东")).to_contain_text("不在家")
    picture(page, "health-5-reloaded")

    found = Reading.objects.values_list("visit__observation__person__name", "temperature")
    assert sorted((name, str(value)) for name, value in found) == sorted(
        [("周强", "36.4"), ("赵阳", "36.7"), ("李冬", "37.8"), ("李冬", "37.9"), ("钱春", "36.5")]
    )
    assert set(Reading.objects.values_list("by", "source")) == {(cast.health.pk, ReadingSource.DOOR)}
    assert Visit.objects.get(state=VisitState.AWAY).observation.person.name == "孙东"
    assert Alert.objects.get().kind == AlertKind.FEVER

    # Everybody who must know has been told, and another tick says nothing twice.
    before = TickRun.objects.get(step=HEARTBEAT).at
    beat(queue)
    wait_until(lambda: TickRun.objects.get(step=HEARTBEAT).at > before)
    open_inbox(page)
    expect(page.get_by_role("button", name=re.compile("上午.*5户"))).to_have_count(1)
    picture(page, "health-6-inbox")
    leader = sign_in(cast.ding)
    open_inbox(leader)
    picture(leader, "health-7-leader")
    leader.get_by_role("button", name=re.compile("紧急")).click()
    expect(leader.get_by_text("李冬").first).to_be_visible()
    picture(leader, "health-8-alert")
