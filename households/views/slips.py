"""温馨提示: printing slips for doors, and where their QR code leads."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from grassroots.grid.duties import DutyTarget, duties_for_many
from grassroots.grid.models import AccessAction, Office
from grassroots.grid.qr import qr_svg
from grassroots.grid.submissions import SubmissionInvalid, submit_once
from grassroots.grid.trail import access_log
from grassroots.grid.views.pages import link, require, staff_of
from households.models import DoorSlip, Household
from households.services.slips import MOST_SLIPS, slips_issue

LOOK, PRINT = "households.view_household", "households.add_survey"
A_PAGE = 2


@require_POST
def slips_print(request: HttpRequest) -> HttpResponse:
    """Number slips for the ticked households and show them for printing, two an A4. Sent again it shows the same."""
    households = _ticked(request)
    require(request, PRINT)
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        back = reverse("households:absent_list")

    def write() -> dict[str, Any]:
        try:
            slips = slips_issue(households=households, by=staff_of(request))
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            raise SubmissionInvalid(redirect(back)) from error
        access_log(
            action=AccessAction.PRINT, staff=staff_of(request), area=slips[0].area, request=request,
            detail={"paper": "door-slip", "pages": len(slips)},
        )  # fmt: skip
        return {"issue": str(slips[0].issue)}

    return submit_once(request, write, lambda result: _sheet(request, uuid.UUID(result["issue"]), back))


def _ticked(request: HttpRequest) -> list[Household]:
    """The ticked households of the scope in the order of the form; 404 where one of them is not."""
    uids = []
    for text in dict.fromkeys(request.POST.getlist("households")):
        try:
            uids.append(uuid.UUID(text))
        except ValueError:
            raise Http404 from None
    mine = Household.objects.visible_to(staff_of(request)).select_related("area")
    found = {row.uid: row for row in mine.filter(uid__in=uids[: MOST_SLIPS + 1])}
    if len(found) < min(len(uids), MOST_SLIPS + 1):
        raise Http404
    return [found[uid] for uid in uids if uid in found]


def _sheet(request: HttpRequest, issue: uuid.UUID, back: str) -> HttpResponse:
    rows = DoorSlip.objects.filter(issue=issue).select_related("area", "household__area").order_by("pk")
    slips = list(rows)
    targets = {slip.pk: DutyTarget(slip.household.area_id, slip.household_id) for slip in slips}
    chains = duties_for_many(list(targets.values()), timezone.localdate())
    shown = [
        {
            "slip": slip,
            "qr": qr_svg(request.build_absolute_uri(reverse("households:slip_open", args=[slip.code]))),
            "officers": _officers(chains[targets[slip.pk]]),
        }
        for slip in slips
    ]
    pages = [shown[start : start + A_PAGE] for start in range(0, len(shown), A_PAGE)]
    context = {"pages": pages, "count": len(slips), "office": Office.objects.first(), "back": back}
    return render(request, "households/slips_print.html", context)


def _officers(chain: Any) -> list[Any]:
    """Whom the household may call: those nearest to it who answer for doors, not for temperatures."""
    links = [one for one in chain if one.duties and not one.kind.is_measuring]
    return [officer for officer in links[-1].officers if officer.phone][:2] if links else []


@require_GET
def slip_open(request: HttpRequest, code: str) -> HttpResponse:
    """Where the QR code of a slip leads: the household's page among the absent ones."""
    rows: Any = DoorSlip.objects.visible_to(staff_of(request)).select_related("household")
    slip: DoorSlip = get_object_or_404(rows, code=code)
    require(request, LOOK)
    return redirect(link("households:absent_household", slip.household.uid))
