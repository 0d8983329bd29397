"""The daily brief: its text, what apps put into it, what is written by hand, publication, 更正."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, transaction

from grassroots.grid.models import Level
from grassroots.ledgers import asof as registry
from grassroots.ledgers.asof import AsOf, Indicator, register_indicator
from grassroots.ledgers.models import BriefDraft, Publication
from grassroots.ledgers.paragraphs import (
    SECTIONS,
    Figures,
    Paragraph,
    Section,
    register_paragraph,
    section_text,
    unregister_paragraph,
)
from grassroots.ledgers.services.briefs import (
    FiguresMoved,
    NamesFound,
    PublicationRefused,
    StaleDraft,
    brief_prepare,
    correction_prepare,
    draft_of,
    publication_correct,
)
from grassroots.ledgers.sheet import statistics_layout
from grassroots.ledgers.snapshots import asof_of, changes_since, snapshot, table_published
from grassroots.ledgers.table import share_text
from quarantine.models import EventKind, ObservationEvent
from quarantine.services.observations import observation_transfer
from tests.factories import OfficeCast, aware, make_household, make_person
from tests.ledgers.brief_cases import AFTER, DAY, found_late, known, publish, save, text_of
from tests.quarantine.cases import make_observation, make_returnee

pytestmark = pytest.mark.django_db
NUMERALS = "一二三四五六七八"


@pytest.fixture
def registered() -> Iterator[None]:
    """A figure and a paragraph of an app to come, taken out again."""
    register_indicator(
        Indicator("cinemas_closed", "已关停影院", lambda areas, asof: {}, group="场所", order=70)
    )
    register_paragraph(
        Paragraph(
            "cinemas", "measures", lambda figures: f"影院今日关停{figures.new('cinemas_closed', '家')}。", topic="场所"
        )
    )  # fmt: skip
    yield
    unregister_paragraph("cinemas")
    registry._indicators.pop("cinemas_closed")


# --- the text ---------------------------------------------------------------------------------------------


def test_the_brief_of_an_empty_area_is_a_zero_report_from_first_to_last(office: OfficeCast) -> None:
    text = text_of(office.other_village)
    heads = [f"{numeral}、{section.title}" for numeral, section in zip(NUMERALS, SECTIONS, strict=True)]
    assert [line for line in text.split("\n") if line in heads] == heads
    assert "统计时段：2020年1月25日17时至2020年1月26日17时" in text
    for words in (
        "消杀：今日无消杀，消杀面积0平方米", "场所：今日关停场所无新增，现在关停0家，无巡查。", "宴席今日无取消",
        "今日无新增，无办结", "今日无发放宣传单", "上传下达：指令今日无下达，累计下达0处",
        "登记在册0户、0人", "今日无新签承诺书", "今日返乡人员无新增",
        "今日无新增、无转入、无解除、无转送、无转出", "无漏测", "体温无异常", "无症状", "密切接触者今日无新增",
    ):  # fmt: skip
        assert words in text, words
    assert text.endswith("填报人：________  审核人：________  电话：________\n")


def test_the_brief_tells_the_day_in_figures(office: OfficeCast) -> None:
    make_observation(office, at="2020-01-25 18:00")
    text = text_of(office.village)
    assert "辖1个组（网格）、1个小区（院落）" in text and "村（社区）" not in text
    assert "累计1人，其中武汉1人、湖北其他0人" in text
    assert "今日新增1人、无转入、无解除、无转送、无转出；昨日在管0人，现在管1人；累计观察1人" in text
    assert "今日应测2人次，实测0人次，漏测2人次" in text
    assert "辖2个村（社区）" in text_of(office.street)


def test_a_whole_day_says_so(office: OfficeCast) -> None:
    assert "统计时段：2020年1月26日0时至24时" in text_of(office.village, cutoff=None)


def test_what_an_app_registers_is_in_the_table_the_ledger_and_the_brief(
    office: OfficeCast, registered: None
) -> None:
    assert "场所：影院今日关停无新增。" in text_of(office.village)
    assert "已关停影院" in [column.caption for column in statistics_layout().columns]
    frozen = publish(office)
    assert "已关停影院" in [column.caption for column in table_published(frozen).columns]


def test_a_section_without_any_paragraph_says_none() -> None:
    empty = Section("empty", "无人登记")
    assert section_text(empty, Figures({})) == "无。"
    pushed = next(section for section in SECTIONS if section.key == "pushed")
    said = section_text(pushed, Figures({"pushed_received": 3, "pushed_answered": 1}))
    assert said.startswith("上级推送名单今日无收到，无答复；累计收到3人") and said.endswith("待核查2人。")


@pytest.mark.parametrize(("section", "topic"), [("problems", ""), ("nowhere", ""), ("measures", "天气")])
def test_a_paragraph_has_a_place_of_its_own(section: str, topic: str) -> None:
    with pytest.raises(ValueError):
        register_paragraph(Paragraph("odd", section, lambda figures: "", topic=topic))


def test_a_share_is_complete_only_when_it_is() -> None:
    assert [share_text(value) for value in (0.53951, 0.99999, 1.0, None)] == ["54.0%", "99.9%", "100.0%", "–"]


def test_figures_say_zero() -> None:
    figures = Figures({"a": 0, "b": 2}, Level.STREET)
    assert [figures.new("a"), figures.new("b"), figures.new("c", "件", "办结")] == [
        "无新增",
        "新增2人",
        "无办结",
    ]


# --- written by hand --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("problems", "联系510121198001011234核实", "证件号码“5101************34”"),
        ("plans", "请打138 0000 1234", "电话号码“138"),
        ("plans", "走访3栋2单元501", "门牌号“3栋2单元501”"),
        ("reporter", "丁某13800001234", "电话号码"),
        ("phone", "13800001234", "个人手机号"),
        ("phone", "打办公室", "请填办公座机"),
        ("problems", "长" * 1001, "最多1000个字，现在有1001个"),
    ],
)
def test_personal_numbers_are_refused_beside_their_field(
    office: OfficeCast, field: str, text: str, words: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        save(office, **{field: text})
    assert words in "".join(refused.value.message_dict[field]) and not BriefDraft.objects.exists()


def test_a_name_of_the_register_is_refused_until_it_is_said_to_be_none(office: OfficeCast) -> None:
    make_person("高明", make_household(office.compound))
    with pytest.raises(NamesFound, match="高明") as refused:
        save(office, problems="做法不够高明。")
    assert refused.value.words == ["高明"]
    row = save(office, problems="做法不够高明。", accepted=["高明"])
    assert (row.problems, row.accepted) == ("做法不够高明。", ["高明"])
    assert publish(office).problems == "做法不够高明。"  # and is not asked again


def test_a_name_of_another_village_is_nobody_here(office: OfficeCast) -> None:
    make_person("高明", make_household(office.other_group))
    assert save(office, problems="做法不够高明。").version == 1


def test_a_contact_is_somebody_too(office: OfficeCast) -> None:
    make_returnee(office).contacts.create(name="孙六")
    with pytest.raises(NamesFound, match="孙六"):
        save(office, plans="明天走访孙六。")


def test_two_who_write_see_each_others_words(office: OfficeCast) -> None:
    assert save(office).version == 1 and save(office, version=1, plans="明早开会。").version == 2
    with pytest.raises(StaleDraft) as stale:
        save(office, version=1, plans="我的。")
    assert stale.value.draft.plans == "明早开会。"
    with pytest.raises(StaleDraft):
        save(office, version=0)


def test_a_new_day_takes_over_who_signed(office: OfficeCast) -> None:
    save(office, reviewer="李书记")
    draft = draft_of(office.village, DAY + dt.timedelta(days=1), office.ding)
    assert (draft.typed.reviewer, draft.typed.problems, draft.version) == ("李书记", "", 0)


@pytest.mark.parametrize("who", ["bing", "health", "inspector", "auditor"])
def test_who_may_not_write_does_not(office: OfficeCast, who: str) -> None:
    with pytest.raises(PermissionDenied):
        save(office, by=office.everyone()[who])


# --- publication ------------------------------------------------------------------------------------------


def test_what_is_published_is_frozen_with_its_table(office: OfficeCast) -> None:
    make_observation(office, at="2020-01-25 18:00")
    save(office)
    row = publish(office, office.village)
    assert row.version == 1 and row.text == brief_of(row) and row.problems == "人手不足。"
    assert (
        "七、存在问题\n人手不足。" in row.text and "填报人：丁某" in row.text and "028-84900000" in row.text
    )
    table = table_published(row)
    assert [line.name for line in table.rows] == ["1组"] and table.figures["opened"] == 1
    asof = AsOf.day(DAY, AFTER, dt.time(17))
    assert table.figures == snapshot(office.village, asof).totals


def brief_of(row: Publication) -> str:
    row.refresh_from_db()
    return row.text


@pytest.mark.parametrize("verb", ["update", "delete"])
def test_the_database_refuses_to_change_what_was_published(office: OfficeCast, verb: str) -> None:
    rows = Publication.objects.filter(pk=publish(office).pk)
    with pytest.raises(DatabaseError, match="append only"), transaction.atomic():
        rows.update(text="改过") if verb == "update" else rows.delete()
    assert rows.get().text.startswith("城厢社区疫情防控日报")


def refused(office: OfficeCast, **fields: Any) -> str:
    before = Publication.objects.count()
    with pytest.raises(PublicationRefused) as said:
        publish(office, **fields)
    assert Publication.objects.count() == before
    return "".join(said.value.lines)


def test_nothing_is_published_before_its_time(office: OfficeCast) -> None:
    assert "统计截止时间（2020年1月26日17时）还没有到" in refused(office, at=aware("2020-01-26 16:59"))
    assert "2020年1月26日24时" in refused(office, cutoff=None)
    assert publish(office, at=aware("2020-01-26 17:00")).version == 1


def test_figures_that_do_not_reconcile_are_refused_with_every_term(office: OfficeCast) -> None:
    make_observation(office, at="2020-01-26 09:00")
    ObservationEvent.objects.filter(kind=EventKind.OPENED).delete()
    said = refused(office)
    assert "在管1人，而昨日在管0 + 新增0" in said.replace(",", "，") and "相差+1" in said
    assert publish(office, office.other_village).version == 1


def test_rows_that_part_while_the_sum_agrees_are_refused_too(office: OfficeCast) -> None:
    """Somebody who was moved between villages, and whose move was lost: the street's sum hides it."""
    make_observation(office, at="2020-01-25 09:00")
    event = ObservationEvent.objects.get(kind=EventKind.OPENED)
    ObservationEvent.objects.filter(pk=event.pk).update(to_area=office.other_group)
    said = refused(office, area=office.street, on=dt.date(2020, 1, 25))
    assert "城厢社区：" in said.replace(":", "：") and "龚家村" in said and "淮口街道:" not in said


