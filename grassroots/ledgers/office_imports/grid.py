"""Importing the grid: villages, groups, compounds from a sheet, below the importer's area (docs/office-imports.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError

from grassroots.grid.area_names import area_key
from grassroots.grid.areas import EDITABLE, StaleArea, area_add, area_edit
from grassroots.grid.models import Level
from grassroots.ledgers.intake.protocol import (
    Change,
    Effect,
    ImportContext,
    ImportKind,
    Planned,
    PlanStale,
    Record,
    register_import,
)
from grassroots.ledgers.office_imports.tree import LEVEL_NAMES, Node, Tree, codes_outside
from grassroots.ledgers.office_imports.words import LEVEL_WORDS, area_name_of, is_rejected, text_of
from grassroots.ledgers.reading import Field, parse_int

COLUMNS = {Level.STREET: "street", Level.VILLAGE: "village", Level.GROUP: "group", Level.COMPOUND: "compound"}
LONGEST_NAME, LONGEST_KIND, LONGEST_CODE = 60, 20, 32
MOST_HOUSEHOLDS = 1_000_000
LABELS = {"name": "名称", "code": "区划代码", "kind": "类型", "expected_households": "应有户数"}

FIELDS = (
    Field("street", "街道(镇)", ("镇街道", "乡镇", "街道", "镇街")),
    Field("village", "村(社区)", ("社区", "行政村", "村居", "所属村社区")),
    Field("group", "组(网格)", ("组", "网格", "村民小组", "居民小组", "网格名称", "所属组", "所属网格")),
    Field("compound", "小区/院落", ("小区", "院落", "小区院落", "散居院落", "小区名称", "院落名称", "小区(院落)")),
    Field("name", "区域名称", ("名称", "网格区域", "单元名称")),
    Field("level", "级别", ("层级", "区域级别", "行政级别")),
    Field("parent", "上级区域", ("上级", "所属区域", "上级名称", "隶属")),
    Field("code", "区划代码", ("代码", "编码", "区域代码", "统计用区划代码", "行政区划代码")),
    Field("village_code", "村(社区)代码", ("村代码", "社区代码", "村编码", "社区编码")),
    Field("group_code", "组(网格)代码", ("组代码", "网格代码", "网格编码", "组编码", "网格编号")),
    Field("compound_code", "小区代码", ("小区编码", "院落代码", "院落编码", "小区编号")),
    Field("kind", "类型", ("类别", "性质", "区域类型", "小区类型", "房屋类型")),
    Field(
        "expected_households", "应有户数",
        ("户数", "总户数", "应排查户数", "应到户数", "应登记户数", "住户数", "户籍户数"),
        kind="int",
    ),
)  # fmt: skip
OWN_CODES = {Level.VILLAGE: "village_code", Level.GROUP: "group_code", Level.COMPOUND: "compound_code"}


@dataclass(slots=True)
class Work:
    """What a row does: the areas to be made from the top down, and the values that its own area is to have."""

    new: list[Node] = field(default_factory=list)
    node: Node | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    version: int | None = None
    """Of the area as it was planned; None for one that this import makes."""


class Planner:
    """Holds the rows of a sheet against the tree, one after the other."""

    def __init__(self, context: ImportContext, records: Sequence[Record]) -> None:
        self.tree = Tree(context.area)
        keys = ("code", *OWN_CODES.values())
        codes = [text_of(record, key) for record in records for key in keys]
        self.foreign_codes = codes_outside(codes, context.area)
        self.above: dict[str, str] = {}  # village named last, by sheet: blank below means the same
        self.first: dict[
            int, tuple[int, Mapping[str, Any]]
        ] = {}  # by node: row and values that named it first

    def plan(self, record: Record) -> Planned:
        planned = Planned(record.row, Effect.UNCHANGED, work=Work())
        named = self._named(record, planned)
        node = None if is_rejected(planned) else self._resolve(record, planned, named)
        if node is None:
            for new in reversed(planned.work.new):  # what a row that is turned down would have made
                self.tree.drop(new)
            planned.work = Work()
            return planned
        planned.title = node.words
        planned.work.node = node
        self._fill(record, planned, node)
        return planned

    # -- which area

    def _named(self, record: Record, planned: Planned) -> list[tuple[int, str, str]]:
        """The areas that the row names, from the top down: level, name, field key."""
        if text_of(record, "name") and (text_of(record, "level") or text_of(record, "parent")):
            return self._by_level(record, planned)
        named: list[tuple[int, str, str]] = [
            (level, area_name_of(text_of(record, key), level), key)
            for level, key in COLUMNS.items()
            if text_of(record, key)
        ]
        if named and named[0][0] > Level.VILLAGE and (above := self.above.get(record.sheet)):
            named.insert(0, (Level.VILLAGE, above, "village"))
        village = next((name for level, name, _key in named if level == Level.VILLAGE), "")
        if village:
            self.above[record.sheet] = village
        if not named:
            planned.reject(record.problem("", "没有写明村(社区)、组或小区的名称。"))
        return named

    def _by_level(self, record: Record, planned: Planned) -> list[tuple[int, str, str]]:
        """A sheet with a column for the level and one for what lies above."""
        word = text_of(record, "level")
        name = text_of(record, "name")
        level = LEVEL_WORDS.get(word) if word else None
        if level is None:
            words = f"看不出级别“{word}”" if word else "没有写级别"
            planned.reject(record.problem("level", f"{words}，请填街道、村(社区)、组或小区。"))
            return []
        parent = text_of(record, "parent")
        found: list[tuple[int, str, str]] = [(level, area_name_of(name, level), "name")]
        if not parent:
            return found
        node = self._anywhere(parent, level)
        if node is None:
            planned.reject(
                record.problem("parent", f"上级“{parent}”不在这次导入的区域内，或不是更高的级别。")
            )
            return []
        line = [(one.level, one.name, "parent") for one in node.line() if one is not self.tree.root]
        return [*reversed(line), *found]

    def _anywhere(self, name: str, below: int) -> Node | None:
        """The area of that name or code above a level, in the tree or on the sheet."""
        root = self.tree.root
        if name == root.code or self.tree.is_own(root.level, name):
            return root if root.level < below else None
        if (node := self.tree.by_code.get(name)) is not None:
            return node if node.level < below else None
        for level in (Level.STREET, Level.VILLAGE, Level.GROUP):
            if root.level < level < below and (node := self.tree.find(root, level, name).node) is not None:
                return node
        return None

    def _resolve(self, record: Record, planned: Planned, named: list[tuple[int, str, str]]) -> Node | None:
        node = self.tree.root
        if node.level < Level.VILLAGE and named[0][0] > Level.VILLAGE and not self._is_known_code(record):
            planned.reject(record.problem("village", "没有写明村(社区)。"))
            return None
        for level, name, key in named:
            if level <= self.tree.root.level:
                if not self.tree.is_own(level, name):
                    planned.reject(record.problem(key, f"“{name}”不在这次导入的区域“{node.name}”内。"))
                    return None
                continue
            if len(name) > LONGEST_NAME:
                planned.reject(record.problem(key, f"名称最多{LONGEST_NAME}个字。"))
                return None
            code = self._code(record, level, is_last=(level, name, key) == named[-1])
            step = self._step(record, planned, node, level, name, key, code)
            if step is None:
                return None
            node = step
        if node is self.tree.root and named[-1][0] < self.tree.root.level:
            planned.reject(record.problem("", f"没有写明“{node.name}”下面的区域。"))
            return None
        return node

    def _is_known_code(self, record: Record) -> bool:
        return any(
            text_of(record, key) in self.tree.by_code for key in ("code", "group_code", "compound_code")
        )

    @staticmethod
    def _code(record: Record, level: int, *, is_last: bool) -> str:
        own = text_of(record, OWN_CODES[Level(level)]) if level in OWN_CODES else ""
        return own or (text_of(record, "code") if is_last else "")

    def _step(
        self, record: Record, planned: Planned, parent: Node, level: int, name: str, key: str, code: str
    ) -> Node | None:
        """The area of that code or name below `parent`, or a new one."""
        by_code = self.tree.by_code.get(code) if code else None
        if by_code is not None and by_code.level == level:
            return by_code
        found = self.tree.find(parent, level, name)
        if found.node is None and not found.others and level == Level.COMPOUND:
            found = self.tree.find_in_village(parent, level, name)
            if found.node is not None and not found.is_alike:
                words = f"“{found.node.name}”登记在“{found.node.words}”，按已登记的位置处理。"
                planned.problems.append(record.problem(key, words))
        if found.node is not None:
            if found.is_alike and not self._is_another(found.node, code):
                words = f"与已有的“{found.node.words}”几乎相同，按同一处处理；确是两处请在“网格”页面里新建。"
                planned.problems.append(record.problem(key, words))
                return found.node
            if not found.is_alike:
                return found.node
        if found.others and not code:
            names = "、".join(node.words for node in found.others[:3])
            planned.reject(record.problem(key, f"不止一处叫这个名称({names})，请写明村(社区)、组或代码。"))
            return None
        if code and code in self.foreign_codes:
            words = f"代码 {code} 已被辖区以外的区域使用，请核对。"
            planned.reject(record.problem(key, words))
            return None
        if any(child.name == name for child in parent.children):
            planned.reject(record.problem(key, f"“{parent.name}”下面已有别的级别叫“{name}”，请换一个名称。"))
            return None
        node = self.tree.add(parent, level, name, record.row)
        planned.work.new.append(node)
        planned.effect = Effect.CREATED
        return node

    @staticmethod
    def _is_another(node: Node, code: str) -> bool:
        """Whether two codes say that two names that are almost alike are two places."""
        return bool(code and node.code and code != node.code)

    # -- what is said of it

    def _fill(self, record: Record, planned: Planned, node: Node) -> None:
        values = self._values(record, planned, node)
        if is_rejected(planned):
            return
        first = self.first.setdefault(id(node), (record.row, values))
        if first[0] != record.row:
            if any(values[key] != first[1].get(key, values[key]) for key in values):
                words = f"第{first[0]}行已写过“{node.words}”，这一行不同的内容没有采用。"
            else:
                words = f"与第{first[0]}行重复。"
            planned.problems.append(record.problem("", words))
            return
        planned.work.values = values
        for new in planned.work.new:
            shown = f"新建{LEVEL_NAMES[Level(new.level)]}“{new.name}”"
            if new is not node:
                planned.proposals.append(shown)
        if node not in planned.work.new:
            self._compare(planned, node, values)

    def _values(self, record: Record, planned: Planned, node: Node) -> dict[str, Any]:
        values: dict[str, Any] = {}
        count = parse_int(record.values.get("expected_households"))
        if count.problem or (count.value is not None and not 0 <= count.value <= MOST_HOUSEHOLDS):
            words = count.problem or "户数不对，请核对。"
            planned.problems.append(record.problem("expected_households", words))
        elif count.value is not None:
            values["expected_households"] = count.value
        if kind := text_of(record, "kind"):
            if len(kind) > LONGEST_KIND:
                planned.problems.append(record.problem("kind", f"类型最多{LONGEST_KIND}个字，没有收下。"))
            else:
                values["kind"] = kind
        self._take_code(record, planned, node, values)
        return values

    def _take_code(self, record: Record, planned: Planned, node: Node, values: dict[str, Any]) -> None:
        key = OWN_CODES.get(Level(node.level), "code")
        key = key if text_of(record, key) else "code"
        code = text_of(record, key)
        if not code:
            return
        holder = self.tree.by_code.get(code)
        if len(code) > LONGEST_CODE:
            planned.problems.append(record.problem(key, f"代码最多{LONGEST_CODE}位，没有收下。"))
        elif code in self.foreign_codes:
            planned.problems.append(record.problem(key, "代码已被辖区以外的区域使用，没有收下。"))
        elif holder is not None and holder is not node:
            planned.problems.append(record.problem(key, f"代码已被“{holder.words}”使用，没有收下。"))
        else:
            values["code"] = code
            self.tree.by_code[code] = node
            node.code = code
            if name := self._renamed(record, node):
                values["name"] = name

    def _renamed(self, record: Record, node: Node) -> str:
        """The name on the sheet, where the code says who it is and it is written otherwise than in the register."""
        key = COLUMNS.get(Level(node.level), "name")
        name = area_name_of(text_of(record, key) or text_of(record, "name"), node.level)
        if node.area is None or not name or node.area.code != node.code:
            return ""
        is_same = area_key(name, node.level) == area_key(node.name, node.level)
        is_taken = node.parent is not None and any(child.name == name for child in node.parent.children)
        return "" if is_same or is_taken or len(name) > LONGEST_NAME else name

    @staticmethod
    def _compare(planned: Planned, node: Node, values: Mapping[str, Any]) -> None:
        """What the row changes about an area of the register, or one that an earlier row makes."""
        changed = {key: value for key, value in values.items() if getattr(node.area, key, None) != value}
        planned.work.values = changed
        planned.work.version = node.area.version if node.area is not None else None
        for key, value in changed.items():
            old = getattr(node.area, key, None)
            planned.changes.append(Change(LABELS[key], "" if old is None else str(old), str(value)))
        if changed:
            planned.effect = Effect.UPDATED


def plan(context: ImportContext, records: Sequence[Record]) -> Iterator[Planned]:
    """Each row: the area that it names, made if it is new, and what changes about it. Four queries a file."""
    planner = Planner(context, records)
    for record in records:
        yield planner.plan(record)


def apply(context: ImportContext, rows: Sequence[Planned]) -> None:
    """Make and change areas through the services of the grid. Raises PlanStale."""
    for row in rows:
        work: Work = row.work
        try:
            for node in work.new:
                _make(context, node, work.values if node is work.node else {})
            if work.node is not None and work.node not in work.new and work.values:
                _edit(context, work)
        except (ValidationError, StaleArea) as changed:
            raise PlanStale from changed


def _make(context: ImportContext, node: Node, values: Mapping[str, Any]) -> None:
    assert node.parent is not None
    if node.parent.area is None:
        raise PlanStale
    node.area = area_add(
        parent=node.parent.area,
        level=node.level,
        name=node.name,
        code=values.get("code", ""),
        kind=values.get("kind", ""),
        expected_households=values.get("expected_households"),
    )
    context.note_created(node.area)


def _edit(context: ImportContext, work: Work) -> None:
    assert work.node is not None
    assert work.node.area is not None
    area, version = work.node.area, work.version
    before = {key: getattr(area, key) for key in work.values}
    values = {key: work.values.get(key, getattr(area, key)) for key in EDITABLE}
    work.node.area = area_edit(
        area=area, by=context.staff, version=area.version if version is None else version, **values
    )
    context.note_updated(work.node.area, before)


GRID = register_import(
    ImportKind(
        key="grid",
        name="网格区域",
        fields=FIELDS,
        plan=plan,
        apply=apply,
        identity=(
            ("village", "expected_households"),
            ("compound", "expected_households"),
            ("group", "expected_households"),
            ("village", "code"),
            ("group", "code"),
            ("compound", "code"),
            ("village", "village_code"),
            ("group", "group_code"),
            ("compound", "compound_code"),
            ("name", "level"),
        ),
        permissions=("grid.add_area", "grid.change_area"),
        step_rows=200,
        order=60,
    )
)
