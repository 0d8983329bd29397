"""What a device entered without a connection, sealed so that only the server reads it (docs/offline.md).

ECDH on P-256 between a key made for this one envelope and the office's, HKDF-SHA-256, AES-256-GCM: what WebCrypto
has in every browser since 2016. Whoever holds the device, the next user too, cannot open what lies there.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_private_key
from django.conf import settings
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_aware

from grassroots.grid.keys import load_envelope_keys

VERSION = 1
NONCE_BYTES, SALT_BYTES, KEY_BYTES, POINT_BYTES = 12, 16, 32, 65
LONGEST_PATH = 300
MOST_FIELDS = 5000
_PURPOSE = b"grassroots-offline:1"
_PATH = re.compile(r"/[!-~]*")


class EnvelopeError(ValueError):
    """It cannot be opened, or holds what no device of ours writes. `code` tells the device why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Sealed:
    """An opened envelope: one form as it was sent on the device, when, and by which grant."""

    uid: uuid.UUID
    path: str
    fields: list[tuple[str, str]]
    entered_at: datetime
    grant: str
    is_draft: bool = False


@lru_cache(maxsize=32)
def _private_key(raw: bytes) -> ec.EllipticCurvePrivateKey:
    key = load_der_private_key(raw, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def public_key() -> dict[str, str]:
    """The key that devices seal to: its id, and its point as base64 (65 bytes, uncompressed)."""
    ring = load_envelope_keys(settings.KEYRING_PATH)
    point = _point(_private_key(ring.envelopes[ring.envelope_id]).public_key())
    return {"id": ring.envelope_id, "point": base64.b64encode(point).decode()}


def _cipher(shared: bytes, *, salt: bytes, sender: bytes, receiver: bytes) -> AESGCM:
    info = _PURPOSE + sender + receiver
    return AESGCM(HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=salt, info=info).derive(shared))


def _header(key_id: str) -> bytes:
    return _PURPOSE + b":" + key_id.encode()


def envelope_seal(content: Mapping[str, Any], to: Mapping[str, str]) -> dict[str, Any]:
    """Seal `content` to a public key as `public_key()` gives it: what static/js/offline/seal.js does on the device."""
    receiver = base64.b64decode(to["point"])
    own = ec.generate_private_key(ec.SECP256R1())
    sender, salt, nonce = _point(own.public_key()), os.urandom(SALT_BYTES), os.urandom(NONCE_BYTES)
    shared = own.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), receiver))
    aead = _cipher(shared, salt=salt, sender=sender, receiver=receiver)
    body = nonce + aead.encrypt(nonce, json.dumps(content, ensure_ascii=False).encode(), _header(to["id"]))
    parts = {"sender": sender, "salt": salt, "body": body}
    return {"v": VERSION, "key": to["id"]} | {
        name: base64.b64encode(raw).decode() for name, raw in parts.items()
    }


def envelope_open(envelope: Any) -> Sealed:
    """Open what a device sealed. Raises EnvelopeError: 'unknown_key', 'damaged', 'malformed'."""
    if not isinstance(envelope, dict) or envelope.get("v") != VERSION:
        raise EnvelopeError("malformed")
    raw_key = load_envelope_keys(settings.KEYRING_PATH).envelopes.get(str(envelope.get("key")))
    if raw_key is None:
        raise EnvelopeError("unknown_key")
    key = _private_key(raw_key)
    try:
        sender, salt, body = (
            base64.b64decode(envelope[name], validate=True) for name in ("sender", "salt", "body")
        )
        peer = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
        aead = _cipher(
            key.exchange(ec.ECDH(), peer), salt=salt, sender=sender, receiver=_point(key.public_key())
        )
        text = aead.decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], _header(str(envelope["key"])))
    except (KeyError, TypeError, ValueError, binascii.Error, InvalidTag) as error:
        raise EnvelopeError("damaged") from error
    return _read(text)


def _read(text: bytes) -> Sealed:
    try:
        content = json.loads(text)
        path, fields = content["path"], [(name, value) for name, value in content["fields"]]
        entered_at = parse_datetime(content["entered_at"])
        sealed = Sealed(
            uid=uuid.UUID(content["id"]), path=path, fields=fields, entered_at=entered_at,  # type: ignore[arg-type]
            grant=content["grant"], is_draft=content.get("draft") is True,
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise EnvelopeError("malformed") from error
    texts = [sealed.path, sealed.grant, *(part for pair in fields for part in pair)]
    is_text = all(isinstance(part, str) and "\x00" not in part for part in texts)
    is_dated = entered_at is not None and is_aware(entered_at)
    if not (is_text and is_dated and len(fields) <= MOST_FIELDS):
        raise EnvelopeError("malformed")
    if len(path) > LONGEST_PATH or not _PATH.fullmatch(path):
        raise EnvelopeError("malformed")
    return sealed
