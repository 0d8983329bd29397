"""专档: everything about one person on one page, and the same on paper. Opening and printing are written down."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from grassroots.grid.models import AccessAction
from grassroots.grid.trail import access_log
from grassroots.grid.views.pages import form_page, link, require, staff_of
from households.forms.people import UnmaskForm
from households.models import Person
from households.views.gone import gone_notice
from quarantine.forms.person_file import PrintForm
from quarantine.models import Observation, Returnee
from quarantine.person_file import PersonFile, person_file


def file_or_404(request: HttpRequest, uid: uuid.UUID, *permissions: str) -> Person:
    """Somebody who lives in the scope, or has a file or an observation there; 403 inside it without the right."""
    staff = staff_of(request)
    person = Person.objects.active().filter(uid=uid).first()
    if person is None or not (
        Observation.objects.visible_to(staff).filter(person=person).exists()
        or Returnee.objects.active().visible_to(staff).filter(person=person).exists()
        or Person.objects.visible_to(staff).filter(pk=person.pk).exists()
    ):
        raise Http404
    require(request, "quarantine.view_returnee", *permissions)
    return person


def _area(file: PersonFile) -> int | None:
    """Where the access log puts it: where he is under observation, else where he lives."""
    if file.observations:
        return file.observations[0].observation.area_id
    return file.home.area_id if file.home else None


def file_crumbs(person: Person, *titles: str) -> list[dict[str, str]]:
    """The list of observations, the file, and further titles."""
    url = link("quarantine:person_file", person.uid) if titles else ""
    crumbs = [
        {"title": "居家观察", "url": link("quarantine:observation_list")},
        {"title": f"{person.name}的专档", "url": url},
    ]
    return crumbs + [{"title": title, "url": ""} for title in titles]


@require_GET
def person_file_page(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """The file on the screen; numbers masked."""
    if (gone := gone_notice(request, uid, "quarantine:person_file")) is not None:
        return gone
    person = file_or_404(request, uid)
    staff = staff_of(request)
    file = person_file(person, staff, timezone.localdate())
    access_log(
        action=AccessAction.OPEN,
        staff=staff,
        subject=person,
        area=_area(file),
        detail={"page": "专档"},
        request=request,
    )
    may_unmask = staff.has_perm("households.unmask_person") and person.pk in file.seen_people
    context = {
        "file": file,
        "person": person,
        "crumbs": file_crumbs(person),
        "today": timezone.localdate(),
        "unmask_form": UnmaskForm() if may_unmask else None,
    }
    return render(request, "quarantine/person_file.html", context)


@require_http_methods(["GET", "POST"])
def person_file_print(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """What it is printed for, then the sheets; in full only with the right, a purpose, and once."""
    person = file_or_404(request, uid)
    may_unmask = staff_of(request).has_perm("households.unmask_person")
    fresh = False

    def make(data: Any, initial: Any = None) -> PrintForm:
        return PrintForm(data, initial=initial, may_unmask=may_unmask)

    def show(form: Any, status: int = 200) -> HttpResponse:
        context = {
            "form": form,
            "heading": "打印专档",
            "crumbs": file_crumbs(person, "打印"),
            "text": "打印的人、时间和用途记入访问日志。纸质档案请妥善保管，用后锁好，不要拍照外传。",
            "rows": [("人员", person.name)],
            "submit": "生成打印页",
            "cancel_url": link("quarantine:person_file", uid),
        }
        return render(request, "quarantine/confirm.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        nonlocal fresh
        fresh = True
        values = form.cleaned_data
        is_full = bool(values.get("in_full"))
        _note_print(request, person, values["purpose"], is_full=is_full)
        return {"person": str(uid), "in_full": is_full}

    def done(result: dict[str, Any]) -> HttpResponse:
        if result["in_full"] and not fresh:
            messages.info(request, "明文只生成一次。还要打印，请重新填写用途。")
            return redirect("quarantine:person_file", result["person"])
        return _sheets(request, person, result)

    return form_page(request, make=make, show=show, write=write, done=done)


def _note_print(request: HttpRequest, person: Person, purpose: str, *, is_full: bool) -> None:
    """Who printed it what for; printing in full is unmasking as well."""
    staff = staff_of(request)
    area = _area(person_file(person, staff, timezone.localdate()))
    detail = {"page": "专档", "unmasked": is_full}
    for action in (AccessAction.PRINT, *([AccessAction.UNMASK] if is_full else [])):
        access_log(
            action=action, staff=staff, subject=person, area=area, purpose=purpose, detail=detail, request=request
        )  # fmt: skip


def _sheets(request: HttpRequest, person: Person, result: dict[str, Any]) -> HttpResponse:
    """The page that is printed."""
    context = {
        "file": person_file(person, staff_of(request), timezone.localdate()),
        "person": person,
        "crumbs": file_crumbs(person, "打印"),
        "is_print": True,
        "in_full": result["in_full"],
        "purpose": request.POST.get("purpose", ""),
        "now": timezone.now(),
    }
    return render(request, "quarantine/person_file_print.html", context)
