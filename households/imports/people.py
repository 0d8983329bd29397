"""What a row of a sheet changes about a person, and where it says that he lives: worked out first, written later."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError

from grassroots.ledgers.intake.protocol import Change, ImportContext, PlanStale, Problem
from households.imports.matching import Identity
from households.models import Person, Residency, Sex
from households.rules.identity import mask_id_number
from households.rules.phones import mask_phone
from households.services import PersonData, person_save
from households.services.data import ConfirmationNeeded
from households.services.people import FIELDS, person_prepare

if TYPE_CHECKING:
    from grassroots.grid.models import Staff

# What a sheet says is taken as it stands; what looks odd about it is a warning of the row.
CONFIRMED = frozenset({"id-check", "id-birth", "id-sex", "phone-several", "phone-remark"})
FROM_SHEET = "表格所载，待核对证件"
RESIDENCY_FIELDS = (
    "is_away", "away_where", "away_until", "ended_on", "end_recorded_at", "kind", "relation", "address_text",
    "household", "area",
)  # fmt: skip
SHOWN: dict[str, tuple[str, Callable[[Any], str]]] = {
    "id_number": ("证件号码", mask_id_number),
    "phone": ("联系电话", mask_phone),
    "sex": ("性别", lambda code: Sex(code).label if code else ""),
    "birth_date": ("出生日期", str),
    "stated_age": ("年龄", str),
    "work_unit": ("工作单位/学校", str),
}


@dataclass(slots=True)
class PersonNews:
    """A person as he will be. `person` None: nobody yet. `wrong` are (field, message) of what cannot be taken."""

    person: Person | None
    data: PersonData
    changed: list[str] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    wrong: list[tuple[str, str]] = field(default_factory=list)


def person_news(
    person: Person | None,
    seen: Identity,
    *,
    by: Staff,
    at: dt.datetime,
    sex: str = "",
    age: int | None = None,
    birth_date: dt.date | None = None,
    work_unit: str = "",
) -> PersonNews:
    """What the row says of the person that the register does not say; empty cells change nothing.

    A name that differs, and a birth date, sex or age that the register has already, are left as they are.
    """
    told = seen.told
    if person is None:
        data = PersonData(
            name=seen.name, sex=told.sex if told and told.sex else sex, birth_date=birth_date, stated_age=age,
            id_kind=seen.id_kind, id_number=seen.id_number, phone=seen.phone, work_unit=work_unit,
            id_check_reason=_reason(seen),
        )  # fmt: skip
    else:
        data = _of_known(person, seen, sex or "", age, birth_date, work_unit, at)
    news = PersonNews(person, data)
    done = person_prepare(
        person=copy.copy(person) if person else None, data=data, holders={}, confirmed=CONFIRMED, by=by, at=at
    )
    if done.errors:
        news.wrong = [(name, messages[0]) for name, messages in done.errors.items()]
        return _without(news, seen, by, at, sex=sex, age=age, birth_date=birth_date, work_unit=work_unit)
    news.changed = done.changed
    if person is not None:
        news.changes = [change for name in done.changed if (change := _change(name, person, done.person))]
    return news


def _of_known(
    person: Person, seen: Identity, sex: str, age: int | None, birth: dt.date | None, work_unit: str,
    at: dt.datetime,
) -> PersonData:  # fmt: skip
    is_new_number = bool(seen.id_number) and not person.id_number
    told = seen.told if is_new_number else None
    known_age = person.age(at.date())
    return PersonData(
        name=person.name,
        sex=person.sex or (told.sex if told else "") or sex,
        birth_date=person.birth_date or birth,
        stated_age=known_age if known_age is not None else age,
        stated_age_on=None,
        id_kind=seen.id_kind if is_new_number else person.id_kind,
        id_number=seen.id_number if is_new_number else None,
        id_check_reason=_reason(seen) if is_new_number else "",
        phone=seen.phone if seen.phone and seen.phone != person.phone else None,
        work_unit=work_unit if work_unit and work_unit != person.work_unit else None,
    )


def _reason(seen: Identity) -> str:
    return FROM_SHEET if seen.told and seen.told.problems else ""


def _without(news: PersonNews, seen: Identity, by: Staff, at: dt.datetime, **values: Any) -> PersonNews:
    """The news again, without the cells that cannot be taken; what else is wrong turns the row down."""
    blank: dict[str, Any] = {"sex": "", "age": None, "birth_date": None, "work_unit": ""}
    left = {"age" if name == "stated_age" else name for name, _message in news.wrong}
    if not left <= set(blank):
        return news
    kept: dict[str, Any] = {name: blank[name] if name in left else value for name, value in values.items()}
    again = person_news(news.person, seen, by=by, at=at, **kept)
    again.wrong = news.wrong + again.wrong
    return again


def _change(name: str, before: Person, after: Person) -> Change | None:
    if name not in SHOWN:
        return None
    label, show = SHOWN[name]
    old, new = getattr(before, name), getattr(after, name)
    return Change(label, show(old) if old else "", show(new) if new else "")


def person_write(news: PersonNews, context: ImportContext) -> Person:
    """Save the person as planned, noted for undoing. Raises PlanStale when the register has changed since."""
    before: dict[str, Any] = {}
    if news.person is not None:
        if not news.changed:
            return news.person
        current = Person.objects.select_for_update().filter(pk=news.person.pk, voided_at=None).first()
        if current is None or any(getattr(current, name) != getattr(news.person, name) for name in FIELDS):
            raise PlanStale
        before = {name: getattr(current, name) for name in news.changed}
    try:
        saved = person_save(
            person=news.person, data=news.data, by=context.staff, confirmed=CONFIRMED, at=context.at
        ).person
    except (ValidationError, ConfirmationNeeded) as refused:
        raise PlanStale from refused
    if news.person is None:
        context.note_created(saved)
    else:
        context.note_updated(saved, before)
    return saved


class HomesWatch:
    """Notes what a service does to the residencies of a person, which it changes on its own account."""

    def __init__(self, person: Person, context: ImportContext) -> None:
        self.person, self.context = person, context

    def _rows(self) -> dict[int, Residency]:
        rows = Residency.objects.filter(person=self.person).select_related("household", "area")
        return {row.pk: row for row in rows}

    def __enter__(self) -> HomesWatch:
        self.before = self._rows()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        if kind is not None:
            return
        for key, row in self._rows().items():
            old = self.before.get(key)
            if old is None:
                self.context.note_created(row)
                continue
            names = {name: Residency._meta.get_field(name).attname for name in RESIDENCY_FIELDS}  # type: ignore[union-attr]
            changed = {
                name: getattr(old, attname)
                for name, attname in names.items()
                if getattr(old, attname) != getattr(row, attname)
            }
            if changed:
                self.context.note_updated(row, changed)


def keep_originals(subject: Any, problems: list[tuple[str, Problem]], context: ImportContext) -> None:
    """Keep the text of cells that could not be taken over beside a record."""
    for key, problem in problems:
        context.keep_original(subject, key, problem)
