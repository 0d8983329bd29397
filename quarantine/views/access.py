"""What every page of a file begins with: scope first (404), then the right (403)."""

from __future__ import annotations

import uuid

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from grassroots.grid.views.pages import link, require, staff_of
from households.models import Person
from quarantine.models import Observation, PushedPerson, Returnee, ServiceRequest

Crumbs = list[dict[str, str]]


def returnee_or_404(request: HttpRequest, uid: uuid.UUID, *permissions: str) -> Returnee:
    """A file of the person's scope that is not void; 403 inside it without the right."""
    rows = Returnee.objects.active().visible_to(staff_of(request))
    returnee = get_object_or_404(rows.select_related("person", "household", "area", "recorded_by"), uid=uid)
    require(request, *permissions)
    return returnee


def observation_or_404(request: HttpRequest, uid: uuid.UUID, *permissions: str) -> Observation:
    """An observation of the person's scope, open or closed; 403 inside it without the right."""
    rows = Observation.objects.visible_to(staff_of(request))
    related = ("person", "household", "area", "policy", "returnee", "continues")
    observation = get_object_or_404(rows.select_related(*related), uid=uid)
    require(request, *permissions)
    return observation


def service_or_404(request: HttpRequest, uid: uuid.UUID, *permissions: str) -> ServiceRequest:
    """A service request of the person's scope, or that he was asked to see to."""
    rows = ServiceRequest.objects.visible_to(staff_of(request))
    service = get_object_or_404(rows.select_related("person", "area", "assigned_to", "recorded_by"), uid=uid)
    require(request, *permissions)
    return service


def pushed_or_404(request: HttpRequest, uid: uuid.UUID) -> PushedPerson:
    """A row of a pushed list for which a file may be opened: in scope, and the person recognised in it as well."""
    staff = staff_of(request)
    rows = PushedPerson.objects.visible_to(staff).select_related("person", "area", "list")
    row = get_object_or_404(rows, uid=uid)
    if row.person is not None:
        get_object_or_404(Person.objects.active().visible_to(staff), pk=row.person.pk)
    return row


def returnee_crumbs(returnee: Returnee, *titles: str) -> Crumbs:
    """The list, the file, and further titles."""
    url = link("quarantine:returnee_detail", returnee.uid) if titles else ""
    crumbs = [
        {"title": "返乡人员", "url": link("quarantine:returnee_list")},
        {"title": returnee.person.name, "url": url},
    ]
    return crumbs + [{"title": title, "url": ""} for title in titles]


def observation_crumbs(observation: Observation, *titles: str) -> Crumbs:
    """The list, the observation, and further titles."""
    url = link("quarantine:observation_detail", observation.uid) if titles else ""
    crumbs = [
        {"title": "居家观察", "url": link("quarantine:observation_list")},
        {"title": observation.person.name, "url": url},
    ]
    return crumbs + [{"title": title, "url": ""} for title in titles]
