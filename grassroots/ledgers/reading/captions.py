"""Captions of somebody else's table matched to one's own fields, by caption *and* group.

姓名 under 基本信息 is the person, 姓名 under 包保责任人 is the officer; 电话 right after 包保责任人 is the officer's.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from grassroots.ledgers.reading.vocabulary import ANOTHER_PERSON, OFFICER, PATTERNS, SUBJECT, SYNONYMS

How = Literal["same", "synonym", "remembered", "none"]

_UNITS = re.compile(
    r"[(（\[【〔](?:℃|°C|C|度|摄氏度|人|户|个|元|次|天|㎡|平方米|m2|kg|克|岁|必填|选填|可不填|填写|单选|多选|下拉选择|盖章"
    r"|[^()（）]*[/、][^()（）]*|是/?否|有/?无|男/?女|年/?月/?日|格式.*?|如.*?|例.*?|yyyy.*?|\d{4}-.*?)[)）\]】〕]",
    re.IGNORECASE,
)
_SIGNS = re.compile(r"[^\w]|_")
# How sure a match is. Above each other, so that the surer one is taken first wherever two columns want one field.
_REMEMBERED, _PATH, _SAME, _NEXT, _SYNONYM, _PATTERN, _LOOSE = 200, 100, 80, 85, 70, 60, 50
_GROUP_BONUS, _OTHER_GROUP, _AFTER_RELATIVE = 15, -10, -30


@dataclass(frozen=True, slots=True)
class Field:
    """Something that a table may hold: its key, its caption, the captions and groups that it goes by elsewhere.

    `group` is the path of captions above it where that is part of its name. `repeatable`: several columns may be
    it (readings of several days). `kind` says what its cells are (text, date, temp, …), for the caller.
    """

    key: str
    caption: str
    aliases: tuple[str, ...] = ()
    group: tuple[str, ...] = ()
    kind: str = "text"
    repeatable: bool = False


@dataclass(frozen=True, slots=True)
class Caption:
    """A column's caption as it stands in a sheet: zero-based column, and the path from the top group down."""

    column: int
    path: tuple[str, ...]

    @property
    def text(self) -> str:
        """基本信息/姓名, on one line."""
        return "/".join("".join(part.split()) for part in self.path)

    @property
    def key(self) -> str:
        """By which corrections are remembered: the normalised path."""
        return "/".join(normalise(part) for part in self.path)


@dataclass(frozen=True, slots=True)
class Match:
    """A caption with the key of its field (None: nothing known), and how it was found."""

    caption: Caption
    field: str | None
    how: How


@lru_cache(maxsize=4096)
def normalise(caption: str) -> str:
    """A caption as it is compared: NFKC, lower case, without blanks, line breaks, signs, units and hints.

    体温(℃) and 体 温 are both 体温; 镇(街道) keeps its word and becomes 镇街道.
    """
    text = "".join(unicodedata.normalize("NFKC", caption).split())
    text = _UNITS.sub("", text)
    text = re.sub(r"(?<=体温)(?:℃|°?C)$", "", text)
    return _SIGNS.sub("", text).lower()


@lru_cache(maxsize=4096)
def core(caption: str) -> str:
    """A normalised caption without a subject before it: 返乡人员姓名 is 姓名."""
    return SUBJECT.sub("", caption)


def match_captions(
    captions: Sequence[Caption], fields: Sequence[Field], remembered: Mapping[str, str] = {}
) -> list[Match]:
    """A match for each caption, in their order. Each field is given away once, unless it is repeatable.

    `remembered` maps `Caption.key` to a field's key, or to "" for a column that is to stay empty: what a clerk has
    said before comes before everything else.
    """
    return _matched(captions, _Index(fields), remembered)


