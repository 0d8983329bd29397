"""Layout and filters on the download form: what is proposed, what holds, what is refused."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from bench.pages.html_forms import form_with
from grassroots.grid.models import AccessAction, AccessLog, Area, Role
from grassroots.ledgers.models import Job
from grassroots.ledgers.services.layouts import layout_close
from tests.factories import OfficeCast, make_staff
from tests.ledgers.layout_cases import make, signed_in
from tests.quarantine.cases import make_observation

pytestmark = pytest.mark.django_db
LIST, OPTIONS, DOWNLOAD = "/ledgers/", "/ledgers/options/", "/ledgers/download/"
Fields = dict[str, list[str]]


def shown(client: Client, **asked: Any) -> Fields:
    """The download form as a browser without script would send it."""
    return form_with(client.get(LIST, asked).content.decode(), "file_format")


def redrawn(client: Client, fields: Fields) -> Fields:
    """The same after the fragment with the options was fetched anew."""
    fragment = client.post(OPTIONS, fields)
    assert fragment.status_code == 200
    fresh = form_with(f"<form>{fragment.content.decode()}</form>", "returnees-layout")
    kept = {name: values for name, values in fields.items() if "-" not in name}
    return kept | fresh


def sheet(client: Client, fields: Fields) -> str:
    response = client.post(DOWNLOAD, fields)
    assert response.status_code == 200 and response.streaming, response.content.decode()
    book = load_workbook(io.BytesIO(b"".join(response.streaming_content)))  # type: ignore[attr-defined]
    return str([row for page in book for row in page.iter_rows(values_only=True)])


def test_the_default_of_the_area_is_proposed_with_its_filters(office: OfficeCast) -> None:
    street = make(office, is_default=True, filters={"state": ("OPEN",)})
    village = make(office, area=office.village, name="社区的", is_default=True)
    client = signed_in(office.ding)
    fields = shown(client, key="returnees", area=office.street.pk)
    assert fields["returnees-layout"] == [str(street.uid)] and fields["returnees-f_state"] == ["OPEN"]
    assert fields["base-layout"] == ["standard"]
    fields = shown(client, key="returnees", area=office.village.pk)
    assert fields["returnees-layout"] == [str(village.uid)] and "returnees-f_state" not in fields


def test_another_area_brings_its_own_proposal_but_never_undoes_a_choice(office: OfficeCast) -> None:
    make(office, is_default=True)
    village = make(office, area=office.village, name="社区的", is_default=True, filters={"state": ("DUE",)})
    client = signed_in(office.ding)
    fields = shown(client, key="returnees", area=office.street.pk)
    fields["area"] = [str(office.village.pk)]
    moved = redrawn(client, fields)
    assert moved["returnees-layout"] == [str(village.uid)] and moved["returnees-f_state"] == ["DUE"]
    fields["returnees-layout"] = ["standard"]
    assert redrawn(client, fields)["returnees-layout"] == ["standard"]


def test_choosing_a_layout_ticks_its_filters_and_the_other_ledgers_keep_theirs(office: OfficeCast) -> None:
    row = make(office, filters={"state": ("OPEN",)})
    client = signed_in(office.ding)
    fields = shown(client, key="returnees")
    fields |= {"returnees-layout": [str(row.uid)], "returnees-f_state": ["DUE"], "base-f_state": ["ABSENT"]}
    fresh = redrawn(client, fields)
    assert (fresh["returnees-f_state"], fresh["base-f_state"]) == (["OPEN"], ["ABSENT"])
    fresh["returnees-f_state"] = ["DUE"]
    assert redrawn(client, fresh)["returnees-f_state"] == ["DUE"], "what was ticked after stays"


def test_ticks_hold_and_are_said_on_the_sheet(office: OfficeCast) -> None:
    make_observation(office, "王某")
    client = signed_in(office.ding)
    fields = shown(client, key="returnees")
    assert "王某" in sheet(client, fields)
    fields |= {"returnees-f_state": ["NONE"], "key-persons-f_state": ["OPEN"]}
    text = sheet(client, fields)
    assert "王某" not in text and "只列 状态:未观察" in text, "filters of other ledgers do not count"


def test_without_script_a_layout_chosen_brings_its_filters(office: OfficeCast) -> None:
    make_observation(office, "王某")
    row = make(office, filters={"state": ("NONE",)})
    client = signed_in(office.ding)
    fields = shown(client, key="returnees") | {"returnees-layout": [str(row.uid)]}
    assert "只列 状态:未观察" in sheet(client, fields)
    assert "只列 状态:观察中" in sheet(client, fields | {"returnees-f_state": ["OPEN"]})


def test_what_was_unticked_of_a_layouts_filters_does_not_hold(office: OfficeCast) -> None:
    make_observation(office, "王某")
    row = make(office, filters={"state": ("NONE",)})
    client = signed_in(office.ding)
    fields = shown(client, key="returnees", layout=str(row.uid))
    assert fields["returnees-f_state"] == ["NONE"]
    del fields["returnees-f_state"]
    text = sheet(client, fields)
    assert "王某" in text and "只列" not in text


def test_the_log_says_which_layout(office: OfficeCast) -> None:
    row = make(office)
    client = signed_in(office.ding)
    sheet(client, shown(client, key="returnees", layout=str(row.uid)))
    assert AccessLog.objects.get(action=AccessAction.EXPORT).detail["layout"] == "报区里(第 1 版)"


def test_a_form_without_options_takes_the_standard_layout(office: OfficeCast) -> None:
    make(office, is_default=True)
    data = {"key": "returnees", "area": office.street.pk, "on": timezone.localdate(), "file_format": "xlsx"}
    sheet(signed_in(office.ding), data)  # type: ignore[arg-type]
    assert "layout" not in AccessLog.objects.get(action=AccessAction.EXPORT).detail


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("returnees-layout", "rubbish", "没有这个版式"),
        ("returnees-layout", "00000000-0000-0000-0000-000000000000", "没有这个版式"),
        ("returnees-f_state", "SOLD", "没有这个选项"),
    ],
)
def test_what_there_is_not_is_refused_and_everything_stays(
    office: OfficeCast, name: str, value: str, words: str
) -> None:
    client = signed_in(office.ding)
    fields = shown(client, key="returnees") | {
        "purpose": ["报区里"],
        "returnees-f_reason": ["WUHAN"],
        name: [value],
    }
    response = client.post(DOWNLOAD, fields)
    page = response.content.decode()
    assert response.status_code == 422 and words in page and "没有保存" in page
    kept = form_with(page, "file_format")
    assert kept["purpose"] == ["报区里"] and kept["returnees-f_reason"] == ["WUHAN"]
    assert not AccessLog.objects.filter(action=AccessAction.EXPORT).exists()


def test_a_layout_of_another_village_or_a_closed_one_is_no_choice(office: OfficeCast) -> None:
    far = make(office, area=office.other_village, name="远处的")
    closed = layout_close(layout=make(office, name="停了的"), by=office.ding)
    client = signed_in(make_staff("村主管", Role.SUPERVISOR, office.village))
    page = client.get(LIST).content.decode()
    assert "远处的" not in page and "停了的" not in page
    for row in (far, closed):
        fields = shown(client, key="returnees") | {"returnees-layout": [str(row.uid)]}
        assert client.post(DOWNLOAD, fields).status_code == 422


@pytest.mark.parametrize("field", ["area", "key", "on"])
def test_the_fragment_bears_with_rubbish(office: OfficeCast, field: str) -> None:
    client = signed_in(office.ding)
    fields = shown(client, key="returnees") | {
        field: ["rubbish"],
        "returnees-layout": ["x"],
        "returnees-f_state": ["x"],
    }
    assert client.post(OPTIONS, fields).status_code == 200


def test_the_page_costs_the_same_however_many_layouts(office: OfficeCast) -> None:
    client = signed_in(office.ding)
    make(office)
    page_queries(client, office.street)  # the first page of a session writes the session
    few = page_queries(client, office.street)
    for number in range(10):
        make(office, "base", name=f"版式{number}", filters={"state": ("ABSENT",)})
    assert page_queries(client, office.street) == few <= 21  # nine of them kinds to filter by


def page_queries(client: Client, area: Area) -> int:
    with CaptureQueriesContext(connection) as counted:
        client.get(LIST, {"area": area.pk})
    return len(counted)


def test_a_long_export_remembers_layout_and_filters_in_its_job(office: OfficeCast, settings: Any) -> None:
    settings.EXPORT_AT_ONCE_ROWS = 0
    make_observation(office, "王某")
    row = make(office, "base")
    client = signed_in(office.ding)
    fields = shown(client, key="base", layout=str(row.uid)) | {"base-f_state": ["UNVISITED"]}
    assert client.post(DOWNLOAD, fields).status_code == 302
    params = Job.objects.get().params
    assert (params["layout"], params["layout_name"]) == (str(row.uid), "报区里")
    assert params["filters"]["state"] == ["UNVISITED"]
    assert "版式:报区里" in client.get("/ledgers/jobs/").content.decode()
