"""Encryption at rest and keyed digests for ID numbers and phones.

A stored value is `cipher:key id:base64(nonce + ciphertext + tag)`, e.g. `g1:k1:…`. The cipher's name and the key id
in the value let keys rotate (`manage.py rotate_keys`) and let another cipher such as SM4 be registered in CIPHERS.
"""

import base64
import hmac
import os
from binascii import a2b_base64
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from grassroots.grid.keys import load_keyring
from grassroots.grid.sealing import NONCE_BYTES, digested_texts, sealed_texts

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


def encrypt_many(texts: Iterable[str]) -> list[str]:
    """Stored forms of many texts, as `encrypt` gives them: one look at the keyring, random bytes in one go."""
    head, key, _digest_key = sealing_keys()
    return sealed_texts(texts, _aead(DEFAULT_CIPHER, key).encrypt, head)


def sealing_keys() -> tuple[str, bytes, bytes]:
    """What stands before new values, the key that they are under, and the key of the digests."""
    ring = load_keyring(settings.KEYRING_PATH)
    return f"{DEFAULT_CIPHER}:{ring.active}:", ring.keys[ring.active], ring.digest_key


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


def decrypt_many(stored: Sequence[str]) -> list[str]:
    """Return the texts of many stored values; raises DecryptionError.

    The keyring is looked at once for all of them, and values under the key of the first are opened without looking
    for theirs: for ledgers, which open hundreds of thousands.
    """
    sealed = next(filter(None, stored), "")
    prefix = sealed[: sealed.rfind(":") + 1]
    try:
        cipher, key_id = prefix.split(":")[:2]
        opened = _aead(cipher, load_keyring(settings.KEYRING_PATH).keys[key_id]).decrypt
    except (KeyError, ValueError):
        return [decrypt(value) for value in stored]  # which says what is wrong, or that all of them are empty
    at, texts = len(prefix), []
    try:
        for value in stored:
            if value.startswith(prefix):
                raw = a2b_base64(value[at:])
                texts.append(opened(raw[:NONCE_BYTES], raw[NONCE_BYTES:], None).decode())
            else:
                texts.append(decrypt(value))
    except (ValueError, InvalidTag) as error:
        raise DecryptionError("an encrypted value cannot be read with the keys in the keyring") from error
    return texts


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


def digest_many(texts: Iterable[str], purpose: str) -> list[str]:
    """Digests of many texts, as `digest` gives them."""
    return digested_texts(texts, load_keyring(settings.KEYRING_PATH).digest_key, purpose)
