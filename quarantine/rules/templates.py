"""The historical policies as templates (JSON values), to be switched on by an office, none of them by itself.

Document numbers are empty throughout: none was checked against an original. Slot hours, escalation times, the
limit of 35.5 ℃ and what restarts a count are settings of an office, not quotations.
"""

from __future__ import annotations

__all__ = ["HISTORICAL_POLICIES"]

_UNVERIFIED = "文号及原文未核对，启用前请对照正式文件修改。"

# A real office's list of 2020 (DOMAIN.md §2).
_SYMPTOMS = [
    "无", "乏力", "干咳", "肌痛", "寒战", "呼吸困难", "咽痛", "头疼",
    "眩晕", "腹痛", "腹泻", "恶心", "呕吐", "鼻塞",
]  # fmt: skip

# “末次接触 → 离开疫区 → 返回/到达 → 开始管控”
_START_BASIS = ["LAST_CONTACT", "LEFT_REGION", "ARRIVED", "CONTROLLED"]


def _template(**terms: object) -> dict[str, object]:
    """What the templates have in common, under what each says for itself."""
    return {
        "document_no": "",
        "effective_to": None,
        "regions": [],
        "cutoff_on": None,
        "start_basis": list(_START_BASIS),
        "day_one_is_next_day": True,  # local practice, a setting
        # Hours are the office's: evening rounds are done by 21:00.
        "slots": [
            {"code": "AM", "label": "上午", "opens": "06:00", "closes": "12:00"},
            {"code": "PM", "label": "下午", "opens": "12:00", "closes": "21:00"},
        ],
        "fever_threshold": "37.3",
        "fever_operator": "GTE",
        "low_limit": "35.5",
        "symptoms": list(_SYMPTOMS),
        # The township and the health centre at once and in parallel; the later time limits are the office's.
        "escalation": [
            {"stage": 1, "after_minutes": 0, "notify": "HEALTH"},
            {"stage": 1, "after_minutes": 0, "notify": "STREET"},
            {"stage": 2, "after_minutes": 30, "notify": "RESPONSIBLE"},
            {"stage": 3, "after_minutes": 60, "notify": "LEADER"},
        ],
        "release": {
            "block_on_missed": True,
            "block_on_open_alert": True,
            "block_on_pending_extension": True,
            "full_term_time": "24:00",
        },
        "restart": {"on_left_home": True, "on_new_exposure": True},
        "extension": {"is_allowed": True, "longest_days": 14},
        "followup_days": [1, 2, 3, 7, 14],  # one city's rule
        "is_measure_on": True,
        **terms,
    }


HISTORICAL_POLICIES: tuple[dict[str, object], ...] = (
    _template(
        code="home-14",
        name="14天居家医学观察（2020年2月）",
        # Written in February, it looked back at arrivals since the cut-off, so it is in force before that.
        effective_from="2020-01-01",
        effective_to="2020-12-31",
        regions=["湖北"],
        cutoff_on="2020-01-08",
        phases=[{"place": "HOME", "days": 14}],
        source=(
            "2020年2月通行要求：自最后一次与病例无有效防护接触或可疑暴露后居家医学观察14天，每日早晚测温；"
            "起始日期1月8日为官仓街道做法，地区名单随上级通知增减。" + _UNVERIFIED
        ),
    ),
    _template(
        code="hotel-14-home-7",
        name="14天集中隔离＋7天居家健康监测（2021年）",
        effective_from="2021-01-01",
        effective_to="2022-06-27",
        regions=["境外"],
        phases=[
            {"place": "HOTEL", "days": 14, "test_days": [1, 4, 7, 14]},
            {"place": "HOME", "days": 7},
        ],
        source="2021年通行要求“14＋7”，各地起止日期、检测日和风险地区名单不一。" + _UNVERIFIED,
    ),
    _template(
        code="hotel-7-home-3",
        name="7天集中隔离＋3天居家健康监测（2022年6月）",
        effective_from="2022-06-28",
        effective_to="2022-11-10",
        regions=["境外"],
        phases=[
            {"place": "HOTEL", "days": 7, "test_days": [1, 2, 3, 5, 7]},
            {"place": "HOME", "days": 3, "test_days": [3]},
        ],
        source="新型冠状病毒肺炎防控方案（第九版）“7＋3”，风险地区名单由各地增补。" + _UNVERIFIED,
    ),
    _template(
        code="hotel-5-home-3",
        name="5天集中隔离＋3天居家隔离（2022年11月）",
        effective_from="2022-11-11",
        effective_to="2022-12-06",
        regions=["境外"],
        phases=[
            {"place": "HOTEL", "days": 5, "test_days": [1, 2, 3, 5]},
            {"place": "HOME", "days": 3, "test_days": [1, 3]},
        ],
        source="2022年11月优化防控“二十条”之“5＋3”，风险地区名单由各地增补。" + _UNVERIFIED,
    ),
    _template(
        code="home-5",
        name="5天居家隔离（2022年12月）",
        effective_from="2022-12-07",
        effective_to="2023-01-07",
        regions=["境外"],
        phases=[{"place": "HOME", "days": 5, "test_days": [5]}],
        source="2022年12月7日起密切接触者居家隔离5天，检测日由各地掌握。" + _UNVERIFIED,
    ),
    _template(
        code="none",
        name="不再实行隔离观察（2023年1月8日起）",
        effective_from="2023-01-08",
        phases=[],
        is_measure_on=False,
        source="2023年1月8日起实施“乙类乙管”，不再采取隔离措施。" + _UNVERIFIED,
    ),
)