def _matched(captions: Sequence[Caption], index: _Index, remembered: Mapping[str, str] = {}) -> list[Match]:
    taken: dict[int, tuple[str, How]] = {}
    used: set[str] = set()
    wanted = sorted(_candidates(captions, index, remembered), key=lambda item: (-item[0], item[1]))
    for _score, place, key, how in wanted:
        if place in taken or (key in used and not index.is_repeatable(key)):
            continue
        taken[place] = key, how
        used.add(key)
    found = []
    for place, caption in enumerate(captions):
        key, how = taken.get(place, ("", "none"))
        found.append(Match(caption, key or None, how))
    return found


def scorer(fields: Sequence[Field]) -> Callable[[Sequence[Caption]], float]:
    """What tells how much of a header the fields explain: one for each matched column."""
    index = _Index(fields)
    return lambda captions: sum(match.field is not None for match in _matched(captions, index))


class _Index:
    """Fields by each of the words that they go by."""

    def __init__(self, fields: Sequence[Field]) -> None:
        self._fields = {field.key: field for field in fields}
        self.same: dict[str, list[str]] = {}
        self.synonym: dict[str, list[str]] = {}
        for field in fields:
            own = normalise(field.caption)
            _add(self.same, own, field.key)
            groups = [normalise(group) for group in field.group]
            if groups:
                _add(self.same, groups[-1] + own, field.key)
                _add(self.same, "".join(groups) + own, field.key)
            for alias in field.aliases:
                _add(self.synonym, normalise(alias), field.key)
            for word in [own, *map(normalise, field.aliases)]:
                for synonym in _synonyms(word):
                    _add(self.synonym, synonym, field.key)

    def is_repeatable(self, key: str) -> bool:
        return key == "" or (key in self._fields and self._fields[key].repeatable)

    def knows(self, key: str) -> bool:
        return key == "" or key in self._fields

    def shares(self, key: str, groups: Sequence[str]) -> bool:
        """Whether one of the field's groups is one of these, or a part of it: 户主 and 户主信息."""
        own = [normalise(group) for group in self._fields[key].group]
        return any(a in b or b in a for a in own for b in groups if a and b)

    def has_group(self, key: str) -> bool:
        return bool(self._fields[key].group)

    def is_of_another(self, key: str) -> bool:
        """Whether the field stands in a group of another person: 户主 / 联系电话."""
        return any(ANOTHER_PERSON.search(normalise(group)) for group in self._fields[key].group)

    def lookup(self, word: str) -> Iterator[tuple[str, How]]:
        for key in self.same.get(word, ()):
            yield key, "same"
        for key in self.synonym.get(word, ()):
            yield key, "synonym"


_PHONES = frozenset(word for line in SYNONYMS if line[0] == "联系电话" for word in line)
#: Captions that say something about a person, whoever that is: under a group of another person they are his.
_PLAIN_OF_PEOPLE = frozenset(
    word
    for line in SYNONYMS
    if line[0] in {"姓名", "性别", "年龄", "身份证号", "联系电话", "现住址", "工作单位学校"}
    for word in line
)


def _add(index: dict[str, list[str]], word: str, key: str) -> None:
    if word and key not in index.setdefault(word, []):
        index[word].append(key)


@lru_cache(maxsize=1)
def _lines() -> dict[str, tuple[str, ...]]:
    return {word: line for line in SYNONYMS for word in line}


def _synonyms(word: str) -> tuple[str, ...]:
    return _lines().get(word, ())


@lru_cache(maxsize=4096)
def _by_pattern(word: str) -> tuple[str, ...]:
    return tuple(meant for pattern, meant in PATTERNS if pattern.fullmatch(word))


Candidate = tuple[float, int, str, How]


