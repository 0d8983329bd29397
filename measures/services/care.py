"""Writing care visits: recorded, corrected by a further visit, or void with a reason."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from grassroots.ledgers.rollups import mark_dirty
from measures.models import CareResult, CareVisit, CareWay, ReliefGood
from measures.services.records import OLDEST
from measures.services.texts import checked_reason

if TYPE_CHECKING:
    from grassroots.grid.models import Area, Staff
    from households.models import Person
    from measures.rules.care import Good

FARTHEST = dt.timedelta(days=62)


@dataclass(frozen=True)
class CareData:
    """What a visit says. `by`: who went, None for whoever records it; `goods` were taken by `received_by`."""

    on: dt.date
    way: str = CareWay.VISIT
    result: str = CareResult.WELL
    needs: str = ""
    done: str = ""
    is_open: bool = False
    goods: tuple[Good, ...] = ()
    received_by: str = ""
    next_on: dt.date | None = None
    note: str = ""
    by: Staff | None = None


def _checked(data: CareData, at: dt.datetime) -> dict[str, Any]:
    """The columns of a visit. Raises ValidationError by field."""
    texts = {name: " ".join(getattr(data, name).split()) for name in ("needs", "done", "received_by", "note")}
    today = timezone.localdate(at)
    wrong = {
        "on": _wrong_day(data.on, today),
        "way": "" if data.way in CareWay.values else "请选择走访方式。",
        "result": "" if data.result in CareResult.values else "请选择走访结果。",
        "next_on": _wrong_next(data),
        **_wrong_words(data, texts),
    }
    if errors := {name: words for name, words in wrong.items() if words}:
        raise ValidationError(errors)
    return {"on": data.on, "way": data.way, "result": data.result, "is_open": data.is_open,
            "next_on": data.next_on, **texts}  # fmt: skip


def _wrong_day(on: dt.date, today: dt.date) -> str:
    if on > today:
        return "日期还没有到，走访了再登记。"
    return "日期在一年以前，请核对。" if on < today - OLDEST else ""


def _wrong_next(data: CareData) -> str:
    if data.next_on is None:
        return ""
    if data.next_on <= data.on:
        return "下次走访要在这次以后。"
    return "下次走访太远，请在两个月以内。" if data.next_on > data.on + FARTHEST else ""


def _wrong_words(data: CareData, texts: dict[str, str]) -> dict[str, str]:
    wrong = {}
    if data.result == CareResult.NEEDS and not texts["needs"]:
        wrong["needs"] = "请写明有什么困难和需求，例如：降压药只够三天。"
    elif data.result != CareResult.NEEDS and texts["needs"]:
        wrong["result"] = f"写了困难和需求，结果应选“{CareResult.NEEDS.label}”。"
    if data.is_open and data.result != CareResult.NEEDS:
        wrong["is_open"] = "没有登记困难，不能记“还没有解决”。"
    if data.goods and not texts["received_by"]:
        wrong["received_by"] = "发放了物资，请写明由谁签收。"
    if data.goods and (data.way == CareWay.PHONE or data.result == CareResult.UNREACHED):
        wrong["goods"] = "电话走访或没有见到人时不能发放物资，请核对走访方式和结果。"
    return wrong


def _write(person: Person, area_id: int, data: CareData, columns: dict[str, Any], **who: Any) -> CareVisit:
    visit = CareVisit.objects.create(person=person, area_id=area_id, **columns, **who)
    ReliefGood.objects.bulk_create(
        ReliefGood(visit=visit, name=one.name, quantity=one.quantity, unit=one.unit) for one in data.goods
    )
    mark_dirty([area_id])
    return visit


@transaction.atomic
def care_record(
    *, person: Person, area: Area, data: CareData, recorded_by: Staff, at: dt.datetime | None = None
) -> CareVisit:
    """Enter that somebody was visited, in the area where he lives then. Raises ValidationError by field."""
    at = at or timezone.now()
    columns = _checked(data, at)
    by = data.by or recorded_by
    return _write(person, area.pk, data, columns, by=by, recorded_by=recorded_by, recorded_at=at)


def last_met(person: Person) -> CareVisit | None:
    """The last visit that stands and at which he was spoken to."""
    rows = CareVisit.objects.standing().met().filter(person=person)
    return rows.order_by("-on", "-pk").first()


@transaction.atomic
def care_well(*, person: Person, area: Area, way: str, by: Staff, at: dt.datetime | None = None) -> CareVisit:
    """One tap: visited today, no change, all well.

    Raises ValidationError when he was visited today already, or when a problem of the last visit is still open: then
    somebody has to say what became of it.
    """
    at = at or timezone.now()
    type(person).objects.select_for_update().get(pk=person.pk)
    last, today = last_met(person), timezone.localdate(at)
    if last is not None and last.on == today:
        raise ValidationError(f"{person.name}今天已经登记过走访。")
    if last is not None and last.is_open:
        raise ValidationError(f"{person.name}上次的困难还没有解决，请点“登记走访”写明现在的情况。")
    return care_record(person=person, area=area, data=CareData(on=today, way=way), recorded_by=by, at=at)


def _standing(visit: CareVisit) -> CareVisit:
    """The visit under lock. Raises ValidationError when somebody has corrected it or made it void meanwhile."""
    row = CareVisit.objects.select_for_update(of=("self",)).select_related("person").get(pk=visit.pk)
    if row.voided_at is not None:
        raise ValidationError("这次走访已经更正或作废，请返回看最新的一条。")
    return row


def _void(row: CareVisit, reason: str, by: Staff, at: dt.datetime) -> None:
    tidy = checked_reason(reason, "登记错了人")
    row.voided_at, row.voided_by, row.void_reason = at, by, tidy
    row.save(update_fields=["voided_at", "voided_by", "void_reason"])
    mark_dirty([row.area_id])


@transaction.atomic
def care_correct(
    *, visit: CareVisit, data: CareData, reason: str, by: Staff, at: dt.datetime | None = None
) -> CareVisit:
    """Put a further visit in the place of one that was wrong. Raises ValidationError by field."""
    at = at or timezone.now()
    row = _standing(visit)
    columns = _checked(data, at)
    _void(row, reason, by, at)
    went = data.by or row.by
    return _write(
        row.person, row.area_id, data, columns, by=went, recorded_by=by, recorded_at=at, corrects=row
    )


@transaction.atomic
def care_void(*, visit: CareVisit, reason: str, by: Staff, at: dt.datetime | None = None) -> CareVisit:
    """A visit that should not be there: it counts no more, and what was handed over neither."""
    row = _standing(visit)
    _void(row, reason, by, at or timezone.now())
    return row
