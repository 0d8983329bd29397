"""Who is left without a carer because the carers of his household are isolated (DOMAIN.md §1, 福兴镇). No database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

OLD, CHILD = 70, 14  # years: from, up to
ADULT = 18
# 低保 says what a family earns, not that somebody cannot look after himself.
NEEDS_CARE = ("DISABLED", "DESTITUTE", "ALONE", "LEFT_BEHIND", "OTHER")


class Where(Enum):
    """Where a member of a household is, as far as the register tells."""

    HOME = "在家"
    OBSERVED = "居家观察中"
    CENTRAL = "在集中隔离点"
    HOSPITAL = "已转送医院"
    AWAY = "外出未归"


ISOLATED = (Where.OBSERVED, Where.CENTRAL, Where.HOSPITAL)


@dataclass(frozen=True)
class Member:
    """One member of a household."""

    key: int
    name: str
    age: int | None
    supports: tuple[str, ...] = ()  # kinds of SupportStatus
    support_words: tuple[str, ...] = ()
    where: Where = Where.HOME

    @property
    def needs_care(self) -> bool:
        """70 or older, 14 or younger, or disabled, destitute, alone, left behind."""
        by_age = self.age is not None and (self.age >= OLD or self.age <= CHILD)
        return by_age or any(kind in NEEDS_CARE for kind in self.supports)

    @property
    def can_care(self) -> bool:
        """An adult who needs no care himself; whose age nobody knows is taken for one."""
        return not self.needs_care and (self.age is None or self.age >= ADULT)

    @property
    def why(self) -> str:
        """82岁、残疾."""
        return "、".join((*((f"{self.age}岁",) if self.age is not None else ()), *self.support_words))


@dataclass(frozen=True)
class LeftAlone:
    """Somebody who needs care, and where those are who would give it."""

    key: int
    why: str
    carers: str
    is_alone: bool  # nobody who could care lives behind the same door now

    @property
    def words(self) -> str:
        """The reason as a sentence."""
        return f"{self.why}；{self.carers}"


def left_alone(members: Sequence[Member]) -> list[LeftAlone]:
    """Members at home who need care while no adult of the household can give it, one of them because he is isolated.

    A household that has nobody to care in ordinary times is not the epidemic's doing: it is in the ledger of
    vulnerable people already.
    """
    carers = [one for one in members if one.can_care]
    if not carers or any(one.where == Where.HOME for one in carers):
        return []
    if not any(one.where in ISOLATED for one in carers):
        return []
    said = "、".join(
        f"{one.name}{one.where.value}{'（同住）' if one.where == Where.OBSERVED else ''}" for one in carers
    )
    is_alone = all(one.where != Where.OBSERVED for one in carers)
    return [
        LeftAlone(one.key, one.why, said, is_alone)
        for one in members
        if one.needs_care and one.where in (Where.HOME, Where.OBSERVED)
    ]