def _candidates(
    captions: Sequence[Caption], index: _Index, remembered: Mapping[str, str]
) -> Iterator[Candidate]:
    words = [normalise(caption.path[-1]) for caption in captions]
    answered = frozenset(_bare(word) for word in words if _PHONE_WORD.search(word)) - {""}
    for place, caption in enumerate(captions):
        learned = remembered.get(caption.key)
        if learned is not None and index.knows(learned):
            yield _REMEMBERED, place, learned, "remembered"
            if learned == "":
                continue
        path = [normalise(part) for part in caption.path]
        before = captions[place - 1] if place and captions[place - 1].column == caption.column - 1 else None
        yield from _of_caption(place, path, before, answered, index)


def _of_caption(
    place: int, path: list[str], before: Caption | None, answered: frozenset[str], index: _Index
) -> Iterator[Candidate]:
    leaf, groups = path[-1], path[:-1]
    for depth in range(len(groups)):
        for word in _joined("".join(groups[depth:]), leaf):
            for key, how in index.lookup(word):
                yield _PATH + len(groups) - depth, place, key, how
    if before is not None and not (
        groups and groups[-1:] != [normalise(part) for part in before.path[-2:-1]]
    ):
        for word in _joined(normalise(before.path[-1]), leaf):
            if leaf in _PLAIN_OF_PEOPLE and leaf not in _synonyms("姓名"):
                for key, how in index.lookup(word):
                    yield _NEXT, place, key, how
    if leaf in _PLAIN_OF_PEOPLE and any(ANOTHER_PERSON.search(group) for group in groups):
        yield from _in_group(place, leaf, groups, index)
        return
    doubt = _doubt(leaf, groups, before, answered)
    if doubt is None:
        return
    for score, _place, key, how in _alone(place, leaf, groups, index):
        yield score + doubt, place, key, how


def _doubt(leaf: str, groups: list[str], before: Caption | None, answered: frozenset[str]) -> float | None:
    """How doubtful it is that a phone is the person's own: None where an officer's name stands beside it.

    Not where that officer's phone has a column of its own (`answered`), or where what stands beside it is a phone.
    """
    if groups or before is None or leaf not in _PHONES:
        return 0
    beside = normalise(before.path[-1])
    if _PHONE_WORD.search(beside) or _bare(beside) in answered:
        return 0
    if OFFICER.fullmatch(_bare(beside)):
        return None
    return _AFTER_RELATIVE if ANOTHER_PERSON.search(beside) else 0


_PHONE_WORD = re.compile(r"(?:联系)?(?:电话|手机|方式|号码)(?:号码?)?$")


def _bare(word: str) -> str:
    """Whose name or phone a caption is: 包保责任人 of 包保责任人姓名."""
    return re.sub(r"(?:的?姓名|信息|情况)$", "", _PHONE_WORD.sub("", word))


def _joined(group: str, leaf: str) -> Iterable[str]:
    """包保责任人 + 电话, 户主姓名 + 电话 → 户主电话."""
    bare = _bare(group)
    return dict.fromkeys([group + leaf, bare + leaf]) if bare else [group + leaf]


def _in_group(place: int, leaf: str, groups: list[str], index: _Index) -> Iterator[Candidate]:
    """A name or phone of another person: only fields that are that person's own."""
    for key, how in index.lookup(leaf):
        if index.shares(key, groups):
            yield _SAME + _GROUP_BONUS, place, key, how


def _alone(place: int, leaf: str, groups: list[str], index: _Index) -> Iterator[Candidate]:
    for key, how in index.lookup(leaf):
        is_shared = index.shares(key, groups)
        if leaf in _PLAIN_OF_PEOPLE and index.is_of_another(key) and not is_shared:
            continue
        bonus = _GROUP_BONUS if is_shared else (_OTHER_GROUP if index.has_group(key) and groups else 0)
        yield (_SAME if how == "same" else _SYNONYM) + bonus, place, key, how
    for word in _by_pattern(leaf):
        for key, _how in index.lookup(word):
            yield _PATTERN, place, key, "synonym"
    bare = core(leaf)
    for key, _how in index.lookup(bare) if bare != leaf else ():
        yield _LOOSE, place, key, "synonym"
