"""What quarantine says in the daily brief: paragraphs 三, 四; close contacts, and figures only for the brief."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from django.db.models import Exists, Min, OuterRef, Q, QuerySet

from grassroots.grid.models import Area
from grassroots.ledgers.asof import AsOf, Indicator, Late, LateEntries, register_indicator
from grassroots.ledgers.paragraphs import Figures, Paragraph, register_paragraph
from grassroots.ledgers.privacy import register_name_finder
from households.indicators import by_area
from quarantine.indicators import known_returnees, stays_at
from quarantine.models import CloseContact, EventKind, ObservationEvent
from quarantine.services.contacts import named_besides

Contacts = Callable[["QuerySet[Area]", AsOf], "QuerySet[CloseContact]"]


# --- close contacts: people, by where the returnee who named them is registered --------------------------------
def _contacts(areas: QuerySet[Area], asof: AsOf) -> QuerySet[CloseContact]:
    """Close contacts from when they were entered. Somebody registered whom several have named counts once."""
    known = Q(recorded_at__lte=min(asof.end, asof.known_at))
    standing = Q(returnee__voided_at=None) | Q(returnee__voided_at__gt=asof.known_at)
    earlier = CloseContact.objects.filter(known, standing, person=OuterRef("person"), pk__lt=OuterRef("pk"))
    return CloseContact.objects.filter(known, returnee__in=known_returnees(areas, asof)).exclude(
        Exists(earlier)
    )


def _contacts_today(areas: QuerySet[Area], asof: AsOf) -> QuerySet[CloseContact]:
    return _contacts(areas, asof).filter(recorded_at__gt=asof.start)


def _contacts_observed(areas: QuerySet[Area], asof: AsOf) -> QuerySet[CloseContact]:
    """Those who are under observation themselves."""
    stays = stays_at(asof).filter(observation__person=OuterRef("person"))
    return _contacts(areas, asof).filter(Exists(stays))


def _contacts_released(areas: QuerySet[Area], asof: AsOf) -> QuerySet[CloseContact]:
    """Those whose observation ended in a release, and who are not under another one."""
    released = ObservationEvent.objects.effective(asof.known_at).filter(
        kind=EventKind.RELEASED, happened_at__lte=asof.end, observation__person=OuterRef("person")
    )
    stays = stays_at(asof).filter(observation__person=OuterRef("person"))
    return _contacts(areas, asof).filter(Exists(released), ~Exists(stays))


def _late_contacts(contacts: Contacts, what: str) -> LateEntries:
    """Contacts that count now and did not at `since`, or the other way round."""

    def late(areas: QuerySet[Area], asof: AsOf, since: dt.datetime) -> list[Late]:
        now = dict(contacts(areas, asof).values_list("pk", "returnee__area_id"))
        then = dict(contacts(areas, replace(asof, known_at=since)).values_list("pk", "returnee__area_id"))
        rows = []
        for contact in CloseContact.objects.filter(pk__in=now.keys() ^ then.keys()).select_related(
            "returnee"
        ):
            sign, words = (1, "补登") if contact.pk in now else (-1, "不再计入")
            recorded_at = _brought_about(contact, asof.known_at, since)
            rows.append(
                Late(contact.returnee.area_id, sign, contact.recorded_at, recorded_at, f"{words}{what}")
            )
        return rows

    return late


def _brought_about(contact: CloseContact, known_at: dt.datetime, since: dt.datetime) -> dt.datetime:
    """When what changed a contact's counting was recorded: his observation's last event, or the file's voiding."""
    if contact.returnee.voided_at and since < contact.returnee.voided_at <= known_at:
        return contact.returnee.voided_at
    events = ObservationEvent.objects.filter(
        observation__person=contact.person_id, recorded_at__gt=since, recorded_at__lte=known_at
    )
    return events.order_by("-recorded_at").values_list("recorded_at", flat=True).first() or known_at


def _contact_figure(key: str, caption: str, order: int, contacts: Contacts) -> Indicator:
    return Indicator(
        key, caption, lambda areas, asof: by_area(contacts(areas, asof), "returnee__area_id"),
        late=_late_contacts(contacts, f"密接{caption}"), group="密接", order=order,
    )  # fmt: skip


# --- what is due -----------------------------------------------------------------------------------------------
SHIFTING = (EventKind.EXTENDED, EventKind.SHORTENED, EventKind.RESTARTED, EventKind.RECALCULATED)


def _last_days(areas: QuerySet[Area], asof: AsOf) -> dict[int, tuple[int, dt.date]]:
    """Who is under observation: by observation the area, and the last day as it stood then, as far as was known."""
    stays = stays_at(asof).filter(area__in=areas.values("pk"))
    found = {pk: (area, last_on) for pk, area, last_on in stays.values_list(
        "observation", "area", "observation__last_on"
    )}  # fmt: skip
    shifts = ObservationEvent.objects.filter(kind__in=SHIFTING, observation__in=stays.values("observation"))
    annulled_at = Min("corrections__recorded_at", filter=Q(corrections__kind=EventKind.ANNULLED))
    seen = set()
    for pk, happened_at, recorded_at, detail, undone_at in (
        shifts.annotate(undone_at=annulled_at).order_by("recorded_at", "pk")
        .values_list("observation", "happened_at", "recorded_at", "detail", "undone_at")
    ):  # fmt: skip
        if pk not in found:
            continue  # opened and extended between the two queries
        if pk not in seen:  # what the first shift moved away from is what stood before all of them
            found[pk] = found[pk][0], dt.date.fromisoformat(detail["from"])
        seen.add(pk)
        stood = recorded_at <= asof.known_at and (undone_at is None or undone_at > asof.known_at)
        if stood and happened_at <= asof.end:
            found[pk] = found[pk][0], dt.date.fromisoformat(detail["to"])
    return found


