"""Two people have saved one household: both values side by side, one to be chosen, nothing lost.

The form carries in `base` what the register said when it was opened (numbers masked). So three values are known:
mine, theirs, and what both started from. Only where they differ is anything asked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict

from households.forms.survey import PREFIX, SurveyForm, card_fill, household_values
from households.forms.survey_members import MemberForm, card_values, new_key, register_values
from households.forms.survey_shown import SEALED
from households.models import Household, Residency

MINE, THEIRS = "mine", "theirs"
STAYS = "stays"


@dataclass(frozen=True)
class Conflict:
    """One field with two values as they are read; `name` is that of the choice in the form."""

    name: str
    whom: str
    label: str
    mine: str
    theirs: str
    chosen: str


def conflicts_merge(
    data: QueryDict, household: Household, residencies: Sequence[Residency]
) -> list[Conflict]:
    """Bring what was sent to the register's present version; returns what must be chosen.

    What only the others changed is preset to theirs, what only I changed stays as I typed it and is not asked.
    People added by the others get a card of their own; people they took off the list can be put back.
    """
    found = _compare(data, "", "本户", _base(data, "base"), household_values(household), SurveyForm(data))
    here = {str(one.person.uid): one for one in residencies}
    for key in data.getlist("members"):
        uid = data.get(f"{key}-uid", "")
        residency = here.pop(uid, None)
        whom = data.get(f"{key}-name", "")
        if residency is not None:
            theirs = register_values(residency)
            form = MemberForm(data, prefix=key)
            found += _compare(data, key, whom, _base(data, f"{key}-base"), theirs, form)
            data[f"{key}-base"] = json.dumps(theirs, ensure_ascii=False)
        elif uid and not data.get(f"{key}-is_removed"):
            found.append(
                Conflict(f"choose-{key}-{STAYS}", whom, "是否在本户", "留在本户", "已移出本户", THEIRS)
            )
    for residency in here.values():
        key = new_key()
        data.appendlist("members", key)
        card_fill(data, key, card_values(residency))
    data["base"] = json.dumps(household_values(household), ensure_ascii=False)
    data["version"] = str(household.version)
    return found


def choices_apply(data: QueryDict) -> None:
    """Put what was chosen into what was sent; the base holds the others' values."""
    for name in [name for name in data if name.startswith("choose-")]:
        choice = data.pop(name)[-1]
        if choice != THEIRS:
            continue
        key, _dash, field = name.removeprefix("choose-").partition("-")
        if field == STAYS:
            data.setlist("members", [one for one in data.getlist("members") if one != key])
        elif key == "household":
            data[PREFIX + field] = _base(data, "base").get(field, "")
        else:
            data[f"{key}-{field}"] = "" if field in SEALED else _base(data, f"{key}-base").get(field, "")


def _base(data: QueryDict, name: str) -> dict[str, str]:
    try:
        found: Any = json.loads(data.get(name, ""))
    except ValueError:
        return {}
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def _compare(
    data: QueryDict,
    key: str,
    whom: str,
    base: Mapping[str, str],
    theirs: Mapping[str, str],
    form: forms.Form,
) -> list[Conflict]:
    found = []
    for field, their_value in theirs.items():
        name = f"{key}-{field}" if key else PREFIX + field
        mine = data.get(name, "").strip()
        if field in SEALED:
            is_mine, is_theirs = bool(mine), base.get(field, "") != their_value
            if not (is_mine and is_theirs):
                continue
        elif mine == their_value or their_value == base.get(field, ""):
            continue
        else:
            is_mine = mine != base.get(field, "")
        bound = form[name if not key else field]
        found.append(
            Conflict(
                name=f"choose-{key or 'household'}-{field}",
                whom=whom,
                label=str(bound.label),
                mine=_shown(bound, mine),
                theirs=_shown(bound, their_value),
                chosen=MINE if is_mine else THEIRS,
            )
        )
    return found


def _shown(field: forms.BoundField, value: str) -> str:
    choices = dict(getattr(field.field, "choices", ()))
    return str(choices.get(value, value) or "(空)")
