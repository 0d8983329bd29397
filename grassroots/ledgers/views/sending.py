"""Sending files to the browser."""

from __future__ import annotations

from pathlib import PurePath
from typing import IO

from django.http import FileResponse, HttpRequest

TYPES = {
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".csv": "text/csv",
    ".txt": "text/plain; charset=utf-8",
}


class LargeFileResponse(FileResponse):
    """A file in blocks as large as a chunk of a sealed one, so that none is decrypted twice."""

    block_size = 64 * 1024


def send_file(request: HttpRequest, file: IO[bytes], name: str) -> FileResponse:
    """The file as a download under that name, streamed, with its length; the response closes it."""
    # A workbook is compressed already; compressing it again would cost time and the length that browsers show.
    request.META.pop("HTTP_ACCEPT_ENCODING", None)
    content_type = TYPES.get(PurePath(name).suffix, "application/octet-stream")
    return LargeFileResponse(file, as_attachment=True, filename=name, content_type=content_type)
