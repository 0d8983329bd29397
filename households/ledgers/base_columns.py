"""The columns of 基础台账表 for some doors. What a household's rows share is a run: said once a household."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import chain, compress, islice
from typing import Any

from grassroots.grid.crypto import decrypt, decrypt_many
from grassroots.grid.names import PlaceNames
from grassroots.ledgers.engine import Block, LedgerContext, Runs
from households.ledgers.common import YES_NO
from households.ledgers.narrowing import AWAY, NO, NOBODY_HOME, YES
from households.ledgers.reading import Portion
from households.models import HousingKind, Relation, ResidencyKind, Sex, SurveyMethod, SurveyState
from households.rules.ages import age_from_stated, age_on
from households.rules.identity import IdKind
from households.rules.proxies import proxy_cell

Columns = list[Sequence[object]]


def _labels(kinds: Any) -> dict[str, str]:
    """Labels by value; nothing for an empty value."""
    return {**{str(kind.value): str(kind.label) for kind in kinds}, "": ""}


HOUSING, RELATION, SEX, KIND = map(_labels, (HousingKind, Relation, Sex, ResidencyKind))
ID_KIND, METHOD, STATE = map(_labels, (IdKind, SurveyMethod, SurveyState))
#: Codes of the filter on what residents answered.
ANSWERS = {True: YES, False: NO, None: "UNKNOWN"}
#: Stands for the residents of a household that has none: a row of reading.RESIDENT.
NOBODY = (0, 0, "", "", None, None, None, "", "", "", "", "", False, "")
#: Stands for the answers of somebody who was not asked: a row of reading.ANSWER.
NO_ANSWER = (0, None, None, None, None, None, None, None, None, "[]", None)


def block_of(
    doors: Sequence[Any], portion: Portion, places: Mapping[int, PlaceNames], context: LedgerContext
) -> Block:
    """The rows of some doors of a portion that the filters want, in the order of the ledger's columns."""
    doors = [door for door in doors if context.wants("state", _state(door, portion))]
    homes = [portion.residents.get(door[0]) or (NOBODY,) for door in doors]
    residents = list(chain.from_iterable(homes))
    phones = decrypt_many([resident[9] for resident in residents])
    is_wanted = _wanted(residents, portion, context)
    if not any(is_wanted):
        return Block(())
    told = iter(is_wanted)
    counts = [sum(islice(told, len(home))) for home in homes]
    people: list[Any] = list(zip(*compress(residents, is_wanted), strict=True))
    return Block([
        (None,) * len(people[0]), *[Runs(values, counts) for values in _house(doors, homes, phones, places)],
        *_who(people, list(compress(phones, is_wanted)), context.on), *_answers(people[1], portion),
        *[Runs(values, counts) for values in _result(doors, portion)],
    ])  # fmt: skip


def _wanted(residents: Sequence[Any], portion: Portion, context: LedgerContext) -> list[bool]:
    """Of each resident, whether the filters want him."""
    if not context.filters.get("residency") and not context.filters.get("contact"):
        return [True] * len(residents)
    contacts = [ANSWERS[portion.answers.get(resident[1], NO_ANSWER)[2]] for resident in residents]
    return [
        context.wants("residency", _residency(resident)) and context.wants("contact", contact)
        for resident, contact in zip(residents, contacts, strict=True)
    ]


def _residency(resident: Any) -> str:
    if resident is NOBODY:
        return NOBODY_HOME
    return AWAY if resident[12] else str(resident[11])


def _house(
    doors: Sequence[Any],
    homes: Sequence[Sequence[Any]],
    phones: Sequence[str],
    places: Mapping[int, PlaceNames],
) -> Columns:
    """From 村(社区) to 外出地; `phones` are those of all residents in their order."""
    _pks, area_ids, buildings, units, floors, numbers, shares, housing = list(zip(*doors, strict=True))[:8]
    lies = [places[area_id] for area_id in area_ids]
    return [
        [place.village for place in lies],
        [place.group for place in lies],
        [place.compound for place in lies],
        buildings, units, floors,
        [f"{number}({share})" if share else number for number, share in zip(numbers, shares, strict=True)],
        *_heads(homes, phones),
        [HOUSING[kind] for kind in housing],
        *zip(*map(_counted, homes), strict=True),
    ]  # fmt: skip


