"""Keys outside the database: Django's secret key and the keyring of the encrypted columns (docs/encryption.md)."""

import base64
import fcntl
import json
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

KEY_BYTES = 32


def _write_private(path: Path, text: str) -> None:
    """Write `text` to `path`, readable by the owner only, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.chmod(name, 0o600)
    os.replace(name, path)


def ensure_secret_key(path: Path) -> None:
    """Make Django's secret key at `path` unless it is there."""
    if not path.exists():
        _write_private(path, secrets.token_urlsafe(50))


@dataclass(frozen=True)
class Keyring:
    """Encryption keys by id, the id that new values use, and the key of the digests (32 bytes each).

    `envelopes`: private keys (P-256, PKCS8) by id, oldest first, that open what devices sealed (docs/offline.md).
    """

    active: str
    keys: dict[str, bytes] = field(repr=False)
    digest_key: bytes = field(repr=False)
    envelopes: dict[str, bytes] = field(default_factory=dict, repr=False)

    @property
    def envelope_id(self) -> str:
        """The key that devices seal to from now on."""
        return list(self.envelopes)[-1]


def _encode(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _dump(keyring: Keyring) -> str:
    keys = {key_id: _encode(raw) for key_id, raw in keyring.keys.items()}
    envelopes = {key_id: _encode(raw) for key_id, raw in keyring.envelopes.items()}
    digest_key = _encode(keyring.digest_key)
    return json.dumps(
        {"active": keyring.active, "keys": keys, "digest_key": digest_key, "envelopes": envelopes}, indent=1
    )


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """No other process changes the keyring meanwhile."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path.with_name(f".{path.name}.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def ensure_keyring(path: Path) -> None:
    """Make a keyring with one key at `path` unless it is there."""
    if not path.exists():
        ring = Keyring("k1", {"k1": secrets.token_bytes(KEY_BYTES)}, secrets.token_bytes(KEY_BYTES))
        _write_private(path, _dump(ring))


@lru_cache(maxsize=8)
def _load(path: Path, _changed_ns: int) -> Keyring:
    data = json.loads(path.read_text())
    keys = {key_id: base64.b64decode(raw) for key_id, raw in data["keys"].items()}
    envelopes = {key_id: base64.b64decode(raw) for key_id, raw in data.get("envelopes", {}).items()}
    return Keyring(data["active"], keys, base64.b64decode(data["digest_key"]), envelopes)


def load_keyring(path: Path) -> Keyring:
    """Return the keyring at `path`, read again when the file has changed; made first where there is none."""
    try:
        changed = path.stat().st_mtime_ns
    except FileNotFoundError:
        ensure_keyring(path)
        changed = path.stat().st_mtime_ns
    return _load(path, changed)


def add_key(path: Path) -> str:
    """Add a fresh key to the keyring at `path`, make it the active one, and return its id."""
    with _alone(path):
        ring = load_keyring(path)
        numbers = [int(key_id[1:]) for key_id in ring.keys if key_id[1:].isdigit()]
        key_id = f"k{max(numbers, default=0) + 1}"
        keys = {**ring.keys, key_id: secrets.token_bytes(KEY_BYTES)}
        _write_private(path, _dump(replace(ring, active=key_id, keys=keys)))
        return key_id


def drop_key(path: Path, key_id: str) -> None:
    """Remove a retired key from the keyring; raises ValueError for the active one."""
    with _alone(path):
        ring = load_keyring(path)
        if key_id == ring.active:
            raise ValueError("the active key cannot be dropped")
        keys = {kept: raw for kept, raw in ring.keys.items() if kept != key_id}
        _write_private(path, _dump(replace(ring, keys=keys)))


# --- the key pair that devices seal to: old private keys stay, for what was sealed to them may come weeks later ---
def _with_envelope_key(ring: Keyring) -> Keyring:
    made = ec.generate_private_key(ec.SECP256R1())
    raw = made.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    numbers = [int(key_id[1:]) for key_id in ring.envelopes]
    return replace(ring, envelopes={**ring.envelopes, f"e{max(numbers, default=0) + 1}": raw})


def add_envelope_key(path: Path) -> str:
    """Make a new key pair for devices to seal to and return its id; the old ones still open what was sealed to them."""
    with _alone(path):
        ring = _with_envelope_key(load_keyring(path))
        _write_private(path, _dump(ring))
        return ring.envelope_id


def load_envelope_keys(path: Path) -> Keyring:
    """The keyring with at least one envelope key: keyrings of earlier releases get their first one here."""
    if not load_keyring(path).envelopes:
        with _alone(path):
            ring = load_keyring(path)
            if not ring.envelopes:
                _write_private(path, _dump(_with_envelope_key(ring)))
    return load_keyring(path)
