"""What an Android phone of 2019 cannot read: scripts, styles and templates against Chrome 79. Prints file:line: what.

Scripts are parsed (esprima2), styles too (tinycss2). What is younger than Chrome 79 is named with the version that
brought it and what to write instead. It passes where

* a style says it again in an older way just before (`height: 100vh; height: 100dvh`), or loses nothing but looks
  (HARMLESS);
* a line of script ends with `// since NN: how it goes without`: the browser has been asked there before.

Vendored scripts are held to the syntax: what they call they look for themselves.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import esprima
import tinycss2

ROOT = Path(__file__).resolve().parent.parent
OLDEST = 79
Breach = tuple[int, str]

# --- scripts -----------------------------------------------------------------------------------------------------
OPERATORS = {"??": 80, "||=": 85, "&&=": 85, "??=": 85}
NODES = {
    "ChainExpression": (80, "?."),
    "StaticBlock": (94, "static { }"),
    "ImportAttribute": (123, "import with"),
}
# Called on a value, whatever it is; `at` is also a common name of a variable, so only calls count.
METHODS = {
    "at": 92, "replaceAll": 85, "findLast": 97, "findLastIndex": 97, "toSorted": 110, "toReversed": 110,
    "toSpliced": 110, "with": 110, "replaceChildren": 86, "showPicker": 99, "checkVisibility": 105, "hasOwn": 93,
    "randomUUID": 92, "groupBy": 117, "withResolvers": 119, "togglePopover": 114, "showPopover": 114,
    "setHTMLUnsafe": 124, "isWellFormed": 111, "difference": 122, "union": 122,
}  # fmt: skip
NAMES = {
    "structuredClone": 98, "WeakRef": 84, "FinalizationRegistry": 84, "CompressionStream": 80,
    "DecompressionStream": 80, "AggregateError": 85, "scheduler": 94, "Iterator": 122,
    "showOpenFilePicker": 86, "BarcodeDetector": 83, "reportError": 95, "URLPattern": 95, "ImageDecoder": 94,
}  # fmt: skip
STATIC = {
    ("Promise", "any"): 85,
    ("AbortSignal", "timeout"): 103,
    ("AbortSignal", "any"): 116,
    ("URL", "canParse"): 120,
}
ASKED = re.compile(r"//\s*since \d+: \S")

# --- styles ------------------------------------------------------------------------------------------------------
SELECTORS = {
    ":has(": 105, ":is(": 88, ":where(": 88, "::file-selector-button": 89, "::marker": 86, ":user-invalid": 119,
    ":user-valid": 119, ":modal": 105, ":popover-open": 114, "::details-content": 131, ":open": 133,
}  # fmt: skip
AT_RULES = {
    "layer": 99,
    "container": 105,
    "property": 85,
    "scope": 118,
    "starting-style": 117,
    "view-transition": 126,
}
PROPERTIES = {
    "inset": 87, "inset-block": 87, "inset-inline": 87, "inset-inline-start": 87, "inset-inline-end": 87,
    "aspect-ratio": 88, "margin-inline": 87, "margin-block": 87, "padding-inline": 87, "padding-block": 87,
    "border-inline": 87, "border-block": 87, "translate": 104, "rotate": 104, "scale": 104, "scrollbar-gutter": 94,
    "mask": 120, "container-type": 105, "field-sizing": 123, "anchor-name": 125,
}  # fmt: skip
# What is lost without them is looks alone.
HARMLESS = {
    "accent-color", "color-scheme", "text-underline-offset", "text-decoration-thickness", "text-spacing-trim",
    "text-autospace", "text-wrap", "content-visibility", "contain-intrinsic-size", "scrollbar-width",
    "scrollbar-color", "print-color-adjust", "forced-color-adjust", "text-size-adjust", "hanging-punctuation",
}  # fmt: skip
VALUES = {
    "dvh": 108, "svh": 108, "lvh": 108, "dvw": 108, "svw": 108, "lvw": 108, "rlh": 111, "lh": 109, "cap": 118,
    "cqw": 105, "cqh": 105, "color-mix(": 111, "oklch(": 111, "oklab(": 111, "lab(": 111, "lch(": 111,
    "hwb(": 101, "light-dark(": 123, "revert": 84, "revert-layer": 99, "round(": 125, "image-set(": 113, "anchor(": 125,
}  # fmt: skip
GAPS = {"gap", "row-gap", "column-gap"}
RANGE = re.compile(r"\((?:width|height)\s*[<>]|[<>]=?\s*(?:width|height)")
OLD_FOCUS = re.compile(r":not\(:focus-visible\)")

# --- templates ---------------------------------------------------------------------------------------------------
MARKUP = (
    (re.compile(r"<[a-z]+\b[^>]*\s(popover|popovertarget)\b"), 114, "use <details data-menu>"),
    (re.compile(r"<[a-z]+\b[^>]*\s(inert)[\s>]"), 102, "use hidden or disabled"),
    (
        re.compile(r'class="[^"]*\b([hv]stack|gap-\d|row-gap-\d|column-gap-\d|ratio)\b'),
        84,
        "flex has no gap: margins",
    ),
    (re.compile(r"<(search)\b"), 118, 'use <form role="search">'),
)


def nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Every node of a parsed script."""
    stack = [tree]
    while stack:
        one = stack.pop()
        if isinstance(one, list):
            stack.extend(one)
        elif isinstance(one, dict):
            if "type" in one and "loc" in one:
                yield one
            stack.extend(value for value in one.values() if isinstance(value, list | dict))


