"""From what a returnee's file starts: somebody of the register, a door, or the answers of a survey."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from grassroots.grid.models import Area
from households.models import Household, Person, Residency, SurveyMember
from households.services import residency_set_away
from quarantine.forms.returnees import yes_no
from quarantine.rules.transport import guess_transport

if TYPE_CHECKING:
    from grassroots.grid.models import Staff


@dataclass(frozen=True)
class Start:
    """Who and where, as far as it is known, and what he answered at the door."""

    person: Person | None = None
    home: Residency | None = None
    household: Household | None = None
    answer: SurveyMember | None = None

    @property
    def area(self) -> Area | None:
        """Where the file belongs, when that is settled."""
        if self.home is not None:
            return self.home.area
        return self.household.area if self.household else None

    def initial(self) -> dict[str, Any]:
        """The answers as the form's values; nothing is made up."""
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


def home_of(person: Person) -> Residency | None:
    """Where somebody lives now, else where he belongs and is away from."""
    rows = Residency.objects.open().filter(person=person).select_related("household__area", "area")
    return rows.order_by("is_away", "pk").first()


def start_of_person(person: Person, answer: SurveyMember | None = None) -> Start:
    """Somebody of the register, with the answers given or the latest in which he named where he came from."""
    if answer is None:
        told = SurveyMember.objects.filter(person=person).exclude(returned_from="")
        answer = told.select_related("survey").order_by("-survey__visited_at", "-pk").first()
    home = home_of(person)
    return Start(person, home, home.household if home else None, answer)


def came_home(start: Start, by: Staff) -> bool:
    """Who was registered as away and is back lives here again (by whoever may say so); whether he was."""
    home = start.home
    if home is None or not home.is_away or not by.has_perm("households.change_person"):
        return False
    residency_set_away(residency=home, is_away=False, by=by)
    return True
