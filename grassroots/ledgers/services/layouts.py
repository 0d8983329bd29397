"""Layouts of ledgers: made, changed, put back, closed. Every save is a new version; versions are never changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from grassroots.grid.models import Area, Staff
from grassroots.grid.scope import scope_of
from grassroots.grid.versions import StaleVersion
from grassroots.ledgers.engine import Chosen, Layout, LedgerContext, LedgerDefinition, ledger_registry
from grassroots.ledgers.engine.changes import Difference, differences
from grassroots.ledgers.engine.tailored import bare_layout, check_tailored
from grassroots.ledgers.models import LedgerLayout, LedgerLayoutVersion

PERMISSION = "ledgers.change_ledgerlayout"
TAKEN = "这个区域的这个台账已经有同名的版式，请换一个名称。"
YES_NO = {True: "是", False: "否"}


@dataclass(frozen=True)
class LayoutDraft:
    """A layout as it is to be saved: its name, whether it is its area's default, how it looks, what it lists."""

    name: str
    layout: Layout
    filters: Chosen = field(default_factory=dict)
    is_default: bool = False
    note: str = ""


class StaleLayout(StaleVersion):
    """Nothing was saved: there is a newer version than the one that was edited. Carries both values."""

    def __init__(self, current: LedgerLayout, found: Sequence[Difference]) -> None:
        super().__init__(current)
        self.differences = list(found)


def may_edit(staff: Staff, area: Area) -> bool:
    """Whether the person may make and change layouts of this area: it lies in his scope, and he has the right."""
    return scope_of(staff).holds(area) and staff.has_perm(PERMISSION)


def standard_layout(definition: LedgerDefinition, area: Area, staff: Staff) -> Layout:
    """The layout that the ledger comes with, as it is for the area today."""
    return definition.layout_of(_today(area, staff))


def offered_layout(definition: LedgerDefinition, area: Area, staff: Staff) -> Layout:
    """The same with every column that a layout of the office may take in."""
    return definition.offered_layout_of(_today(area, staff))


def _today(area: Area, staff: Staff) -> LedgerContext:
    return LedgerContext(area=area, staff=staff, on=timezone.localdate(), as_of=timezone.now())


def layout_create(
    *, ledger: str, area: Area, draft: LayoutDraft, by: Staff, before: Iterable[str] = ()
) -> LedgerLayout:
    """Save a new layout of the registered ledger for an area; its first version.

    `before`: keys of the layout it was copied from, which may hold columns that the ledger no longer has. Raises
    ValidationError by field (a name that is empty or taken), LayoutError for what cannot be drawn, PermissionDenied,
    UnknownLedger.
    """
    definition = ledger_registry.get(ledger)
    _check_may(by, area)
    check_tailored(draft.layout, offered_layout(definition, area, by), before)
    with transaction.atomic():
        _lock_place(area.pk)
        row = LedgerLayout(ledger=ledger, area=area)
        _save(row, draft, by)
        _add_version(row, draft, by)
    return row


def layout_change(*, layout: LedgerLayout, version: int, draft: LayoutDraft, by: Staff) -> LedgerLayout:
    """Save a layout as it was edited from `version`: a new version, unless it looks and lists the same.

    Raises StaleLayout with both values when somebody else has saved since, ValidationError by field for a closed
    layout or a name that is empty or taken, LayoutError, PermissionDenied.
    """
    _check_may(by, layout.area)
    with transaction.atomic():
        current = _locked(layout)
        last = current.versions.get(number=current.version)
        if current.version != version:
            raise StaleLayout(current, stale_differences(draft, last))
        standard = offered_layout(ledger_registry.get(current.ledger), current.area, by)
        check_tailored(draft.layout, standard, before=last.drawn().keys)
        is_same = bare_layout(draft.layout) == last.drawn() and _listed(draft.filters) == last.filters
        if not is_same:
            current.version += 1
        _save(current, draft, by)
        if not is_same:
            _add_version(current, draft, by)
    return current


