"""What goes out: counts, places and a link; a robot takes 2,048 bytes."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings

from grassroots.grid.logs import scrub

MOST_BYTES = 2048


def full_url(url: str) -> str:
    """The link as somebody outside can open it; '' where the office has not said where it is found (SITE_URL)."""
    return f"{settings.SITE_URL.rstrip('/')}{url}" if settings.SITE_URL and url.startswith("/") else ""


def outside_text(*, title: str, lines: Sequence[str], url: str, code: str) -> str:
    """Title, lines, link and number, within MOST_BYTES of UTF-8; what does not fit is left out by whole lines, and
    the text says how many."""
    link = full_url(url)
    foot = [*([f"打开：{link}"] if link else ["详情请登录“基层防控台账”查看。"]), f"编号 {code}"]
    head, kept = scrub(title), [scrub(line) for line in lines if line]
    whole = "\n".join([head, *kept, *foot])
    if len(whole.encode()) <= MOST_BYTES:
        return whole
    for number in range(len(kept) - 1, -1, -1):
        cut = f"……另有{len(kept) - number}行未列出，请在系统内查看全部。"
        text = "\n".join([head, *kept[:number], cut, *foot])
        if len(text.encode()) <= MOST_BYTES:
            return text
    room = MOST_BYTES - len("\n".join(["…", cut, *foot]).encode())
    return "\n".join([head.encode()[:room].decode("utf-8", "ignore") + "…", cut, *foot])
