"""A policy is made and changed in a form: rows, errors beside the field, a preview in words, drafts and versions."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from quarantine.models import Policy, PolicyState
from quarantine.rules.policy import HISTORICAL_POLICIES, policy_terms_from_json
from quarantine.rules.policy_words import compare_points, example_words
from tests.factories import OfficeCast, make_office
from tests.quarantine.cases import make_observation, sent, signed_in, switch_on

TERMS = {str(data["code"]): policy_terms_from_json(data) for data in HISTORICAL_POLICIES}


# --- in words ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("code", "on", "first"),
    [
        (
            "home-14",
            "2020-02-01",
            "2月1日返回者：按“返回/到达”起算，次日为第1天（2月2日），共14天，2月15日24时期满。",
        ),
        (
            "home-14",
            "2020-02-15",
            "2月15日返回者：按“返回/到达”起算，次日为第1天（2月16日），共14天，2月29日24时期满。",
        ),
        (
            "home-14",
            "2019-02-15",
            "2月15日返回者：按“返回/到达”起算，次日为第1天（2月16日），共14天，3月1日24时期满。",
        ),
        ("none", "2023-02-01", "2月1日返回者：“不再实行隔离观察（2023年1月8日起）”不实行隔离观察。"),
    ],
)
def test_an_example_is_said_in_words(code: str, on: str, first: str) -> None:
    assert example_words(TERMS[code], dt.date.fromisoformat(on))[0] == first


def test_an_example_names_phases_tests_readings_and_followups_by_date() -> None:
    told = example_words(TERMS["hotel-7-home-3"], dt.date(2022, 7, 30))
    assert told[1] == "阶段：集中隔离7天（7月31日至8月6日），居家3天（8月7日至8月9日）。"
    assert told[2] == "检测：7月31日、8月1日、8月2日、8月4日、8月6日、8月9日。"
    assert told[3] == "测温：每天2次，全程应测20次。"
    assert told[4] == "随访：如8月10日解除，8月11日、8月12日、8月13日、8月17日、8月24日各一次。"


def test_two_versions_are_compared_point_by_point() -> None:
    points = {point.label: point for point in compare_points(TERMS["home-14"], TERMS["home-5"], 2020)}
    assert (points["期限"].old, points["期限"].new, points["期限"].is_changed) == (
        "居家14天",
        "居家5天",
        True,
    )
    assert not points["测温"].is_changed
    off = {point.label: point for point in compare_points(TERMS["home-14"], TERMS["none"], 2020)}
    assert off["措施"].old == "" and off["期限"].new == ""


# --- the form ----------------------------------------------------------------------------------------------------
pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> OfficeCast:
    return make_office()


def typed(client: Client, url: str) -> dict[str, Any]:
    """The form as it is shown, with all its rows, as a browser would send it back."""
    entry = client.get(url).context["entry"]
    data: dict[str, Any] = {}
    for form in (entry.main, *(row for rows in entry.rows.values() for row in rows)):
        for field in form:
            value = field.value()
            if value is True:
                data[field.html_name] = "on"
            elif value is not None and value is not False:
                data[field.html_name] = (
                    getattr(value, "value", None) or str(value)[: 10 if "_on" in field.name else 999]
                )
    return data


def template(code: str = "home-14") -> Policy:
    return Policy.objects.get(code=code, state=PolicyState.TEMPLATE)


def edit(policy: Policy) -> str:
    return reverse("quarantine:policy_edit", args=[policy.pk])


def test_every_template_goes_through_the_form_and_comes_out_the_same(office: OfficeCast) -> None:
    client = signed_in(office.admin)
    for code in TERMS:
        url = edit(template(code))
        assert client.post(url, sent(**typed(client, url))).status_code == 302, code
        draft = Policy.objects.get(state=PolicyState.DRAFT, code=code)
        assert draft.version == 1
        assert draft.parsed() == template(code).parsed()


def test_a_change_is_a_new_version_and_leaves_the_one_in_use_alone(office: OfficeCast) -> None:
    policy = switch_on(office.admin)
    observation = make_observation(office)
    client, url = signed_in(office.admin), edit(policy)
    data = typed(client, url) | {"phases-0-days": "10", "followup_days": "1、7", "shares_clock": "on"}
    data |= {"handover_hours": "1、3、24"}
    assert client.post(url, sent(**data)).status_code == 302
    draft = Policy.objects.get(state=PolicyState.DRAFT)
    assert draft.version == 2 and draft.parsed().total_days == 10
    assert draft.parsed().followup_days == (1, 7) and draft.parsed().shares_clock
    assert draft.parsed().handover_hours == (1, 3, 24) and policy.parsed().handover_hours == (2, 4, 8)
    policy.refresh_from_db()
    observation.refresh_from_db()
    assert policy.parsed().total_days == 14 and observation.policy == policy
    data["phases-0-days"] = "12"  # a draft changes in place
    assert client.post(edit(draft), sent(**data)).status_code == 302
    assert Policy.objects.get(state=PolicyState.DRAFT).parsed().total_days == 12


def test_a_draft_is_switched_on_as_itself(office: OfficeCast) -> None:
    client, url = signed_in(office.admin), edit(template())
    client.post(url, sent(**typed(client, url)))
    draft = Policy.objects.get(state=PolicyState.DRAFT)
    switch = reverse("quarantine:policy_switch", args=[draft.pk])
    assert client.post(switch, sent(effective_from="2020-02-01", regions="湖北、温州")).status_code == 302
    draft.refresh_from_db()
    assert (draft.state, draft.version, draft.terms["regions"]) == ("IN_FORCE", 1, ["湖北", "温州"])
    assert client.get(reverse("quarantine:policy_discard", args=[draft.pk])).status_code == 404


WRONG = [
    ({"phases-0-days": "许多"}, "请填整数"),
    ({"phases-0-days": ""}, "实行观察的政策不能缺少这一项"),
    ({"phases-0-test_days": "1、20"}, "检测日超出了本阶段的14天"),
    ({"phases-0-test_days": "第三天"}, "“第三天”不是天数"),
    ({"slots-0-closes": "13:00"}, "时段应按先后排列且互不重叠"),
    ({"slots-0-code": "上午"}, "时段代码为1至4个大写字母或数字"),
    ({"slots-1-opens": "25:00"}, "时间请写成 06:00 的样子"),
    ({"fever_threshold": "40度"}, "应为30.0至43.0之间的体温"),
    ({"low_limit": "38"}, "偏低界限应低于发热界限"),
    ({"escalation-3-after_minutes": "10"}, "上报步骤应按级别排列"),
    ({"full_term_time": "25:30"}, "时间应写成 24:00 的样子"),
    ({"followup_days": "7、1"}, "应由小到大排列"),
    ({"handover_hours": "4、2、8"}, "应由小到大排列"),
    ({"handover_hours": "2、4"}, "要三个小时数：提醒双方、报上一级、再报上一级"),
    ({"handover_hours": "两小时"}, "“两小时”不是小时数"),
    ({"handover_hours": "2、4、200"}, "不能超过168小时"),
    ({"effective_to": "2019-12-31"}, "执行截止日期早于执行开始日期"),
    ({"FEVER_handle": "0"}, "不能小于 1"),
    ({"basis_0": "", "basis_1": "", "basis_2": "", "basis_3": ""}, "不能缺少这一项"),
    ({"is_measure_on": "0"}, "不应再有观察天数"),
]


def test_what_cannot_be_is_said_and_nothing_typed_is_lost(office: OfficeCast) -> None:
    client, url = signed_in(office.admin), edit(template())
    data = typed(client, url) | {"name": "改过的名称"}
    for change, words in WRONG:
        answer = client.post(url, sent(**(data | change)))
        page = answer.content.decode()
        assert answer.status_code == 422 and words in page and 'value="改过的名称"' in page, change
    assert not Policy.objects.filter(state=PolicyState.DRAFT).exists()


def test_a_preview_says_the_example_and_what_is_different_and_saves_nothing(office: OfficeCast) -> None:
    client, url = signed_in(office.admin), edit(template())
    data = typed(client, url) | {"phases-0-days": "10", "example_on": "2020-02-01", "preview": "1"}
    page = client.post(url, data, headers={"HX-Request": "true"}).content.decode()
    assert "2月11日24时期满" in page and "居家10天" in page and "<form" not in page
    assert "还有填错" in client.post(url, data | {"low_limit": "x"}).content.decode()
    assert not Policy.objects.filter(state=PolicyState.DRAFT).exists()


def test_rows_are_added_and_taken_away_without_losing_what_was_typed(office: OfficeCast) -> None:
    client, url = signed_in(office.admin), edit(template())
    data = typed(client, url) | {"name": "新名称"}
    more = client.post(url, data | {"add": "phases"})
    assert more.status_code == 200 and 'name="phases-1-days"' in more.content.decode()
    assert 'value="新名称"' in more.content.decode()
    less = client.post(url, data | {"remove": "slots-1"}, headers={"HX-Request": "true"}).content.decode()
    assert 'name="slots-0-label"' in less and 'name="slots-1-label"' not in less


def test_a_policy_of_ones_own_needs_a_code_of_its_own(office: OfficeCast) -> None:
    client, url = signed_in(office.admin), reverse("quarantine:policy_create")
    data = typed(client, url) | {"name": "县里的规定", "phases-0-days": "7", "phases-0-place": "HOME"}
    assert "已有" in client.post(url, sent(**data, code="home-14")).content.decode()
    assert client.post(url, sent(**data, code="county-7")).status_code == 302
    assert Policy.objects.get(code="county-7").parsed().total_days == 7


def test_drafts_are_for_who_may_change_policies(office: OfficeCast) -> None:
    client, url = signed_in(office.admin), edit(template())
    client.post(url, sent(**typed(client, url)))
    draft = Policy.objects.get(state=PolicyState.DRAFT)
    live = switch_on(office.admin)
    compare = reverse("quarantine:policy_compare")
    assert "条款没有不同" in client.get(compare, {"old": live.pk, "new": draft.pk}).content.decode()
    shown = signed_in(office.jia).get(compare, {"old": live.pk, "new": draft.pk}).content.decode()
    assert "草稿" not in shown and "选两版来对照" in shown
    discard = reverse("quarantine:policy_discard", args=[draft.pk])
    for url in (edit(draft), discard):
        assert signed_in(office.jia).post(url, sent()).status_code == 403
    assert client.post(discard, sent()).status_code == 302
    assert not Policy.objects.filter(state=PolicyState.DRAFT).exists()
