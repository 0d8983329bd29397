"""Areas that a sheet names and that must be there already: a village, a group, or either in one cell."""

from __future__ import annotations

from dataclasses import dataclass

from grassroots.grid.models import Area, Level
from grassroots.ledgers.office_imports.tree import Found, Node, Tree


@dataclass(frozen=True, slots=True)
class Spot:
    """The area that was found (None: none is named), or why not and which cell is to blame."""

    area: Area | None = None
    problem: str = ""
    column: str = ""


class Spots:
    """Looks areas up below the importer's."""

    def __init__(self, root: Area) -> None:
        self.tree = Tree(root)

    def find(self, *, village: str = "", group: str = "", compound: str = "", text: str = "") -> Spot:
        """The deepest area named. Names of the importer's own area and of what lies above it are his own."""
        node: Node = self.tree.root
        is_named = False
        named = ((Level.VILLAGE, village, "village"), (Level.GROUP, group, "group"),
                 (Level.COMPOUND, compound, "compound"))  # fmt: skip
        for level, name, column in named:
            if not name:
                continue
            is_named = True
            if level <= self.tree.root.level:
                if not self.tree.is_own(level, name):
                    return self._unknown(name, column)
                continue
            found = self.tree.find(node, level, name)
            if found.node is None:
                return self._none(name, column, found)
            node = found.node
        if text and not is_named:
            return self._anywhere(text)
        return Spot(node.area if is_named else None)

    def _anywhere(self, text: str) -> Spot:
        root = self.tree.root
        if text in (root.code, root.name) or self.tree.is_own(root.level, text):
            return Spot(root.area)
        if (node := self.tree.by_code.get(text)) is not None:
            return Spot(node.area)
        for level in (Level.STREET, Level.VILLAGE, Level.GROUP, Level.COMPOUND):
            if level > root.level:
                found = self.tree.find(root, level, text)
                if found.node is not None:
                    return Spot(found.node.area)
                if found.others:
                    return self._none(text, "area", found)
        return self._pair(text)

    def _pair(self, text: str) -> Spot:
        """龚家村2组: a village and what lies in it in one cell."""
        for village in self.tree.below(self.tree.root, Level.VILLAGE):
            rest = text.removeprefix(village.name)
            if rest != text:
                return self.find(village=village.name, group=rest)
        return self._unknown(text, "area")

    def _none(self, name: str, column: str, found: Found) -> Spot:
        if found.others:
            names = "、".join(node.words for node in found.others[:3])
            return Spot(problem=f"不止一处叫“{name}”({names})，请写明村(社区)。", column=column)
        return self._unknown(name, column)

    def _unknown(self, name: str, column: str) -> Spot:
        words = f"“{self.tree.root.name}”里没有“{name}”；写错了请更正，新设的请先导入或新建网格区域。"
        return Spot(problem=words, column=column)
