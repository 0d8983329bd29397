"""What stands in the navigation, by what somebody may do."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from grassroots.grid.models import Staff

WORK, LEDGERS, MANAGE, AUDIT = "日常", "台账", "管理", "审计"


@dataclass(frozen=True)
class Place:
    """A place one can go to: URL name, title, icon, section, and the permission it needs."""

    name: str
    title: str
    icon: str
    section: str
    permission: str = ""
    on_phone_bar: bool = False


PLACES = (
    Place("desk:workbench", "工作台", "house", WORK, on_phone_bar=True),
    Place("desk:leaders", "领导看板", "speedometer2", WORK, "ledgers.view_arearollup"),
    Place("households:household_list", "入户", "door-open", WORK, "households.view_household", True),
    Place("households:picture_top", "一张图", "grid-1x2", WORK, "households.view_household"),
    Place("quarantine:round", "测温", "thermometer-half", WORK, "quarantine.view_visit", True),
    Place("desk:search", "查找", "search", WORK, "households.view_person", True),
    Place("households:absent_list", "无人户", "door-closed", WORK, "households.view_household"),
    Place("quarantine:returnee_list", "返乡人员", "train-front", WORK, "quarantine.view_returnee"),
    Place("quarantine:observation_list", "居家观察", "house-heart", WORK, "quarantine.view_observation"),
    Place("quarantine:handover_list", "移交接收", "arrow-left-right", WORK, "quarantine.change_observation"),
    Place(
        "quarantine:recalculation_list", "重算建议", "calendar-event", WORK, "quarantine.change_observation"
    ),
    Place("quarantine:followup_list", "解除后随访", "telephone", WORK, "quarantine.change_visit"),
    Place("quarantine:alert_list", "异常事件", "exclamation-triangle", WORK, "quarantine.view_alert"),
    Place("quarantine:flag_list", "读数核实", "clipboard-check", WORK, "quarantine.view_readingflag"),
    Place("quarantine:pushed_list", "推送核查", "person-check", WORK, "quarantine.view_pushedlist"),
    Place("quarantine:service_round", "代办服务", "basket", WORK, "quarantine.view_servicerequest"),
    Place("quarantine:paper_list", "文书", "printer", WORK, "quarantine.view_paper"),
    Place("measures:order_list", "上传下达", "flag", WORK, "measures.view_order"),
    Place("measures:care_list", "走访关爱", "house-heart", WORK, "measures.view_carevisit"),
    Place("measures:venue_list", "场所管控", "building", WORK, "measures.view_venue"),
    Place("measures:due_list", "消毒清运", "droplet", WORK, "measures.view_plan"),
    Place("measures:publicity", "宣传", "megaphone", WORK, "measures.view_record"),
    Place("measures:checkpoints", "劝导点", "signpost-split", WORK, "measures.view_record"),
    Place("measures:forces", "动员力量", "people", WORK, "measures.view_record"),
    Place("measures:inspection_list", "督查", "eye", WORK, "measures.view_inspection"),
    Place("measures:check_list", "抽查核实", "clipboard-data", WORK, "measures.view_spotcheck"),
    Place("measures:rectification_list", "整改", "list-check", WORK, "measures.view_rectification"),
    Place("ledgers:statistics", "统计表", "bar-chart", LEDGERS, "ledgers.view_arearollup"),
    Place("ledgers:brief", "日报", "file-earmark-text", LEDGERS, "ledgers.view_arearollup"),
    Place("ledgers:publication_list", "已发布的日报", "journal-text", LEDGERS, "ledgers.view_arearollup"),
    Place("ledgers:ledger_list", "下载台账", "download", LEDGERS, "ledgers.export_ledger"),
    Place("ledgers:import_list", "导入", "upload", LEDGERS, "ledgers.import_ledger"),
    Place("ledgers:form_list", "填上级表", "file-earmark-excel", LEDGERS, "ledgers.export_ledger"),
    Place("ledgers:job_list", "我的下载", "file-earmark-arrow-down", LEDGERS, "ledgers.export_ledger"),
    Place("ledgers:layout_list", "台账版式", "table", LEDGERS, "ledgers.change_ledgerlayout"),
    Place("grid:area_tree", "网格", "diagram-3", MANAGE, "grid.view_area"),
    Place("grid:staff_list", "人员", "people", MANAGE, "grid.change_staff"),
    Place("households:double_list", "重复档案", "person-vcard", MANAGE, "households.view_personremoval"),
    Place("grid:gaps", "空岗", "person-x", MANAGE, "grid.view_areaduty"),
    Place("grid:handover", "工作交接", "arrow-left-right", MANAGE, "grid.change_areaduty"),
    Place("notices:leave_list", "请假代岗", "calendar-range", MANAGE),
    Place("notices:record_list", "提醒记录", "bell", MANAGE, "notices.view_delivery"),
    Place("notices:channel_list", "通知渠道", "megaphone", MANAGE, "notices.view_channel"),
    Place("quarantine:policy_list", "防控政策", "journal-text", MANAGE, "quarantine.change_policy"),
    Place("grid:duty_kind_list", "包保类别", "list-ol", MANAGE, "grid.change_dutykind"),
    Place("measures:kind_list", "登记项目", "list-check", MANAGE, "measures.change_kind"),
    Place("measures:checklist_list", "督查项目", "list-check", MANAGE, "measures.change_checklist"),
    Place("grid:office_edit", "单位设置", "gear", MANAGE, "grid.change_office"),
    Place("notices:tick_log", "系统时钟", "stopwatch", AUDIT, "notices.view_tickrun"),
    Place("grid:access_log", "访问日志", "shield-check", AUDIT, "grid.view_accesslog"),
    Place("grid:history", "修改历史", "clock-history", AUDIT, "grid.view_accesslog"),
)


@dataclass(frozen=True)
class Item:
    """A line of the navigation as templates show it."""

    title: str
    url: str
    icon: str
    section: str
    active: bool
    badge: str = ""


# Pages below a place, by the beginning of their URL's name: they light up the place that leads to them.
BELOW = {
    "households:household_list": (
        "households:household",
        "households:door",
        "households:survey",
        "households:person",
    ),
    "households:absent_list": ("households:absent", "households:slip"),
    "households:double_list": ("households:removal",),
    "households:picture_top": ("households:picture", "households:missing", "households:field"),
    "quarantine:round": ("quarantine:round", "quarantine:backfill", "quarantine:visit", "quarantine:reading"),
    "quarantine:returnee_list": ("quarantine:returnee",),
    "quarantine:observation_list": ("quarantine:observation", "quarantine:person_file"),
    "quarantine:handover_list": ("quarantine:handover",),
    "quarantine:recalculation_list": ("quarantine:recalculation",),
    "quarantine:followup_list": ("quarantine:followup",),
    "quarantine:alert_list": ("quarantine:alert",),
    "quarantine:paper_list": ("quarantine:paper",),
    "quarantine:flag_list": ("quarantine:flag",),
    "quarantine:service_round": ("quarantine:service", "quarantine:left_alone"),
    "quarantine:pushed_list": ("quarantine:pushed",),
    "measures:inspection_list": ("measures:inspection",),
    "measures:checklist_list": ("measures:checklist",),
    "measures:check_list": ("measures:check", "measures:first_look"),
    "measures:rectification_list": ("measures:rectification",),
    "measures:care_list": ("measures:care",),
    "measures:order_list": ("measures:order", "measures:incident"),
    "measures:venue_list": ("measures:venue", "measures:gatherings"),
    "measures:kind_list": ("measures:kind",),
    "measures:checkpoints": ("measures:shift", "measures:sighting"),
    "measures:due_list": ("measures:cleaning", "measures:plan"),
    "ledgers:brief": ("ledgers:brief",),
    "ledgers:publication_list": ("ledgers:publication",),
    "quarantine:policy_list": ("quarantine:policy",),
    "ledgers:import_list": ("ledgers:import",),
    "ledgers:job_list": ("ledgers:job",),
    "ledgers:form_list": ("ledgers:form",),
    "ledgers:layout_list": ("ledgers:layout",),
    "grid:area_tree": ("grid:area", "grid:duty_create", "grid:duty_edit", "grid:duty_end"),
    "grid:staff_list": ("grid:staff", "grid:posting"),
    "notices:leave_list": ("notices:leave",),
    "notices:channel_list": ("notices:channel",),
    "grid:duty_kind_list": ("grid:duty_kind",),
}


def _is_here(request: HttpRequest, place: Place) -> bool:
    match = request.resolver_match
    if match is None:
        return False
    return match.view_name == place.name or match.view_name.startswith(BELOW.get(place.name, ("-",)))


_url = lru_cache(maxsize=None)(reverse)  # the addresses are those of the process


def navigation(request: HttpRequest, staff: Staff) -> tuple[list[Item], list[Item]]:
    """The side navigation, and the phone's bar at the bottom, for what the person may do."""
    items, bar = [], []
    for place in PLACES:
        if place.permission and not staff.has_perm(place.permission):
            continue
        try:
            url = _url(place.name)
        except NoReverseMatch:
            continue
        item = Item(place.title, url, place.icon, place.section, _is_here(request, place))
        items.append(item)
        if place.on_phone_bar:
            bar.append(item)
    return items, bar