def test_a_day_is_published_once(office: OfficeCast) -> None:
    publish(office)
    said = refused(office, cutoff=dt.time(12))
    assert "已由丁某于1月26日 17:30发布（统计截止时间17时）" in said and "更正" in said
    assert publish(office, on=DAY - dt.timedelta(days=1)).version == 1


def test_a_text_that_has_changed_since_it_was_shown_is_shown_again(office: OfficeCast) -> None:
    seen = brief_prepare(area=office.village, on=DAY, cutoff=dt.time(17), by=office.ding, at=AFTER).digest
    save(office)
    with pytest.raises(FiguresMoved):
        publish(office, seen=seen)


@pytest.mark.parametrize("who", ["jia", "bing", "health", "inspector", "auditor"])
def test_who_may_not_publish_does_not(office: OfficeCast, who: str) -> None:
    with pytest.raises(PermissionDenied):
        publish(office, by=office.everyone()[who])


# --- 更正 -------------------------------------------------------------------------------------------------


def test_a_late_entry_shows_beside_what_was_published_with_its_reason(office: OfficeCast) -> None:
    observation = make_observation(office, at="2020-01-25 09:00")
    row = publish(office)
    observation_transfer(
        observation=observation, version=1, destination="县医院", reason="发热", by=office.health,
        at=aware("2020-01-26 15:00"), known_at=aware("2020-01-26 20:00"),
    )  # fmt: skip
    changes = changes_since(row, snapshot(office.village, asof_of(row)))
    found = {(change.where, change.key): (change.before, change.after) for change in changes}
    assert found["", "under_observation"] == (1, 0) and found["", "transferred"] == (0, 1)
    assert found["1组", "transferred"] == (0, 1)
    entry = next(change for change in changes if change.key == "transferred" and not change.where).entries[0]
    assert (entry.what, entry.recorded_at) == ("补登转送", aware("2020-01-26 20:00"))


