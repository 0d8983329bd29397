"""Several workers at once on PostgreSQL: the rate of a robot holds, a delivery is claimed once, one is told once."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable

import pytest
from django.db import connection, connections
from django.utils import timezone

from grassroots.notices import tasks
from grassroots.notices.deliveries import robot_tell
from grassroots.notices.models import Channel, ChannelKind, Delivery, DeliveryState
from grassroots.notices.outside.transmit import Outcome
from grassroots.notices.reminders import remind
from grassroots.notices.sending import delivery_claim, delivery_finish
from grassroots.notices.taking_up import take_up_deliveries
from tests.factories import OfficeCast, make_office
from tests.reference import restore_reference_rows

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
WORKERS, WAITING = 6, 30


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> OfficeCast:
    monkeypatch.setattr(tasks.deliver, "apply_async", lambda **_options: None)
    restore_reference_rows()
    return make_office()


def together(work: Callable[[], None]) -> None:
    """Run it in WORKERS threads that begin at the same moment, each with a connection of its own."""
    gate = threading.Barrier(WORKERS)
    failed: list[BaseException] = []

    def run() -> None:
        try:
            gate.wait()
            work()
        except BaseException as error:
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_six_workers_together_keep_a_robots_rate_and_claim_nothing_twice(office):
    at = timezone.now()
    robot = Channel.objects.create(
        name="群",
        kind=ChannelKind.WECOM,
        area=office.street,
        address="http://127.0.0.1:9/?key=a",
        per_minute=20,
    )
    for number in range(WAITING):
        robot_tell(robot=robot, subject=f"slot:{number}", kind="round", title="待测", due_at=at, at=at)
    uids = list(Delivery.objects.order_by("?").values_list("uid", flat=True))
    claims = []

    def work() -> None:
        for uid in uids:
            claim = delivery_claim(uid, at=at)
            if claim is not None:
                claims.append(claim)
                delivery_finish(claim, Outcome(True), at=at)

    together(work)
    assert len(claims) == len({claim.delivery.pk for claim in claims}) == 20
    assert Delivery.objects.filter(state=DeliveryState.SENT).count() == 20
    assert Delivery.objects.due(at + dt.timedelta(seconds=61)).count() == WAITING - 20


def test_six_ticks_together_take_a_dead_workers_delivery_up_once(office):
    at = timezone.now()
    robot = Channel.objects.create(
        name="群", kind=ChannelKind.WECOM, area=office.street, address="http://127.0.0.1:9/?key=a"
    )
    one = robot_tell(robot=robot, subject="slot:a", kind="round", title="待测", due_at=at, at=at)
    delivery_claim(one.uid, at=at)
    taken = []
    together(lambda: taken.append(take_up_deliveries(at + dt.timedelta(minutes=2))["taken_up"]))
    together(lambda: taken.append(take_up_deliveries(at + dt.timedelta(minutes=3))["taken_up"]))
    assert sum(taken) == 1
    assert one.tries.get().outcome == "LOST"


def test_six_who_remind_together_tell_once(office):
    at = timezone.now()
    told = []
    facts = {"subject": "slot:a", "kind": "round", "due_at": at, "at": at, "title": "待测"}
    together(lambda: told.append(remind(recipient=office.health, **facts)))
    assert sum(message is not None for message in told) == 1
    assert connection.vendor == "postgresql"
