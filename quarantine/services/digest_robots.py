"""What a slot's digest says in the groups of the robots: counts by area and a link, no names of people."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping

from grassroots.grid.models import Area
from grassroots.notices.deliveries import robot_tell, robots
from quarantine.services.digest_doors import Doors


def _by_robot_area(areas: Mapping[str, Doors], tops: set[str]) -> dict[str, dict[str, int]]:
    """For the path of each robot's area: doors by the path of the area right below it ('' : itself)."""
    step = Area.steplen
    sums: dict[str, dict[str, int]] = {top: defaultdict(int) for top in tops}
    for path, doors in areas.items():
        number = doors.count
        for end in range(step, len(path) + 1, step):
            if path[:end] in sums:
                sums[path[:end]][path[: end + step] if end < len(path) else ""] += number
    return sums


def robots_digest(
    areas: Mapping[str, Doors], *, subject: str, kind: str, stage: int, heading: str, unit: str, foot: str, url: str,
    due_at: dt.datetime, at: dt.datetime, expires_at: dt.datetime, reason: str = "",
) -> int:  # fmt: skip
    """One message a robot whose area has something to say; returns how many. `reason`: on record, but not sent."""
    found = robots()
    if not found:
        return 0
    sums = _by_robot_area(areas, {robot.area.path for robot in found})
    below = {path for parts in sums.values() for path in parts if path}
    names = dict(Area.objects.filter(path__in=below).order_by().values_list("path", "name"))
    told = 0
    for robot in found:
        parts = sums[robot.area.path]
        if not parts:
            continue
        listed = sorted(parts.items(), key=lambda item: (-item[1], item[0]))
        lines = [f"{names.get(path, '本级')}：{number}户" for path, number in listed]
        delivery = robot_tell(
            robot=robot, subject=subject, kind=kind, stage=stage, due_at=due_at, at=at, expires_at=expires_at,
            title=f"【{robot.area.name}】{heading}，{unit}{sum(parts.values())}户。{foot}", lines=lines, url=url,
            reason=reason,
        )  # fmt: skip
        told += delivery is not None
    return told