def syntax(node: dict[str, Any]) -> tuple[str, int] | None:
    """What of the language is too young in a node, and since when it is there."""
    kind = node["type"]
    if kind in NODES:
        since, name = NODES[kind]
        return name, since
    if kind in {"LogicalExpression", "AssignmentExpression"} and node["operator"] in OPERATORS:
        return node["operator"], OPERATORS[node["operator"]]
    if kind == "MethodDefinition" and node["key"]["type"] == "PrivateIdentifier":
        return "private methods", 84
    if kind == "Literal" and "_" in str(node.get("raw", "")) and isinstance(node.get("value"), int | float):
        return "1_000", 75
    if kind == "Literal" and node.get("regex") and {"d", "v"} & set(node["regex"]["flags"]):
        return "regular expressions with d or v", 90
    return None


def call(node: dict[str, Any]) -> tuple[str, int] | None:
    """What a node calls or names that Chrome 79 does not have."""
    if node["type"] == "Identifier" and node["name"] in NAMES:
        return node["name"], NAMES[node["name"]]
    if node["type"] != "CallExpression" or node["callee"]["type"] != "MemberExpression":
        return None
    callee = node["callee"]
    of, name = callee["object"].get("name", ""), callee["property"].get("name", "")
    if callee["computed"]:
        return None
    if (of, name) in STATIC:
        return f"{of}.{name}()", STATIC[of, name]
    return (f".{name}()", METHODS[name]) if name in METHODS else None


def script_breaches(text: str, *, is_vendored: bool) -> Iterator[Breach]:
    """What is too young in a script."""
    try:
        tree = esprima.parseScript(text, {"loc": True}).toDict()
    except esprima.Error:
        try:
            tree = esprima.parseModule(text, {"loc": True}).toDict()
        except esprima.Error as error:
            yield int(error.lineNumber or 1), f"cannot be read as a script: {error.message}"
            return
    lines = text.splitlines()
    for node in nodes(tree):
        line = node["loc"]["start"]["line"]
        found = syntax(node) or (None if is_vendored else call(node))
        if found and found[1] > OLDEST and not ASKED.search(lines[line - 1]):
            yield (
                line,
                f"{found[0]} is there since Chrome {found[1]}: write it without, or ask the browser first",
            )


def style_breaches(text: str) -> Iterator[Breach]:
    """What is too young in a style sheet."""
    yield from _rules(tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True))


def _rules(rules: list[Any]) -> Iterator[Breach]:
    for rule in rules:
        if rule.type == "error":
            yield rule.source_line, f"cannot be read: {rule.message}"
        elif rule.type == "at-rule":
            yield from _at_rule(rule)
        elif rule.type == "qualified-rule":
            yield from _selector(rule)
            yield from _declarations(rule)


