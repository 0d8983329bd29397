"""Files encrypted at rest, written and read as streams in constant memory (docs/encryption.md).

    with SealedWriter(path) as out:          # sealed when the block ends well, removed when it raises
        zipfile.ZipFile(out, "w")…           # a plain binary stream that cannot seek
    with SealedReader(path) as file:         # reads and seeks like any binary file, e.g. for zipfile or calamine
        file.read()

A file is one line of text, `sealed:1:cipher:key id:chunk bytes:salt`, and chunks of ciphertext, each with its tag.
The file's own key is derived from the keyring's key and the salt, so that a chunk's number can be its nonce; the last
chunk's nonce says that it is the last, and the line is authenticated with every chunk. Chunks cannot be changed,
swapped, dropped or moved to another file, and a file that was cut off is refused when it is opened.
"""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from grassroots.grid.crypto import CIPHERS, DEFAULT_CIPHER, Aead, DecryptionError
from grassroots.grid.keys import KEY_BYTES, load_keyring

CHUNK_BYTES = 64 * 1024
TAG_BYTES = 16
SALT_BYTES = 32
_MAGIC = "sealed:1"
_LONGEST_HEADER = 256
_MOST_CHUNK_BYTES = 2**24  # a header that asks for more memory is not ours


def _aead(cipher: str, key_id: str, salt: bytes) -> Aead:
    """The cipher under a file's own key. Raises KeyError for an unknown cipher or key."""
    master = load_keyring(settings.KEYRING_PATH).keys[key_id]
    derived = HKDF(hashes.SHA256(), KEY_BYTES, salt, b"grassroots sealed file").derive(master)
    return CIPHERS[cipher](derived)


def _nonce(index: int, *, is_last: bool) -> bytes:
    return index.to_bytes(11, "big") + bytes([is_last])


def _header(file: IO[bytes]) -> tuple[bytes, str, str, int, bytes]:
    """The first line: as it stands, cipher, key id, chunk size, salt. Raises DecryptionError."""
    line = file.readline(_LONGEST_HEADER)
    try:
        magic, version, cipher, key_id, chunk, salt = line.decode("ascii").rstrip("\n").split(":")
        size = int(chunk)
        if f"{magic}:{version}" != _MAGIC or not line.endswith(b"\n") or not 0 < size <= _MOST_CHUNK_BYTES:
            raise ValueError("not a sealed file")
        return line, cipher, key_id, size, base64.b64decode(salt)
    except ValueError as error:
        raise DecryptionError("this is not a sealed file") from error


