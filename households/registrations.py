"""What this app enters into the registries of the apps below (grassroots/grid/registry.py)."""

from grassroots.grid.models import Role
from grassroots.grid.registry import AreaHooks, area_hooks, grant, register_duty_model, register_step
from households import areas
from households.models import HouseholdDuty, PersonDuty

register_duty_model("household", HouseholdDuty, "household_id")
register_duty_model("person", PersonDuty, "person_id")
area_hooks.append(AreaHooks(areas.holds_data, areas.succeeded, areas.holds_open))

LOOK = ("households.view_household", "households.view_person", "households.view_survey")
RECORD = (
    "households.add_household", "households.change_household", "households.add_person", "households.change_person",
    "households.add_survey",
)  # fmt: skip
DUTIES = (
    "households.add_householdduty", "households.change_householdduty",
    "households.add_personduty", "households.change_personduty",
)  # fmt: skip

for _role in (Role.SUPERVISOR, Role.OFFICER):
    grant(_role, *LOOK, *RECORD)
for _role in (Role.HEALTH_WORKER, Role.POLICE, Role.INSPECTOR):
    grant(_role, *LOOK)
for _role in (Role.SUPERVISOR, Role.OFFICER, Role.HEALTH_WORKER, Role.POLICE):
    grant(_role, "households.unmask_person")
grant(Role.SUPERVISOR, *DUTIES)
for _role in (Role.SUPERVISOR, Role.OFFICER, Role.HEALTH_WORKER):
    grant(_role, "households.view_personremoval")
grant(Role.SUPERVISOR, "households.add_personremoval", "households.change_personremoval")
grant(Role.ADMINISTRATOR, *LOOK, *DUTIES)
for _role in (Role.ADMINISTRATOR, Role.SUPERVISOR):
    grant(_role, "households.change_doortext")
for _role in (Role.SUPERVISOR, Role.OFFICER):
    grant(_role, "households.change_surveyphoto")

from grassroots.ledgers.intake.protocol import register_import  # noqa: E402
from grassroots.ledgers.intake.undoing import register_undo  # noqa: E402
from households import brief, indicators, ledgers, live, offline  # noqa: E402, F401
from households.absent_digest import absent_remind  # noqa: E402
from households.hooks import person_panels  # noqa: E402
from households.imports import rollcall  # noqa: E402, F401
from households.imports.households import HOUSEHOLDS  # noqa: E402
from households.imports.originals import originals_panel  # noqa: E402
from households.imports.undo import HOUSEHOLD_UNDO, PERSON_UNDO, RESIDENCY_UNDO, SUPPORT_UNDO  # noqa: E402
from households.services.photos import photos_due, photos_expire  # noqa: E402

register_step("households.absent", absent_remind, order=37)
register_import(HOUSEHOLDS)
register_step("households.photos", photos_expire, order=88, due=photos_due)
register_undo("households.household", HOUSEHOLD_UNDO)
register_undo("households.person", PERSON_UNDO)
register_undo("households.supportstatus", SUPPORT_UNDO)
register_undo("households.residency", RESIDENCY_UNDO)
person_panels.append(originals_panel)
