"""Uploaded forms: kept sealed while they are being filled in, removed after settings.FORM_DAYS without use."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.db.models import F, QuerySet
from django.utils import timezone

from grassroots.grid.crypto import DecryptionError
from grassroots.grid.models import Area, Staff
from grassroots.grid.sealed_files import SealedReader, SealedWriter
from grassroots.ledgers.models import EmptyForm
from grassroots.ledgers.reading import UnreadableFile

GONE = "这张空表已按期清除，请重新上传。"
MOST_OUTDATED = 200


def form_keep(*, data: bytes, name: str, area: Area, staff: Staff, ledger: str = "") -> EmptyForm:
    """Seal an uploaded form. Raises OSError when the disk is full."""
    form = EmptyForm(area=area, staff=staff, name=name.strip()[-100:] or "空表.xlsx", ledger=ledger)
    form.path = f"{form.created_at:%Y-%m}/{form.uid}"
    form.expires_at = form.created_at + dt.timedelta(days=settings.FORM_DAYS)
    with SealedWriter(_path(form)) as target:
        target.write(data)
    try:
        form.save()
    except BaseException:
        _path(form).unlink(missing_ok=True)
        raise
    return form


def form_bytes(form: EmptyForm) -> bytes:
    """The form as it was uploaded. Raises UnreadableFile when it is gone."""
    try:
        with SealedReader(_path(form)) as file:
            return file.read()
    except (OSError, DecryptionError) as gone:
        raise UnreadableFile(GONE) from gone


def form_used(form: EmptyForm) -> None:
    """It was filled in: it stays for a while longer."""
    expires_at = timezone.now() + dt.timedelta(days=settings.FORM_DAYS)
    EmptyForm.objects.filter(pk=form.pk).update(filled=F("filled") + 1, expires_at=expires_at)


def form_drop(form: EmptyForm) -> None:
    """Remove a form and its file."""
    with suppress(FileNotFoundError):
        _path(form).unlink()
    form.delete()


def forms_due(at: dt.datetime) -> list[QuerySet[EmptyForm]]:
    """What gives the step below something to do."""
    return [EmptyForm.objects.outdated(at).order_by("expires_at")]


def form_expire(at: dt.datetime) -> dict[str, int]:
    """A step of the tick: remove forms whose time is over."""
    outdated = list(EmptyForm.objects.outdated(at).order_by("expires_at")[:MOST_OUTDATED])
    for form in outdated:
        form_drop(form)
    return {"expired": len(outdated)}


def _path(form: EmptyForm) -> Path:
    return Path(settings.FORM_ROOT) / form.path
