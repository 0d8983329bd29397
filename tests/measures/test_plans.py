"""What is due today and was not done; the ledgers of records; leaflets beside those left at doors."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from grassroots.grid.models import Area, AreaDuty, DutyKind, Level, Staff
from grassroots.grid.versions import StaleVersion
from grassroots.ledgers.asof import AsOf
from grassroots.ledgers.exports import export_run
from grassroots.ledgers.statistics import statistics
from grassroots.notices.models import Message
from households.models import Survey
from measures.due import DueItem, due_items
from measures.models import Kind, Plan
from measures.plans_due import plans_due
from measures.rules.due import Due, late_days, stands
from measures.services.care_digests import care_remind
from measures.services.plans import plan_change, plan_end, plan_lay
from tests.factories import OfficeCast, make_area, make_household, make_office
from tests.measures.cases import days_ago, kind_of, record
from tests.permissions.test_choices import post
from tests.permissions.test_table import client_of
from tests.quarantine.cases import queries_of
from tests.texts import source_of, text_of

pytestmark = pytest.mark.django_db
AGENT = {"agent": "84消毒液 500mg/L", "minutes": "30", "slot": "上午", "watcher": "丁某"}


@pytest.fixture
def office(db: None) -> OfficeCast:
    """Only public places are disinfected daily; nothing else has a rhythm."""
    office = make_office()
    Kind.objects.exclude(code="disinfect-public").update(due_every=None)
    return office


def lay(office: OfficeCast, place: str = "电梯间", every: int = 1, ago: int = 5, **more: Any) -> Plan:
    area: Area = more.pop("area", office.compound)
    at = timezone.now() - dt.timedelta(days=ago)
    kind = more.pop("kind", kind_of("disinfect-public"))
    return plan_lay(kind=kind, area=area, place=place, every=every, by=office.jia, at=at, **more)


def sprayed(office: OfficeCast, place: str = "", **more: Any) -> Any:
    return record(office, "disinfect-public", more.pop("quantity", 100), place=place, values=AGENT, **more)


def items(office: OfficeCast, ago: int = 0) -> dict[tuple[str, str], DueItem]:
    """What is due in the street, by area and place."""
    areas = Area.objects.within(office.street).order_by()
    found = due_items(areas, AsOf.day(days_ago(ago)))
    return {(item.area.name, item.plan.place if item.plan else ""): item for item in found}


def states(office: OfficeCast, ago: int = 0) -> dict[tuple[str, str], Due]:
    return {key: item.state for key, item in items(office, ago).items()}


# --- rules --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("last", "every", "state", "late"),
    [
        (29, 1, Due.DONE, 0), (28, 1, Due.UNDONE, 0), (26, 1, Due.UNDONE, 2), (27, 3, Due.LATER, 0),
        (26, 3, Due.UNDONE, 0), (None, 3, Due.UNDONE, None),
    ],
)  # fmt: skip
def test_when_something_is_due(last: int | None, every: int, state: Due, late: int | None) -> None:
    on, last_on = dt.date(2020, 1, 29), dt.date(2020, 1, last) if last else None
    assert (stands(last_on, every, on), late_days(last_on, every, on)) == (state, late)


# --- due ----------------------------------------------------------------------------------------------------
def test_a_village_without_plans_owes_what_is_done_daily_and_one_with_plans_owes_each(
    office: OfficeCast,
) -> None:
    lay(office)
    lay(office, "楼道扶手", every=2)
    sprayed(office, "电梯间", area=office.compound)
    sprayed(office, "楼道扶手", area=office.compound, on=days_ago(1))
    assert states(office) == {
        ("翠柏苑", "电梯间"): Due.DONE, ("翠柏苑", "楼道扶手"): Due.LATER, ("龚家村", ""): Due.UNDONE,
    }  # fmt: skip
    sprayed(office, area=office.other_group, by=office.bing)
    assert states(office)["龚家村", ""] == Due.DONE
    assert states(office, ago=1)["翠柏苑", "电梯间"] == Due.UNDONE


def test_a_record_answers_the_plan_of_its_place_or_the_only_one_there(office: OfficeCast) -> None:
    first = lay(office)
    assert sprayed(office, area=office.compound).plan == first
    second = lay(office, "大门")
    assert sprayed(office, " 大门 ", area=office.compound).plan == second
    assert sprayed(office, area=office.compound).plan is None
    assert sprayed(office, "电梯间").plan is None  # in the group, not in the compound


def test_a_plan_that_has_ended_is_due_no_more_but_was_before(office: OfficeCast) -> None:
    plan = lay(office)
    plan_end(plan=plan, by=office.jia)
    assert ("翠柏苑", "电梯间") not in states(office)
    assert states(office, ago=1)["翠柏苑", "电梯间"] == Due.UNDONE
    with pytest.raises(ValidationError, match="已经结束"):
        plan_end(plan=plan, by=office.jia)


def test_what_is_undone_is_a_figure(office: OfficeCast) -> None:
    lay(office)
    lay(office, "大门")
    sprayed(office, "大门", area=office.compound)
    assert statistics(office.street, AsOf.day(timezone.localdate()))["totals"]["measures_undone"] == 2


def test_the_same_place_is_planned_once_and_a_stale_change_is_noticed(office: OfficeCast) -> None:
    plan = lay(office)
    with pytest.raises(ValidationError, match="翠柏苑的“电梯间”已有公共区域消杀计划"):
        lay(office)
    with pytest.raises(ValidationError, match="1 至 31"):
        lay(office, "大门", every=32)
    plan_change(plan=plan, version=1, by=office.jia, every=2)
    with pytest.raises(StaleVersion):
        plan_change(plan=plan, version=1, by=office.yi, every=3)


# --- pages --------------------------------------------------------------------------------------------------
def test_what_is_undone_leads_to_its_form_with_the_place_filled_in(office: OfficeCast) -> None:
    plan = lay(office, officer=office.yi)
    client, url = client_of(office.ding), reverse("measures:due_list")
    page = client.get(url)
    assert page.context["undone"] == 2 and "还没有登记过" in source_of(page) and "由乙某办" in source_of(page)
    way = reverse("measures:record_create", args=["disinfect-public"]) + f"?plan={plan.uid}"
    assert way in source_of(page)
    form = client.get(way).context["form"]
    assert form["place"].value() == "电梯间" and form["area"].value() == office.compound.pk
    sent = {
        "area": office.compound.pk,
        "on": days_ago(0),
        "quantity": "60",
        "place": "电梯间",
        "x_agent": "酒精",
    }
    assert post(client, way, sent).url == url
    assert client.get(url).context["undone"] == 1
    assert client_of(office.jia).get(url).context["done"] == 1


def test_the_lists_cost_the_same_for_one_plan_and_for_many(office: OfficeCast) -> None:
    lay(office)
    client = client_of(office.ding)
    urls = [reverse("measures:due_list"), reverse("measures:plan_list")]
    few = [queries_of(client, url) for url in urls]
    for number in range(20):
        lay(office, f"楼道{number}")
        make_area(office.street, Level.VILLAGE, f"{number}村")
    client = client_of(office.ding)
    assert [queries_of(client, url) for url in urls] == few


def test_a_plan_is_changed_and_ended_by_the_page(office: OfficeCast) -> None:
    plan, client = lay(office), client_of(office.jia)
    url = reverse("measures:plan_edit", args=[plan.uid])
    data = {"area": office.compound.pk, "place": "电梯间", "every": "2", "version": 1}
    assert post(client, url, data).status_code == 302
    stale = post(client, url, {**data, "every": "3"})
    assert stale.status_code == 409 and 'value="3"' in text_of(stale)
    assert "每2天一次" in text_of(client.get(reverse("measures:plan_list")))
    assert post(client, reverse("measures:plan_end", args=[plan.uid]), {}).status_code == 302
    plan.refresh_from_db()
    assert plan.ended_on == timezone.localdate()


# --- ledgers of records ---------------------------------------------------------------------------------------
def rows_of(office: OfficeCast, key: str, staff: Staff | None = None, **options: Any) -> list[dict[str, Any]]:
    """The ledger's rows by caption."""
    file = io.BytesIO()
    options = {"on": timezone.localdate(), "area": office.street, **options}
    export_run(key=key, staff=staff or office.ding, target=file, **options)
    rows = [list(row) for row in load_workbook(file).active.iter_rows(values_only=True)]
    head = next(row for row in rows if row[0] == "序号")
    return [dict(zip(head, row, strict=True)) for row in rows if str(row[0]).isdecimal()]


