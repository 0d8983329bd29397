"""Reading a form out of a page, to send it back as a browser would."""

from __future__ import annotations

from html.parser import HTMLParser


class FormReader(HTMLParser):
    """Collects the fields of every form of a page: lists of (name, value) by the form's action and number."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, list[str]]] = []
        self._select = ""
        self._option: str | None = None
        self._textarea = ""
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {key: value or "" for key, value in attrs}
        if tag == "form":
            self.forms.append({})
        elif tag == "input":
            self._input(values)
        elif tag == "select":
            self._select = values.get("name", "")
            self._option = None
        elif tag == "option" and self._select and ("selected" in values or self._option is None):
            self._option = values.get("value", "")
        elif tag == "textarea":
            self._textarea, self._text = values.get("name", ""), []

    def _input(self, values: dict[str, str]) -> None:
        kind = values.get("type", "text")
        if kind in {"submit", "button", "image", "file"} or "disabled" in values:
            return
        if kind in {"checkbox", "radio"} and "checked" not in values:
            return
        self._add(values.get("name", ""), values.get("value", "on" if kind in {"checkbox", "radio"} else ""))

    def _add(self, name: str, value: str) -> None:
        if name and self.forms:
            self.forms[-1].setdefault(name, []).append(value)

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self._select:
            self._add(self._select, self._option or "")
            self._select = ""
        elif tag == "textarea" and self._textarea:
            self._add(self._textarea, "".join(self._text))
            self._textarea = ""


def form_with(html: str, field: str) -> dict[str, list[str]]:
    """The fields of the form that has a field of that name. Raises LookupError."""
    reader = FormReader()
    reader.feed(html)
    for form in reader.forms:
        if field in form:
            return form
    raise LookupError(f"no form with a field {field}")
