"""What an old link to somebody who was taken out of the register shows."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from grassroots.grid.views.pages import link, require, staff_of
from households.models import Person, PersonRemoval
from households.services.removals import survivor_of


def gone_notice(
    request: HttpRequest, uid: uuid.UUID, page: str = "households:person_detail"
) -> HttpResponse | None:
    """That the entry was merged, and into which, or voided. None: it was not, or not in the scope (one query)."""
    staff = staff_of(request)
    rows = PersonRemoval.objects.standing().filter(person__uid=uid)
    removal = rows.select_related("person", "merged_into", "by").first()
    if removal is None:
        return None
    survivor = survivor_of(removal.person) if removal.merged_into else None
    leads_on = (
        survivor is not None and Person.objects.active().visible_to(staff).filter(pk=survivor.pk).exists()
    )
    if not leads_on and not PersonRemoval.objects.visible_to(staff).filter(pk=removal.pk).exists():
        return None
    require(request, "households.view_person")
    context = {
        "removal": removal,
        "survivor": survivor,
        "survivor_url": link(page, survivor.uid) if survivor and leads_on else "",
    }
    return render(request, "households/person_gone.html", context)
