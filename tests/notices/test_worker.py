"""Beat's task through a real broker into a real worker process: the message arrives in the inbox."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery
from django.conf import settings
from django.db import connection
from django.utils import timezone

from grassroots.notices.models import Message, TickRun
from grassroots.notices.tick import HEARTBEAT
from quarantine.models import Policy, Visit, VisitState
from tests.factories import OfficeCast, make_office
from tests.quarantine.cases import make_observation, make_returnee
from tests.reference import restore_reference_rows

pytestmark = [pytest.mark.postgres, pytest.mark.redis, pytest.mark.django_db(transaction=True)]
QUEUE = "test-tick"
PATIENCE_S = 60


@pytest.fixture
def office() -> OfficeCast:
    """The office with a policy whose one slot lasts all day, so that the real clock is inside it."""
    restore_reference_rows()
    cast = make_office()
    template = Policy.objects.get(code="home-14", state="TEMPLATE")
    slots = [{"code": "AM", "label": "全天", "opens": "00:00", "closes": "23:59"}]
    Policy.objects.create(
        code="home-14",
        version=2,
        state="IN_FORCE",
        name=template.name,
        terms={**template.terms, "slots": slots, "cutoff_on": None},
        effective_from="2020-01-01",
    )
    return cast


@pytest.fixture
def worker(office: OfficeCast, tmp_path: Path) -> Iterator[None]:
    """`celery worker` in a process of its own, on the test's database and Redis, reading a queue of its own."""
    database = connection.settings_dict
    account = f"{database['USER']}:{database['PASSWORD']}"
    url = f"postgresql://{account}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "GRASSROOTS_VAR": str(settings.VAR_DIR),
        "DJANGO_SETTINGS_MODULE": "grassroots.settings",
    }
    command = [sys.executable, "-m", "celery", "-A", "grassroots", "worker", "--pool", "solo", "-Q", QUEUE]
    log = (tmp_path / "worker.log").open("w")
    process = subprocess.Popen(command, env=environment, cwd=settings.BASE_DIR, stdout=log, stderr=log)
    yield
    process.terminate()
    process.wait(timeout=20)
    log.close()


def test_the_tick_that_beat_sends_is_run_by_a_worker_and_the_digest_arrives(office, worker):
    today = timezone.localdate()
    now = timezone.localtime().strftime("%F %R")
    make_observation(office, at=now, returnee=make_returnee(office, left_on=today, arrived_on=today))
    # A slot of today for somebody whose count begins tomorrow: due now.
    tomorrow = Visit.objects.order_by("opens_at").first()
    start = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    Visit.objects.filter(pk=tomorrow.pk).update(
        date=today, opens_at=start, closes_at=start.replace(hour=23, minute=59), state=VisitState.PLANNED
    )
    entry = settings.CELERY_BEAT_SCHEDULE["tick"]
    sender = Celery(broker=os.environ["REDIS_URL"])
    sender.send_task(entry["task"], queue=QUEUE, expires=PATIENCE_S)
    end = time.monotonic() + PATIENCE_S
    while not TickRun.objects.filter(step=HEARTBEAT).exists() and time.monotonic() < end:
        time.sleep(0.2)
    assert TickRun.objects.filter(step=HEARTBEAT).exists(), "the worker did not run the tick"
    message = Message.objects.get(recipient=office.health)
    assert message.title in {"全天有1户待测", "全天还有1户未测"}
    assert message.reminder.state == "SENT"
