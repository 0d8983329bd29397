"""Steps of the tick: take up dead jobs, remove files and forms that have expired, keep rollups fresh."""

from grassroots.grid.registry import register_step
from grassroots.ledgers.filling.keeping import form_expire
from grassroots.ledgers.intake.expiry import imports_expire
from grassroots.ledgers.jobs.services import job_expire, job_take_up_dead
from grassroots.ledgers.rollups import refresh_rollups

register_step("ledgers.jobs", job_take_up_dead, order=80)
register_step("ledgers.expire", job_expire, order=85)
register_step("ledgers.forms", form_expire, order=86)
register_step("ledgers.imports", imports_expire, order=87)
register_step("ledgers.rollups", refresh_rollups, order=90)
