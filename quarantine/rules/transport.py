"""How somebody came, from what was answered at the door in words."""

from __future__ import annotations

import re

# The first that matches counts: 顺风车 before 车, 高铁转大巴 is a train.
_WORDS = (
    ("SHARED_CAR", r"顺风车|网约车|拼车|滴滴|黑车"),
    ("PLANE", r"飞机|航班|机场|[A-Z]{2}\d{4}\b|[0-9][A-Z]\d{4}\b"),
    ("TRAIN", r"火车|高铁|动车|列车|铁路|(?<![A-Z0-9·])[GDCZTKYL]\d{1,4}(?!\d)|\d{4}次"),
    ("SHIP", r"轮船|客轮|船"),
    ("COACH", r"客车|大巴|班车|汽车站|长途"),
    (
        "CAR",
        r"自驾|私家车|开车|驾车|小车|自家车|[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z]",
    ),
)


def guess_transport(text: str) -> str:
    """The kind of transport (models.Transport value) that an answer such as “高铁G1719次” names; '' when none."""
    plain = text.upper()
    return next((kind for kind, pattern in _WORDS if re.search(pattern, plain)), "")
