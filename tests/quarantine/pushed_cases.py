"""What tests of pushed lists build from: a list as the police send it, taken in."""

from __future__ import annotations

from typing import Any

from grassroots.grid.models import Area, Staff
from grassroots.ledgers.intake.services import batch_confirm, batch_plan, batch_start, batch_write
from grassroots.ledgers.models import ImportBatch
from households.models import Person
from quarantine.models import PushedList, PushedPerson
from tests.factories import aware

AT = aware("2020-01-29 10:00")
HEADER = "姓名,身份证号,手机号,数据来源,疑似来源地,落脚地"
UNKNOWN_ID = "511024198001189406"  # a good number of nobody
OTHER_ID = "510112197902069270"


def line(person: Person | None = None, **cells: str) -> str:
    """A row of the list, of a registered person or of whomever the cells name; a tab behind the ID number."""
    values = {
        "name": person.name if person else "黄华",
        "id_number": person.id_number if person else UNKNOWN_ID,
        "phone": person.phone if person else "17774239346",
        "source": "公安大数据",
        "origin": "武汉",
        "place": "金堂县",
        **cells,
    }
    values["id_number"] += "\t" if values["id_number"] else ""
    return ",".join(values.values())


def sheet(*lines: str, header: str = HEADER, encoding: str = "gb18030") -> bytes:
    """The file as it comes."""
    return ("\r\n".join([header, *lines]) + "\r\n").encode(encoding)


def planned(area: Area, staff: Staff, data: bytes, name: str = "推送.csv", **options: Any) -> ImportBatch:
    """The preview."""
    batch = batch_start(area=area, staff=staff, name=name, chunks=[data], kind="pushed", at=AT, **options)
    return batch_plan(batch=batch, by=staff, at=AT)


def write(batch: ImportBatch) -> ImportBatch:
    """The preview, confirmed."""
    batch_confirm(batch=batch, by=batch.staff, digest=batch.plan_digest)
    batch_write(batch, staff=batch.staff, at=AT)
    return batch


def taken_in(area: Area, staff: Staff, data: bytes, name: str = "推送.csv", **options: Any) -> PushedList:
    """The list in the register."""
    before = set(PushedList.objects.values_list("pk", flat=True))
    write(planned(area, staff, data, name, **options))
    return PushedList.objects.exclude(pk__in=before).get()


def rows_of(one: PushedList) -> list[PushedPerson]:
    """Its rows in the sender's order."""
    return list(one.people.order_by("number"))