def test_every_change_of_the_area_is_explained_by_its_late_entries(office: OfficeCast) -> None:
    row = publish(office)
    found_late(office)
    changes = changes_since(row, snapshot(office.village, asof_of(row)))
    own = [change for change in changes if not change.where and change.entries]
    assert {"opened", "opened_total", "under_observation", "returnees"} <= {change.key for change in own}
    assert all(sum(one.change for one in change.entries) == change.after - change.before for change in own)


def test_a_correction_says_what_changed_and_leaves_the_first_as_it_was(office: OfficeCast) -> None:
    row = publish(office)
    before = row.text
    found_late(office)
    second = publication_correct(publication=row, by=office.ding, remark="村里补报。")
    assert (second.version, second.cutoff, second.remark) == (2, row.cutoff, "村里补报。")
    assert "居家观察现在管由0改为1（补登开始观察1条）" in second.changes
    assert second.text.startswith("城厢社区疫情防控日报（更正）")
    assert "居家观察现在管由0改为1（补登开始观察1条）" in second.text and "村里补报。" in second.text
    row.refresh_from_db()
    assert row.text == before and Publication.objects.of(office.village, DAY).first() == second


def test_a_move_inside_the_area_is_told_by_its_rows(office: OfficeCast) -> None:
    known(office)
    row = publish(office, office.street)
    event = ObservationEvent.objects.get(kind=EventKind.OPENED)
    ObservationEvent.objects.filter(pk=event.pk).update(to_area=office.other_group)
    event.observation.stays.update(area=office.other_group)
    lines = correction_prepare(publication=row, by=office.ding).changes
    assert "城厢社区居家观察现在管由1改为0" in lines and "龚家村居家观察现在管由0改为1" in lines


def test_words_alone_may_be_corrected(office: OfficeCast) -> None:
    row = publish(office)
    save(office, version=1, plans="改到下午。")
    assert publication_correct(publication=row, by=office.ding).changes == [
        "“存在问题”一段有改动",
        "“明日安排”一段有改动",
    ]


def test_nothing_to_correct_is_refused(office: OfficeCast) -> None:
    with pytest.raises(PublicationRefused, match="不需要更正"):
        publication_correct(publication=publish(office), by=office.ding)


def test_a_version_that_was_followed_is_not_corrected_again(office: OfficeCast) -> None:
    row = publish(office)
    found_late(office)
    publication_correct(publication=row, by=office.ding)
    with pytest.raises(PublicationRefused, match="最新的一版"):
        publication_correct(publication=row, by=office.ding)


def test_a_remark_names_nobody(office: OfficeCast) -> None:
    row = publish(office)
    found_late(office, "高明")
    for remark in ("补登高明。", "电话13800001234"):
        with pytest.raises(PublicationRefused, match="更正说明里有"):
            publication_correct(publication=row, by=office.ding, remark=remark)
