"""Kind `households`: sheets with one row a resident and the household's columns merged down, repeated or left blank."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from grassroots.grid.first_fill import first_fill
from grassroots.ledgers.intake.protocol import ImportKind
from households.imports.base.fields import FIELDS, IDENTITY
from households.imports.base.planner import plan
from households.imports.base.writing import apply
from households.models import CommitmentLetter, Household, Person, Residency, Survey, SurveyMember

FIRST_FILL_ROWS = 20_000
TABLES = (Household, Person, Residency, Survey, SurveyMember, CommitmentLetter)


def whole(rows: int) -> AbstractContextManager[object]:
    """The first ledger of an office, brought in at once: its tables are empty, and nobody works with them yet."""
    return first_fill(TABLES) if rows >= FIRST_FILL_ROWS else nullcontext()


HOUSEHOLDS = ImportKind(
    key="households",
    name="入户排查与基础台账",
    fields=FIELDS,
    plan=plan,
    apply=apply,
    identity=IDENTITY,
    permissions=(
        "households.add_household", "households.change_household", "households.add_person", "households.change_person",
        "households.add_survey",
    ),
    step_rows=1000,
    whole_step_rows=10_000,
    whole=whole,
    order=20,
)  # fmt: skip
