"""Demo supervision: inspections with findings and photos, what became of them, truth checks, a checkpoint's shifts."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone
from PIL import Image, ImageDraw

from grassroots.grid.models import Area, Level, Staff
from households.models import Residency
from measures.frames import Period
from measures.models import Checklist, CheckOutcome, CheckSubject, Inspection, Rectification, SpotCheck, Venue
from measures.models.checks import Mismatch
from measures.rules.quiz import QUESTIONS
from measures.services.checks import Finding, Wanted, check_draw, check_freeze, check_record
from measures.services.inspections import Answer, InspectionData, inspection_record
from measures.services.rectifications import rectification_close, rectification_done
from measures.services.shifts import shift_arrive, shift_lay
from quarantine.services.sightings import Sighting, sighting_pass_on

DAY = dt.timedelta(days=1)
CHECKPOINT = "东门劝导点"


@dataclass(frozen=True)
class Look:
    """An inspection: checklist, unit, days ago, the lines that were wrong with words, what is asked until when."""

    code: str
    unit: str
    ago: int
    problems: dict[int, str]
    demand: str = ""
    days: int = 1
    is_announced: bool = False
    has_photo: bool = False


LOOKS = (
    Look(
        "closed-venue",
        "",
        6,
        {1: "后门开着，两桌人打牌"},
        "当场劝散，后门上锁，每天巡查两次。",
        has_photo=True,
    ),
    Look(
        "home-isolation", "2栋一单元观察户", 3, {0: "门上没有观察牌"}, "当天补挂观察牌，其他户一并核对。", 2
    ),
    Look(
        "checkpoint",
        CHECKPOINT,
        2,
        {1: "昨天下午一班没有登记"},
        "补登记，明确每班记录人。",
        1,
        has_photo=True,
    ),
    Look("gathering", "城厢社区", 0, {}, is_announced=True),
)


def _picture(number: int) -> bytes:
    """A drawn scene in place of a photo: a wall with a door, open or shut, and a notice."""
    image = Image.new("RGB", (800, 600), (205, 200, 190))
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 470, 800, 600), fill=(150, 145, 138))
    pen.rectangle((280, 120, 520, 470), fill=(96, 72, 52))
    pen.rectangle((296, 136, 504, 470), fill=(40, 38, 36) if number % 2 else (128, 92, 62))
    pen.ellipse((476, 300, 492, 316), fill=(220, 200, 120))
    pen.rectangle((580, 180, 700, 330), fill=(245, 245, 240), outline=(180, 40, 40), width=6)
    for line in range(4):
        pen.line((600, 215 + 26 * line, 680, 215 + 26 * line), fill=(120, 120, 120), width=5)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=70)
    return out.getvalue()


def write_village_checking(now: dt.datetime) -> None:
    """What an inspector of the demo office has seen in the village of the demo accounts, and who stands on watch."""
    village = Area.objects.get(name="城厢社区", level=Level.VILLAGE)
    staff = Staff.objects.in_bulk(["cadre", "leader", "inspector", "supervisor"], field_name="username")
    _inspections(village, staff, now)
    _truth(village, staff, now)
    _watch(village, staff, now)


def _inspect(village: Area, look: Look, inspectors: Sequence[Staff], at: dt.datetime) -> Inspection:
    checklist = Checklist.objects.get(code=look.code)
    venue = Venue.objects.filter(area=village).exclude(closed_on=None).order_by("pk").first()
    answers = [
        Answer(
            words, "BAD" if number in look.problems else "GOOD", look.problems.get(number, ""),
            _picture(number) if look.has_photo and number in look.problems else b"",
        )
        for number, words in enumerate(checklist.items)
    ]  # fmt: skip
    data = InspectionData(
        checklist, village, look.unit or (venue.name if venue else village.name), at - dt.timedelta(minutes=40),
        inspectors, answers, is_announced=look.is_announced, venue=None if look.unit else venue,
        summary="" if look.problems else "各项措施落实到位。", demand=look.demand,
        due_on=timezone.localdate(at) + look.days * DAY if look.problems else None,
    )  # fmt: skip
    return inspection_record(data=data, by=inspectors[0], now=at)


def _inspections(village: Area, staff: dict[str, Staff], now: dt.datetime) -> None:
    """One put right and closed, one that waits to be looked at again, one that is late, one without a problem."""
    inspectors = [staff["inspector"], staff["supervisor"]]
    for look in LOOKS:
        _inspect(village, look, inspectors, now - look.ago * DAY)
    closed, waiting, _late = Rectification.objects.filter(area=village).order_by("pk")[:3]
    rectification_done(
        rectification=closed, words="人已劝散，后门加锁，安排组长早晚各看一次。", by=staff["cadre"], at=now - 5 * DAY,
        photos=[_picture(0)],
    )  # fmt: skip
    rectification_close(
        rectification=closed, words="复查两次，后门上锁，没有人。", by=staff["inspector"], at=now - 4 * DAY
    )
    rectification_done(
        rectification=waiting,
        words="观察牌已补挂，另外核对了 6 户，都有。",
        by=staff["cadre"],
        at=now - 2 * DAY,
    )


def _truth(village: Area, staff: dict[str, Staff], now: dt.datetime) -> None:
    """A sample of signed households, frozen, and one of readings of which half is checked."""
    by, on = staff["inspector"], timezone.localdate(now)
    households = check_draw(
        wanted=Wanted(CheckSubject.HOUSEHOLDS, village, Period(on - 30 * DAY, on - DAY), 16), by=by, seed=2020,
        at=now - DAY,
    )  # fmt: skip
    _checked(households, by, now - DAY, wrong={3, 11})
    check_freeze(
        check=households,
        due_on=on + 2 * DAY,
        demand="重新入户核对，改正台账，书面说明原因。",
        by=by,
        at=now - DAY,
    )
    period = Period(on - 3 * DAY, on)
    readings = check_draw(wanted=Wanted(CheckSubject.READINGS, village, period, 10), by=by, seed=129, at=now)
    _checked(readings, by, now, first=5)


def _checked(
    check: SpotCheck,
    by: Staff,
    at: dt.datetime,
    *,
    wrong: frozenset[int] | set[int] = frozenset(),
    first: int = 99,
) -> None:
    for item in check.items.select_related("check_of").order_by("number")[:first]:
        quiz = {key: (item.number + place) % 5 != 0 for place, key in enumerate(QUESTIONS)}
        finding = Finding(
            CheckOutcome.MATCH, "CALL" if item.number % 3 else "VISIT", quiz=quiz if item.household_id else {}
        )
        if item.number in wrong:
            finding = Finding(
                CheckOutcome.MISMATCH,
                "VISIT",
                Mismatch.NUMBER,
                "实际住 4 人，登记 3 人",
                "户主当面说明，孙子上周回来",
                quiz,
            )
        check_record(item=item, finding=finding, by=by, at=at)


def _watch(village: Area, staff: dict[str, Staff], now: dt.datetime) -> None:
    """Shifts of yesterday, today and tomorrow; somebody seen there whom the register knows."""
    people = (staff["cadre"], staff["leader"])
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    for day in (-1, 0, 1):
        for hour, who in ((8, people), (16, people[:1])):
            starts_at = midnight + day * DAY + dt.timedelta(hours=hour)
            shift = shift_lay(
                area=village, place=CHECKPOINT, starts_at=starts_at, ends_at=starts_at + dt.timedelta(hours=8),
                by=staff["cadre"], people=who,
            )  # fmt: skip
            if starts_at <= now:
                shift_arrive(shift=shift, staff=who[0], by=who[0], at=starts_at)
    areas = Area.objects.within(village).order_by().values("pk")
    home = (
        Residency.objects.actual().filter(area__in=areas, person__observations=None).order_by("-pk").first()
    )
    if home is not None:
        seen = Sighting(village, CHECKPOINT, home.person.name, home.person.id_number, origin="武汉市江夏区")
        sighting_pass_on(seen=seen, by=staff["leader"], at=now)
