"""What goes into the services of households, and how they refuse."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from grassroots.grid import versions
from households.rules.signature import Strokes

if TYPE_CHECKING:
    from grassroots.grid.models import Staff
    from households.models import Household, Person


@dataclass(frozen=True)
class Caution:
    """Something that does not look right and may still be so: saved only when confirmed.

    A caution `by_reason` is confirmed by a reason in words, in the field that `field` names; the others by
    their `code` in `confirmed`.
    """

    field: str
    code: str
    message: str
    by_reason: bool = False


class ConfirmationNeeded(Exception):
    """Nothing was saved: the cautions must be confirmed or what was typed must be changed."""

    def __init__(self, cautions: Sequence[Caution]) -> None:
        super().__init__("confirmation needed")
        self.cautions = list(cautions)


@dataclass(frozen=True)
class Difference:
    """One field that somebody else has saved differently; both values as they are shown."""

    field: str
    label: str
    mine: str
    theirs: str


class StaleVersion(versions.StaleVersion):
    """Nothing was saved: somebody else has saved since the page was opened. Carries both values."""

    def __init__(self, current: Household, differences: Sequence[Difference] = ()) -> None:
        super().__init__(current)
        self.differences = list(differences)


@dataclass(frozen=True)
class PersonData:
    """A person as typed; the service normalises. None where it may stand: leave what is registered."""

    name: str
    sex: str = ""
    birth_date: dt.date | None = None
    stated_age: int | None = None
    stated_age_on: dt.date | None = None
    """Default: the day of saving."""
    id_kind: str = "RESIDENT_ID"
    id_number: str | None = ""
    id_check_reason: str = ""
    """Why a number that fails its check is right all the same."""
    id_shared_reason: str = ""
    """Why two people carry one number."""
    phone: str | None = ""
    phone_owner: str | None = None
    work_unit: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class PersonSaved:
    """The saved person and the cautions that were confirmed or need no confirmation."""

    person: Person
    warnings: list[Caution]


class Removal:
    """Where somebody went who is taken off a household's list."""

    MOVED_OUT = "MOVED_OUT"
    AWAY = "AWAY"
    MISTAKE = "MISTAKE"
    CHOICES = ((MOVED_OUT, "已搬走"), (AWAY, "外出未归"), (MISTAKE, "登记有误，不是本户人"))


@dataclass(frozen=True)
class MemberData:
    """One person at one knock: what the register should say, and what he answered."""

    key: str
    """The row's key in the form; errors name it."""
    data: PersonData
    person_uid: str = ""
    """The registered person; empty for somebody new."""
    relation: str = "OTHER"
    kind: str = "REGISTERED"
    is_away: bool = False
    away_where: str = ""
    away_until: dt.date | None = None
    removal: str = ""
    """One of Removal, when he is taken off the list."""
    removed_on: dt.date | None = None
    confirmed: frozenset[str] = frozenset()
    """Codes of the cautions that were confirmed."""

    at_home: bool | None = None
    left_county: bool | None = None
    hubei_contact: bool | None = None
    returned_from: str = ""
    left_on: dt.date | None = None
    returned_on: dt.date | None = None
    transport: str = ""
    companions: str = ""
    temperature: Decimal | None = None
    symptoms: Sequence[str] = ()
    note: str = ""


@dataclass(frozen=True)
class PhotoData:
    """A photo taken at the door: JPEG bytes; of a member's ID card, or (no key) of the letter."""

    jpeg: bytes
    member_key: str = ""


@dataclass(frozen=True)
class SurveyData:
    """One knock as typed: the household's fields, everyone in it, the steps, the outcome."""

    outcome: str
    visited_at: dt.datetime
    method: str = "AT_DOOR"
    household: Mapping[str, Any] = field(default_factory=dict)
    """Changes of the household's own fields, as for household_update."""
    members: Sequence[MemberData] = ()
    steps: frozenset[str] = frozenset()
    """Of greet, scan, notice, sign, ask, supervise, verify (进扫发签询督核)."""
    staff: Staff | None = None
    """Who knocked; default: who records it."""
    respondent: str = ""
    respondent_relation: str = ""
    """代填: what he is to those he answers for; empty when they answered themselves."""
    respondent_phone: str = ""
    leaflets: int = 0
    slip_left: bool = False
    next_visit_on: dt.date | None = None
    letter_number: str = ""
    """Number on the signed letter; empty: one is made up."""
    signature: Strokes = field(default_factory=list)
    photos: Sequence[PhotoData] = ()
    note: str = ""


class SurveyRefused(Exception):
    """Nothing was saved. Errors and cautions by the member's key ('' for the survey itself) and field.

    Fields of the household are named `household.door` and so on.
    """

    def __init__(
        self,
        errors: Mapping[str, Mapping[str, Sequence[str]]],
        cautions: Mapping[str, Sequence[Caution]] | None = None,
    ) -> None:
        super().__init__("survey refused")
        self.errors = errors
        self.cautions = cautions or {}
