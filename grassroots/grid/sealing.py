"""Encryption and keyed digests of many texts at once, and a process that does nothing else.

Imports nothing of the project and no Django: `packing.Packer` runs this file as a script. It is told the keys and then
tables to put together over its standard input, never on its command line, and answers lines for COPY.
"""

from __future__ import annotations

import hashlib
import marshal
import os
import sys
from binascii import b2a_base64
from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
from typing import IO, Any

NONCE_BYTES = 12
SIZE_BYTES = 8  # of the length that goes before each message
_NULL = "\\N"
_FLAGS = {None: _NULL, True: "t", False: "f"}
_BLOCK_BYTES = 64  # of SHA-256
_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))  # RFC 2104

Seal = Callable[[bytes, bytes, bytes | None], bytes]


def sealed_texts(texts: Iterable[str], seal: Seal, head: str) -> list[str]:
    """Stored forms of texts, the empty one staying empty: each under a nonce of its own, all of whose random bytes are
    asked for in one go. `head` names cipher and key."""
    wanted = list(texts)
    random = os.urandom(NONCE_BYTES * len(wanted))
    found, at = [], 0
    for text in wanted:
        if not text:
            found.append("")
            continue
        nonce = random[at : at + NONCE_BYTES]
        at += NONCE_BYTES
        body = b2a_base64(nonce + seal(nonce, text.encode(), None), newline=False)
        found.append(head + body.decode("ascii"))
    return found


def digested_texts(texts: Iterable[str], key: bytes, purpose: str) -> list[str]:
    """HMAC-SHA-256 of `purpose:text` in hex, '' for '': its two keyed states are set up once and copied."""
    key = (key if len(key) <= _BLOCK_BYTES else hashlib.sha256(key).digest()).ljust(_BLOCK_BYTES, b"\0")
    inner = hashlib.sha256(key.translate(_INNER) + f"{purpose}:".encode())
    outer = hashlib.sha256(key.translate(_OUTER))
    found = []
    for text in texts:
        if not text:
            found.append("")
            continue
        inside = inner.copy()
        inside.update(text.encode())
        outside = outer.copy()
        outside.update(inside.digest())
        found.append(outside.hexdigest())
    return found


class Table:
    """Puts rows together out of columns: ("text", texts), ("sealed", texts), ("digest", texts, purpose), ("again",
    texts, purpose) for digests of which few differ, ("same", text), ("numbers", integers), ("flags", booleans),
    ("keys", first, one behind the last)."""

    def __init__(self, head: str, key: bytes, digest_key: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self.head, self.seal, self.digest_key = head, AESGCM(key).encrypt, digest_key
        self.known: dict[str, dict[str, str]] = {}

    def lines(self, columns: Sequence[tuple[Any, ...]]) -> bytes:
        """The rows as COPY takes them."""
        rows = zip(*(self.column(*column) for column in columns), strict=False)
        return ("\n".join(map("\t".join, rows)) + "\n").encode()

    def column(self, how: str, texts: Any, of: Any = "") -> Iterable[str]:
        if how == "sealed":
            return sealed_texts(texts, self.seal, self.head)
        if how == "digest":
            return digested_texts(texts, self.digest_key, of)
        if how == "again":
            known = self.known.setdefault(of, {})
            new = list(set(texts).difference(known))
            known.update(zip(new, digested_texts(new, self.digest_key, of), strict=True))
            return [known[text] for text in texts]
        if how == "keys":
            return map(str, range(texts, of))
        if how == "numbers":
            return [_NULL if number is None else str(number) for number in texts]
        if how == "flags":
            return [_FLAGS[flag] for flag in texts]
        return repeat(texts) if how == "same" else texts  # type: ignore[no-any-return]


def read_message(pipe: IO[bytes]) -> bytes | None:
    """The next message; None where the pipe ends first."""
    head = pipe.read(SIZE_BYTES)
    size = int.from_bytes(head, "big")
    body = pipe.read(size) if len(head) == SIZE_BYTES else b""
    return body if body and len(body) == size else None


def write_message(pipe: IO[bytes], body: bytes) -> None:
    """A message, its length before it."""
    pipe.write(len(body).to_bytes(SIZE_BYTES, "big"))
    pipe.write(body)
    pipe.flush()


def main() -> None:
    """Answer tables until nobody asks any more."""
    source, target = sys.stdin.buffer, sys.stdout.buffer
    keys = read_message(source)
    if keys is None:
        return
    table = Table(*marshal.loads(keys))
    while (asked := read_message(source)) is not None:
        write_message(target, table.lines(marshal.loads(asked)))


if __name__ == "__main__":
    main()
