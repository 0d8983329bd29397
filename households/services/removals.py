"""Taking somebody out of the register: two entries that are one person are merged, one typed for nobody is voided.

Rows that point to the person go over to whoever stays, found by the models' own foreign keys, so that an app added
later goes along. Nothing is erased: the entry stays, void, with a `PersonRemoval` that says what was done.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from grassroots.ledgers.rollups import mark_dirty
from households import hooks
from households.models import (
    Person,
    PersonDuty,
    PersonRemoval,
    RemovalKind,
    Residency,
    SupportStatus,
    SurveyMember,
)
from households.services.history import rows_update
from households.services.homes_merge import home_changes_back, homes_merge, homes_void
from households.services.residency import household_touch

if TYPE_CHECKING:
    from grassroots.grid.models import Staff

Moved = dict[str, list[int]]
# Fields that stand or fall together: filled only where the first of them is empty.
TOGETHER = (
    ("sex",),
    ("birth_date", "stated_age", "stated_age_on"),
    ("id_number", "id_kind", "id_digest", "id_last4_digest", "id_check_reason"),
    ("phone", "phone_digest", "phone_last4_digest", "phone_owner"),
    ("work_unit",),
    ("note",),
)


def links_to_people() -> Iterator[Any]:
    """Every foreign key of every app that points to a person, but for histories and removals themselves."""
    for link in Person._meta.get_fields(include_hidden=True):
        is_key = link.auto_created and not link.concrete and (link.one_to_many or link.one_to_one)
        if (
            is_key
            and not hasattr(link.related_model, "history_id")
            and link.related_model is not PersonRemoval
        ):
            yield link


@transaction.atomic
def people_merge(
    *, gone: Person, kept: Person, home_of: Person, reason: str, by: Staff, at: dt.datetime | None = None
) -> PersonRemoval:
    """Merge `gone` into `kept`; `home_of` is the one of them whose present home is right.

    What `kept` lacks is filled in from `gone`. Raises ValidationError with every reason why they cannot be merged yet,
    each saying what to do first.
    """
    at, reason = at or timezone.now(), reason.strip()[:100]
    if not reason:
        raise ValidationError({"reason": "请填写合并的原因。"})
    if gone.pk == kept.pk:
        raise ValidationError("这是同一份档案。")
    gone, kept = _locked(gone, kept)
    if refusals := [words for one in hooks.removal_hooks for words in one.refusals(gone, kept, by)]:
        raise ValidationError(refusals)
    area_id = _area_of(gone)
    homes = homes_merge(gone=gone, kept=kept, keeps_home=home_of.pk == kept.pk, by=by, at=at)
    detail: dict[str, Any] = {"homes": homes}
    detail |= _make_way(gone, kept, by, at)
    detail["moved"] = _move_all(gone, kept, by, at, reason, stays=detail["duties"])
    _void(gone, reason, by, at)
    detail |= _fill(gone, kept, by, at)
    removal = PersonRemoval.objects.create(
        kind=RemovalKind.MERGED, person=gone, merged_into=kept, area_id=area_id, reason=reason, by=by, at=at
    )
    detail["apps"] = {one.key: one.removed(gone, kept, by, at) for one in hooks.removal_hooks}
    detail["state"] = state_of(kept)
    removal.detail = detail
    removal.save(update_fields=["detail"])
    _tell(gone, kept)
    return removal


@transaction.atomic
def person_take_out(
    *, person: Person, reason: str, by: Staff, at: dt.datetime | None = None
) -> PersonRemoval:
    """Void somebody who was typed for nobody. Raises ValidationError with every reason why not yet."""
    at, reason = at or timezone.now(), reason.strip()[:100]
    if not reason:
        raise ValidationError({"reason": "请填写作废原因。"})
    [person] = _locked(person)
    if refusals := [words for one in hooks.removal_hooks for words in one.refusals(person, None, by)]:
        raise ValidationError(refusals)
    area_id = _area_of(person)
    homes = homes_void(person=person, reason=reason, by=by, at=at)
    _void(person, reason, by, at)
    apps = {one.key: one.removed(person, None, by, at) for one in hooks.removal_hooks}
    removal = PersonRemoval.objects.create(
        kind=RemovalKind.VOIDED, person=person, area_id=area_id, reason=reason, by=by, at=at,
        detail={"homes": homes, "apps": apps},
    )  # fmt: skip
    _tell(person)
    return removal


@transaction.atomic
def removal_undo(
    *, removal: PersonRemoval, reason: str, by: Staff, at: dt.datetime | None = None
) -> PersonRemoval:
    """Take a merge apart again, or reinstate a voided entry. Raises ValidationError when that is not possible any more.

    A merge can be undone while nothing new hangs on whoever stayed: of a new row nobody could tell whose it is.
    """
    at, reason = at or timezone.now(), reason.strip()[:100]
    if not reason:
        raise ValidationError({"reason": "请填写撤销的原因。"})
    row = PersonRemoval.objects.select_for_update(of=("self",)).get(pk=removal.pk)
    if row.undone_at is not None:
        raise ValidationError("这次处理已经撤销过了。")
    kept = row.merged_into
    people = _locked(*(one for one in (row.person, kept) if one is not None))
    gone = people[0]
    if kept is not None and people[1].voided_at is not None:
        raise ValidationError(f"{kept.name}的档案后来又合并或作废了，请先撤销那一次。")
    if kept is not None and (new := _news(people[1], row.detail["state"])):
        raise ValidationError(new)
    if kept is not None:
        _unfill(people[1], row.detail, by, at, reason)
    gone.voided_at, gone.void_reason = None, ""
    _check_number(gone)
    rows_update([gone], ["voided_at", "void_reason"], by=by, at=at, reason=reason)
    if kept is not None:
        _move_back(gone, row.detail, by, at, reason)
    for one in hooks.removal_hooks:
        one.restored(row.detail["apps"].get(one.key) or {}, gone, by, at)
    home_changes_back(changes=row.detail["homes"], person=gone, by=by, at=at, reason=reason)
    row.undone_at, row.undone_by, row.undo_reason = at, by, reason
    row.save(update_fields=["undone_at", "undone_by", "undo_reason"])
    _tell(*people)
    return row


def survivor_of(person: Person) -> Person:
    """Whoever carries on a merged entry, through any number of merges; the person himself when he was not merged."""
    seen = {person.pk}
    while removal := PersonRemoval.objects.standing().filter(person=person, kind=RemovalKind.MERGED).first():
        assert removal.merged_into is not None
        person = removal.merged_into
        if person.pk in seen:
            break
        seen.add(person.pk)
    return person


def state_of(person: Person) -> dict[str, list[int]]:
    """Which rows hang on a person, by model, and the last line of his own history."""
    state = {
        link.related_model._meta.label_lower: sorted(_rows(link, person).values_list("pk", flat=True))
        for link in links_to_people()
    }
    lines = Person.history.filter(id=person.pk).order_by("-history_id").values_list("history_id", flat=True)
    return {**state, "": list(lines[:1])}


def _locked(*people: Person) -> list[Person]:
    """The same, locked in the order of their keys."""
    rows = Person.objects.select_for_update().filter(pk__in=[one.pk for one in people]).order_by("pk")
    found = {one.pk: one for one in rows}
    return [found[one.pk] for one in people]


def _area_of(person: Person) -> int:
    if person.voided_at is not None:
        raise ValidationError(f"{person.name}的档案已经作废或合并，请返回重新打开。")
    rows = Residency.objects.filter(person=person).order_by("ended_on", "is_away", "pk")
    open_first = rows.filter(ended_on=None).first() or rows.last()
    if open_first is None:
        raise ValidationError(f"{person.name}没有登记过住处，请先登记，再办理。")
    return open_first.area_id


def _rows(link: Any, person: Person) -> models.QuerySet[Any]:
    rows: models.QuerySet[Any] = link.related_model._base_manager.filter(**{link.field.name: person.pk})
    return rows


def _make_way(gone: Person, kept: Person, by: Staff, at: dt.datetime) -> dict[str, Any]:
    """End what both have and one may have only once: it is the same support, the same officer."""
    today = timezone.localdate(at)
    kinds = kept.supports.filter(ended_on=None).values("kind")
    supports = list(gone.supports.filter(ended_on=None, kind__in=kinds))
    for support in supports:
        support.ended_on = support.started_on
    rows_update(supports, ["ended_on"], by=by, at=at, reason="合并重复档案")
    held = set(PersonDuty.objects.filter(person=kept, valid_to=None).values_list("staff_id", "kind_id"))
    mine = PersonDuty.objects.filter(person=gone, valid_to=None)
    duties = [duty for duty in mine if (duty.staff_id, duty.kind_id) in held]
    for duty in duties:
        duty.valid_to = max(today - dt.timedelta(days=1), duty.valid_from)
    rows_update(duties, ["valid_to"], by=by, at=at, reason="合并重复档案")
    return {"supports": [row.pk for row in supports], "duties": [row.pk for row in duties]}


def _move_all(
    gone: Person, kept: Person, by: Staff, at: dt.datetime, reason: str, *, stays: Sequence[int]
) -> Moved:
    """Everything that hangs on one goes over to the other, but for duties that the other has too (`stays`).

    Returns which rows.
    """
    moved: Moved = {}
    for link in links_to_people():
        rows = _rows(link, gone)
        if (
            link.related_model is SurveyMember
        ):  # asked twice at one knock: the answer stays with the merged entry
            rows = rows.exclude(survey__in=SurveyMember.objects.filter(person=kept).values("survey"))
        if link.related_model is PersonDuty:
            rows = rows.exclude(pk__in=stays)
        found = list(rows)
        try:
            with transaction.atomic():
                _point(found, link.field, kept, by, at, reason)
        except IntegrityError as clash:
            what = link.related_model._meta.verbose_name
            raise ValidationError(f"两份档案的“{what}”不能并存，请先处理其中重复的一条，再合并。") from clash
        if found:
            moved[f"{link.related_model._meta.label_lower}.{link.field.name}"] = [row.pk for row in found]
    return moved


def _point(rows: Sequence[Any], field: Any, person: Person, by: Staff, at: dt.datetime, reason: str) -> None:
    for row in rows:
        setattr(row, field.attname, person.pk)
    if rows and hasattr(type(rows[0]), "history"):
        rows_update(rows, [field.name], by=by, at=at, reason=reason)
    elif rows:
        keys = [row.pk for row in rows]
        type(rows[0])._base_manager.filter(pk__in=keys).update(**{field.name: person})


def _move_back(gone: Person, detail: Any, by: Staff, at: dt.datetime, reason: str) -> None:
    links = {f"{link.related_model._meta.label_lower}.{link.field.name}": link for link in links_to_people()}
    for name, keys in detail["moved"].items():
        link = links[name]
        found = list(link.related_model._base_manager.filter(pk__in=keys))
        _point(found, link.field, gone, by, at, reason)
    supports = list(SupportStatus.objects.filter(pk__in=detail["supports"]))
    for support in supports:
        support.ended_on = None
    rows_update(supports, ["ended_on"], by=by, at=at, reason=reason)
    duties = list(PersonDuty.objects.filter(pk__in=detail["duties"]))
    for duty in duties:
        duty.valid_to = None
    rows_update(duties, ["valid_to"], by=by, at=at, reason=reason)


def _void(person: Person, reason: str, by: Staff, at: dt.datetime) -> None:
    person.voided_at, person.void_reason = at, reason
    rows_update([person], ["voided_at", "void_reason"], by=by, at=at, reason=reason)


def _fill(gone: Person, kept: Person, by: Staff, at: dt.datetime) -> dict[str, Any]:
    """What `kept` lacks comes from `gone`; a number that only the two shared is shared no more."""
    filled: list[str] = []
    old: dict[str, Any] = {}
    for names in TOGETHER:
        if not getattr(kept, names[0]) and getattr(gone, names[0]):
            for name in names:
                value = getattr(kept, name)
                old[name] = value.isoformat() if isinstance(value, dt.date) else value
                setattr(kept, name, getattr(gone, name))
            filled += names
    shared, changed = kept.id_shared_reason, [*filled]
    if shared and not _carriers(kept).exists():
        kept.id_shared_reason = ""
        changed.append("id_shared_reason")
    if changed:
        rows_update([kept], changed, by=by, at=at, reason="合并重复档案")
    return {"filled": old, "shared": shared}


def _unfill(kept: Person, detail: Any, by: Staff, at: dt.datetime, reason: str) -> None:
    for name, value in detail["filled"].items():
        field: Any = Person._meta.get_field(name)
        setattr(kept, name, field.to_python(value))
    kept.id_shared_reason = detail["shared"]
    rows_update([kept], [*detail["filled"], "id_shared_reason"], by=by, at=at, reason=reason)


def _carriers(person: Person) -> models.QuerySet[Person]:
    """Others in the register with the same number."""
    if not person.id_digest:
        return Person.objects.none()
    same = Person.objects.active().filter(id_kind=person.id_kind, id_digest=person.id_digest)
    return same.exclude(pk=person.pk)


def _check_number(person: Person) -> None:
    """Whoever comes back may not share a number without a reason."""
    if not person.id_shared_reason and _carriers(person).filter(id_shared_reason="").exists():
        raise ValidationError("他的证件号码现在已由另一人登记，不能恢复；请先核对那一份档案的号码。")


def _news(kept: Person, state: Any) -> list[str]:
    """What has come since the merge, in words: of these nobody could tell whose they are."""
    names = {
        link.related_model._meta.label_lower: link.related_model._meta.verbose_name
        for link in links_to_people()
    }
    now, found = state_of(kept), []
    for label, keys in now.items():
        if label and set(keys) != set(state.get(label, [])):
            found.append(f"{names[label]} {len(set(keys) ^ set(state.get(label, [])))} 条")
    if now[""] != state[""]:
        found.append("人员登记有修改")
    if not found:
        return []
    told = "、".join(found)
    return [
        f"合并以后又有新的变动（{told}），不能自动分开：分不清是谁的。请为被并入的人重新登记一份档案，"
        "再把属于他的住处、返乡档案、观察逐项更正过去。"
    ]


def _tell(*people: Person) -> None:
    """Open pages of the households are stale now, and the areas' figures are counted again."""
    homes = Residency.objects.filter(person__in=people).values_list("household_id", "area_id")
    household_touch({household for household, _area in homes if household})
    mark_dirty({area for _household, area in homes})
