"""What the three ways of importing know of the file: where its captions stand."""

from __future__ import annotations

HEADER_ROWS = 4  # title, unit and dates, groups, captions
CAPTIONS_AT = 3
