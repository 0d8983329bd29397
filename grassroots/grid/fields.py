"""Model fields of the ground."""

from typing import Any

from django.db import models

from grassroots.grid.crypto import decrypt, encrypt


class SealedText(str):
    """An encrypted value as stored: lets copies (history, bulk moves) go through without decrypting."""


class EncryptedTextField(models.TextField):
    """Text encrypted at rest. Looks like text in Python; cannot be searched, only its digests can.

    Decrypts when a row is read. `values_list` decrypts too; `Cast(..., TextField())` gives the stored form.
    """

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return decrypt(value) if value else value

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, SealedText):
            return str(value)
        value = super().get_prep_value(value)
        return encrypt(value) if value else value

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name in {"isnull", "exact"}:
            return super().get_lookup(lookup_name)
        raise TypeError(f"{self.name} is encrypted: search by its digest instead of __{lookup_name}")
