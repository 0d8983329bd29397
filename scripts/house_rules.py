"""The rules of the house that no linter knows. Prints each breach as file:line: what; exits 1 if any.

* files up to 400 lines, functions up to 40 (without their docstring; a browser journey is one story and may be longer);
* public functions of a `services` module take at most three arguments by position (whom, what,
  when), the rest by keyword, so that a call reads like a sentence;
* templates, styles and scripts draw nothing from another host: the office may have no internet;
* every icon that a template or the table of looks names is in the sprite: a missing one shows as nothing;
* no test runs Celery tasks in the caller's process, where they share its transaction and its luck;
* nothing that a phone of 2019 cannot read (`old_browsers.py`, which runs here too).
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import old_browsers

MAX_FILE, MAX_FUNCTION, MAX_POSITIONAL = 400, 40, 3
FOREIGN = re.compile(r"""(?:src|href|action)\s*=\s*["'](?:https?:)?//|url\(\s*["']?(?:https?:)?//|@import""")
EAGER = "ALWAYS_" + "EAGER"
SPRITE = Path("static/img/icons.svg")
ICON = re.compile(r"""{%-? icon "([a-z0-9-]+)"|Look\("\w+", "([a-z0-9-]+)\"""")


def own_files() -> list[Path]:
    """Return the files that were written here: tracked or new, not vendored, not migrations."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    paths = (Path(name) for name in listed.split("\0") if name)
    return [
        path
        for path in paths
        if path.suffix in {".py", ".html", ".js", ".css", ".sh"}
        and path.exists()
        and not {"vendor", "migrations"} & set(path.parts)
    ]


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the number of lines of a function, without its docstring."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    ):
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


def python_breaches(path: Path, text: str) -> Iterator[tuple[int, str]]:
    tree = ast.parse(text, str(path))
    for node in ast.walk(tree):
        is_journey = "e2e" in path.parts
        if (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and length(node) > MAX_FUNCTION
            and not is_journey
        ):
            yield node.lineno, f"{node.name} has {length(node)} lines, at most {MAX_FUNCTION}"
    if "services" in {path.stem, *path.parts[:-1]} and not {"tests", "views"} & set(path.parts):
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                positional = [argument.arg for argument in node.args.posonlyargs + node.args.args]
                if len(positional) > MAX_POSITIONAL:
                    yield node.lineno, f"{node.name} takes {', '.join(positional)} by position, put * before"
    if EAGER in text:
        yield text[: text.index(EAGER)].count("\n") + 1, f"{EAGER} hides what a real worker does"


def icon_breaches(text: str, drawn: set[str]) -> Iterator[tuple[int, str]]:
    for match in ICON.finditer(text):
        name = match[1] or match[2]
        if name not in drawn:
            yield (
                text[: match.start()].count("\n") + 1,
                f"icon {name} is not in {SPRITE}",
            )


def breaches(path: Path, drawn: set[str]) -> Iterator[tuple[int, str]]:
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    if len(lines) > MAX_FILE:
        yield MAX_FILE + 1, f"{len(lines)} lines, at most {MAX_FILE}: split by noun"
    yield from icon_breaches(text, drawn)
    if path.suffix == ".py":
        yield from python_breaches(path, text)
    elif path.suffix != ".sh":
        for number, line in enumerate(lines, 1):
            if FOREIGN.search(line):
                yield number, "draws on another host: vendor the file"


def main() -> None:
    drawn = set(re.findall(r'<symbol id="([^"]+)"', SPRITE.read_text())) if SPRITE.exists() else set()
    found = [f"{path}:{line}: {what}" for path in own_files() for line, what in breaches(path, drawn)]
    found += old_browsers.found()
    print("\n".join(found) or "Every file keeps the rules of the house.")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