def layout_revert(*, layout: LedgerLayout, version: int, number: int, by: Staff) -> LedgerLayout:
    """Make version `number` the current one again, as a new version.

    Raises StaleLayout when somebody else has saved since `version`, ValidationError for a closed layout or a version
    that there is not, PermissionDenied.
    """
    _check_may(by, layout.area)
    with transaction.atomic():
        current = _locked(layout)
        if current.version != version:
            raise StaleLayout(current, ())
        old = current.versions.filter(number=number).first()
        if old is None:
            raise ValidationError(f"没有第 {number} 版。")
        last = current.versions.get(number=current.version)
        if (old.definition, old.filters) == (last.definition, last.filters):
            return current
        current.version += 1
        current._history_user = by  # type: ignore[attr-defined]
        current.save(update_fields=["version"])
        LedgerLayoutVersion.objects.create(
            layout=current, number=current.version, definition=old.definition, filters=old.filters,
            note=f"恢复第 {number} 版", by=by,
        )  # fmt: skip
    return current


def layout_close(*, layout: LedgerLayout, by: Staff) -> LedgerLayout:
    """Take a layout out of use; its versions stay.

    Raises ValidationError when it is closed already, PermissionDenied.
    """
    _check_may(by, layout.area)
    with transaction.atomic():
        current = _locked(layout)
        current.closed_at, current.is_default = timezone.now(), False
        current._history_user = by  # type: ignore[attr-defined]
        current.save(update_fields=["closed_at", "is_default"])
    return current


def stale_differences(draft: LayoutDraft, last: LedgerLayoutVersion) -> list[Difference]:
    """What a draft and the saved version do not agree on."""
    row = last.layout
    words = ledger_registry.get(row.ledger).filter_words
    found = differences(
        bare_layout(draft.layout), last.drawn(),
        mine_filters=words(draft.filters), theirs_filters=words(last.filters),
    )  # fmt: skip
    if draft.is_default != row.is_default:
        found.insert(0, Difference("本区域默认", YES_NO[draft.is_default], YES_NO[row.is_default]))
    if draft.name != row.name:
        found.insert(0, Difference("版式名称", draft.name, row.name))
    return found


def _check_may(by: Staff, area: Area) -> None:
    if not may_edit(by, area):
        raise PermissionDenied("您的角色不能修改这个区域的台账版式。")


def _lock_place(area_id: int) -> None:
    """Let saves of layouts of one area queue up: names and the default are unique in it."""
    list(Area.objects.filter(pk=area_id).select_for_update(no_key=True).values_list("pk"))


def _locked(layout: LedgerLayout) -> LedgerLayout:
    _lock_place(layout.area_id)
    current = LedgerLayout.objects.select_for_update(of=("self",)).select_related("area").get(pk=layout.pk)
    if current.closed_at is not None:
        raise ValidationError("这个版式已停用。")
    return current


def _save(row: LedgerLayout, draft: LayoutDraft, by: Staff) -> None:
    """Name and default of a row; another default of the same place gives way."""
    row.name, row.is_default = draft.name.strip(), draft.is_default
    if not row.name:
        raise ValidationError({"name": "请填写版式名称。"})
    beside = LedgerLayout.objects.filter(ledger=row.ledger, area=row.area, closed_at=None).exclude(pk=row.pk)
    if beside.filter(name=row.name).exists():
        raise ValidationError({"name": TAKEN})
    if row.is_default:
        for other in beside.filter(is_default=True):
            other.is_default = False
            other._history_user = by  # type: ignore[attr-defined]
            other.save(update_fields=["is_default"])
    row._history_user = by  # type: ignore[attr-defined]
    row.save()


def _listed(filters: Chosen) -> dict[str, list[str]]:
    return {key: list(values) for key, values in filters.items()}


def _add_version(row: LedgerLayout, draft: LayoutDraft, by: Staff) -> None:
    LedgerLayoutVersion.objects.create(
        layout=row, number=row.version, definition=bare_layout(draft.layout).to_json(),
        filters=_listed(draft.filters), note=draft.note.strip(), by=by,
    )  # fmt: skip
