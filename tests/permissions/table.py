"""Who may open what: one line a URL and method. A URL missing here fails the suite.

The things lie in 甲's group. 甲, 乙, 丁, the health worker of the village, police, inspector, auditor and
administrator of the street have them in their scope, 丙 (another village) has not. In the scope without the right:
403; outside: 404; nobody signed in: the sign-in page.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.permissions.world import Things

Args = Callable[[Things], "list[Any] | dict[str, Any]"]

EVERYBODY = frozenset(["jia", "yi", "bing", "ding", "health", "police", "inspector", "auditor", "admin"])
OUTSIDE = frozenset({"bing"})
OFFICERS = frozenset(["jia", "yi", "bing", "ding"])
STAFF = EVERYBODY - {"auditor"}
FIELD = EVERYBODY - {"auditor", "admin"}
MEASURE = frozenset(["jia", "yi", "bing", "ding", "health"])
IMPORT = MEASURE | {"admin"}
CHECK = MEASURE | {"police"}
LOOK_GRID = EVERYBODY
ADMIN = frozenset({"admin"})
SUPERVISE = frozenset({"admin", "ding"})
AUDIT = frozenset({"auditor"})
NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Line:
    """One URL and method: who may (in his scope), and how the URL's arguments come from one side's things."""

    name: str
    may: frozenset[str]
    args: Args | None = None
    method: str = "GET"
    data: Callable[[Things], dict[str, Any]] | None = None
    route: str = ""  # part of the route, where several share a name


def uid(field: str) -> Args:
    return lambda things: [getattr(things, field).uid]


def keyed(field: str) -> Args:
    """The uid under the name that the route gives it, e.g. person_uid."""
    return lambda things: {f"{field}_uid": getattr(things, field).uid}


def pk(field: str) -> Args:
    return lambda things: [getattr(things, field).pk]


def both(*lines: Line) -> list[Line]:
    """The same right for looking at a form and for sending it."""
    return [Line(**{**line.__dict__, "method": method}) for line in lines for method in ("GET", "POST")]


OPEN_TO_ALL = {"desk:first_start", "desk:health", "grid:login"}

LINES: list[Line] = [
    # --- desk
    Line("desk:workbench", EVERYBODY),
    *both(Line("desk:search", STAFF)),
    # --- sign-in and oneself
    Line("grid:logout", EVERYBODY, method="POST"),
    *both(Line("grid:password_change", EVERYBODY)),
    Line("grid:keepalive", EVERYBODY, method="POST"),
    # --- areas
    Line("grid:area_tree", LOOK_GRID),
    Line("grid:area_detail", LOOK_GRID, pk("area")),
    *both(Line("grid:area_create", ADMIN, pk("area"))),
    *both(Line("grid:area_edit", ADMIN, pk("area"))),
    *both(Line("grid:area_move", ADMIN, pk("area"))),
    *both(Line("grid:area_close", ADMIN, pk("area"))),
    # --- duties
    *both(Line("grid:duty_create", SUPERVISE, pk("area"))),
    *both(Line("grid:duty_edit", SUPERVISE, pk("area_duty"))),
    *both(Line("grid:duty_end", SUPERVISE, pk("area_duty"))),
    *both(Line("grid:handover", SUPERVISE)),
    Line("grid:gaps", STAFF),
    Line("grid:duty_kind_list", ADMIN),
    *both(Line("grid:duty_kind_create", ADMIN)),
    # --- staff
    Line("grid:staff_list", LOOK_GRID),
    *both(Line("grid:staff_create", ADMIN)),
    Line("grid:staff_detail", LOOK_GRID, uid("colleague")),
    *both(Line("grid:staff_edit", ADMIN, uid("colleague"))),
    *both(Line("grid:staff_roles", ADMIN, uid("colleague"))),
    *both(Line("grid:staff_reset", ADMIN, uid("colleague"))),
    *both(Line("grid:staff_deactivate", ADMIN, uid("colleague"))),
    *both(Line("grid:staff_reactivate", ADMIN, uid("colleague"))),
    *both(Line("grid:posting_create", ADMIN, uid("colleague"))),
    *both(Line("grid:posting_end", ADMIN, pk("posting"))),
    Line("grid:staff_dial", LOOK_GRID, uid("colleague"), method="POST"),
    *both(Line("grid:office_edit", ADMIN)),
    # --- audit
    Line("grid:access_log", AUDIT),
    Line("grid:history", AUDIT),
    # --- ledgers
    Line("ledgers:ledger_list", STAFF),
    Line(
        "ledgers:download",
        STAFF,
        method="POST",
        data=lambda things: {"area": things.area.pk, "key": "duties"},
    ),
    Line("ledgers:statistics", STAFF),
    Line("ledgers:ledger_options", STAFF, method="POST", data=lambda things: {"area": things.area.pk}),
    Line("ledgers:layout_list", SUPERVISE),
    Line(
        "ledgers:layout_new",
        SUPERVISE,
        lambda things: ["returnees"],
        method="POST",
        data=lambda things: {"area": things.area.pk},
    ),
    Line("ledgers:layout_detail", SUPERVISE, uid("layout")),
    *both(Line("ledgers:layout_edit", SUPERVISE, uid("layout"))),
    *both(Line("ledgers:layout_close", SUPERVISE, uid("layout"))),
    Line(
        "ledgers:layout_restore",
        SUPERVISE,
        uid("layout"),
        method="POST",
        data=lambda things: {"number": 1, "version": 1},
    ),
    Line("ledgers:brief", STAFF),
    Line("ledgers:brief", OFFICERS | ADMIN, method="POST", data=lambda things: {"area": things.area.pk}),
    Line("ledgers:brief_publish", SUPERVISE),
    Line("ledgers:brief_publish", SUPERVISE, method="POST", data=lambda things: {"area": things.area.pk}),
    Line("ledgers:publication_list", STAFF),
    Line("ledgers:publication_detail", STAFF, uid("publication")),
    Line("ledgers:publication_text", STAFF, uid("publication")),
    Line("ledgers:publication_table", STAFF, uid("publication")),
    Line("ledgers:publication_correction", STAFF, uid("publication")),
    Line("ledgers:publication_correction", SUPERVISE, uid("publication"), method="POST"),
    Line("ledgers:job_list", STAFF),
    Line("ledgers:form_list", STAFF),
    Line(
        "ledgers:form_list",
        STAFF,
        method="POST",
        data=lambda things: {"area": things.area.pk},
    ),
    Line("ledgers:import_list", IMPORT),
    Line("ledgers:import_create", IMPORT, method="POST", data=lambda things: {"area": things.area.pk}),
    Line("ledgers:import_detail", IMPORT, uid("batch")),
    *both(Line("ledgers:import_columns", IMPORT, uid("batch"))),
    Line("ledgers:import_confirm", MEASURE, uid("batch"), method="POST"),
    *both(Line("ledgers:import_undo", MEASURE, uid("batch"))),
    # who brought it in, and nobody else
    Line("ledgers:import_discard", frozenset({"jia", "bing"}), uid("batch"), method="POST"),
    Line("ledgers:import_report", frozenset({"jia", "bing"}), uid("batch")),
    # --- notices
    Line("notices:inbox", EVERYBODY),
    Line("notices:inbox_read_all", EVERYBODY, method="POST"),
    Line("notices:tick_log", frozenset({"admin", "auditor"})),
    Line("notices:record_list", frozenset({"admin", "auditor", "ding"})),
    Line("notices:channel_list", ADMIN),
    *both(Line("notices:channel_create", ADMIN)),
    *both(Line("notices:channel_edit", ADMIN, uid("channel"))),
    Line("notices:channel_test", ADMIN, uid("channel"), method="POST"),
    *both(Line("notices:own_edit", EVERYBODY)),
    Line("notices:leave_list", EVERYBODY),
    *both(Line("notices:leave_create", EVERYBODY)),
    # --- households
    Line("households:household_list", STAFF),
    Line(
        "households:door_find",
        STAFF,
        method="POST",
        data=lambda things: {"area": things.area.pk, "door": "1-1-1"},
    ),
    Line("households:picture_top", STAFF),
    Line("households:picture", STAFF, pk("area")),
    Line("households:missing_doors", STAFF, pk("area")),
    Line("households:missing_doors", OFFICERS, pk("area"), method="POST"),
    Line("households:missing_undo", OFFICERS, uid("dismissed"), method="POST"),
    Line("households:absent_list", STAFF),
    *both(Line("households:household_create", OFFICERS)),
    Line("households:household_detail", STAFF, uid("household")),
    *both(Line("households:household_edit", OFFICERS, uid("household"))),
    *both(Line("households:household_close", OFFICERS, uid("household"))),
    *both(Line("households:survey_create", OFFICERS, uid("household"))),
    Line("households:survey_member_row", OFFICERS, uid("household"), method="POST"),
    Line("households:survey_detail", STAFF, uid("survey")),
    Line("households:id_check", OFFICERS, method="POST"),
    *both(Line("households:household_duty_create", SUPERVISE, uid("household"))),
    *both(Line("households:duty_edit", SUPERVISE, lambda things: ["household", things.household_duty.pk])),
    *both(Line("households:duty_end", SUPERVISE, lambda things: ["household", things.household_duty.pk])),
    Line("households:double_list", OFFICERS | {"health"}),
    Line("households:removal_list", OFFICERS | {"health"}),
    *both(Line("households:removal_undo", frozenset({"ding"}), uid("removal"))),
    Line("households:person_merge_pick", frozenset({"ding"}), uid("person")),
    *both(
        Line(
            "households:person_merge",
            frozenset({"ding"}),
            lambda things: [things.person.uid, things.traveller.person.uid],
        )
    ),
    *both(Line("households:person_void", frozenset({"ding"}), uid("person"))),
    Line("households:person_detail", STAFF, uid("person")),
    *both(Line("households:person_edit", OFFICERS, uid("person"))),
    *both(Line("households:person_unmask", FIELD - {"inspector"}, uid("person"))),
    Line("households:person_dial", STAFF, uid("person"), method="POST"),
    *both(Line("households:person_duty_create", SUPERVISE, uid("person"))),
    *both(Line("households:support_create", OFFICERS, uid("person"))),
    *both(Line("households:support_end", OFFICERS, lambda things: [things.person.uid, things.support.pk])),
    *both(
        Line("households:residency_end", OFFICERS, lambda things: [things.person.uid, things.residency.pk])
    ),
    *both(
        Line("households:residency_away", OFFICERS, lambda things: [things.person.uid, things.residency.pk])
    ),
    *both(
        Line(
            "households:residency_return",
            OFFICERS,
            lambda things: [things.traveller.person.uid, things.traveller.pk],
        )
    ),
    # --- returnees and observation
    Line("quarantine:returnee_list", STAFF),
    *both(Line("quarantine:returnee_create", OFFICERS)),  # with somebody new to the register
    *both(Line("quarantine:returnee_create", MEASURE, keyed("household"), route="create/household/")),
    *both(Line("quarantine:returnee_create", MEASURE, keyed("person"), route="create/person/")),
    *both(
        Line(
            "quarantine:returnee_create",
            MEASURE,
            lambda things: {"survey_uid": things.survey.uid, "person_uid": things.person.uid},
            route="create/survey/",
        )
    ),
    Line("quarantine:returnee_detail", STAFF, uid("returnee")),
    *both(Line("quarantine:returnee_edit", MEASURE, uid("returnee"))),
    *both(Line("quarantine:returnee_void", MEASURE, uid("returnee"))),
    Line("quarantine:returnee_voided_list", STAFF),
    *both(Line("quarantine:returnee_restore", MEASURE, uid("returnee"))),
    Line(
        "quarantine:contact_dial",
        STAFF,
        lambda things: [things.returnee.uid, things.contact.pk],
        method="POST",
    ),
    *both(
        Line("quarantine:contact_follow", OFFICERS, lambda things: [things.returnee.uid, things.contact.pk])
    ),
    Line("quarantine:person_file", STAFF, uid("person")),
    *both(Line("quarantine:person_file_print", STAFF, uid("person"))),
    Line("quarantine:observation_list", STAFF),
    *both(Line("quarantine:observation_open", MEASURE, keyed("returnee"), route="open/returnee/")),
    *both(Line("quarantine:observation_open", MEASURE, keyed("person"), route="open/person/")),
    Line("quarantine:observation_detail", STAFF, uid("observation")),
    Line("quarantine:observation_sheet", STAFF, uid("observation")),
    *both(Line("quarantine:observation_event", MEASURE, lambda things: [things.observation.uid, "extend"])),
    Line("quarantine:handover_list", STAFF),
    Line("quarantine:handover_detail", STAFF, uid("handover")),
    *both(Line("quarantine:handover_decide", MEASURE, lambda things: [things.handover.uid, "withdraw"])),
    Line("quarantine:recalculation_list", STAFF),
    Line("quarantine:recalculation_list", MEASURE, method="POST"),
    *both(
        Line("quarantine:recalculation_decide", MEASURE, lambda things: [things.recalculation.uid, "apply"])
    ),
    Line("quarantine:followup_list", STAFF),
    *both(Line("quarantine:followup_record", MEASURE, uid("followup"))),
    Line("quarantine:policy_list", STAFF),
    Line("quarantine:policy_compare", STAFF),
    *both(Line("quarantine:policy_create", ADMIN)),
    *both(Line("quarantine:service_create", MEASURE, uid("person"))),
    *both(Line("quarantine:service_update", MEASURE, lambda things: [things.service.uid, "done"])),
    Line("quarantine:service_list", STAFF),
    Line("quarantine:service_round", STAFF),
    Line("quarantine:service_tap", MEASURE, lambda things: [things.service.uid, "take"], method="POST"),
    Line("quarantine:left_alone", STAFF),
    Line("quarantine:left_alone_ask", MEASURE, keyed("person"), method="POST"),
    # --- papers
    Line("quarantine:paper_list", STAFF),
    *both(Line("quarantine:paper_batch", MEASURE)),
    Line("quarantine:observation_papers", STAFF, uid("observation")),
    Line("quarantine:paper_issue", MEASURE, lambda things: [things.observation.uid, "PLEDGE"], method="POST"),
    Line("quarantine:paper_issued", STAFF, lambda things: [things.paper.issue]),
    Line("quarantine:paper_issued_print", MEASURE, lambda things: [things.paper.issue], method="POST"),
    Line("quarantine:paper_detail", STAFF, lambda things: [things.paper.code]),
    Line("quarantine:paper_open", STAFF, lambda things: [things.paper.code]),
    Line("quarantine:paper_print", MEASURE, lambda things: [things.paper.code], method="POST"),
    *both(Line("quarantine:paper_void", MEASURE, lambda things: [things.paper.code])),
    Line("quarantine:paper_entry", MEASURE, lambda things: [things.sheet.code]),
    Line(
        "quarantine:paper_entry_record",
        MEASURE,
        lambda things: [things.sheet.code, things.observation.uid],
        method="POST",
        data=lambda things: {"on": str(things.observation.day_one_on), "slot": "AM", "temperature": "366"},
    ),
    Line("quarantine:paper_texts", SUPERVISE),
    *both(Line("quarantine:paper_text_edit", SUPERVISE, lambda things: [things.area.pk, "DOOR"])),
    # --- lists pushed down from above
    Line("quarantine:pushed_list", STAFF),
    Line("quarantine:pushed_detail", STAFF, uid("pushed_list")),
    *both(Line("quarantine:pushed_edit", OFFICERS, uid("pushed_list"))),
    Line(
        "quarantine:pushed_confirm",
        CHECK,
        uid("pushed_list"),
        method="POST",
        data=lambda things: {"code": "PAST"},
    ),
    *both(Line("quarantine:pushed_file", frozenset({"ding"}), uid("pushed_list"))),
    Line("quarantine:pushed_row", STAFF, uid("pushed_row")),
    Line("quarantine:pushed_answer", CHECK, uid("pushed_row"), method="POST"),
    Line("quarantine:pushed_withdraw", CHECK, uid("pushed_row"), method="POST"),
    *both(Line("quarantine:pushed_assign", CHECK, uid("pushed_row"))),
    Line("quarantine:pushed_dial", STAFF, uid("pushed_row"), method="POST"),
    *both(
        Line(
            "quarantine:returnee_create",
            OFFICERS,
            lambda things: {"pushed_uid": things.pushed_row.uid},
            route="create/pushed/",
        )
    ),
    # --- the round and alerts
    Line("quarantine:round", STAFF),
    Line("quarantine:round_row", STAFF, uid("visit")),
    Line("quarantine:visit_record", MEASURE, uid("visit"), method="POST"),
    Line("quarantine:visit_mark", MEASURE, uid("visit"), method="POST"),
    Line("quarantine:visit_explain", MEASURE, uid("visit"), method="POST"),
    Line("quarantine:backfill", MEASURE),
    Line("quarantine:backfill_record", MEASURE, uid("observation"), method="POST"),
    *both(Line("quarantine:reading_correct", MEASURE, uid("reading"))),
    Line("quarantine:alert_list", STAFF),
    Line("quarantine:alert_detail", STAFF, uid("alert")),
    Line("quarantine:alert_update", CHECK, uid("alert"), method="POST"),
    *both(Line("quarantine:alert_act", CHECK, lambda things: [things.alert.uid, "phone"])),
    *both(
        Line("quarantine:alert_act", MEASURE, lambda things: [things.alert.uid, "second"], route="act/<slug")
    ),
    *both(Line("quarantine:alert_arrive", CHECK, uid("alert_action"))),
    *both(Line("quarantine:alert_annul", CHECK, uid("alert_action"))),
    Line("quarantine:flag_list", frozenset({"ding", "inspector"})),
    Line("quarantine:flag_detail", frozenset({"ding", "inspector"}), uid("flag")),
    Line("quarantine:flag_detail", frozenset({"ding"}), uid("flag"), method="POST"),
]
# URLs whose arguments lie in no area, or that belong to one person; test_table.py and test_jobs.py test each by itself.
ELSEWHERE = {
    "ledgers:job_detail", "ledgers:job_progress", "ledgers:job_cancel", "ledgers:job_retry", "ledgers:job_file",
    "ledgers:form_detail", "ledgers:form_fill", "ledgers:form_delete",
    "grid:duty_kind_edit", "quarantine:policy_switch", "quarantine:policy_withdraw", "quarantine:policy_edit",
    "quarantine:policy_discard",
    "notices:message_open", "notices:message_answer", "notices:leave_end",
}  # fmt: skip
