"""Photos in forms: base64 in a hidden field, so that a form kept offline is sent as it stood.

Where there is no script the file itself comes; it is put into the same field, so that a form shown again still has it.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from households.forms.survey_shown import PHOTO
from households.imaging import photo_of, photo_read, photo_text

LETTER_PHOTO = "letter_photo"
FILE = "_file"
MOST_PHOTOS = 8
MOST_FILE_MB = 20
TOO_MANY = f"一次最多附 {MOST_PHOTOS} 张照片，这一张没有收下。"
TOO_LARGE = f"照片超过 {MOST_FILE_MB} MB，请把手机相机的像素调小，或重新拍一张。"


def photo_field(label: str) -> forms.CharField:
    """A photo as base64; what is wrong with it has been told by `photos_take`."""
    return forms.CharField(label=label, required=False, widget=forms.HiddenInput)


def photo_names(data: QueryDict) -> list[str]:
    """The fields that may hold a photo: of the letter, and of each card."""
    return [LETTER_PHOTO, *(f"{key}-{PHOTO}" for key in dict.fromkeys(data.getlist("members")))]


def photos_take(
    data: QueryDict, files: Mapping[str, Any], names: Sequence[str] | None = None
) -> dict[str, str]:
    """Bring every photo that was sent into its field, small and safe; returns what is wrong by the field's name.

    `names`: the fields that may hold one; those of the survey form otherwise.
    """
    wrong: dict[str, str] = {}
    taken = 0
    for name in photo_names(data) if names is None else names:
        file, text = files.get(name + FILE), data.get(name, "")
        if not file and not text:
            continue
        try:
            if taken >= MOST_PHOTOS:
                raise ValueError(TOO_MANY)
            data[name] = photo_text(_read(file) if file else photo_read(text))
            taken += 1
        except ValueError as error:
            data[name], wrong[name] = "", str(error)
    return wrong


def _read(file: Any) -> bytes:
    if file.size > MOST_FILE_MB * 2**20:
        raise ValueError(TOO_LARGE)
    return photo_of(file.read())


def photo_drop(data: QueryDict, name: str) -> None:
    """Take a photo off again."""
    if name in photo_names(data):
        data[name] = ""


def photo_value(text: str) -> bytes:
    """The JPEG of a field that `photos_take` has filled."""
    return base64.b64decode(text)


class PhotoWidget(forms.Widget):
    """A photo in a form of other pages: the same box as in the survey form."""

    needs_multipart_form = True

    def __init__(self, word: str) -> None:
        super().__init__()
        self.word = word

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        text = str(value or "")
        context = {"name": name, "id": (attrs or {}).get("id", f"id_{name}"), "value": text, "word": self.word,
                   "kilobytes": -(-len(text) * 3 // 4096)}  # fmt: skip
        return render_to_string("households/_photo_widget.html", context)


def photo_box(label: str, word: str) -> forms.CharField:
    """A photo that may be taken; `word` stands on its button."""
    return forms.CharField(label=label, required=False, widget=PhotoWidget(word))


class PhotosMixin:
    """A form with photos: what `photos_take` found wrong (`photo_errors`) stands beside its field."""

    photo_errors: Mapping[str, str] = {}

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean()  # type: ignore[misc]
        for name, words in self.photo_errors.items():
            self.add_error(name, words)  # type: ignore[attr-defined]
        return given
