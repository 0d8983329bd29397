"""Paragraphs of the daily brief (日报), as their apps declare them: sentences made of figures and nothing else.

A paragraph is a function of the registered figures, so that what is frozen with a publication explains its text, and
no personal data can get into it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from grassroots.grid.models import Level
from grassroots.ledgers.asof import Ratio, table_columns
from grassroots.ledgers.table import share_text


@dataclass(frozen=True)
class Section:
    """A section of the brief. With `topics` each of them has a paragraph of its own, or it is said that none has."""

    key: str
    title: str
    topics: tuple[str, ...] = ()
    is_typed: bool = False
    """Whether people write it by hand."""


SECTIONS = (
    Section("basics", "基本情况"),
    Section("survey", "入户排查"),
    Section("returnees", "返乡人员"),
    Section("observation", "居家医学观察"),
    Section("pushed", "上级推送核查"),
    Section("measures", "场所、消杀、宣传、关爱", topics=("场所", "消杀", "宣传", "关爱", "上传下达")),
    Section("problems", "存在问题", is_typed=True),
    Section("plans", "明日安排", is_typed=True),
)
_SECTION_KEYS = {section.key for section in SECTIONS}


class Figures(Mapping[str, int]):
    """An area's figures by key, and the office's words for them. A figure that nobody registered is 0."""

    def __init__(self, values: Mapping[str, int], level: int = Level.STREET) -> None:
        self._values = values
        self.level = level

    def __getitem__(self, key: str) -> int:
        return self._values.get(key, 0)

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def new(self, key: str, unit: str = "人", word: str = "新增") -> str:
        """What came about in the period: 新增3人, or 无新增: a zero is said, never left out."""
        return f"{word}{self[key]}{unit}" if self[key] else f"无{word}"

    def share(self, key: str) -> str:
        """A registered share such as 完成率, e.g. 71.2%."""
        ratio = next(item for item in table_columns() if isinstance(item, Ratio) and item.key == key)
        return share_text(ratio.of(self._values))


@dataclass(frozen=True)
class Paragraph:
    """A sentence or two of a section (of one of its topics, where it has such), written from the figures."""

    key: str
    section: str
    write: Callable[[Figures], str]
    topic: str = ""
    order: int = 50


_paragraphs: dict[str, Paragraph] = {}


def register_paragraph(paragraph: Paragraph) -> None:
    """Add a paragraph to the brief; apps call this beside their indicators. Raises ValueError for an unknown place."""
    section = next((section for section in SECTIONS if section.key == paragraph.section), None)
    if section is None or section.is_typed:
        raise ValueError(f"{paragraph.key}: no section {paragraph.section!r} that is written from figures")
    if section.topics and paragraph.topic not in section.topics:
        raise ValueError(f"{paragraph.key}: section {section.key!r} has the topics {section.topics}")
    _paragraphs[paragraph.key] = paragraph


def unregister_paragraph(key: str) -> None:
    """Take a paragraph out again."""
    _paragraphs.pop(key, None)


def paragraphs_of(section: Section) -> list[Paragraph]:
    """A section's paragraphs in the order of its topics, then in their own."""
    mine = [paragraph for paragraph in _paragraphs.values() if paragraph.section == section.key]
    place = {topic: number for number, topic in enumerate(section.topics)}
    return sorted(mine, key=lambda paragraph: (place.get(paragraph.topic, 0), paragraph.order, paragraph.key))


def section_text(section: Section, figures: Figures) -> str:
    """What a section says of an area: its paragraphs, one a line; what has none says so."""
    mine = paragraphs_of(section)
    lines = [
        f"{paragraph.topic}：{paragraph.write(figures)}" if paragraph.topic else paragraph.write(figures)
        for paragraph in mine
    ]
    if missing := [topic for topic in section.topics if topic not in {paragraph.topic for paragraph in mine}]:
        lines.append(f"{'、'.join(missing)}：本系统暂未登记。")
    return "\n".join(lines) or "无。"