class SealedWriter(io.RawIOBase):
    """A binary stream whose ciphertext becomes the file `path`.

    It is a sealed file only after `finish`, or after a `with` block that ended well. `close` without it, an
    exception, or forgetting the writer remove the file, and what is left by a process that was killed is refused by
    SealedReader. `path` must not exist; missing folders are made; only the owner can read both.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__()
        self.path = Path(path)
        self.size = 0  # bytes written so far, in clear
        ring, salt = load_keyring(settings.KEYRING_PATH), os.urandom(SALT_BYTES)
        self._cipher = _aead(DEFAULT_CIPHER, ring.active, salt)
        encoded = base64.b64encode(salt).decode()
        self._line = f"{_MAGIC}:{DEFAULT_CIPHER}:{ring.active}:{CHUNK_BYTES}:{encoded}\n".encode()
        self._held = bytearray()
        self._index = 0
        self._is_finished = False
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(handle, "wb", buffering=CHUNK_BYTES * 2)
        self._file.write(self._line)
        self._file.flush()  # `rotate_keys --drop-old` sees which key this file will need

    def writable(self) -> bool:
        return True

    def write(self, data: bytes | bytearray | memoryview, /) -> int:  # type: ignore[override]
        """Take all of `data`. Raises ValueError once closed, OSError when the disk is full."""
        if self.closed or self._is_finished:
            raise ValueError("the sealed file is closed")
        view = memoryview(data).cast("B")
        self._held += view
        self.size += len(view)
        # A full chunk waits for the next byte: it may turn out to be the last one.
        at = 0
        while len(self._held) - at > CHUNK_BYTES:
            self._seal(bytes(self._held[at : at + CHUNK_BYTES]), is_last=False)
            at += CHUNK_BYTES
        if at:
            del self._held[:at]
        return len(view)

    def _seal(self, chunk: bytes, *, is_last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._index, is_last=is_last), chunk, self._line))
        self._index += 1

    def finish(self) -> None:
        """Write the last chunk and wait for the disk: from now on it is a sealed file."""
        if self.closed or self._is_finished:
            return
        self._seal(bytes(self._held), is_last=True)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._is_finished = True
        self.close()

    def close(self) -> None:
        """Close; a file that was not finished is removed."""
        if self.closed:
            return
        super().close()
        if not hasattr(self, "_file"):  # the constructor failed
            return
        self._held.clear()
        with suppress(OSError):  # a full disk: what is still buffered cannot be written, nor is it wanted
            self._file.close()
        if not self._is_finished:
            self.path.unlink(missing_ok=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.finish()
        finally:
            self.close()


class SealedReader(io.RawIOBase):
    """A sealed file as a binary stream in clear that can seek.

    Opening reads the first line and the last chunk: DecryptionError for a file that is none of ours, was cut off, or
    whose key is gone; reading raises it for a chunk that was tampered with. FileNotFoundError as `open` does.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__()
        self._at = 0
        self._chunk: tuple[int, bytes] = (-1, b"")
        self._file = open(path, "rb")  # noqa: SIM115 close() closes it
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        self._line, cipher, key_id, self._chunk_bytes, salt = _header(self._file)
        try:
            self._cipher = _aead(cipher, key_id, salt)
        except KeyError as error:
            raise DecryptionError("a sealed file names a key that is not in the keyring") from error
        sealed, step = self._file.seek(0, io.SEEK_END) - len(self._line), self._chunk_bytes + TAG_BYTES
        self._last = max(0, -(-sealed // step) - 1)
        self.size = max(0, sealed - (self._last + 1) * TAG_BYTES)  # in clear
        self._load(self._last)

    def _load(self, index: int) -> bytes:
        if self._chunk[0] != index:
            step = self._chunk_bytes + TAG_BYTES
            self._file.seek(len(self._line) + index * step)
            nonce = _nonce(index, is_last=index == self._last)
            try:
                chunk = self._cipher.decrypt(nonce, self._file.read(step), self._line)
            except (InvalidTag, ValueError) as error:
                raise DecryptionError("a sealed file was cut off or tampered with") from error
            self._chunk = (index, chunk)
        return self._chunk[1]

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        """Fill `buffer`, which ends with the chunk at the latest. Raises DecryptionError."""
        if self._at >= self.size or not len(buffer):
            return 0
        index, start = divmod(self._at, self._chunk_bytes)
        part = memoryview(self._load(index))[start : start + len(buffer)]
        memoryview(buffer).cast("B")[: len(part)] = part
        self._at += len(part)
        return len(part)

    def read(self, size: int = -1, /) -> bytes:
        """Read `size` bytes, fewer only at the end, so that it needs no buffer around it."""
        wanted = self.size - self._at if size is None or size < 0 else min(size, self.size - self._at)
        parts = []
        while wanted > 0:
            part = bytearray(min(wanted, self._chunk_bytes))
            count = self.readinto(part)
            parts.append(bytes(part[:count]))
            wanted -= count
        return b"".join(parts)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Move as in any binary file; the new place."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise ValueError("before the beginning")
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def chunks(self) -> Iterator[bytes]:
        """The rest of the file in clear, a chunk at a time; closes it at the end."""
        with self:
            while part := self.read(self._chunk_bytes):
                yield part

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()

    def __enter__(self) -> Self:
        return self


def key_id_of_file(path: str | os.PathLike[str]) -> str:
    """The key id that a sealed file names; '' for another file or one that is gone."""
    try:
        with open(path, "rb") as file:
            return _header(file)[2]
    except (DecryptionError, OSError):
        return ""


def key_ids_in_use(folders: Iterable[Path]) -> set[str]:
    """The key ids that sealed files below the folders name; such keys must not be dropped."""
    found = {key_id_of_file(path) for folder in folders for path in folder.rglob("*") if path.is_file()}
    return found - {""}
