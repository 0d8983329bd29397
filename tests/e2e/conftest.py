"""Browser journeys: a live server on PostgreSQL, a real Celery worker on Redis, Chromium."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from grassroots.celery import app
from grassroots.grid.models import Area, Staff
from quarantine.models import Policy, PolicyState
from tests.factories import PASSWORD, OfficeCast, aware, make_office
from tests.reference import restore_reference_rows

if TYPE_CHECKING:  # it reads this module
    from tests.e2e.field import Phone, Road

# Playwright keeps an event loop in this thread; Django's ORM is used here, between the browser's steps, all the same.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
PHONE, DESKTOP = {"width": 360, "height": 740}, {"width": 1280, "height": 860}
# How long anything that is waited for may take: a machine with much else to do needs ten times what a quiet one does.
PATIENCE = 60
expect.set_options(timeout=PATIENCE * 1000)
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here is a journey on PostgreSQL with Redis."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            for marker in ("e2e", "postgres", "redis"):
                item.add_marker(marker)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """One for all journeys: a thread can hold no second."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Chromium of the system."""
    chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
    yield browser
    browser.close()


def let_midnight_pass() -> None:
    """A journey takes a minute and asks for today more than once: do not begin one in the day's last three."""
    now = timezone.localtime()
    tomorrow = timezone.localtime(now + dt.timedelta(minutes=3))
    if tomorrow.date() != now.date():
        time.sleep((tomorrow.replace(hour=0, minute=0, second=1, microsecond=0) - now).total_seconds())


@pytest.fixture
def cast(transactional_db: None) -> OfficeCast:
    """The small office with its cast, and a 14-day policy whose morning lasts all day: journeys run at any hour."""
    let_midnight_pass()
    restore_reference_rows()
    office = make_office()
    template = Policy.objects.get(state=PolicyState.TEMPLATE, code="home-14")
    slots = [{"code": "AM", "label": "上午", "opens": "00:00", "closes": "23:59"}]
    Policy.objects.create(
        code="home-14", version=2, state=PolicyState.IN_FORCE, name=template.name, source=template.source,
        terms={**template.terms, "slots": slots}, effective_from=aware("2020-01-01 00:00").date(),
        switched_on_by=office.admin,
    )  # fmt: skip
    return office


SignIn = Callable[..., Page]


@pytest.fixture
def sign_in(browser: Browser, live_server: Any) -> Iterator[SignIn]:
    """Open a browser of one's own and sign in through the page; screenshots of failures go to the temp folder."""
    contexts = []

    def open_as(staff: Staff, viewport: dict[str, int] = DESKTOP, **options: Any) -> Page:
        context = browser.new_context(
            viewport=viewport, locale="zh-CN", timezone_id="Asia/Shanghai", base_url=live_server.url,
            accept_downloads=True, has_touch=viewport is PHONE, **options,
        )  # fmt: skip
        context.set_default_timeout(PATIENCE * 1000)
        contexts.append(context)
        page = context.new_page()
        page.goto("/")
        page.get_by_label("账号").fill(staff.username)
        page.get_by_label("密码", exact=False).first.fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        page.wait_for_url("**/")
        return page

    yield open_as
    for number, context in enumerate(contexts):
        for page in context.pages:
            page.screenshot(
                path=Path(tempfile.gettempdir()) / f"journey-{os.getpid()}-{number}.png", full_page=True
            )
        context.close()


@pytest.fixture
def road(live_server: Any, settings: Any, tmp_path: Path) -> Iterator[Road]:
    """The way from phones to the office over TLS, with work without a connection switched on."""
    from tests.e2e.field import Road

    settings.OFFLINE_WORK = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    road = Road(live_server.url, tmp_path / "tls")
    yield road
    road.shutdown()
    road.server_close()


@pytest.fixture
def phone(playwright: Playwright, road: Road, tmp_path: Path) -> Iterator[Callable[[str], Phone]]:
    """Phones by name, each with a folder of its own."""
    from tests.e2e.field import Phone

    made: list[Phone] = []

    def named(name: str) -> Phone:
        made.append(Phone(playwright, road, tmp_path / name))
        return made[-1]

    yield named
    for one in made:
        one.close()


@pytest.fixture
def queue() -> Iterator[str]:
    """A queue of this test's own on the Redis at hand: what other runs have left there disturbs nothing."""
    name = f"journey-{uuid.uuid4().hex[:12]}"
    yield name
    with app.connection_for_write() as broker:
        own = app.amqp.queues.new_missing(name)(broker.default_channel)
        own.declare()
        own.delete()


@pytest.fixture
def worker(cast: OfficeCast, queue: str) -> Iterator[subprocess.Popen[bytes]]:
    """A real Celery worker in a process of its own, on the test's database and the test's queue in Redis."""
    database = connection.settings_dict
    at = f"{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}"
    environment = {
        **os.environ, "DATABASE_URL": f"postgresql://{at}/{database['NAME']}",
        "GRASSROOTS_VAR": str(settings.VAR_DIR), "DJANGO_SETTINGS_MODULE": "grassroots.settings",
        "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
    }  # fmt: skip
    options = (
        "--pool",
        "solo",
        "--queues",
        queue,
        "--without-gossip",
        "--without-mingle",
        "--loglevel",
        "warning",
    )
    command = [sys.executable, "-m", "celery", "--quiet", "-A", "grassroots", "worker", *options]
    process = subprocess.Popen(command, env=environment, cwd=settings.BASE_DIR)
    yield process
    process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_until(condition: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Poll until the condition holds; its value, or an assertion error after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.2)
    raise AssertionError("what was waited for did not come")


def group_of(cast: OfficeCast) -> Area:
    """甲's group, read again."""
    return Area.objects.get(pk=cast.group.pk)
