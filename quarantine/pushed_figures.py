"""Figures of pushed lists (people, by where they are checked), and 五、上级推送核查 of the daily brief."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery

from grassroots.grid.models import Area
from grassroots.ledgers.asof import AsOf, Indicator, register_indicator
from grassroots.ledgers.late import Cause, CauseOf, late_rows
from grassroots.ledgers.paragraphs import Figures, Paragraph, register_paragraph
from households.indicators import by_area
from quarantine.models import CameBy, PushedAnswer, PushedCode, PushedPerson
from quarantine.passings import held_then

GROUP = "上级推送"
BY_CODE = {code: f"pushed_{code.lower()}" for code in PushedCode.values}


Pushed = Callable[["QuerySet[Area]", AsOf], "QuerySet[Any]"]


def _received(areas: QuerySet[Area], asof: AsOf) -> QuerySet[Any]:
    """Rows of lists sent from above that had come by the end of the period, as far as was known."""
    rows = PushedPerson.objects.filter(
        list__came_by=CameBy.SENT, list__received_at__lte=asof.end, recorded_at__lte=asof.known_at
    )
    return held_then(rows, "pushed", areas, min(asof.end, asof.known_at))


def _received_today(areas: QuerySet[Area], asof: AsOf) -> QuerySet[Any]:
    return _received(areas, asof).filter(list__received_at__gt=asof.start)


def _given(at: str, asof: AsOf) -> Subquery:
    """The code that a row had at the start or the end of the period: its latest answer by then; '' taken back."""
    until = min(getattr(asof, at), asof.known_at)
    latest = PushedAnswer.objects.filter(row=OuterRef("pk"), at__lte=until).order_by("-at", "-pk")
    return Subquery(latest.values("code")[:1])


def _answered(code: str = "", *, today: bool = False) -> Pushed:
    """Rows with an answer (of one code); `today`: that had none when the period began."""

    def answered(areas: QuerySet[Area], asof: AsOf) -> QuerySet[Any]:
        rows = _received(areas, asof).annotate(given=_given("end", asof))
        rows = rows.filter(given=code) if code else rows.exclude(Q(given=None) | Q(given=""))
        if today:
            rows = rows.annotate(before=_given("start", asof)).filter(Q(before=None) | Q(before=""))
        return rows

    return answered


def _causes(keys: Collection[int], asof: AsOf, since: dt.datetime) -> CauseOf:
    """By the list where its row was entered since, else by the row's last answer since."""
    new = PushedPerson.objects.filter(recorded_at__gt=since, recorded_at__lte=asof.known_at)
    fields = ("pk", "list__received_at", "recorded_at", "list__recorded_by__name")
    rows: dict[int, Any] = {pk: row for pk, *row in new.values_list(*fields) if pk in keys}
    answers = PushedAnswer.objects.filter(at__gt=since, at__lte=asof.known_at).order_by("at", "pk")
    last: dict[int, Any] = {
        pk: answer for pk, *answer in answers.values_list("row", "at", "by__name") if pk in keys
    }

    def cause(key: int, sign: int) -> Cause:
        if key in rows:
            received_at, recorded_at, by = rows[key]
            return Cause(received_at, recorded_at, "补登上级推送名单", by)
        at, by = last.get(key, (asof.known_at, ""))
        return Cause(at, at, "答复有变动", by)

    return cause


def _figure(key: str, caption: str, order: int, pushed: Pushed) -> Indicator:
    def count(areas: QuerySet[Area], asof: AsOf) -> Mapping[int, int]:
        return by_area(pushed(areas, asof), "held")

    def rows(areas: QuerySet[Area], asof: AsOf) -> Mapping[int, int]:
        return dict(pushed(areas, asof).order_by().values_list("pk", "held"))

    return Indicator(
        key, caption, count, late=late_rows(rows, _causes), group=GROUP, order=order, in_table=False
    )


for _indicator in (
    _figure("pushed_received_today", "今日收到", 70, _received_today),
    _figure("pushed_received", "累计收到", 71, _received),
    _figure("pushed_answered_today", "今日答复", 72, _answered(today=True)),
    _figure("pushed_answered", "累计答复", 73, _answered()),
    *(_figure(BY_CODE[code], label, 74, _answered(code)) for code, label in PushedCode.choices),
):
    register_indicator(_indicator)


def _said(figures: Figures) -> str:
    """今日收到…;累计…,已答复…,其中前期已排查…、…;待核查…. A zero of a code is said as well."""
    waiting = figures["pushed_received"] - figures["pushed_answered"]
    codes = "、".join(f"{label}{figures[BY_CODE[code]]}人" for code, label in PushedCode.choices)
    return (
        f"上级推送名单今日{figures.new('pushed_received_today', word='收到')}，"
        f"{figures.new('pushed_answered_today', word='答复')}；累计收到{figures['pushed_received']}人，已答复"
        f"{figures['pushed_answered']}人，其中{codes}；待核查{waiting}人。"
    )


register_paragraph(Paragraph("pushed", "pushed", _said))
