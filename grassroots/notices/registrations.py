"""What this app enters into the registries of the apps below (grassroots/grid/registry.py)."""

from grassroots.grid.models import Role
from grassroots.grid.registry import grant, register_step
from grassroots.notices.leaves import end_leaves, leaves_due
from grassroots.notices.sweep import sweep_ticks
from grassroots.notices.taking_up import deliveries_due, take_up_deliveries

for _role in (Role.ADMINISTRATOR, Role.AUDITOR):
    grant(_role, "notices.view_tickrun", "notices.view_reminder")

grant(Role.ADMINISTRATOR, "notices.view_channel", "notices.add_channel", "notices.change_channel")
for _role in (Role.ADMINISTRATOR, Role.AUDITOR, Role.SUPERVISOR):
    grant(_role, "notices.view_delivery", "notices.view_reminder")

register_step("notices.leaves", end_leaves, order=5, due=leaves_due)
register_step("notices.deliver", take_up_deliveries, order=80, due=deliveries_due)
register_step("notices.sweep", sweep_ticks, order=90)
