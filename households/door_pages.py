"""The office's words as a page: simple Markdown made safe HTML, and the address of a page as a QR code."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import segno
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

from grassroots.grid.models import Area, Level
from grassroots.grid.prepared import Remembered

# Headings, lists, emphasis and line breaks. HTML is shown as text; links and pictures are not made, so that no page
# of ours leads or reaches elsewhere.
_MARKDOWN = MarkdownIt("zero", {"html": False, "breaks": True}).enable(
    ["heading", "list", "emphasis", "newline", "hr", "blockquote", "escape"]
)


@lru_cache(maxsize=64)
def body_html(body: str) -> SafeString:
    """A body as HTML; safe whatever it holds."""
    return mark_safe(_MARKDOWN.render(body))


@lru_cache(maxsize=512)
def qr_svg(address: str) -> SafeString:
    """An address as an SVG of its own size."""
    drawn = segno.make(address, error="m", micro=False)
    return mark_safe(drawn.svg_inline(border=2, omitsize=True, svgclass="qr__svg", lineclass=None))


def manual_address(request: HttpRequest, area: Area) -> str:
    """The public address of the health manual for a door in this area: the one of its village, else its own."""
    path = reverse("households:health_manual", args=[village_id(area)])
    return f"{settings.SITE_URL.rstrip('/')}{path}" if settings.SITE_URL else request.build_absolute_uri(path)


_VILLAGE = Remembered()


def _villages(area: Area) -> Any:
    return Area.objects.filter(path__in=area.ancestor_paths(), level=Level.VILLAGE).values_list("pk")


def village_id(area: Area) -> int:
    """The village that an area lies in; the area itself above it."""
    if area.level <= Level.VILLAGE:
        return area.pk
    found = _VILLAGE.rows(area.path, lambda: _villages(area))
    return found[0][0] if found else area.pk
