"""跟踪密接: a contact who was only a name becomes somebody of the register, and his observation is proposed."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from grassroots.grid.models import Staff
from grassroots.grid.submissions import SubmissionInvalid
from grassroots.grid.views.pages import INVALID, form_page, staff_of
from households.models import Person, Residency
from households.rules.phones import mask_phone
from households.services import ConfirmationNeeded, person_save, residency_open
from households.services.residency import place_words
from quarantine.forms.contact_follow import ELSEWHERE, NEW, FollowForm
from quarantine.models import CloseContact, Observation
from quarantine.services.contacts import contact_link, registered_contact
from quarantine.views.access import returnee_crumbs, returnee_or_404

NAMESAKES = 5


class Follow:
    """One contact, and who of the register he may be."""

    def __init__(self, request: HttpRequest, contact: CloseContact) -> None:
        self.contact, self.staff = contact, staff_of(request)
        visible = Person.objects.active().visible_to(self.staff)
        sure = registered_contact(contact)
        self.is_elsewhere = sure is not None and not visible.filter(pk=sure.pk).exists()
        self.sure = sure
        found = [sure] if sure is not None and not self.is_elsewhere else []
        others = visible.filter(name=contact.name).exclude(pk=contact.returnee.person_id).order_by("pk")
        found += [one for one in others[:NAMESAKES] if sure is None or one.pk != sure.pk]
        self.people = {str(one.uid): one for one in found}

    def choices(self) -> list[tuple[str, str]]:
        """Those he may be, the surest first; then somebody new."""
        homes = (
            Residency.objects.open()
            .filter(person__in=self.people.values())
            .select_related("household", "area")
        )
        where = {row.person_id: place_words(row, self.staff) for row in homes.order_by("-is_away", "pk")}
        found = []
        for uid, person in self.people.items():
            told = (
                "姓名、电话都相同" if self.sure is not None and person.pk == self.sure.pk else "同名，请核对"
            )
            age = f" {person.age()}岁" if person.age() is not None else ""
            words = f"{person.name}{age}，{where.get(person.pk, '没有登记现住处')}，{person.masked_phone or '无电话'}"
            found.append((uid, f"{words}（{told}）"))
        if self.is_elsewhere:
            found.append((ELSEWHERE, "登记簿里同名同电话的人，住在您的辖区以外：只记下关联，由当地跟踪"))
        if self.staff.has_perm("households.add_person"):
            found.append((NEW, "登记簿里没有，新登记一个人"))
        return found

    def form(self, data: Any, initial: dict[str, Any] | None = None) -> FollowForm:
        """The page's form; the likeliest is chosen."""
        choices, contact = self.choices(), self.contact
        if not choices:
            raise PermissionDenied(
                "这个人还没有登记，您不能登记新人员。请报给村干部登记，登记后这里会自动认出他。"
            )
        first = {"who": choices[0][0], "name": contact.name, "address_text": contact.where}
        return FollowForm(
            data, initial=initial or first, staff=self.staff, choices=choices, home=contact.returnee.household,
            phone=mask_phone(contact.phone),
        )  # fmt: skip

    @transaction.atomic
    def settle(self, form: FollowForm) -> Person:
        """Whoever was chosen, registered where he is new, and tied to the contact."""
        who = form.cleaned_data["who"]
        if who == NEW:
            person = _register(form, self.contact, self.staff)
        elif who == ELSEWHERE:
            assert self.sure is not None
            person = self.sure
        else:
            person = self.people[who]
        contact_link(contact=self.contact, person=person)
        return person


def _register(form: FollowForm, contact: CloseContact, by: Staff) -> Person:
    """Somebody new and where he stays; whoever was recognised by his ID number stays where he is registered."""
    values, confirmed = form.cleaned_data, form.confirmed()
    if not values["phone"]:
        values["phone"] = contact.phone
    person = person_save(person=None, data=form.person_data(), by=by, confirmed=confirmed).person
    if Residency.objects.open().filter(person=person).exists():
        return person
    home = contact.returnee.household if values.get("same_home") else None
    residency_open(
        person=person, household=home, area=None if home else values["area"],
        address_text="" if home else values["address_text"], kind=values["residency_kind"], by=by, confirmed=confirmed,
    )  # fmt: skip
    return person


@require_http_methods(["GET", "POST"])
def contact_follow(request: HttpRequest, uid: uuid.UUID, pk: int) -> HttpResponse:
    """Who he is, when that is not settled; then on to opening his observation, with the date of contact filled in."""
    returnee = returnee_or_404(request, uid, "quarantine.change_returnee", "quarantine.add_observation")
    contact = get_object_or_404(CloseContact.objects.select_related("person"), returnee=returnee, pk=pk)
    contact.returnee = returnee
    if contact.person is not None and contact.person.voided_at is None:
        return _onward(request, contact, contact.person)
    follow = Follow(request, contact)

    def show(form: Any, status: int = 200) -> HttpResponse:
        context = {
            "form": form,
            "contact": contact,
            "returnee": returnee,
            "crumbs": returnee_crumbs(returnee, "跟踪密切接触者"),
        }
        return render(request, "quarantine/contact_follow.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        try:
            return {"person": follow.settle(form).pk}
        except ConfirmationNeeded as needed:
            form.caution(needed.cautions)
            raise SubmissionInvalid(show(form, INVALID)) from needed

    def done(result: dict[str, Any]) -> HttpResponse:
        return _onward(request, contact, Person.objects.get(pk=result["person"]))

    return form_page(request, make=follow.form, show=show, write=write, done=done)


def _onward(request: HttpRequest, contact: CloseContact, person: Person) -> HttpResponse:
    """On to his file when he is followed already, to opening his observation when not; back when he is elsewhere."""
    if not Person.objects.active().visible_to(staff_of(request)).filter(pk=person.pk).exists():
        messages.info(request, f"{contact.name}住在您的辖区以外，关联已记下，由当地跟踪；请报告街道。")
        return redirect("quarantine:person_file", contact.returnee.person.uid)
    if Observation.objects.open().filter(person=person).exists():
        messages.info(request, f"{person.name}已在居家观察中，两份档案已互相关联。")
        return redirect("quarantine:person_file", person.uid)
    return redirect("quarantine:observation_open", person_uid=person.uid)
