"""代填人 in one cell of a ledger: who answered for the household, what he is to it, his phone."""

from __future__ import annotations

import re

from households.rules.phones import parse_phone

_CELL = re.compile(r"\s*(?P<name>[^()\d]{1,50}?)\s*\((?P<relation>[^()]{1,20})\)\s*(?P<phone>.*)", re.DOTALL)


def proxy_cell(name: str, relation: str, phone: str) -> str:
    """张丽(子女) and, on a line of its own, the phone; nothing when they answered themselves."""
    if not relation:
        return ""
    return f"{name}({relation})" + (f"\n{phone}" if phone else "")


def proxy_parse(text: str) -> tuple[str, str, str] | None:
    """(name, relation, phone) of such a cell; None for what is none. A masked or broken phone is left out."""
    found = _CELL.fullmatch(text.replace("（", "(").replace("）", ")"))
    if found is None:
        return None
    read = parse_phone(found["phone"])
    is_fine = not any(not problem.is_warning for problem in read.problems)
    return found["name"].strip(), found["relation"].strip(), read.number if is_fine else ""
