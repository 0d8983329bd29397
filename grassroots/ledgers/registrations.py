"""What this app enters into the registries of the apps below (grassroots/grid/registry.py)."""

from grassroots.grid.models import Role
from grassroots.grid.registry import AreaHooks, area_hooks, grant
from grassroots.ledgers import areas

for _role in (
    Role.ADMINISTRATOR, Role.SUPERVISOR, Role.OFFICER, Role.HEALTH_WORKER, Role.POLICE, Role.INSPECTOR,
):  # fmt: skip
    grant(_role, "ledgers.view_arearollup", "ledgers.export_ledger")
for _role in (Role.ADMINISTRATOR, Role.SUPERVISOR, Role.HEALTH_WORKER):
    grant(_role, "ledgers.export_unmasked")
for _role in (Role.ADMINISTRATOR, Role.SUPERVISOR):
    grant(_role, "ledgers.change_ledgerlayout")
    grant(_role, "ledgers.publish_brief")
for _role in (Role.ADMINISTRATOR, Role.SUPERVISOR, Role.OFFICER):
    grant(_role, "ledgers.change_briefdraft")
area_hooks.append(AreaHooks(areas.holds_data, areas.succeeded))

for _role in (Role.ADMINISTRATOR, Role.SUPERVISOR, Role.OFFICER, Role.HEALTH_WORKER):
    grant(_role, "ledgers.import_ledger")  # and what the kind needs besides

from grassroots.ledgers import export_jobs, indicators, sheet, steps  # noqa: E402, F401
from grassroots.ledgers.intake import jobs as import_jobs  # noqa: E402, F401
from grassroots.ledgers.intake.undo_areas import AREA_UNDO  # noqa: E402
from grassroots.ledgers.intake.undoing import register_undo  # noqa: E402
from grassroots.ledgers.office_imports import duties, grid, staff  # noqa: E402, F401
from grassroots.ledgers.office_imports.undo_staff import STAFF_UNDO  # noqa: E402

register_undo("grid.area", AREA_UNDO)
register_undo("grid.staff", STAFF_UNDO)
