"""Origins: which figure of the 统计表 a returnee is, and which policy takes him in."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarantine.rules.origins import (
    OriginKind,
    applicable_policy,
    classify_origin,
    in_policy_scope,
    is_native_of_hubei,
    matching_region,
    out_of_scope_reasons,
)
from quarantine.rules.policy import HISTORICAL_POLICIES, policy_terms_from_json

TEMPLATES = [policy_terms_from_json(data) for data in HISTORICAL_POLICIES]
FOURTEEN, OFF = TEMPLATES[0], TEMPLATES[-1]
ARRIVED = date(2020, 1, 21)

ORIGINS = {
    OriginKind.WUHAN: (
        "武汉 武汉市江夏区 湖北省武汉市 湖北武汉洪山区 武昌 汉口站 蔡甸区 武汉街道口 武汉大学 "
        "Wuhan 武汉经开区 湖北汉阳"
    ),
    OriginKind.HUBEI_OTHER: (
        "湖北 湖北省 湖北省荆州市 荆州 孝感 黄冈 襄阳市 宜昌 十堰 鄂州 恩施 恩施州利川市 仙桃 "
        "潜江 天门市 神农架 麻城 黄冈市麻城市 公安县 洪湖市 湖北咸宁赤壁"
    ),
    OriginKind.OTHER_PROVINCE: (
        "广东省深圳市 广东 温州 浙江温州 重庆市渝北区 上海市南京西路 北京市朝阳区 鄂尔多斯 "
        "呼和浩特 西安 河北省 湖南长沙 河南信阳 吉林市 海南 省外 外省 新疆和田 拉萨 杭州西湖北路 "
        "重庆武汉路 广西壮族自治区 贵州 云南昆明"
    ),
    OriginKind.IN_PROVINCE: (
        "绵阳 四川省绵阳市 四川 德阳中江县 南充 乐至县 西昌 甘孜州 阿坝 四川宜宾 市外省内 攀枝花"
    ),
    OriginKind.IN_CITY: (
        "成都 成都市 四川省成都市武侯区 金堂县 金堂县淮口街道 双流 成都市武汉路 本市 简阳 都江堰市"
    ),
    OriginKind.OVERSEAS: (
        "泰国 美国洛杉矶 日本 北海道 香港 澳门 台湾 意大利 新西兰 埃及 境外 国外 境外（韩国）"
    ),
    OriginKind.UNKNOWN: ("老家 外地 亲戚家 不详 123"),
}


@pytest.mark.parametrize(
    ("text", "kind"), [(text, kind) for kind, texts in ORIGINS.items() for text in texts.split()]
)
def test_a_place_is_told_by_its_name(text, kind):
    assert classify_origin(text) is kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", OriginKind.UNKNOWN),
        ("  ", OriginKind.UNKNOWN),
        ("广州、武汉", OriginKind.WUHAN),
        ("广州 武汉", OriginKind.WUHAN),
        ("温州（经武汉）", OriginKind.WUHAN),
        ("长沙转武汉", OriginKind.WUHAN),
        ("宜昌→重庆", OriginKind.HUBEI_OTHER),
        ("泰国-昆明", OriginKind.OVERSEAS),
        ("南充，重庆", OriginKind.OTHER_PROVINCE),
        ("成都、绵阳", OriginKind.IN_PROVINCE),
        ("湖北 武汉", OriginKind.WUHAN),
        ("四川 成都", OriginKind.IN_CITY),
        ("湖北省 荆州市", OriginKind.HUBEI_OTHER),
        ("省外（非湖北）", OriginKind.OTHER_PROVINCE),
        ("湖南，未到过武汉", OriginKind.OTHER_PROVINCE),
        ("重庆 没去过湖北、武汉", OriginKind.OTHER_PROVINCE),
        ("外省湖北孝感", OriginKind.HUBEI_OTHER),
    ],
)
def test_of_several_places_the_gravest_counts_and_a_denied_one_does_not(text, kind):
    assert classify_origin(text) is kind


@pytest.mark.parametrize(
    ("origin", "native", "kind"),
    [
        ("广东东莞", "湖北省荆州市", OriginKind.HUBEI_OTHER),
        ("广东东莞", "湖北武汉", OriginKind.HUBEI_OTHER),
        ("武汉", "湖北荆州", OriginKind.WUHAN),
        ("武汉", "四川金堂", OriginKind.WUHAN),
        ("广东东莞", "四川金堂", OriginKind.OTHER_PROVINCE),
        ("绵阳", "孝感", OriginKind.HUBEI_OTHER),
        ("", "孝感", OriginKind.HUBEI_OTHER),
    ],
)
def test_a_native_of_hubei_counts_with_hubei_unless_he_comes_from_wuhan(origin, native, kind):
    assert classify_origin(origin, native) is kind


def test_ethnic_counties_of_inner_mongolia_are_not_in_hubei():
    assert not is_native_of_hubei("内蒙古鄂尔多斯市")
    assert not is_native_of_hubei("")


@given(text=st.text(max_size=30), native=st.text(max_size=10))
def test_any_text_has_a_kind(text, native):
    assert classify_origin(text, native) in OriginKind


@pytest.mark.parametrize("kind", OriginKind)
def test_kinds_fit_their_column(kind):
    assert len(kind.value) <= 15


# --- scope ---


@pytest.mark.parametrize(
    ("origin", "native", "arrived_on", "inside"),
    [
        ("武汉", "", ARRIVED, True),
        ("湖北荆州", "", ARRIVED, True),
        ("武汉", "", date(2020, 1, 8), True),
        ("武汉", "", date(2020, 1, 7), False),
        ("武汉", "", date(2021, 1, 1), False),
        ("武汉", "", None, False),
        ("广东", "", ARRIVED, False),
        ("广东", "湖北荆州", ARRIVED, True),
        ("成都", "湖北荆州", ARRIVED, False),
        ("绵阳", "湖北荆州", ARRIVED, False),
        ("老家", "", ARRIVED, False),
    ],
)
def test_region_cut_off_and_dates_decide_the_scope(origin, native, arrived_on, inside):
    assert in_policy_scope(FOURTEEN, origin, native, arrived_on) is inside
    assert bool(out_of_scope_reasons(FOURTEEN, origin, native, arrived_on)) is not inside


@pytest.mark.parametrize(
    ("regions", "origin", "region"),
    [
        (("湖北", "浙江"), "温州", "浙江"),
        (("温州",), "浙江省温州市", "温州"),
        (("温州",), "浙江省", None),
        (("温州",), "杭州", None),
        (("武汉",), "湖北荆州", None),
        (("湖北",), "武汉", "湖北"),
        (("浙江省",), "义乌", "浙江省"),
        (("境外",), "泰国", "境外"),
        (("境外",), "云南瑞丽", None),
        (("省外",), "广东", "省外"),
        (("省外",), "武汉", "省外"),
        (("省外",), "绵阳", None),
        (("省外",), "泰国", None),
        (("中高风险地区",), "某中高风险地区", "中高风险地区"),
        (("中高风险地区",), "低风险地区", None),
        (("湖北",), "广州、孝感", "湖北"),
        ((), "武汉", None),
    ],
)
def test_an_origin_lies_in_the_regions_that_the_policy_lists(regions, origin, region):
    assert matching_region(replace(FOURTEEN, regions=regions), origin) == region


def test_a_policy_without_regions_takes_in_everyone():
    assert in_policy_scope(replace(FOURTEEN, regions=()), "绵阳", "", ARRIVED)


def test_a_measure_that_is_off_takes_in_nobody():
    assert out_of_scope_reasons(OFF, "武汉", "", date(2023, 2, 1)) == ["该政策不实行隔离观察"]


def test_the_date_of_arrival_decides_which_policy_applies():
    everyone = [replace(terms, regions=()) for terms in TEMPLATES]
    found = [
        applicable_policy(everyone, "武汉", "", on)
        for on in (
            date(2020, 1, 21),
            date(2021, 5, 1),
            date(2022, 7, 1),
            date(2022, 11, 20),
            date(2023, 3, 1),
        )
    ]
    assert [terms and terms.code for terms in found] == [
        "home-14",
        "hotel-14-home-7",
        "hotel-7-home-3",
        "hotel-5-home-3",
        None,
    ]


def test_switching_off_ends_an_older_policy_without_an_end():
    endless = replace(FOURTEEN, effective_to=None)
    assert applicable_policy([endless], "武汉", "", date(2026, 1, 21)) is endless
    assert applicable_policy([endless, OFF], "武汉", "", date(2026, 1, 21)) is None
    assert applicable_policy([endless, OFF], "武汉", "", date(2022, 1, 21)) is endless


def test_a_policy_for_other_regions_does_not_hide_an_older_one():
    endless = replace(FOURTEEN, effective_to=None)
    abroad = TEMPLATES[1]
    assert applicable_policy([endless, abroad], "武汉", "", date(2021, 2, 1)) is endless
    assert applicable_policy([endless, abroad], "泰国", "", date(2021, 2, 1)) is abroad


def test_without_an_arrival_no_policy_is_chosen():
    assert applicable_policy(TEMPLATES, "武汉") is None
