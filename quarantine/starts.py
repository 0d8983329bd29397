"""From what a returnee's file starts: somebody of the register, a door, the answers of a survey, a pushed list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from grassroots.grid.models import Area, Level
from households.models import Household, Person, Residency, SurveyMember
from households.services import residency_set_away
from quarantine.forms.returnees import yes_no
from quarantine.models import PushedPerson
from quarantine.rules.transport import guess_transport
from quarantine.services.contacts import last_contact_on

if TYPE_CHECKING:
    from grassroots.grid.models import Staff


@dataclass(frozen=True)
class Start:
    """Who and where, as far as it is known, and what he answered at the door."""

    person: Person | None = None
    home: Residency | None = None
    household: Household | None = None
    answer: SurveyMember | None = None
    pushed: PushedPerson | None = None

    @property
    def area(self) -> Area | None:
        """Where the file belongs, when that is settled."""
        if self.home is not None:
            return self.home.area
        return self.household.area if self.household else None

    def initial(self) -> dict[str, Any]:
        """The answers as the form's values; nothing is made up."""
        if self.pushed is not None:
            return _told_by_list(self.pushed)
        answer = self.answer
        if answer is None:
            return {}
        return {
            "origin": answer.returned_from,
            "left_on": answer.left_on,
            "arrived_on": answer.returned_on,
            "transport": guess_transport(answer.transport),
            "transport_no": answer.transport,
            "companions": answer.companions,
            "hubei_history": yes_no(answer.hubei_contact),
            "arrival_temperature": answer.temperature,
            "arrival_symptoms": list(answer.symptoms),
            "information_source": "入户排查",
        }

    def new_person(self) -> dict[str, Any]:
        """What a pushed list says of somebody who is not registered yet."""
        row = self.pushed
        if row is None:
            return {}
        told = {"name": row.name, "id_kind": row.id_kind, "id_number": row.id_number, "phone": row.phone}
        place = {"area": row.area, "address_text": row.place} if row.area.level >= Level.VILLAGE else {}
        return {**told, **place}


def _told_by_list(row: PushedPerson) -> dict[str, Any]:
    return {
        "origin": row.origin,
        "left_on": row.left_on,
        "arrived_on": row.arrived_on,
        "information_source": row.source or row.list.sender or "上级推送",
    }


def home_of(person: Person) -> Residency | None:
    """Where somebody lives now, else where he belongs and is away from."""
    rows = Residency.objects.open().filter(person=person).select_related("household__area", "area")
    return rows.order_by("is_away", "pk").first()


def initial_of_contact(person: Person) -> dict[str, Any]:
    """What a returnee who named somebody as his contact has said: the date from which the count may start."""
    on = last_contact_on(person)
    return {"last_contact_on": on, "reason": "密切接触者，居家医学观察"} if on else {}


def start_of_person(person: Person, answer: SurveyMember | None = None) -> Start:
    """Somebody of the register, with the answers given or the latest in which he named where he came from."""
    if answer is None:
        told = SurveyMember.objects.filter(person=person).exclude(returned_from="")
        answer = told.select_related("survey").order_by("-survey__visited_at", "-pk").first()
    home = home_of(person)
    return Start(person, home, home.household if home else None, answer)


def start_of_pushed(row: PushedPerson) -> Start:
    """Somebody of a pushed list: the person whom the row was recognised as, or somebody new."""
    if row.person is None:
        return Start(pushed=row)
    home = home_of(row.person)
    return Start(row.person, home, home.household if home else None, pushed=row)


def came_home(start: Start, by: Staff) -> bool:
    """Who was registered as away and is back lives here again (by whoever may say so); whether he was."""
    home = start.home
    if home is None or not home.is_away or not by.has_perm("households.change_person"):
        return False
    residency_set_away(residency=home, is_away=False, by=by)
    return True