def _heads(homes: Sequence[Sequence[Any]], phones: Sequence[str]) -> Columns:
    """Name and phone of each household's head, or nothing."""
    names, numbers, first = [], [], 0
    for home in homes:
        at = next((at for at, resident in enumerate(home) if resident[10] == Relation.HEAD), None)
        names.append("" if at is None else home[at][2])
        numbers.append("" if at is None else phones[first + at])
        first += len(home)
    return [names, numbers]


def _counted(home: Sequence[Any]) -> tuple[int, int, int, str]:
    """户籍人数, 现住人数, 外出未归人数, 外出地 of a household."""
    if home[0] is NOBODY:
        return 0, 0, 0, ""
    registered = [resident[11] for resident in home].count(ResidencyKind.REGISTERED)
    away = [resident[13] for resident in home if resident[12]]
    where = "、".join(dict.fromkeys(filter(None, away))) if away else ""
    return registered, len(home) - len(away), len(away), where


def _result(doors: Sequence[Any], portion: Portion) -> Columns:
    """From 排查状态 to 代填人."""
    surveys = [portion.surveys.get(door[0]) for door in doors]
    return [
        [STATE[_state(door, portion)] for door in doors],
        [METHOD[survey[2]] if survey else "" for survey in surveys],
        [portion.letters.get(door[0], "") for door in doors],
        [survey[5] or None if survey else None for survey in surveys],
        [survey[3] if survey else None for survey in surveys],
        [survey[4] if survey else "" for survey in surveys],
        [_proxy(survey) if survey else "" for survey in surveys],
    ]


def _proxy(survey: Any) -> str:
    """Who answered for them at the latest knock, if it was not they; few did, so few phones are opened."""
    name, relation, phone = survey[6:9]
    return proxy_cell(name, relation, decrypt(phone)) if relation else ""


def _state(door: Any, portion: Portion) -> str:
    """Signed stays signed; else the outcome of the latest knock, 未访 before the first."""
    if door[0] in portion.letters:
        return SurveyState.SIGNED
    survey = portion.surveys.get(door[0])
    return str(survey[1]) if survey else SurveyState.UNVISITED


def _who(people: Sequence[Any], phones: Sequence[str], on: dt.date) -> Columns:
    """From 姓名 to 居住情况; `people` are the columns of reading.RESIDENT."""
    away = zip(people[12], people[11], strict=True)
    return [
        people[2],
        [RELATION[relation] for relation in people[10]],
        [SEX[sex] for sex in people[3]],
        [_age(*facts, on) for facts in zip(people[4], people[5], people[6], strict=True)],
        [ID_KIND[kind] for kind in people[7]],
        decrypt_many(people[8]), phones,
        ["外出" if is_away else KIND[kind] for is_away, kind in away],
    ]  # fmt: skip


def _age(birth: Any, stated: Any, stated_on: Any, on: dt.date) -> int | None:
    if birth:
        return age_on(birth, on)
    return age_from_stated(stated, stated_on, on) if stated is not None and stated_on else stated


def _answers(person_ids: Sequence[int], portion: Portion) -> Columns:
    """From 近14天是否离开本县 to 备注: what each said last."""
    answers = portion.answers
    said = list(zip(*[answers.get(pk, NO_ANSWER) for pk in person_ids], strict=True))
    _pks, left, hubei, origin, left_on, returned_on, transport, companions, temperature, symptoms, note = said
    return [
        [YES_NO[answer] for answer in left],
        [YES_NO[answer] for answer in hubei],
        origin, left_on, returned_on, transport, companions, temperature,
        [_words(stored) for stored in symptoms],
        note,
    ]  # fmt: skip


@lru_cache(maxsize=1000)
def _words(symptoms: str) -> str:
    return "、".join(json.loads(symptoms))
