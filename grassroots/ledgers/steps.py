"""Steps of the tick: take up dead jobs, remove files and forms that have expired, keep rollups fresh."""

from grassroots.grid.registry import register_step
from grassroots.ledgers.filling.keeping import form_expire, forms_due
from grassroots.ledgers.intake.expiry import imports_due, imports_expire
from grassroots.ledgers.jobs.services import expiry_due, job_expire, job_take_up_dead, jobs_due
from grassroots.ledgers.rollups import refresh_rollups, rollups_due

register_step("ledgers.jobs", job_take_up_dead, order=80, due=jobs_due)
register_step("ledgers.expire", job_expire, order=85, due=expiry_due)
register_step("ledgers.forms", form_expire, order=86, due=forms_due)
register_step("ledgers.imports", imports_expire, order=87, due=imports_due)
register_step("ledgers.rollups", refresh_rollups, order=90, due=rollups_due)
