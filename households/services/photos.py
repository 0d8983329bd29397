"""Photos: sealed on disk, looked at with a purpose, erased in time (docs/survey.md)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from grassroots.grid.crypto import DecryptionError
from grassroots.grid.sealed_files import SealedReader, SealedWriter
from households.models import PhotoKind, Survey, SurveyPhoto
from households.models.sealed_photos import SealedPhoto
from households.services.data import PhotoData

if TYPE_CHECKING:
    from grassroots.grid.models import Staff
    from households.models import Person

MOST_AT_ONCE = 200
STRAY_AFTER = dt.timedelta(hours=1)
SWEEP_MINUTE = 7


#: Models whose rows have files below PHOTO_ROOT; apps above add theirs.
photo_models: list[type[SealedPhoto]] = [SurveyPhoto]


class PhotoKeeper:
    """Seals the photos of one record; takes the files away again when the record is not saved."""

    def __init__(self) -> None:
        self.written: list[Path] = []

    def keep(self, survey: Survey, photos: Sequence[PhotoData], people: Mapping[str, Person]) -> None:
        """Keep the photos; one of a member who is not on the list any more is dropped."""
        for one in photos:
            person = people.get(one.member_key)
            if one.member_key and person is None:
                continue
            kind = PhotoKind.ID_CARD if one.member_key else PhotoKind.LETTER
            days = settings.ID_PHOTO_DAYS if one.member_key else settings.LETTER_PHOTO_DAYS
            self.seal(SurveyPhoto(survey=survey, kind=kind, person=person), one.jpeg, days=days)

    def seal(self, photo: SealedPhoto, jpeg: bytes, *, days: int) -> None:
        """Write the file and its row; it is erased after so many days."""
        photo.size = len(jpeg)
        photo.expires_at = photo.created_at + dt.timedelta(days=days)
        photo.path = f"{timezone.localdate(photo.created_at)}/{photo.uid}"
        self.written.append(_path(photo))
        with SealedWriter(_path(photo)) as target:
            target.write(jpeg)
        photo.save()

    def drop(self) -> None:
        """Remove what was written."""
        for path in self.written:
            path.unlink(missing_ok=True)


@contextmanager
def photos_or_none() -> Iterator[PhotoKeeper]:
    """A keeper whose files are gone when the block raises."""
    keeper = PhotoKeeper()
    try:
        yield keeper
    except BaseException:
        keeper.drop()
        raise


def photo_bytes(photo: SealedPhoto) -> bytes | None:
    """The photo as a JPEG; None when it has been erased or cannot be read."""
    try:
        with SealedReader(_path(photo)) as file:
            return file.read()
    except (OSError, DecryptionError):
        return None


def photo_erase(*, photo: SealedPhoto, by: Staff | None = None, at: dt.datetime | None = None) -> None:
    """Erase the picture; the row stays and says when, and by whom if not by the clock."""
    _path(photo).unlink(missing_ok=True)
    photo.erased_at, photo.erased_by = at or timezone.now(), by
    photo.save(update_fields=["erased_at", "erased_by"])


def _outdated(model: type[SealedPhoto], at: dt.datetime) -> QuerySet[Any]:
    return model._default_manager.filter(erased_at=None, expires_at__lte=at).order_by("expires_at")


def photos_due(at: dt.datetime) -> list[QuerySet[Any]] | None:
    """What gives the step below something to do; once an hour it runs unasked."""
    return None if timezone.localtime(at).minute == SWEEP_MINUTE else [_outdated(SurveyPhoto, at)]


def photos_expire(at: dt.datetime) -> dict[str, int]:
    """A step of the tick: erase photos whose time is over, and once an hour files that no row names.

    Photos of the door at every tick, for they show cards; those of other apps once an hour.
    """
    is_hourly = timezone.localtime(at).minute == SWEEP_MINUTE
    erased = sum(_expire(model, at) for model in (photo_models if is_hourly else photo_models[:1]))
    return {"photos_erased": erased, "photos_stray": _sweep(at) if is_hourly else 0}


def _expire(model: type[SealedPhoto], at: dt.datetime) -> int:
    for photo in (found := list(_outdated(model, at)[:MOST_AT_ONCE])):
        photo_erase(photo=photo, at=at)
    return len(found)


def _sweep(at: dt.datetime) -> int:
    """Remove files of yesterday and today whose record was not saved: a server that was killed left them."""
    today, count = timezone.localdate(at), 0
    for day in (today - dt.timedelta(days=1), today):
        folder = Path(settings.PHOTO_ROOT) / str(day)
        if not folder.is_dir():
            continue
        known = {
            path
            for model in photo_models
            for path in model._default_manager.filter(path__startswith=f"{day}/").values_list(
                "path", flat=True
            )
        }
        for file in folder.iterdir():
            if f"{day}/{file.name}" not in known and _is_old(file, at):
                file.unlink(missing_ok=True)
                count += 1
    return count


def _is_old(file: Path, at: dt.datetime) -> bool:
    with suppress(FileNotFoundError):
        return at.timestamp() - file.stat().st_mtime > STRAY_AFTER.total_seconds()
    return False


def _path(photo: SealedPhoto) -> Path:
    return Path(settings.PHOTO_ROOT) / photo.path
