"""What is printed on papers of people under observation, at a constant number of queries for any number of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Count
from django.utils import timezone

from grassroots.grid.duties import Chain, DutyTarget, duties_for_many
from grassroots.grid.models import Area, Level, Office, Staff
from households.doors import places_of
from households.models import Residency
from quarantine.models import Observation, PaperKind
from quarantine.papers.texts import Text
from quarantine.rules.papers import fill, lines_of
from quarantine.rules.policy import PolicyTerms

LEAST_DAYS = 14
Facts = dict[str, Any]


def day_text(on: dt.date | None) -> str:
    """2020年1月29日; '' for none."""
    return f"{on.year}年{on.month}月{on.day}日" if on else ""


def serial_areas(areas: Sequence[Area]) -> dict[int, Area]:
    """For each area the one whose numbers its papers bear: its village, or itself above that (one query)."""
    paths = {path for area in areas for path in area.ancestor_paths()}
    villages = {area.path: area for area in Area.objects.filter(path__in=paths, level=Level.VILLAGE)}
    return {
        area.pk: next((villages[path] for path in area.ancestor_paths() if path in villages), area)
        for area in areas
    }


def nearest_officers(chain: Chain, *, is_measuring: bool) -> list[Staff]:
    """Those of the last link of a chain that measure (or do not): who is nearest to the person."""
    links = [link for link in chain if link.duties and link.kind.is_measuring == is_measuring]
    return links[-1].officers if links else []


def office_values(office: Office | None, at: dt.datetime) -> dict[str, str]:
    """Named places that are the same for everybody."""
    name = office.name if office else ""
    return {
        "单位": name,
        "单位电话": office.phone if office else "",
        "出具单位": (office.issuer or name) if office else "",
        "出具日期": day_text(timezone.localdate(at)),
    }


def _officer_values(chain: Chain) -> dict[str, str]:
    values = {}
    for name, phone, is_measuring in (
        ("包保责任人", "包保电话", False),
        ("医护人员", "医护电话", True),
    ):
        officers = nearest_officers(chain, is_measuring=is_measuring)[:1]
        values[name] = officers[0].name if officers else ""
        values[phone] = officers[0].phone if officers else ""
    return values


def _address(observation: Observation, places: Mapping[int, str]) -> str:
    door = observation.household.display if observation.household else observation.place_note
    return f"{places.get(observation.area_id, '')}{door}".replace(" ", "")


def _person_values(observation: Observation, address: str, at: dt.datetime) -> dict[str, str]:
    """Numbers are masked: what has to stand in full on a signed paper, its signer writes himself (DOMAIN.md §5)."""
    person, trip = observation.person, observation.returnee
    age = person.age(timezone.localdate(at))
    ended = timezone.localdate(observation.closed_at) if observation.closed_at else None
    return {
        "姓名": person.name,
        "性别": person.get_sex_display() if person.sex else "",
        "年龄": "" if age is None else str(age),
        "证件号": person.masked_id_number,
        "电话": person.masked_phone,
        "住址": address,
        "从何地返回": trip.origin if trip else "",
        "返回日期": day_text(trip.arrived_on) if trip else "",
        "起始日期": day_text(observation.day_one_on),
        "期满日期": day_text(observation.last_on),
        "天数": str((observation.last_on - observation.day_one_on).days + 1),
        "解除日期": day_text(ended),
    }


def worded(text: Text, values: Mapping[str, str]) -> Facts:
    """The words with everything filled in: title, paragraphs, lines to sign, who keeps which copy."""
    words = text.words
    return {
        "title": fill(words.title, values),
        "paragraphs": [fill(line, values) for line in lines_of(words.body)],
        "signs": [fill(line, values) for line in words.sign_lines],
        "stamp": fill(words.stamp, values) if words.stamp else "",
        "keepers": words.keeper_lines,
        "date": values["出具日期"],
        "unit": values["单位"],
    }


def basis_of(observation: Observation) -> list[str | int | None]:
    """What a paper rests on: when it differs from today's, the paper says something that holds no more."""
    days = (observation.day_one_on.isoformat(), observation.last_on.isoformat())
    return [*days, observation.area_id, observation.household_id, observation.place_note]


