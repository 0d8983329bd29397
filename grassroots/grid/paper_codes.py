"""Codes that stand beside the QR code of a printed paper: nine random digits and a check digit."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable

CODE_LENGTH = 10
_DIGITS = re.compile(r"\D")


def check_digit(digits: str) -> str:
    """The Luhn digit: finds any single wrong digit and nearly every swap of two neighbours."""
    total = 0
    for index, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if index % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def full_code(digits: str) -> str:
    """Nine digits and their check digit."""
    return digits + check_digit(digits)


def read_code(typed: str) -> tuple[str, str]:
    """The code that was typed or scanned (also as the whole address of the QR code), or what is wrong with it.

    '' and '' for what is no code at all but may be a serial number.
    """
    text = typed.strip()
    if "/" in text:
        text = text.rstrip("/").rpartition("/")[2]
    # Only a code has ten digits and no words beside them.
    if re.search(r"[^\d\s-]", text):
        return "", ""
    digits = _DIGITS.sub("", text)
    if len(digits) < CODE_LENGTH - 1:
        return "", ""
    if len(digits) != CODE_LENGTH:
        return "", f"查验码是 {CODE_LENGTH} 位数字，现在有 {len(digits)} 位，请对照纸质表重输。"
    if full_code(digits[:-1]) != digits:
        return "", "查验码有一位不对，请对照纸质表重输。"
    return digits, ""


def spaced_code(code: str) -> str:
    """4821 773 016, as it is printed and typed."""
    return f"{code[:4]} {code[4:7]} {code[7:]}"


def free_codes(count: int, taken: Callable[[Iterable[str]], Iterable[str]]) -> list[str]:
    """So many codes that nobody has yet; random, so that they tell nothing and a neighbour's is not guessed.

    `taken` says which of some codes are given already.
    """
    found: list[str] = []
    low = 10 ** (CODE_LENGTH - 2)
    while len(found) < count:
        made = {full_code(str(secrets.randbelow(9 * low) + low)) for _ in range(count - len(found))}
        found += sorted(made - set(taken(made)) - set(found))
    secrets.SystemRandom().shuffle(found)
    return found
