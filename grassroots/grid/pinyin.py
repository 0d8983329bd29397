"""How Chinese characters sound, one by one.

To be imported where it is needed, since its dictionary takes its time. The library's dictionary of 47,000 phrases stays
out: it takes three times as long and some 40 MB a process, and names are none.
"""

from __future__ import annotations

import os

os.environ.setdefault("PYPINYIN_NO_PHRASES", "1")
os.environ.setdefault("PYPINYIN_NO_DICT_COPY", "1")

from pypinyin import Style, lazy_pinyin  # noqa: TID253

__all__ = ["Style", "lazy_pinyin"]