Wanted = Callable[[dt.date, dt.date], bool]


def _due_figure(key: str, caption: str, order: int, wanted: Wanted) -> Indicator:
    """People under observation whose last day is wanted, given it and the day that is reported."""

    def due(areas: QuerySet[Area], asof: AsOf) -> dict[int, int]:
        rows = _last_days(areas, asof).items()
        return {pk: area for pk, (area, last_on) in rows if wanted(last_on, asof.on)}

    def late(areas: QuerySet[Area], asof: AsOf, since: dt.datetime) -> list[Late]:
        now, then = due(areas, asof), due(areas, replace(asof, known_at=since))
        changed = sorted(now.keys() ^ then.keys())
        times = _last_events(changed, asof.known_at) if changed else {}
        return [
            Late(now[pk] if pk in now else then[pk], 1 if pk in now else -1, *times[pk], f"{caption}有变动")
            for pk in changed
        ]

    return Indicator(
        key, caption, lambda areas, asof: Counter(due(areas, asof).values()), late=late, group="居家观察",
        order=order, in_table=False,
    )  # fmt: skip


def _last_events(
    observations: list[int], known_at: dt.datetime
) -> dict[int, tuple[dt.datetime, dt.datetime]]:
    """When the last event of each observation happened and was recorded."""
    events = ObservationEvent.objects.filter(observation__in=observations, recorded_at__lte=known_at)
    rows = events.order_by("recorded_at", "pk").values_list("observation", "happened_at", "recorded_at")
    return {pk: (happened_at, recorded_at) for pk, happened_at, recorded_at in rows}


for _indicator in (
    _contact_figure("contacts_today", "今日新增", 50, _contacts_today),
    _contact_figure("contacts", "累计", 51, _contacts),
    _contact_figure("contacts_observed", "在管", 52, _contacts_observed),
    _contact_figure("contacts_released", "解除", 53, _contacts_released),
    _due_figure("release_due", "明日到期", 60, lambda last_on, on: last_on == on),
    _due_figure("release_overdue", "已期满待解除", 61, lambda last_on, on: last_on < on),
):
    register_indicator(_indicator)


# --- paragraphs ------------------------------------------------------------------------------------------------
ORIGINS = {
    "returnees_wuhan": "武汉",
    "returnees_hubei_other": "湖北其他",
    "returnees_other_province": "省外其他",
    "returnees_in_province": "市外省内",
}


def _returnees_said(figures: Figures) -> str:
    parts = [f"{words}{figures[key]}人" for key, words in ORIGINS.items()]
    rest = figures["returnees"] - sum(figures[key] for key in ORIGINS)
    parts.append(f"境外、市内及未判明{rest}人")
    return f"今日返乡人员{figures.new('returnees_today')}，累计{figures['returnees']}人，其中{'、'.join(parts)}。"


def _observation_said(figures: Figures) -> str:
    flows = "、".join(
        [
            figures.new("opened"), figures.new("moved_in", word="转入"), figures.new("released", word="解除"),
            figures.new("transferred", word="转送"), figures.new("moved_out", word="转出"),
        ]
    )  # fmt: skip
    symptoms = figures["readings_symptoms"]
    with_symptoms = f"有症状{symptoms}人次" if symptoms else "无症状"
    return (
        f"居家医学观察今日{flows}；昨日在管{figures['under_observation_yesterday']}人，现在管"
        f"{figures['under_observation']}人；累计观察{figures['opened_total']}人，累计解除{figures['released_total']}人，"
        f"累计转送{figures['transferred_total']}人。\n"
        f"今日应测{figures['readings_due']}人次，实测{figures['readings_taken']}人次，"
        f"{figures.new('readings_missed', '人次', '漏测')}，体温{figures.new('readings_abnormal', '人次', '异常')}，"
        f"{with_symptoms}。\n"
        f"明日到期应解除{figures['release_due']}人，已期满待解除{figures['release_overdue']}人。"
    )


def _contacts_said(figures: Figures) -> str:
    return (
        f"密切接触者今日{figures.new('contacts_today')}，累计{figures['contacts']}人，在管"
        f"{figures['contacts_observed']}人，解除{figures['contacts_released']}人。"
    )


for _paragraph in (
    Paragraph("returnees", "returnees", _returnees_said),
    Paragraph("observation", "observation", _observation_said),
    Paragraph("contacts", "observation", _contacts_said, order=60),
):
    register_paragraph(_paragraph)
register_name_finder(named_besides)
