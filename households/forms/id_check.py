"""An ID number looked at while the rest of the form is still being typed."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import QueryDict
from django.utils import timezone

from grassroots.grid.models import Staff
from households.forms.survey_members import MemberForm
from households.models import Person
from households.services import Caution, PersonData
from households.services.people import holders_of, id_key, person_prepare

ABOUT_ID = frozenset({"id_number", "id_kind", "id_check_reason", "birth_date", "sex"})


@dataclass
class IdCheck:
    """What the number tells. `form` holds the birth date and the sex, filled in where they were empty."""

    prefix: str
    form: MemberForm
    errors: list[str]
    cautions: list[Caution]
    filled: frozenset[str]

    @property
    def asks_for_reasons(self) -> bool:
        """Whether the fields for reasons must be seen."""
        return bool(self.errors) or any(caution.by_reason for caution in self.cautions)

    @property
    def is_fine(self) -> bool:
        return not self.errors and not self.cautions and bool(self.form["id_number"].value())

    @classmethod
    def read(cls, data: QueryDict, *, prefix: str, by: Staff) -> IdCheck:
        """Look at what a form with this prefix holds; writes nothing."""
        data = data.copy()
        form = MemberForm(data, prefix=prefix or None)
        form.is_valid()
        typed = form.cleaned_data
        known = None
        if typed.get("uid"):
            known = Person.objects.active().visible_to(by).filter(uid=typed["uid"]).first()
        person_data = PersonData(
            name=typed.get("name", ""),
            sex=typed.get("sex", ""),
            birth_date=typed.get("birth_date"),
            id_kind=typed.get("id_kind", ""),
            id_number=typed.get("id_number") or None,
            id_check_reason=typed.get("id_check_reason", ""),
            id_shared_reason=typed.get("id_shared_reason", ""),
            phone=None,
        )
        done = person_prepare(
            person=known,
            data=person_data,
            holders=holders_of([id_key(person_data)], by=by),
            confirmed=frozenset(form.confirmed),
            by=by,
            at=timezone.now(),
        )
        told = {"sex": done.person.sex, "birth_date": done.person.birth_date}
        filled = {
            name for name, value in told.items() if value and not typed.get(name) and typed.get("id_number")
        }
        for name in filled:
            data[form.add_prefix(name)] = str(told[name])
        return cls(
            prefix=prefix,
            form=MemberForm(data, prefix=prefix or None).quiet(),
            errors=[text for name, texts in done.errors.items() if name in ABOUT_ID for text in texts],
            cautions=[one for one in done.cautions if one.field in ABOUT_ID],
            filled=frozenset(filled),
        )
