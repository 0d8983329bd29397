"""The editor of a layout, as a browser without script uses it: nothing typed is lost, errors beside their fields."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from grassroots.grid.models import Role
from grassroots.ledgers.asof import indicators
from grassroots.ledgers.engine import Column
from grassroots.ledgers.models import LedgerLayout
from grassroots.ledgers.rollups import refresh_rollups
from tests.factories import OfficeCast, make_staff
from tests.ledgers.layout_cases import Editor, new_url, page_of, signed_in, standard
from tests.quarantine.cases import make_observation

pytestmark = pytest.mark.django_db
LIST = "/ledgers/layouts/"
KEYS = ["base", "returnees", "key-persons", "statistics", "temperatures", "duties"]


@pytest.fixture
def editor(office: OfficeCast) -> Editor:
    editor = Editor(signed_in(office.ding), new_url())
    editor.type(name="区里日报", note="第一次")
    return editor


def test_a_layout_is_made_from_the_standard_one(office: OfficeCast, editor: Editor) -> None:
    editor.type(title="返乡名册（{填报单位}）", notes="注一\n\n注二", footer_lines="甲: | 乙:\n丙:", page="A3-portrait",
                unit_line="报:{填报单位}｜{筛选}")  # fmt: skip
    editor.fields["filter_state"] = ["OPEN", "DUE"]
    editor.column("name", caption="名字", group="人", subgroup="基本", width="12.5")
    editor.column("left_on", format="date")
    editor.untick("stops", "companions")
    response = editor.press()
    row = LedgerLayout.objects.get()
    assert response.status_code == 302 and response["Location"] == page_of("layout_detail", row)
    assert (row.name, row.area, row.ledger) == ("区里日报", office.street, "returnees")
    version = row.versions.get()
    saved = version.drawn()
    assert (saved.title, saved.notes, saved.footer_lines) == (
        "返乡名册（{unit}）",
        ("注一", "注二"),
        (("甲:", "乙:"), ("丙:",)),
    )
    assert (saved.paper, saved.orientation, saved.unit_line) == ("A3", "portrait", ("报:{unit}", "{filters}"))
    assert (version.filters, version.note) == ({"state": ["OPEN", "DUE"]}, "第一次")
    columns = {column.key: column for column in saved.columns}
    assert columns["name"] == Column("name", "名字", group=("人", "基本"), width=12.5)
    assert columns["left_on"].format == "date" and not {"stops", "companions"} & set(columns)


@pytest.mark.parametrize("key", KEYS)
def test_saving_what_is_shown_is_the_standard_layout(office: OfficeCast, key: str) -> None:
    editor = Editor(signed_in(office.ding), new_url(key))
    editor.type(name="照旧")
    assert editor.press().status_code == 302
    assert LedgerLayout.objects.get().versions.get().drawn() == standard(office, key)


def test_columns_move_by_button_and_by_number_without_script(editor: Editor) -> None:
    assert editor.order[:4] == ["number", "village", "group", "name"]
    editor.press("up:name")
    assert editor.order[:4] == ["number", "village", "name", "group"] and editor.response.status_code == 200
    editor.press("down:number")
    assert editor.order[:4] == ["village", "number", "name", "group"]
    editor.column("phone", place="1")
    editor.column("village", place="4")
    editor.press("preview")
    assert editor.order[:5] == ["phone", "number", "name", "village", "group"]
    assert LedgerLayout.objects.count() == 0
    editor.press()
    assert LedgerLayout.objects.get().versions.get().drawn().keys[:2] == ("phone", "number")


@pytest.mark.parametrize(
    "action", ["up:number", "down:note", "up:no-such", "remove:name", "nonsense", "", "down:"]
)
def test_a_button_with_nothing_to_do_changes_nothing(editor: Editor, action: str) -> None:
    before = editor.order
    assert editor.press(action).status_code == 200
    assert editor.order == before


def test_free_columns_are_added_and_taken_away(office: OfficeCast, editor: Editor) -> None:
    editor.press("add")
    editor.press("add")
    assert editor.order[-2:] == ["free_1", "free_2"]
    editor.column("free_1", caption="签收")
    editor.press("remove:free_2")
    editor.press()
    saved = LedgerLayout.objects.get().versions.get().drawn()
    assert saved.columns[-1] == Column("free_1", "签收")


def test_a_preview_shows_the_first_rows_masked_and_keeps_what_was_typed(
    office: OfficeCast, editor: Editor
) -> None:
    person = make_observation(office, "王某").person
    editor.column("name", caption="名字")
    editor.type(name="", title="试一试{填报单位}")
    page = editor.press("preview")
    assert page.status_code == 200 and "试一试淮口街道" in editor.text and "王某" in editor.text
    assert (
        person.id_number not in editor.text and person.phone not in editor.text and "5101****" in editor.text
    )
    assert editor.fields["title"] == ["试一试{填报单位}"] and "请填写版式名称" not in editor.text


def test_a_preview_for_script_is_the_sheet_alone(office: OfficeCast, editor: Editor) -> None:
    page = editor.press("preview", **{"HX-Request": "true"})
    assert page.status_code == 200 and "<html" not in editor.text and 'class="sheet"' in editor.text


@pytest.mark.parametrize("key", KEYS)
def test_a_preview_costs_no_more_queries_for_many_than_for_few(office: OfficeCast, key: str) -> None:
    make_observation(office)
    client = signed_in(office.ding)
    few = preview_queries(client, key)
    for _ in range(30):
        make_observation(office)
    asked = len(indicators()) if key in COUNTED else 0
    assert preview_queries(client, key) == few <= MOST[key] + asked


MOST = {"base": 15, "returnees": 20, "key-persons": 24, "statistics": 15, "temperatures": 18, "duties": 25}
COUNTED = {"statistics"}  # every indicator is a query more


def test_a_preview_of_figures_reads_what_the_tick_counted(office: OfficeCast) -> None:
    make_observation(office)
    client = signed_in(office.ding)
    live = preview_queries(client, "statistics")
    refresh_rollups(timezone.now())
    assert preview_queries(client, "statistics") == 10 < live


def preview_queries(client: Client, key: str) -> int:
    editor = Editor(client, new_url(key))
    with CaptureQueriesContext(connection) as counted:
        editor.press("preview", **{"HX-Request": "true"})
    assert 'class="sheet"' in editor.text
    return len(counted)


def test_the_preview_shows_the_scope_only(office: OfficeCast) -> None:
    make_observation(office, "王某")
    lead = make_staff("村主管", Role.SUPERVISOR, office.other_village)
    editor = Editor(signed_in(lead), new_url())
    editor.press("preview")
    assert "王某" not in editor.text and "龚家村" in editor.text


def test_markup_in_what_is_typed_is_text_everywhere(office: OfficeCast, editor: Editor) -> None:
    nasty = "<script>alert(1)</script>"
    make_observation(office)
    editor.type(
        name=nasty[:40],
        title=nasty,
        header_lines=nasty,
        unit_line=nasty,
        footer_lines=nasty,
        notes=nasty,
        note=nasty,
    )
    editor.column("name", caption=nasty, group=nasty, subgroup=nasty)
    editor.press("preview")
    assert nasty not in editor.text and "&lt;script&gt;alert(1)" in editor.text
    assert editor.press().status_code == 302
    row = LedgerLayout.objects.get()
    row_edited = Editor(editor.client, page_of("layout_edit", row))
    row_edited.column("name", caption=f"{nasty}2")
    assert row_edited.press().status_code == 302
    for url in (page_of("layout_detail", row), page_of("layout_edit", row), LIST, "/ledgers/"):
        page = editor.client.get(url).content.decode()
        assert nasty not in page and "<script>alert" not in page


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"name": ""}, "请填写版式名称"),
        ({"name": "长" * 41}, "不能超过 40 个字"),
        ({"title": ""}, "请填写标题"),
        ({"title": "{id_number}"}, "花括号里的“id_number”不认识，可用的有："),
        ({"header_lines": "{unit.__class__}"}, "花括号里的“unit.__class__”不认识"),
        ({"notes": "｛电话｝"}, "花括号里的“电话”不认识"),
        ({"header_lines": "\n".join("一二三四五六七八九十零")}, "最多 10 行"),
        ({"notes": "长" * 301}, "超过 300 个字"),
        ({"footer_lines": "|".join("一二三四五六七八九十甲乙丙")}, "最多分成 12 段"),
        ({"freeze_columns": "x"}, "请填整数"),
        ({"freeze_columns": "-1"}, "不能小于 0"),
        ({"freeze_columns": ""}, "不固定填 0"),
        ({"page": "B5-landscape"}, "选择一个有效的选项"),
        ({"filter_state": "SOLD"}, "没有这个选项"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_beside_its_field_and_everything_typed_stays(
    editor: Editor, typed: dict[str, str], words: str
) -> None:
    editor.column("name", caption="名字")
    editor.type(**typed)
    page = editor.press()
    assert page.status_code == 422 and words in editor.text and "没有保存" in editor.text
    name, value = next(iter(typed.items()))
    if name not in ("page", "filter_state"):
        assert editor.fields[name][0].strip() == value.strip()
    assert editor.fields[f"{editor.prefix('name')}-caption"] == ["名字"]
    assert LedgerLayout.objects.count() == 0


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"caption": " "}, "列名不能空着"),
        ({"caption": "长" * 201}, "不能超过 200 个字"),
        ({"group": "长" * 201}, "不能超过 200 个字"),
        ({"width": "宽"}, "列宽请填数字"),
        ({"width": "0"}, "列宽请填 1 到 100"),
        ({"width": "nan"}, "列宽请填 1 到 100"),
        ({"width": "1e9"}, "列宽请填 1 到 100"),
        ({"caption": "年龄"}, "已经有一列叫“年龄”"),
    ],
)
def test_what_is_wrong_with_a_column_is_said_in_its_row(
    editor: Editor, typed: dict[str, str], words: str
) -> None:
    editor.column("sex", **typed)
    assert editor.press().status_code == 422 and words in editor.text
    assert "有的列没有填对" in editor.text and "col-row--error" in editor.text
    part, value = next(iter(typed.items()))
    assert editor.fields[f"{editor.prefix('sex')}-{part}"] == [value]


def test_everything_that_is_wrong_with_a_column_is_said_at_once(editor: Editor) -> None:
    editor.column("sex", caption="", group="长" * 201, width="宽")
    editor.press()
    for words in ("列名不能空着", "不能超过 200 个字", "列宽请填数字"):
        assert words in editor.text


def test_a_column_that_is_not_ticked_may_be_as_wrong_as_it_likes(editor: Editor) -> None:
    editor.column("sex", caption="", width="宽")
    editor.untick("sex")
    assert editor.press().status_code == 302


def test_captions_of_200_characters_and_of_every_script_are_kept(office: OfficeCast, editor: Editor) -> None:
    long = ("长𬱖é" * 70)[:200]
    editor.column("name", caption=long)
    assert editor.press().status_code == 302
    assert long in [column.caption for column in LedgerLayout.objects.get().versions.get().drawn().columns]


def test_no_column_at_all_is_refused(editor: Editor) -> None:
    editor.untick(*editor.order)
    assert editor.press().status_code == 422 and "至少要选一列" in editor.text


def test_more_frozen_columns_than_there_are_is_refused_beside_its_field(editor: Editor) -> None:
    editor.untick(*editor.order[2:])
    assert editor.press().status_code == 422 and "固定的列数要少于表的列数" in editor.text


def test_rows_made_up_by_hand_are_refused_or_left_out(editor: Editor) -> None:
    first = editor.fields["row"][0]
    editor.fields["row"] += ["x1", "x2", first, "x\x00"]
    editor.type(
        **{"x1-key": "secret", "x1-in": "1", "x1-caption": "密", "x2-key": editor.fields[f"{first}-key"][0]}
    )
    assert editor.press().status_code == 422 and "台账里没有列“密”" in editor.text
    assert editor.order.count("number") == 1


def test_a_sheet_for_one_person_needs_two_columns(office: OfficeCast) -> None:
    editor = Editor(signed_in(office.ding), new_url("temperatures"))
    editor.type(name="一列", freeze_columns="0")
    editor.untick(*editor.order[1:])
    assert editor.press().status_code == 422 and "请至少选两列" in editor.text