def facts_of(
    observations: Sequence[Observation], kind: str, *, serials: Mapping[int, str], texts: Mapping[int, Text],
    villages: Mapping[int, Area], at: dt.datetime,
) -> dict[int, Facts]:  # fmt: skip
    """What each observation's paper holds, by its id. `serials` by observation, `texts` and `villages` by area."""
    targets = {row.pk: DutyTarget(row.area_id, row.household_id, row.person_id) for row in observations}
    chains = duties_for_many(list(targets.values()), timezone.localdate(at))
    places = places_of({row.area for row in observations})
    shared = office_values(Office.current(), at)
    mates = _housemates(observations) if kind == PaperKind.TEMPERATURE else {}
    found = {}
    for row in observations:
        chain, address = chains[targets[row.pk]], _address(row, places)
        values = {
            **shared,
            **_officer_values(chain),
            **_person_values(row, address, at),
            "村社区": villages[row.area_id].name,
            "编号": serials[row.pk],
        }
        facts = {**worded(texts[row.area_id], values), "serial": serials[row.pk], "basis": basis_of(row)}
        if kind == PaperKind.TEMPERATURE:
            facts |= _sheet(row, values, mates.get(row.household_id or 0), row.policy.parsed())
        found[row.pk] = facts
    return found


def _housemates(observations: Sequence[Observation]) -> dict[int, int]:
    homes = {row.household_id for row in observations if row.household_id}
    rows = Residency.objects.actual().filter(household__in=homes).order_by().values_list("household")
    return {home: count for home, count in rows.annotate(n=Count("pk")) if home}


def _sheet(row: Observation, values: Mapping[str, str], mates: int | None, terms: PolicyTerms) -> Facts:
    """The head and the numbered days of 体温监测登记表 (DOMAIN.md §2); at least 14 days."""
    trip = row.returnee
    left = day_text(trip.left_on) if trip else ""
    term = f"{values['起始日期']}至{values['期满日期']}"
    officers = f"{values['包保责任人']} {values['包保电话']}".strip()
    health = f"{values['医护人员']} {values['医护电话']}".strip()
    names = ("姓名", "性别", "年龄")
    head = [
        [*([name, values[name], 1] for name in names), ["身份证号", values["证件号"], 1]],
        [
            ["联系电话", values["电话"], 1],
            ["现住址", values["住址"], 3],
            ["同住人数", "" if mates is None else str(mates), 1],
        ],
        [
            ["从何地返回", values["从何地返回"], 1],
            ["离开日期", left, 1],
            ["返回日期", values["返回日期"], 1],
            ["观察日期", term, 1],
        ],
        [["包保责任人", officers, 3], ["医护人员", health, 3]],
    ]
    count = max(LEAST_DAYS, (row.last_on - row.day_one_on).days + 1)
    days = [row.day_one_on + dt.timedelta(days=offset) for offset in range(count)]
    return {
        "head": head,
        "slots": [[slot.code, slot.label] for slot in terms.slots],
        "rows": [{"number": index, "on": on.isoformat()} for index, on in enumerate(days, start=1)],
    }


def route_facts(
    observations: Sequence[Observation], text: Text, *, area: Area, on: dt.date, serial: str,
    slots: Sequence[Sequence[str]], at: dt.datetime,
) -> Facts:  # fmt: skip
    """A line a person in walking order; a box for every slot."""
    places = places_of({row.area for row in observations})
    values = {**office_values(Office.current(), at), "村社区": area.name, "编号": serial}
    return {
        **worded(text, values),
        "serial": serial,
        "about": area.full_name(),
        "on": on.isoformat(),
        "slots": [list(slot) for slot in slots],
        "rows": [
            {
                "number": index,
                "observation": str(row.uid),
                "place": places.get(row.area_id, ""),
                "door": row.household.display if row.household else row.place_note,
                "name": row.person.name,
                "day": row.day_number(on),
            }
            for index, row in enumerate(observations, start=1)
        ],
    }
