"""Services on people: save somebody, and mark an entry as a mistake."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from grassroots.grid.crypto import digest
from grassroots.ledgers.rollups import mark_dirty
from households.models import Person, Residency, Sex
from households.rules.identity import IdKind, IdNumber, last_four, parse_id_number
from households.rules.names import check_name, name_initials, normalise_name
from households.rules.phones import parse_phone
from households.rules.text import narrow
from households.services.data import Caution, ConfirmationNeeded, PersonData, PersonSaved
from households.services.history import rows_create, rows_update
from households.services.residency import household_touch, place_words

if TYPE_CHECKING:
    from grassroots.grid.models import Staff

SAME_PERSON = "same-person"
OLDEST_YEARS = 130
IdKey = tuple[str, str]
FIELDS = (
    "name", "name_initials", "sex", "birth_date", "stated_age", "stated_age_on", "id_kind", "id_number", "id_digest",
    "id_last4_digest", "id_check_reason", "id_shared_reason", "phone", "phone_digest", "phone_last4_digest",
    "phone_owner", "work_unit", "note",
)  # fmt: skip


@dataclass(frozen=True)
class Holder:
    """Somebody who carries an ID number, and where, in words that the asking officer may read."""

    person: Person
    words: str


Holders = Mapping[IdKey, list[Holder]]


@dataclass
class Prepared:
    """A person as he will be saved, or why not."""

    person: Person
    is_new: bool
    errors: dict[str, list[str]] = field(default_factory=dict)
    cautions: list[Caution] = field(default_factory=list)
    """All cautions, confirmed by their code or not; those settled by a reason are left out."""
    changed: list[str] = field(default_factory=list)
    is_recognised: bool = False
    """Whether somebody typed as new was confirmed to be a registered person."""

    def refuse(self, name: str, message: str) -> None:
        """Note an error of a field."""
        self.errors.setdefault(name, []).append(message)


def person_save(
    *,
    person: Person | None,
    data: PersonData,
    by: Staff,
    confirmed: frozenset[str] = frozenset(),
    at: dt.datetime | None = None,
) -> PersonSaved:
    """Save a new person (None) or a registered one; normalises names, ID number, phone, fills in from the ID.

    Raises ValidationError by field, and ConfirmationNeeded when a caution is neither in `confirmed` nor has its
    reason: id-check (by id_check_reason), id-birth, id-sex. A number that somebody else carries is an error on
    id_number unless `id_shared_reason` is given; with 'same-person' confirmed, a new entry under the same name
    becomes a change of that person.
    """
    at = at or timezone.now()
    with transaction.atomic():
        if person is not None:
            person = Person.objects.select_for_update().get(pk=person.pk)
        holders = holders_of([id_key(data)], by=by)
        done = person_prepare(person=person, data=data, holders=holders, confirmed=confirmed, by=by, at=at)
        same = [one for one in done.cautions if one.code == SAME_PERSON and SAME_PERSON not in confirmed]
        for caution in same:
            done.refuse("id_number", caution.message)
        if done.errors:
            raise ValidationError(done.errors)
        if unsettled := [one for one in done.cautions if one.code not in confirmed]:
            raise ConfirmationNeeded(unsettled)
        _write(done, by, at)
    return PersonSaved(done.person, done.cautions)


def person_void(*, person: Person, reason: str, by: Staff, at: dt.datetime | None = None) -> None:
    """Mark somebody as entered by mistake: residencies end on the day they began, the row stays."""
    at = at or timezone.now()
    if not reason.strip():
        raise ValidationError({"reason": "请填写作废原因。"})
    with transaction.atomic():
        residencies = list(Residency.objects.open().filter(person=person))
        for residency in residencies:
            residency.ended_on, residency.end_recorded_at = residency.started_on, at
        rows_update(residencies, ["ended_on", "end_recorded_at"], by=by, at=at, reason=reason)
        person.voided_at, person.void_reason = at, reason.strip()[:100]
        rows_update([person], ["voided_at", "void_reason"], by=by, at=at, reason=reason)
        household_touch([row.household_id for row in residencies if row.household_id])
        mark_dirty({row.area_id for row in residencies})


def id_key(data: PersonData) -> IdKey:
    """The digest by which others with the number that was typed are found; ('', '') for none."""
    if not data.id_number:
        return "", ""
    read = parse_id_number(data.id_number, data.id_kind or None)
    return str(read.kind), digest(read.number, "id")


def holders_of(keys: Iterable[IdKey], *, by: Staff) -> Holders:
    """Who carries these numbers: no query for none, one when nobody does, two more when somebody does."""
    digests = {key[1] for key in keys} - {""}
    if not digests:
        return {}
    people = list(Person.objects.active().filter(id_digest__in=digests).order_by("pk"))
    found: dict[IdKey, list[Holder]] = defaultdict(list)
    homes: dict[int, Residency] = {}
    if people:
        open_rows = Residency.objects.open().filter(person__in=people).select_related("household", "area")
        homes = {row.person_id: row for row in open_rows.order_by("-is_away", "pk")}
    for person in people:
        home = homes.get(person.pk)
        words = place_words(home, by) if home else "没有登记现住处"
        found[(person.id_kind, person.id_digest)].append(Holder(person, words))
    return found


def person_prepare(
    *,
    person: Person | None,
    data: PersonData,
    holders: Holders,
    confirmed: frozenset[str],
    by: Staff,
    at: dt.datetime,
) -> Prepared:
    """Fill `person` (None: a new one) from what was typed, without saving; says what is wrong with it."""
    today = timezone.localdate(at)
    read = parse_id_number(data.id_number, data.id_kind, today) if data.id_number else None
    others = list(holders.get((str(read.kind), digest(read.number, "id")), ())) if read else []
    done = Prepared(person or Person(recorded_at=at), is_new=person is None)
    if person is None and (same := _same_person(done, data, others, confirmed)):
        done = Prepared(same, is_new=False, is_recognised=True)
    before = {name: getattr(done.person, name) for name in FIELDS}
    _fill_name(done, data)
    _fill_id(done, data, read)
    _fill_born(done, data, read, today)
    _fill_phone(done, data)
    for name in ("work_unit", "note", "phone_owner"):
        if (text := getattr(data, name)) is not None:
            _fill_text(done, name, text)
    _check_shared(done, data, [one for one in others if one.person.pk != done.person.pk])
    done.changed = [name for name in FIELDS if getattr(done.person, name) != before[name]]
    return done


def _write(done: Prepared, by: Staff, at: dt.datetime) -> None:
    if done.is_new:
        rows_create([done.person], by=by, at=at)
    elif done.changed:
        rows_update([done.person], done.changed, by=by, at=at)
        homes = Residency.objects.open().filter(person=done.person).values_list("household_id", "area_id")
        household_touch([household for household, _area in homes if household])
        mark_dirty({area for _household, area in homes})


def _same_person(
    done: Prepared, data: PersonData, others: list[Holder], confirmed: frozenset[str]
) -> Person | None:
    """The registered person whom a new entry with his name and number means, once that is confirmed."""
    name = normalise_name(data.name)
    same = next((one for one in others if one.person.name == name), None)
    return same.person if same and SAME_PERSON in confirmed and not data.id_shared_reason.strip() else None


def _check_shared(done: Prepared, data: PersonData, others: list[Holder]) -> None:
    """One number, two people: an error that a reason overrides, or perhaps one person who has moved."""
    reason = _clip(data.id_shared_reason, 100)
    number_is_typed = data.id_number is not None
    done.person.id_shared_reason = reason if number_is_typed else done.person.id_shared_reason or reason
    if not others or reason:
        return
    first = others[0]
    if done.is_new and first.person.name == done.person.name:
        message = f"{first.person.name}(同一证件号码)已登记在{first.words}，是同一人则迁入本户。"
        done.cautions.append(Caution("id_number", SAME_PERSON, message))
    elif first.words.startswith("您辖区以外"):
        done.refuse("id_number", "该证件号码已由另一人登记，不在您的辖区；请核对证件，确实同号请填写说明。")
    else:
        where = f"该证件号码已由{first.person.name}登记({first.words})"
        done.refuse("id_number", f"{where}；请核对证件，确实同号请填写说明。")


def _fill_name(done: Prepared, data: PersonData) -> None:
    name = normalise_name(data.name)
    for problem in check_name(name):
        done.refuse("name", problem.message)
    if "name" not in done.errors:
        done.person.name, done.person.name_initials = name, name_initials(name)


def _fill_id(done: Prepared, data: PersonData, read: IdNumber | None) -> None:
    person = done.person
    reason = _clip(data.id_check_reason, 100)
    if data.id_kind not in IdKind.values:
        done.refuse("id_kind", "请选择证件类型。")
        return
    if data.id_number is None:  # the number in the register stands
        if data.id_kind == IdKind.NONE:
            _set_id(person, IdKind.NONE, "", "")
        elif person.id_number and data.id_kind != person.id_kind:
            done.refuse("id_number", "换了证件类型，请重新填写证件号码。")
        else:
            person.id_kind = data.id_kind
            person.id_check_reason = reason or person.id_check_reason
        return
    if read is None or not read.number:
        _set_id(person, data.id_kind, "", "")
        return
    if read.kind == IdKind.NONE:
        done.refuse("id_kind", "填了号码，请选择是哪一种证件。")
        return
    for problem in read.problems:
        if not problem.is_warning:
            done.refuse("id_number", problem.message)
        elif not reason:
            done.cautions.append(Caution("id_check_reason", "id-check", problem.message, by_reason=True))
    if len(read.number) > 30:
        done.refuse("id_number", "证件号码太长，请核对。")
    keeps_reason = any(problem.is_warning for problem in read.problems)
    _set_id(person, read.kind, read.number, reason if keeps_reason else "")


def _set_id(person: Person, kind: str, number: str, check_reason: str) -> None:
    person.id_kind, person.id_number, person.id_check_reason = kind, number, check_reason
    person.id_digest = digest(number, "id")
    person.id_last4_digest = digest(last_four(number), "id-last4")


def _fill_born(done: Prepared, data: PersonData, read: IdNumber | None, today: dt.date) -> None:
    """Sex, birth date and age: from the ID where they were left empty; asked about where they contradict it."""
    person = done.person
    told = read or parse_id_number(person.id_number, person.id_kind, today)
    if told.has_errors:
        told = IdNumber(IdKind.NONE, "")
    if data.sex not in Sex.values:
        done.refuse("sex", "请选择性别。")
    sex, birth = data.sex or told.sex, data.birth_date or told.birth_date
    if birth and birth > today:
        done.refuse("birth_date", "出生日期不能晚于今天。")
    elif birth and birth.year < today.year - OLDEST_YEARS:
        done.refuse("birth_date", f"出生日期 {birth:%Y-%m-%d} 距今超过{OLDEST_YEARS}年，请核对。")
    # What was confirmed once and is left as it was is not asked again.
    is_news = read is not None or birth != person.birth_date
    if told.birth_date and birth != told.birth_date and is_news and "birth_date" not in done.errors:
        message = f"填写的出生日期与证件号码({told.birth_date:%Y-%m-%d})不一致，请核对。"
        done.cautions.append(Caution("birth_date", "id-birth", message))
    if told.sex and sex != told.sex and (read is not None or sex != person.sex):
        message = f"填写的性别与证件号码({Sex(told.sex).label})不一致，请核对。"
        done.cautions.append(Caution("sex", "id-sex", message))
    person.sex, person.birth_date = sex, birth
    if birth:
        person.stated_age, person.stated_age_on = None, None
    elif data.stated_age is not None and not 0 <= data.stated_age <= OLDEST_YEARS:
        done.refuse("stated_age", f"年龄应在 0–{OLDEST_YEARS} 岁之间。")
    elif data.stated_age != person.age(today):
        person.stated_age = data.stated_age
        person.stated_age_on = (data.stated_age_on or today) if data.stated_age is not None else None


def _fill_phone(done: Prepared, data: PersonData) -> None:
    if data.phone is None:
        return
    read = parse_phone(data.phone)
    for problem in read.problems:
        if not problem.is_warning:
            done.refuse("phone", problem.message)
        else:
            done.cautions.append(Caution("phone", f"phone-{problem.code}", problem.message))
    person = done.person
    person.phone = read.number
    person.phone_digest = digest(read.number, "phone")
    person.phone_last4_digest = digest(last_four(read.number), "phone-last4")


def _fill_text(done: Prepared, name: str, text: str) -> None:
    limit = getattr(Person._meta.get_field(name), "max_length", None)
    tidy = narrow(text) if name != "note" else text.strip()
    if limit is not None and len(tidy) > limit:
        done.refuse(name, f"最多 {limit} 个字。")
    else:
        setattr(done.person, name, tidy)


def _clip(text: str, limit: int) -> str:
    return text.strip()[:limit]
