"""What this app enters into the registries of the apps below (grassroots/grid/registry.py)."""

from grassroots.grid.models import Role
from grassroots.grid.registry import area_hooks, grant, register_step
from households.hooks import person_panels, removal_hooks
from households.services.photos import photo_models
from measures import areas
from measures.care_hooks import REMOVAL, care_panel, care_section
from measures.models import FindingPhoto
from measures.services.care_digests import care_remind
from measures.services.rectifications import rectifications_due, rectifications_escalate
from measures.services.upward import upward_due, upward_escalate
from quarantine.person_file import file_sections

area_hooks.append(areas.HOOKS)

LOOK = (
    "measures.view_venue",
    "measures.view_record",
    "measures.view_kind",
    "measures.view_plan",
    "measures.view_shift",
)
RECORD = ("measures.add_venue", "measures.change_venue", "measures.add_record", "measures.change_record")
PLANS = ("measures.add_plan", "measures.change_plan", "measures.add_shift", "measures.change_shift")
KINDS = ("measures.add_kind", "measures.change_kind")

for _role in (Role.SUPERVISOR, Role.OFFICER, Role.HEALTH_WORKER, Role.POLICE):
    grant(_role, *LOOK, *RECORD)
for _role in (Role.SUPERVISOR, Role.OFFICER):
    grant(_role, *PLANS)
grant(Role.INSPECTOR, *LOOK)
# Who is checked does not see whom the lot fell on: samples are for those who check, and for the supervisors.
SAMPLES = ("measures.view_spotcheck", "measures.add_spotcheck", "measures.change_spotcheck")
SEE, PUT_RIGHT, LOOK_AGAIN = (
    "measures.view_rectification", "measures.change_rectification", "measures.add_rectification",
)  # fmt: skip
INSPECT = ("measures.view_inspection", "measures.add_inspection", "measures.change_inspection")
grant(Role.INSPECTOR, *SAMPLES, SEE, LOOK_AGAIN, *INSPECT)
grant(Role.SUPERVISOR, *INSPECT)
grant(Role.ADMINISTRATOR, "measures.view_inspection", "measures.change_checklist")
grant(Role.SUPERVISOR, "measures.view_spotcheck", SEE, PUT_RIGHT, LOOK_AGAIN)
for _role in (Role.OFFICER, Role.HEALTH_WORKER, Role.POLICE):
    grant(_role, SEE, PUT_RIGHT, "measures.view_inspection")
grant(Role.ADMINISTRATOR, *LOOK, *KINDS)

# Care: whoever is at the door records a visit, whoever leads or answers keeps the file; rhythms are the office's.
CARE, CARE_WRITE = ("measures.view_carevisit",), ("measures.add_carevisit", "measures.change_carevisit")
for _role in (Role.SUPERVISOR, Role.OFFICER, Role.HEALTH_WORKER, Role.POLICE):
    grant(_role, *CARE, *CARE_WRITE)
grant(Role.INSPECTOR, *CARE)
grant(Role.ADMINISTRATOR, *CARE, "measures.change_carerhythm")

# Orders and incidents: who works in an area signs and answers; supervisors and officers issue to what lies below.
ORDERS, SIGN, ISSUE = (
    ("measures.view_order", "measures.view_incident", "measures.add_incident"),
    "measures.change_orderreceipt",
    ("measures.add_order", "measures.change_order"),
)
for _role in (Role.SUPERVISOR, Role.OFFICER, Role.HEALTH_WORKER, Role.POLICE):
    grant(_role, *ORDERS, SIGN)
for _role in (Role.SUPERVISOR, Role.OFFICER):
    grant(_role, *ISSUE)
grant(Role.INSPECTOR, *ORDERS)
grant(Role.ADMINISTRATOR, *ORDERS)

from grassroots.ledgers.asof import register_indicator_source  # noqa: E402
from measures import brief, care_figures, imports, indicators, ledgers, live, order_figures, own_columns  # noqa: E402, F401

register_indicator_source(own_columns.figures)
register_step("measures.rectify", rectifications_escalate, order=42, due=rectifications_due)
register_step("measures.upward", upward_escalate, order=43, due=upward_due)
register_step("measures.care", care_remind, order=44)

photo_models.append(FindingPhoto)
file_sections.append(care_section)
person_panels.append(care_panel)
removal_hooks.append(REMOVAL)
