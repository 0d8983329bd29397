"""Encryption at rest and keyed digests for ID numbers and phones.

A stored value is `cipher:key id:base64(nonce + ciphertext + tag)`, e.g. `g1:k1:…`. The cipher's name and the key id
in the value let keys rotate (`manage.py rotate_keys`) and let another cipher such as SM4 be registered in CIPHERS.
"""

import base64
import hmac
import os
from collections.abc import Callable
from functools import lru_cache
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from grassroots.grid.keys import load_keyring

NONCE_BYTES = 12
DEFAULT_CIPHER = "g1"


class Aead(Protocol):
    """What a cipher must offer: authenticated encryption of bytes under a 12-byte nonce."""

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes: ...

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes: ...


CIPHERS: dict[str, Callable[[bytes], Aead]] = {"g1": AESGCM}


class DecryptionError(ValueError):
    """The value cannot be read: its key is missing from the keyring, or it was tampered with."""


@lru_cache(maxsize=32)
def _aead(cipher: str, key: bytes) -> Aead:
    return CIPHERS[cipher](key)


def encrypt(text: str) -> str:
    """Return the stored form of `text` under the active key; the empty string stays empty."""
    if not text:
        return ""
    ring = load_keyring(settings.KEYRING_PATH)
    nonce = os.urandom(NONCE_BYTES)
    sealed = _aead(DEFAULT_CIPHER, ring.keys[ring.active]).encrypt(nonce, text.encode(), None)
    return f"{DEFAULT_CIPHER}:{ring.active}:{base64.b64encode(nonce + sealed).decode()}"


def decrypt(stored: str) -> str:
    """Return the text of a stored value; raises DecryptionError."""
    if not stored:
        return ""
    try:
        cipher, key_id, body = stored.split(":", 2)
        ring = load_keyring(settings.KEYRING_PATH)
        raw = base64.b64decode(body)
        aead = _aead(cipher, ring.keys[key_id])
        return aead.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], None).decode()
    except (KeyError, ValueError, InvalidTag) as error:
        raise DecryptionError("an encrypted value cannot be read with the keys in the keyring") from error


def key_id_of(stored: str) -> str:
    """Return the key id that a stored value names."""
    return stored.split(":", 2)[1] if stored else ""


def digest(text: str, purpose: str) -> str:
    """Return the keyed digest (64 hex digits) by which `text` is found; '' for ''.

    `purpose` keeps digests of different columns apart: the last four of a phone never equal the last four of an ID.
    """
    if not text:
        return ""
    key = load_keyring(settings.KEYRING_PATH).digest_key
    return hmac.digest(key, f"{purpose}:{text}".encode(), "sha256").hex()