def test_the_record_of_disinfection_has_the_forms_columns_and_those_that_the_office_added(
    office: OfficeCast,
) -> None:
    kind = kind_of("disinfect-public")
    kind.fields = [*kind.fields, {"key": "f1", "label": "天气", "type": "text"}]
    kind.save()
    sprayed(office, "大门", quantity=800, on=days_ago(9))
    record(office, "disinfect-public", 100, place="电梯间", values={**AGENT, "f1": "晴"})
    (_old, row) = rows_of(office, "disinfection")
    shown = (
        "村(社区)",
        "时段",
        "区域/物品",
        "消毒剂名称及浓度",
        "作用时间",
        "面积",
        "执行人",
        "监督人",
        "天气",
    )
    assert [row[caption] for caption in shown] == [
        "城厢社区", "上午", "1组 电梯间", "84消毒液 500mg/L", "30分钟", 100, "甲某", "丁某", "晴",
    ]  # fmt: skip
    assert len(rows_of(office, "disinfection", filters={"period": ["WEEK"]})) == 1
    assert rows_of(office, "disinfection", office.bing, area=office.other_village) == []
    assert len(rows_of(office, "disinfection", on=days_ago(5))) == 1


def test_questions_are_kept_with_the_answer_and_by_whom(office: OfficeCast) -> None:
    with pytest.raises(ValidationError) as refused:
        record(office, "question", None, values={"asked": "几天能出门？"})
    assert refused.value.message_dict == {"answer": ["请填写答复。"]}
    record(office, "question", None, values={"asked": "几天能出门？", "answer": "满14天"}, data_by=office.yi)
    (row,) = rows_of(office, "questions")
    assert (row["问题"], row["答复"], row["答复人"]) == ("几天能出门？", "满14天", "乙某")


