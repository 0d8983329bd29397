"""Figures of pushed lists (people, by where they are checked), and 五、上级推送核查 of the daily brief."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import OuterRef, Q, QuerySet, Subquery

from grassroots.grid.models import Area
from grassroots.ledgers.asof import AsOf, Count, Indicator, register_indicator
from grassroots.ledgers.paragraphs import Figures, Paragraph, register_paragraph
from households.indicators import by_area
from quarantine.models import PushedAnswer, PushedCode, PushedPerson

GROUP = "上级推送"
BY_CODE = {code: f"pushed_{code.lower()}" for code in PushedCode.values}


def _received(areas: QuerySet[Area], asof: AsOf) -> QuerySet[PushedPerson]:
    """Rows of lists that had come by the end of the period, as far as was known."""
    return PushedPerson.objects.filter(
        area__in=areas.values("pk"), list__received_at__lte=asof.end, recorded_at__lte=asof.known_at
    )


def _given(at: str, asof: AsOf) -> Subquery:
    """The code that a row had at the start or the end of the period: its latest answer by then; '' taken back."""
    until = min(getattr(asof, at), asof.known_at)
    latest = PushedAnswer.objects.filter(row=OuterRef("pk"), at__lte=until).order_by("-at", "-pk")
    return Subquery(latest.values("code")[:1])


def _count_received(*, today: bool = False) -> Count:
    def count(areas: QuerySet[Area], asof: AsOf) -> Mapping[int, int]:
        rows = _received(areas, asof)
        return by_area(rows.filter(list__received_at__gt=asof.start) if today else rows)

    return count


def _count_answered(code: str = "", *, today: bool = False) -> Count:
    """Rows with an answer (of one code); `today`: that had none when the period began."""

    def count(areas: QuerySet[Area], asof: AsOf) -> Mapping[int, int]:
        rows = _received(areas, asof).annotate(given=_given("end", asof))
        rows = rows.filter(given=code) if code else rows.exclude(Q(given=None) | Q(given=""))
        if today:
            rows = rows.annotate(before=_given("start", asof)).filter(Q(before=None) | Q(before=""))
        return by_area(rows)

    return count


def _figure(key: str, caption: str, order: int, count: Count) -> Indicator:
    return Indicator(key, caption, count, group=GROUP, order=order, in_table=False)


for _indicator in (
    _figure("pushed_received_today", "今日收到", 70, _count_received(today=True)),
    _figure("pushed_received", "累计收到", 71, _count_received()),
    _figure("pushed_answered_today", "今日答复", 72, _count_answered(today=True)),
    _figure("pushed_answered", "累计答复", 73, _count_answered()),
    *(_figure(BY_CODE[code], label, 74, _count_answered(code)) for code, label in PushedCode.choices),
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
