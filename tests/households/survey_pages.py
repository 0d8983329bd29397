"""What the tests of the survey pages share: what a browser would send back from the form it was shown."""

from __future__ import annotations

import uuid
from html.parser import HTMLParser
from typing import Any

from django.http import HttpResponse
from django.test import Client

Fields = dict[str, list[str]]


class _FormReader(HTMLParser):
    """Collects the fields of the survey form as a browser would send them: no script, nothing ticked but what is."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: Fields = {}
        self._inside = False
        self._select = ""
        self._first_option = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = {key: value or "" for key, value in attrs}
        if tag == "form":
            self._inside = at.get("id") == "survey-form"
        if not self._inside:
            return
        if tag == "input" and at.get("name"):
            kind = at.get("type", "text")
            if kind in ("checkbox", "radio") and "checked" not in at:
                return
            self.fields.setdefault(at["name"], []).append(at.get("value", "on" if kind == "checkbox" else ""))
        elif tag == "select":
            self._select = at["name"]
        elif tag == "option" and self._select:
            chosen = self.fields.setdefault(self._select, [])
            if "selected" in at or not chosen:
                chosen[:] = [at.get("value", "")]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "select":
            self._select = ""


def fields_of(response: HttpResponse) -> Fields:
    """The fields of the survey form in a page."""
    reader = _FormReader()
    reader.feed(response.content.decode())
    reader.fields.pop("csrfmiddlewaretoken", None)
    return reader.fields


class SurveyPage:
    """The form of one household in a browser without script."""

    def __init__(self, client: Client, household_uid: uuid.UUID) -> None:
        self.client = client
        self.url = f"/households/{household_uid}/survey/"
        self.response = client.get(self.url)
        assert self.response.status_code == 200
        self.fields = fields_of(self.response)

    @property
    def text(self) -> str:
        return self.response.content.decode()

    @property
    def keys(self) -> list[str]:
        """Keys of the cards in their order."""
        return self.fields.get("members", [])

    def fill(self, **values: Any) -> SurveyPage:
        """Fill in fields of the form."""
        for name, value in values.items():
            self.fields[name] = value if isinstance(value, list) else [str(value)]
        return self

    def fill_card(self, number: int, **values: Any) -> SurveyPage:
        """Fill in fields of the card with this number, from 0."""
        key = self.keys[number]
        return self.fill(**{f"{key}-{name}": value for name, value in values.items()})

    def card(self, number: int, name: str) -> str:
        """What a field of a card holds."""
        return self.fields.get(f"{self.keys[number]}-{name}", [""])[0]

    def press(self, button: str = "save", value: str = "1") -> HttpResponse:
        """Press a button; a page shown again becomes the page at hand."""
        self.response = self.client.post(self.url, {**self.fields, button: value})
        if self.response.status_code in (200, 409, 422) and 'id="survey-form"' in self.text:
            self.fields = fields_of(self.response)
        return self.response
