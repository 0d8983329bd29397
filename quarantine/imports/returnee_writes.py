"""Writing what was planned of a list of returnees, row by row, with the services that the pages use."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.exceptions import ValidationError

from grassroots.grid.models import Area
from grassroots.grid.versions import StaleVersion
from grassroots.ledgers.intake.protocol import ImportContext, Planned, PlanStale
from households.imports.people import HomesWatch, keep_originals, person_write
from households.models import Household, Person, ResidencyKind
from households.services import residency_open, residency_set_away
from quarantine.imports.returnee_rows import Row
from quarantine.imports.returnees import Work
from quarantine.models import Observation, Returnee
from quarantine.services.homes import MOVES, live_at
from quarantine.services.observations import observation_open
from quarantine.services.plans import StartDates
from quarantine.services.returnees import FIELDS, returnee_save


def apply(context: ImportContext, rows: Sequence[Planned]) -> None:
    """Write these rows. Raises PlanStale where the register is not as it was planned on."""
    for planned in rows:
        work: Work = planned.work
        try:
            _write(work, context)
        except (ValidationError, StaleVersion) as refused:
            raise PlanStale from refused


def _write(work: Work, context: ImportContext) -> None:
    person = person_write(work.news, context)
    area = _live(work, person, context)
    keep_originals(person, work.originals, context)
    household = work.home.household
    returnee = _save_file(work, person, area, household, context)
    if work.observation is not None:
        _observe(work, returnee, context)


def _live(work: Work, person: Person, context: ImportContext) -> Area:
    """Let the register say where he lives now, as far as the row changes it; returns the area."""
    home, row = work.home, work.row
    area = home.residency.area if home.residency else work.places.area_of(row.spot, context)
    if home.household is not None:
        area = home.household.area
    with HomesWatch(person, context):
        if home.comes_back and home.residency is not None:
            residency_set_away(
                residency=home.residency, is_away=False, by=context.staff, confirmed=MOVES, at=context.at
            )
        elif home.moves:
            live_at(
                person=person, area=area, household=home.household, address=home.address, by=context.staff,
                at=context.at,
            )  # fmt: skip
        elif home.is_new:
            residency_open(
                person=person, by=context.staff, household=home.household,
                area=None if home.household else area,
                address_text="" if home.household else home.address or area.name,
                kind=_kind(row, area), confirmed=MOVES, at=context.at,
            )  # fmt: skip
    return area


def _kind(row: Row, area: Area) -> str:
    """户籍 where the row's 户籍地 is this place, else 暂住 until somebody has asked."""
    registered = row.given.get("registered_place", "")
    names = {part.removesuffix("社区").removesuffix("村") for part in (area.full_name(" ").split())}
    is_here = any(len(name) > 1 and name in registered for name in names)
    return ResidencyKind.REGISTERED if is_here else ResidencyKind.TEMPORARY


def _save_file(
    work: Work, person: Person, area: Area, household: Household | None, context: ImportContext
) -> Returnee:
    file = work.file
    if file.returnee is None:
        made = returnee_save(
            returnee=None, data=file.data, by=context.staff, person=person, area=area, household=household,
            at=context.at,
        )  # fmt: skip
        context.note_created(made)
        return made
    if not file.is_changed:
        return file.returnee
    before = {name: _stored(file.returnee, name) for name in FIELDS}
    saved = returnee_save(
        returnee=file.returnee, data=file.data, by=context.staff, version=file.returnee.version, at=context.at
    )
    changed = {name: value for name, value in before.items() if _stored(saved, name) != value}
    context.note_updated(saved, changed)
    return saved


def _stored(row: Returnee, name: str) -> object:
    return getattr(row, Returnee._meta.get_field(name).attname)  # type: ignore[union-attr]


def _observe(work: Work, returnee: Returnee, context: ImportContext) -> None:
    if Observation.objects.open().filter(person=returnee.person_id).exists():
        raise PlanStale
    observation = observation_open(
        person=returnee.person, area=returnee.area, household=returnee.household, returnee=returnee,
        policy=work.observation, dates=StartDates.of(returnee), by=context.staff, reason="导入返乡人员名单",
        place_note="" if returnee.household_id else work.home.address, at=context.at, known_at=context.at,
    )  # fmt: skip
    context.note_created(observation)
