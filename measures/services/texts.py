"""Free text is stored in clear: no ID number and no mobile phone belongs into it (docs/encryption.md)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.core.exceptions import ValidationError

from grassroots.ledgers.privacy import numbers_in

REASON_LENGTH = 100
_MOBILE = re.compile(r"(?:\+?86)?1[3-9]")


def number_errors(texts: Mapping[str, object]) -> dict[str, str]:
    """What to say of texts that hold an ID number or a mobile phone, by field; an office's landline may be told."""
    errors = {}
    for field, text in texts.items():
        if not isinstance(text, str):
            continue
        for found in numbers_in(text):
            if found.what == "证件号码" or (found.what == "电话号码" and _MOBILE.match(found.shown)):
                errors[field] = f"这里写的内容不加密保存，请删去{found}。"
                break
    return errors


def checked_text(text: str, *, field: str, length: int, missing: str) -> str:
    """The text in one line without spaces at its ends. Raises ValidationError on the field: none, or too long."""
    tidy = " ".join(text.split())
    if not tidy:
        raise ValidationError({field: missing})
    if len(tidy) > length:
        raise ValidationError({field: f"最多 {length} 个字，现在有 {len(tidy)} 个。"})
    return tidy


def checked_reason(reason: str, example: str) -> str:
    """Why something is corrected or taken back; `example` says what is meant. Raises ValidationError."""
    return checked_text(
        reason, field="reason", length=REASON_LENGTH, missing=f"请写明原因，例如：{example}。"
    )
