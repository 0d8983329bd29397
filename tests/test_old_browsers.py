"""The check against Chrome 79 finds what it is there for, and lets pass what has a way without."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "scripts"))
import old_browsers

YOUNG_SCRIPTS = [
    "a?.b", "a?.()", "a ?? b", "a ||= b", "a.at(-1)", "t.replaceAll('a', 'b')", "structuredClone(a)",
    "Promise.any([])", "class A { #m() {} }", "class A { static { f() } }", "/a/d.test(b)", "crypto.randomUUID()",
]  # fmt: skip
OLD_SCRIPTS = [
    "var at = 1; a[at]", "a.b && a.b.c", "try { f() } catch { g() }", "const { a, ...b } = c", "t.replace(/a/g, 'b')",
    "crypto.randomUUID(); // since 92: asked for above", "async () => { for await (const a of b) { c } }",
]  # fmt: skip
YOUNG_STYLES = [
    "a:has(b) { color: red }", "a:is(b, c) { color: red }", "@layer a { b { color: red } }", "a { inset: 0 }",
    "a { aspect-ratio: 1 }", "a { display: flex; gap: 1px }", "a { height: 100dvh }", "a:focus-visible { color: red }",
    "a { b { color: red } }", "@media (width >= 600px) { a { color: red } }", "@media print { a { inset: 0 } }",
    "a { color: color-mix(in srgb, red, blue) }",
]  # fmt: skip
OLD_STYLES = [
    "a { display: grid; gap: 1px }", "a { height: 100vh; height: 100dvh }", "a { accent-color: red }",
    "a:focus:not(:focus-visible) { outline: none }", "a { stroke-linejoin: round }", "a { width: min(1px, 2vw) }",
    "@media (min-width: 600px) { a { color: red } }",
]  # fmt: skip


@pytest.mark.parametrize("text", YOUNG_SCRIPTS)
def test_a_young_script_is_named(text):
    assert list(old_browsers.script_breaches(text, is_vendored=False))


@pytest.mark.parametrize("text", OLD_SCRIPTS)
def test_an_old_script_passes(text):
    assert not list(old_browsers.script_breaches(text, is_vendored=False))


@pytest.mark.parametrize("text", YOUNG_STYLES)
def test_a_young_style_is_named(text):
    assert list(old_browsers.style_breaches(text))


@pytest.mark.parametrize("text", OLD_STYLES)
def test_an_old_style_passes(text):
    assert not list(old_browsers.style_breaches(text))


def test_markup_and_where_it_stands():
    text = '<p>\n  <div class="d-flex gap-2"></div>\n</p>'
    assert [line for line, _what in old_browsers.markup_breaches(text)] == [2]
    assert not list(old_browsers.markup_breaches('<div class="d-flex mb-2"></div>'))


def test_what_a_script_of_others_calls_is_its_own_business_but_it_must_be_readable():
    assert not list(old_browsers.script_breaches("a.at(-1)", is_vendored=True))
    assert list(old_browsers.script_breaches("a?.b", is_vendored=True))