def _at_rule(rule: Any) -> Iterator[Breach]:
    name = rule.lower_at_keyword
    if AT_RULES.get(name, 0) > OLDEST:
        yield rule.source_line, f"@{name} is there since Chrome {AT_RULES[name]}"
    elif name == "media" and RANGE.search(tinycss2.serialize(rule.prelude)):
        yield rule.source_line, "(width >= …) is there since Chrome 104: write (min-width: …)"
    if name in {"media", "supports"} and rule.content is not None:
        yield from _rules(tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True))


def _selector(rule: Any) -> Iterator[Breach]:
    selector = tinycss2.serialize(rule.prelude)
    for part, since in SELECTORS.items():
        if since > OLDEST and part in selector:
            yield rule.source_line, f"{part} is there since Chrome {since}, the whole rule is lost before it"
    if ":focus-visible" in OLD_FOCUS.sub("", selector):
        yield (
            rule.source_line,
            ":focus-visible is there since Chrome 86: draw the focus on :focus, take it away on"
            " :focus:not(:focus-visible)",
        )


def _declarations(rule: Any) -> Iterator[Breach]:
    found = tinycss2.parse_blocks_contents(rule.content, skip_comments=True, skip_whitespace=True)
    said: dict[str, bool] = {}  # property: whether an older value stands before
    is_grid = any(
        one.type == "declaration" and one.lower_name == "display" and "grid" in tinycss2.serialize(one.value)
        for one in found
    )
    for one in found:
        if one.type == "qualified-rule":
            yield one.source_line, "rules inside rules are there since Chrome 112"
        if one.type != "declaration" or one.name.startswith("--") or one.lower_name in HARMLESS:
            continue
        since = PROPERTIES.get(one.lower_name, 0)
        if since > OLDEST:
            yield one.source_line, f"{one.lower_name} is there since Chrome {since}"
        if one.lower_name in GAPS and not is_grid:
            yield (
                one.source_line,
                f"{one.lower_name} outside a grid is there since Chrome 84: use margins, or grid-gap",
            )
        young = [(word, VALUES[word]) for word in _words(one.value) if VALUES.get(word, 0) > OLDEST]
        if young and not said.get(one.lower_name):
            word, since = young[0]
            yield one.source_line, f"{word} is there since Chrome {since}: say it before in an older way"
        said[one.lower_name] = said.get(one.lower_name, False) or not young


def _words(tokens: list[Any]) -> Iterator[str]:
    """Keywords, units and names of functions in a value."""
    for token in tokens:
        if token.type == "ident":
            yield token.lower_value
        elif token.type == "dimension":
            yield token.lower_unit
        elif token.type == "function":
            yield f"{token.lower_name}("
            yield from _words(token.arguments)


def markup_breaches(text: str) -> Iterator[Breach]:
    """What is too young in a template."""
    for pattern, since, instead in MARKUP:
        for match in pattern.finditer(text):
            yield (
                text[: match.start(1)].count("\n") + 1,
                f"{match[1]} is there since Chrome {since}: {instead}",
            )


def breaches(path: Path) -> list[Breach]:
    """What is too young in a file."""
    text = path.read_text(encoding="utf-8")
    is_vendored = "vendor" in path.parts
    if path.suffix == ".js":
        return list(script_breaches(text, is_vendored=is_vendored))
    if path.suffix == ".css":
        return list(style_breaches(text))
    return list(markup_breaches(text))


def files() -> list[Path]:
    """Our scripts, styles and templates, and vendored scripts that pages load."""
    own = [
        path for folder in ("js", "css") for path in (ROOT / "static" / folder).rglob("*") if path.is_file()
    ]
    templates = sorted((ROOT / "templates").rglob("*.html"))
    words = "".join(path.read_text(encoding="utf-8") for path in templates)
    vendored = [
        path
        for path in (ROOT / "static" / "vendor").rglob("*.js")
        if str(path.relative_to(ROOT / "static")) in words
    ]
    return sorted(own) + vendored + templates


def found() -> list[str]:
    """Every breach as file:line: what."""
    return [f"{path.relative_to(ROOT)}:{line}: {what}" for path in files() for line, what in breaches(path)]


def main() -> None:
    wrong = found()
    print("\n".join(wrong) or f"Scripts, styles and templates are for Chrome {OLDEST} and later.")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
