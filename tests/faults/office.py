"""The office of the fault tests: six villages, each with a health worker who has a phone, and robots for all."""

from __future__ import annotations

import datetime as dt
from typing import Any

from grassroots.grid.models import AreaDuty, DutyKind, Level, Role, Staff
from grassroots.notices.models import Channel, ChannelKind, OwnAddress
from tests.factories import aware, make_area, make_household, make_office, make_staff
from tests.quarantine.cases import make_observation, make_returnee, switch_on
from tests.reference import restore_reference_rows

VILLAGES = 6
OPENED = "2020-01-30 20:00"


def build(webhook: str, gateway: str) -> list[Staff]:
    """Lay the office down; returns the health workers, each of whom has a door to measure twice a day."""
    restore_reference_rows()
    cast = make_office()
    switch_on(cast.admin)
    made: Any = {"kind": ChannelKind.WECOM, "address": webhook}
    Channel.objects.create(name="街道群", area=cast.street, **made)
    sms = Channel.objects.create(
        name="短信", kind=ChannelKind.SMS_JSON, area=cast.street, per_minute=600,
        address=f"{gateway}/sms\nmobile={{手机}}\ncontent={{内容}}",
    )  # fmt: skip
    workers = []
    for number in range(1, VILLAGES + 1):
        village = make_area(cast.street, Level.VILLAGE, f"{number}村", f"510121006{100 + number}")
        worker = make_staff(f"医{number}", Role.HEALTH_WORKER, village)
        AreaDuty.objects.create(
            kind=DutyKind.objects.get(code="health"), staff=worker, area=village, valid_from=dt.date(2020, 1, 1)
        )  # fmt: skip
        Channel.objects.create(name=f"{number}村群", area=village, **made)
        OwnAddress.objects.create(staff=worker, channel=sms)
        make_observation(cast, at=OPENED, returnee=make_returnee(cast, household=make_household(village)))
        workers.append(worker)
    assert aware(OPENED)
    return workers
