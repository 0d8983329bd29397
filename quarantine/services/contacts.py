"""Close contacts: who of them is in the register, and whose figures change with them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Max

from grassroots.grid.crypto import digest
from grassroots.grid.models import Area
from grassroots.ledgers.rollups import mark_dirty
from households.models import Person
from quarantine.models import CloseContact, PushedPerson


def registered_contact(contact: CloseContact) -> Person | None:
    """The person in the register of the same name and phone; None when there is none, or more than one."""
    if not contact.phone:
        return None
    people = Person.objects.active().filter(name=contact.name, phone_digest=digest(contact.phone, "phone"))
    found = list(people[:2])
    return found[0] if len(found) == 1 else None


def contacts_link(person: Person) -> None:
    """Tie contacts that were named before somebody was registered to him, by name and phone."""
    if not person.phone:
        return
    unknown = CloseContact.objects.filter(person=None, name=person.name)
    mine = [contact.pk for contact in unknown if contact.phone == person.phone]
    if mine:
        CloseContact.objects.filter(pk__in=mine).update(person=person)


@transaction.atomic
def contact_link(*, contact: CloseContact, person: Person) -> None:
    """Tie a named contact to somebody of the register; who names the same name and phone elsewhere is tied as well."""
    contact.person = person
    contact.save(update_fields=["person"])
    contacts_link(person)
    contacts_mark_dirty(person.pk)


def last_contact_on(person: Person) -> dt.date | None:
    """The latest day on which a returnee says that he had to do with the person."""
    named = CloseContact.objects.filter(person=person, returnee__voided_at=None)
    latest: dt.date | None = named.aggregate(on=Max("contact_on"))["on"]
    return latest


def contacts_mark_dirty(person_id: int) -> None:
    """Somebody's follow-up has changed: where he was named as a contact, figures have changed with it."""
    mark_dirty(CloseContact.objects.filter(person=person_id).values_list("returnee__area_id", flat=True))


def named_besides(area: Area, words: Iterable[str]) -> set[str]:
    """Which of these words are names of people of the area who need not be in the register (two queries).

    Close contacts whom its returnees have named, and people on lists pushed to it.
    """
    names, here = list(words), Area.objects.within(area).order_by().values("pk")
    contacts = CloseContact.objects.filter(name__in=names, returnee__area__in=here)
    pushed = PushedPerson.objects.filter(name__in=names, area__in=here)
    return {*contacts.values_list("name", flat=True), *pushed.values_list("name", flat=True)}
