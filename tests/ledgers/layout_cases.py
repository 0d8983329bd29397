"""What tests of layouts build from."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from bench.pages.html_forms import form_with
from grassroots.grid.models import Area, Staff
from grassroots.ledgers.engine import Layout, ledger_registry
from grassroots.ledgers.engine.tailored import bare_layout
from grassroots.ledgers.models import LedgerLayout
from grassroots.ledgers.services.layouts import LayoutDraft, layout_create, standard_layout
from tests.factories import OfficeCast


def standard(office: OfficeCast, key: str = "returnees") -> Layout:
    return bare_layout(standard_layout(ledger_registry.get(key), office.street, office.ding))


def draft(layout: Layout, name: str = "报区里", **fields: Any) -> LayoutDraft:
    return LayoutDraft(name, layout, **fields)


def make(office: OfficeCast, key: str = "returnees", area: Area | None = None, **fields: Any) -> LedgerLayout:
    layout = fields.pop("layout", standard(office, key))
    return layout_create(
        ledger=key, area=area or office.street, draft=draft(layout, **fields), by=office.ding
    )


Fields = dict[str, list[str]]


def signed_in(staff: Staff) -> Client:
    client = Client()
    client.force_login(staff)
    return client


def new_url(key: str = "returnees") -> str:
    return reverse("ledgers:layout_new", args=[key])


def page_of(name: str, row: LedgerLayout) -> str:
    return reverse(f"ledgers:{name}", args=[row.uid])


class Editor:
    """The editor in a browser without script."""

    def __init__(self, client: Client, url: str) -> None:
        self.client, self.url = client, url
        self.take(client.get(url))

    def take(self, response: HttpResponse) -> HttpResponse:
        self.response, self.text = response, response.content.decode()
        if "layout-form" in self.text:
            self.fields: Fields = form_with(self.text, "title")
        return response

    @property
    def order(self) -> list[str]:
        """Keys of the columns in the order shown, those that are ticked."""
        names = self.fields["row"]
        return [self.fields[f"{name}-key"][0] for name in names if f"{name}-in" in self.fields]

    def prefix(self, key: str) -> str:
        return next(name for name in self.fields["row"] if self.fields[f"{name}-key"] == [key])

    def column(self, key: str, **values: str) -> None:
        for part, value in values.items():
            self.fields[f"{self.prefix(key)}-{part}"] = [value]

    def untick(self, *keys: str) -> None:
        for key in keys:
            self.fields.pop(f"{self.prefix(key)}-in", None)

    def press(self, action: str = "save", **headers: Any) -> HttpResponse:
        return self.take(self.client.post(self.url, {**self.fields, "action": [action]}, headers=headers))

    def type(self, **values: str) -> None:
        self.fields |= {name: [value] for name, value in values.items()}
