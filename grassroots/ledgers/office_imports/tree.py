"""The tree below the importer's area, by code and by name, with the areas that a sheet is going to add."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from grassroots.grid.area_names import area_key, is_alike
from grassroots.grid.models import Area, Level

LEVEL_NAMES = {level: str(level.label) for level in Level}


@dataclass(eq=False, slots=True)
class Node:
    """An area, or one to be: `area` is None until it is written. `row` is the first row of the sheet that names it."""

    level: int
    name: str
    parent: Node | None = None
    area: Area | None = None
    children: list[Node] = field(default_factory=list)
    row: int = 0
    code: str = ""

    def line(self) -> Iterator[Node]:
        """From the node up to the root."""
        node: Node | None = self
        while node is not None:
            yield node
            node = node.parent

    @property
    def words(self) -> str:
        """城厢社区 1组, as far up as the village."""
        names = [node.name for node in self.line() if node.level >= Level.VILLAGE or node is self]
        return " ".join(reversed(names))


@dataclass(slots=True)
class Found:
    """What a name was found as: the node, or several that it might be; `is_alike` when only almost."""

    node: Node | None = None
    is_alike: bool = False
    others: list[Node] = field(default_factory=list)


class Tree:
    """Open areas at and below the importer's, in two queries."""

    def __init__(self, root: Area) -> None:
        self.area = root
        above = Area.objects.filter(path__in=root.ancestor_paths()[:-1]).order_by("path")
        self.above = list(above)
        by_path: dict[str, Node] = {}
        self.by_code: dict[str, Node] = {}
        for area in Area.objects.open().within(root).order_by("path"):
            parent = by_path.get(area.path[: -Area.steplen])
            node = Node(area.level, area.name, parent, area, code=area.code)
            if parent is not None:
                parent.children.append(node)
            by_path[area.path] = node
            if area.code:
                self.by_code[area.code] = node
        self.by_path = by_path
        self.root = by_path[root.path]

    def own_name(self, level: int) -> str | None:
        """The name of the importer's area, or of what lies above it, at a level."""
        return next((area.name for area in [*self.above, self.area] if area.level == level), None)

    def is_own(self, level: int, name: str) -> bool:
        """Whether a name at the importer's own level or above means the importer's own place."""
        own = self.own_name(level)
        return own is not None and (
            area_key(own, level) == area_key(name, level) or is_alike(own, name, level)
        )

    def below(self, node: Node, level: int) -> Iterator[Node]:
        """Everything of a level below a node, however deep: compounds lie in groups or right in a village."""
        for child in node.children:
            if child.level == level:
                yield child
            elif child.level < level:
                yield from self.below(child, level)

    def find(self, parent: Node, level: int, name: str) -> Found:
        """The area of that name below `parent`: written alike, else almost alike."""
        key = area_key(name, level)
        candidates = list(self.below(parent, level))
        same = [node for node in candidates if area_key(node.name, level) == key]
        if len(same) > 1:  # 1组 of several villages: right below comes first
            right_below = [node for node in same if node.parent is parent]
            same = right_below or same
        if len(same) == 1:
            return Found(same[0])
        if same:
            return Found(None, others=same)
        alike = [node for node in candidates if is_alike(node.name, name, level)]
        if len(alike) == 1:
            return Found(alike[0], is_alike=True)
        return Found(None, others=alike)

    def find_in_village(self, parent: Node, level: int, name: str) -> Found:
        """The same anywhere in the village that `parent` lies in: a compound may be entered under another group."""
        village = next((node for node in parent.line() if node.level == Level.VILLAGE), None)
        return Found() if village is None or village is parent else self.find(village, level, name)

    def drop(self, node: Node) -> None:
        """Forget an area that is not going to be."""
        if node.parent is not None:
            node.parent.children.remove(node)
        if self.by_code.get(node.code) is node:
            del self.by_code[node.code]

    def add(self, parent: Node, level: int, name: str, row: int) -> Node:
        """Note an area to be."""
        node = Node(level, name, parent, row=row)
        parent.children.append(node)
        return node


def codes_outside(codes: Iterable[str], root: Area) -> dict[str, str]:
    """Of these codes, those that an open area outside of `root` has, with its name (one query)."""
    wanted = sorted({code for code in codes if code})
    rows = Area.objects.open().filter(code__in=wanted).only("code", "name", "path")
    return {area.code: area.name for area in rows if not root.holds(area)}
