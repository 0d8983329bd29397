"""Officers on forms from above: name, phone, or both in one, of each duty kind, by what other offices call them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from grassroots.grid.duties import Chain
from grassroots.grid.models import DutyKind
from grassroots.ledgers.engine import Column

HEALTH = ("医护人员", "责任医生", "包保医生", "签约医生", "医务人员", "村医", "随访医生")


def officer_columns() -> Iterator[Column]:
    """Three columns for each duty kind: `duty_CODE_name`, `duty_CODE_phone`, `duty_CODE_both`."""
    for kind in DutyKind.objects.all():
        titles = _titles(kind)
        own, others = titles[0], titles[1:]
        names = dict.fromkeys([*others, *(f"{title}姓名" for title in titles)])
        phones = [f"{title}{word}" for title in titles for word in ("电话", "联系电话", "联系方式", "手机")]
        both = [
            f"{title}{word}"
            for title in titles
            for word in ("姓名及电话", "及联系电话", "姓名、电话", "/电话")
        ]
        yield Column(f"duty_{kind.code}_name", own, aliases=tuple(names))
        yield Column(f"duty_{kind.code}_phone", f"{own}电话", aliases=tuple(phones[1:]))
        yield Column(f"duty_{kind.code}_both", f"{own}及电话", aliases=tuple(both))


def _titles(kind: DutyKind) -> list[str]:
    """What the officer of a kind is called: 组长(网格员) is 组长 and 网格员; 村(社区)书记 is 村书记 and 社区书记."""
    title = kind.officer_title
    found = [title]
    if match := re.fullmatch(r"(.+?)[(（](.+?)[)）](.*)", title):
        found += [f"{match[1]}{match[3]}", f"{match[2]}{match[3]}", f"{match[1]}{match[2]}{match[3]}"]
    target = kind.name.removeprefix("包")
    found += [f"{kind.name}责任人", f"{kind.name}干部", f"{kind.name}人", f"{target}责任人"]
    if kind.is_measuring:
        found += HEALTH
    return list(dict.fromkeys(found))


def officer_values(chain: Chain) -> dict[str, object]:
    """The values of `officer_columns` for a chain of responsibility."""
    values: dict[str, object] = {}
    for link in chain:
        code = link.kind.code
        both = (part for officer in link.officers for part in (officer.name, officer.phone) if part)
        values[f"duty_{code}_name"] = "、".join(officer.name for officer in link.officers)
        values[f"duty_{code}_phone"] = "、".join(officer.phone for officer in link.officers if officer.phone)
        values[f"duty_{code}_both"] = "\n".join(both)
    return values
