"""Exporting a ledger: who may, what is written down about it, and the file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from grassroots.grid.models import AccessAction, Area, Staff
from grassroots.grid.scope import scope_of
from grassroots.grid.trail import access_log
from grassroots.ledgers.engine import (
    Chosen,
    ExportOptions,
    FilterError,
    LedgerContext,
    LedgerDefinition,
    UnknownLedger,
    WriteResult,
    export_ledger,
    ledger_registry,
    make_imprint,
)
from grassroots.ledgers.engine.stream import Progress
from grassroots.ledgers.layout_choice import (
    STANDARD,
    LayoutRefused,
    filters_with,
    fitted,
    layout_version,
)
from grassroots.ledgers.models import Job, LedgerLayoutVersion


class ExportRefused(Exception):
    """The export is not allowed or not possible; the message is for the person who asked."""


def _definition(key: str) -> LedgerDefinition:
    try:
        return ledger_registry.get(key)
    except UnknownLedger as unknown:
        known = "、".join(f"{item.key}({item.name})" for item in ledger_registry.all())
        raise ExportRefused(f"没有台账“{key}”，可用的有：{known}。") from unknown


def _layout(wanted: str, definition: LedgerDefinition, staff: Staff) -> LedgerLayoutVersion | None:
    try:
        return layout_version(wanted, ledger=definition.key, staff=staff)
    except LayoutRefused as refused:
        raise ExportRefused(str(refused)) from refused


def _filters(
    definition: LedgerDefinition, version: LedgerLayoutVersion | None, given: Mapping[str, Any] | None
) -> Chosen:
    try:
        return filters_with(version, definition, given or {})
    except FilterError as error:
        raise ExportRefused(str(error)) from error


def _counted(
    definition: LedgerDefinition, context: LedgerContext, progress: Progress | None
) -> Progress | None:
    """`progress` with the number of rows that the ledger expects, where its writer does not know it."""
    if progress is None:
        return None
    expected = definition.expected_rows(context)
    progress(0, expected)
    return lambda done, total: progress(done, total or expected)


def check_export(*, area: Area, staff: Staff, unmasked: bool, purpose: str) -> None:
    """Raise ExportRefused unless the person may export this area, masked or not."""
    if not staff.is_active:
        raise ExportRefused(f"{staff.name}的账号已停用。")
    if not scope_of(staff).holds(area):
        raise ExportRefused(f"“{area.name}”不在{staff.name}的辖区内。")
    if not staff.has_perm("ledgers.export_ledger"):
        raise ExportRefused(f"{staff.name}的角色不能下载台账。")
    if unmasked and not staff.has_perm("ledgers.export_unmasked"):
        raise ExportRefused(f"{staff.name}的角色不能下载未脱敏的台账。")
    if unmasked and not purpose.strip():
        raise ExportRefused("下载未脱敏的台账须写明用途。")


def export_run(
    *,
    key: str,
    area: Area,
    staff: Staff,
    on: dt.date,
    target: Any,
    file_format: str = "xlsx",
    encoding: str = "utf-8-sig",
    unmasked: bool = False,
    purpose: str = "",
    filters: Mapping[str, Any] | None = None,
    layout: str = STANDARD,
    request: HttpRequest | None = None,
    progress: Progress | None = None,
    job: Job | None = None,
) -> WriteResult:
    """Write the ledger `key` of an area for a day to `target` (a path or a binary file), and log it.

    Scope and rights of `staff` apply. `filters`: the chosen values (one or several) by a filter's key or label;
    `layout`: the uid of a saved layout, whose own filters hold unless others are chosen. `progress(rows so far, about
    how many)` is told on the way; `job` is the one it runs in. Raises ExportRefused in words, also for filters and
    layouts that there are not; OSError where the file cannot be written.
    """
    definition = _definition(key)
    check_export(area=area, staff=staff, unmasked=unmasked, purpose=purpose)
    version = _layout(layout, definition, staff)
    chosen = _filters(definition, version, filters)
    at = timezone.now()
    context = LedgerContext(
        area=area, staff=staff, on=on, as_of=at, unmasked=unmasked, purpose=purpose, filters=chosen
    )
    words = definition.filter_words(chosen)
    imprint = make_imprint(who=staff.name, at=at, purpose=purpose.strip(), unmasked=unmasked, filtered=words)
    drawn = fitted(version, definition, context).layout if version else None
    options = ExportOptions(file_format, encoding, drawn, imprint)  # type: ignore[arg-type]
    told = _counted(definition, context, progress)
    result = export_ledger(definition, context, target, options=options, progress=told)
    detail = _facts(definition, context, result, version) | {"format": file_format}
    access_log(
        action=AccessAction.EXPORT, staff=staff, area=area, purpose=purpose, request=request, subject=job,
        detail={**detail, **({"step": "后台生成"} if job else {})},
    )  # fmt: skip
    return result


def _facts(
    definition: LedgerDefinition,
    context: LedgerContext,
    result: WriteResult,
    version: LedgerLayoutVersion | None,
) -> dict[str, Any]:
    """What the access log keeps of an export: plain facts, nothing personal."""
    chosen = context.filters
    return {
        "key": definition.name, "on": context.on.isoformat(), "rows": result.rows, "unmasked": context.unmasked,
        **({"filters": definition.filter_words(chosen) or sorted(chosen)} if chosen else {}),
        **({"layout": f"{version.layout.name}(第 {version.number} 版)"} if version else {}),
    }  # fmt: skip
