"""What is said about a form, in the office's words."""

from __future__ import annotations

import unicodedata

from grassroots.ledgers.filling.forms import Form

HOW_WORDS = {"same": "列名相同", "synonym": "近义列名", "remembered": "以前更正过", "none": "不认识"}


def hint_of(form: Form) -> list[str]:
    """Remarks on a form before it is filled: rows that stand in it already, fallbacks, filters that its title names."""
    found = []
    if form.place.filled:
        found.append(
            f"表里已有{form.place.filled}行内容，没有改动，从第{form.grid.number_of(form.place.first)}行接着填。"
        )
    taken = [match.field or "" for match in form.matched]
    for match in form.matched:
        other = form.source.fallback(match.field or "", taken)
        if other is not None:
            found.append(f"“{match.caption.text}”还没有的，填{other.caption}。")
    return found + _filter_hints(form)


def _filter_hints(form: Form) -> list[str]:
    """A title that names what a filter tells apart (湖北, 武汉, 境外) may want only those rows."""
    title = unicodedata.normalize("NFKC", form.table.title)
    words: dict[str, None] = {}
    filters = []
    for item in form.source.definition.filters:
        if not item.is_offered or item.key in form.source.context.filters:
            continue
        named = [word for _value, label in item.options() if (word := label.removesuffix("其他")) in title]
        named = [word for word in named if len(word) > 1]
        if named:
            words.update(dict.fromkeys(named))
            filters.append(f"“{item.label}”")
    if not words:
        return []
    return [f"表名里有“{'、'.join(words)}”，现在填的是全部人员；只填这些请选{'或'.join(filters)}。"]