# --- leaflets -------------------------------------------------------------------------------------------------
def test_leaflets_of_records_come_on_top_of_those_left_at_doors(office: OfficeCast) -> None:
    door = make_household(office.group)
    now = timezone.now()
    Survey.objects.create(household=door, area=office.group, staff=office.jia, recorded_by=office.jia,
                          outcome="SIGNED", visited_at=now, leaflets=2)  # fmt: skip
    record(office, "leaflet", 300, on=days_ago(1))
    found = statistics(office.village, AsOf.day(timezone.localdate()))["totals"]
    assert (found["leaflets"], found["leaflets_today"]) == (302, 2)


# --- told ---------------------------------------------------------------------------------------------------
def test_who_sees_to_a_plan_hears_of_it_in_the_days_one_message(office: OfficeCast) -> None:
    AreaDuty.objects.all().delete()
    kind = DutyKind.objects.get(code=kind_of("disinfect-public").due_duty)
    AreaDuty.objects.create(area=office.village, staff=office.jia, kind=kind, valid_from=days_ago(9))
    lay(office, officer=office.yi)
    lay(office, "楼道扶手")
    sprayed(office, "大门", area=office.compound)
    lay(office, "大门")
    everywhere = list(Area.objects.order_by("path").values_list("pk", flat=True))
    assert plans_due(everywhere, days_ago(0)) == {office.yi.pk: 1, office.jia.pk: 2}
    assert (
        plans_due([office.other_village.pk], days_ago(0)) == {}
    )  # what is done daily without a plan is told to nobody
    at = timezone.localtime().replace(hour=9, minute=0)
    assert care_remind(at) == {"told": 2} and care_remind(at) == {"told": 0}
    message = Message.objects.get(recipient=office.jia)
    assert (message.title, message.url) == ("今日应做消毒清运2项", reverse("measures:due_list"))


# --- questions without an answer -----------------------------------------------------------------------------
def test_a_question_waits_with_its_age_until_it_is_answered_and_counts_then(office: OfficeCast) -> None:
    asked = record(
        office, "question-open", None, values={"asked": "口罩哪里领？", "channel": "电话"}, on=days_ago(3)
    )
    client, url = client_of(office.jia), reverse("measures:publicity")
    page = source_of(client.get(url))
    answer = f"{reverse('measures:record_create', args=['question'])}?answers={asked.uid}"
    assert "口罩哪里领？" in page and "已等 3 天" in page and answer in page
    assert questions(office) == 0
    form = source_of(client.get(answer))
    assert "口罩哪里领？" in form
    typed = {"area": office.group.pk, "on": days_ago(0).isoformat(), "x_asked": "口罩哪里领？"}
    assert post(client, answer, typed).status_code == 422
    assert post(client, answer, {**typed, "x_answer": "居委会，每户5个"}).status_code == 302
    asked.refresh_from_db()
    assert asked.void_reason == "已答复" and questions(office) == 1
    assert "已等 3 天" not in source_of(client.get(url))
    stranger = client_of(office.bing)
    assert "口罩哪里领？" not in source_of(stranger.get(answer))


def questions(office: OfficeCast) -> int:
    return int(statistics(office.street, AsOf.day(days_ago(0)))["totals"]["questions"])
