"""What this app enters into the registries of the apps below (grassroots/grid/registry.py)."""

from grassroots.grid.models import Role
from grassroots.grid.registry import area_hooks, grant
from households.hooks import person_panels, removal_hooks, returnee_checks
from quarantine import areas, hooks, removals

area_hooks.append(areas.HOOKS)
returnee_checks.append(hooks.returnee_check)
person_panels.append(hooks.person_panel)
removal_hooks.append(removals.HOOK)

LOOK = (
    "quarantine.view_returnee", "quarantine.view_observation", "quarantine.view_visit", "quarantine.view_reading",
    "quarantine.view_alert", "quarantine.view_servicerequest", "quarantine.view_policy",
    "quarantine.view_pushedlist", "quarantine.view_pushedperson",
    "quarantine.view_paper",
)  # fmt: skip
FILES = (
    "quarantine.add_returnee", "quarantine.change_returnee", "quarantine.add_observation",
    "quarantine.change_observation", "quarantine.add_servicerequest", "quarantine.change_servicerequest",
)  # fmt: skip
# Papers: who issues and prints, and who writes the office's own words.
PAPERS = ("quarantine.add_paper", "quarantine.change_paper")
TEXTS = "quarantine.change_papertext"
# Lists pushed down from above: who takes them in and sends the answer, and who checks people.
LISTS = ("quarantine.add_pushedlist", "quarantine.change_pushedlist")
CHECK = "quarantine.change_pushedperson"
MEASURE = ("quarantine.add_reading", "quarantine.change_visit", "quarantine.change_alert")

for _role in (Role.SUPERVISOR, Role.OFFICER, Role.HEALTH_WORKER):
    grant(_role, *LOOK, *FILES, *MEASURE, *PAPERS)
for _role in (Role.SUPERVISOR, Role.OFFICER, Role.HEALTH_WORKER, Role.POLICE):
    grant(_role, CHECK)
for _role in (Role.SUPERVISOR, Role.OFFICER):
    grant(_role, *LISTS)
grant(Role.SUPERVISOR, "quarantine.release_observation")
# Hints on readings are for those who lead and those who inspect; the former say what came of them.
grant(Role.SUPERVISOR, "quarantine.view_readingflag", "quarantine.change_readingflag")
grant(Role.INSPECTOR, "quarantine.view_readingflag")
grant(Role.HEALTH_WORKER, "quarantine.release_observation")
for _role in (Role.SUPERVISOR, Role.ADMINISTRATOR):
    grant(_role, TEXTS)
grant(Role.POLICE, *LOOK, "quarantine.change_alert")
grant(Role.INSPECTOR, *LOOK)
grant(Role.ADMINISTRATOR, *LOOK, "quarantine.add_policy", "quarantine.change_policy")

from grassroots.ledgers.intake.undoing import register_undo  # noqa: E402
from quarantine import (  # noqa: E402, F401
    brief,
    indicators,
    ledgers,
    live,
    offline,
    pushed_figures,
    service_figures,
    steps,
)
from quarantine.imports import pushed, returnees, temperatures, undo  # noqa: E402, F401

register_undo("quarantine.returnee", undo.FILE_UNDO)
register_undo("quarantine.observation", undo.OBSERVATION_UNDO)
register_undo("quarantine.reading", undo.READING_UNDO)
register_undo("quarantine.alert", undo.ALERT_UNDO)
register_undo("quarantine.visit", undo.VISIT_UNDO)

from quarantine.file_sections import followups, papers_given  # noqa: E402
from quarantine.person_file import file_sections  # noqa: E402

file_sections += [papers_given, followups]
