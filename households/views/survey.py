"""The survey at the door: the form, its pieces, and what was recorded."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from grassroots.grid.offline.moment import tell_reasons
from grassroots.grid.prepared import PreparedModels
from grassroots.grid.submissions import SubmissionInvalid, submit_once
from grassroots.grid.versions import StaleVersion
from grassroots.grid.views.pages import require, staff_of
from households import hooks
from households.door_pages import body_html, manual_address, qr_svg
from households.forms.photos import photo_drop, photos_take
from households.forms.survey import (
    FAMILY,
    STEPS,
    SurveyEntry,
    family_answered,
    member_added,
    member_kept,
    member_removed,
)
from households.forms.survey_members import KEY, MemberForm, blank_values, new_key
from households.forms.survey_merge import choices_apply, conflicts_merge
from households.models import Household, Residency, Survey, SurveyState
from households.services import SurveyRefused, survey_record
from households.services.door_texts import texts_for
from households.services.proxy import OFFICER, RELATIONS
from households.services.walking import next_door
from households.views.access import household_crumbs, household_or_404

INVALID, STALE = 422, 409
BUTTONS = {
    "add_member": lambda data, _value: member_added(data),
    "remove_member": member_removed,
    "keep_member": member_kept,
    "family": family_answered,
    "drop_photo": photo_drop,
}


@require_http_methods(["GET", "POST"])
def survey_create(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """The form of one knock. Buttons that add or remove people show it again with everything kept."""
    household = household_or_404(request, uid, "households.add_survey")
    if household.closed_on is not None:
        messages.error(request, "该户已销户，不能再登记排查。")
        return redirect("households:household_detail", household.uid)
    if request.method != "POST":
        return _page(request, household, SurveyEntry.from_register(household, _members(household)))
    data = request.POST.copy()
    # A form kept offline comes without files; asking such a request for them would empty its POST.
    wrong = photos_take(data, request.FILES if request.content_type == "multipart/form-data" else {})
    choices_apply(data)
    for name, press in BUTTONS.items():
        if name in data:
            press(data, str(data[name]))
            return _page(request, household, SurveyEntry.from_post(data, wrong).quiet())
    return submit_once(
        request,
        write=lambda: _write(request, household, data, wrong),
        respond=lambda result: _lead_on(request, household, result),
    )


def _of_household(household: int) -> QuerySet[Residency]:
    rows: QuerySet[Residency] = Residency.objects.open().filter(household=household)
    return rows.select_related("person").order_by("order", "pk")


_MEMBERS: PreparedModels[Residency] = PreparedModels(_of_household, {"household": (-1, -2)})


def _members(household: Household) -> list[Residency]:
    return _MEMBERS.instances(household=household.pk)


def _page(
    request: HttpRequest, household: Household, entry: SurveyEntry, status: int = 200, **more: Any
) -> HttpResponse:
    if status != 200:
        told = [*entry.trouble, *entry.questions]
        tell_reasons(request, *(f"{whom}：{message}" if whom else message for whom, _target, message in told))
    context = {
        "household": household,
        "entry": entry,
        "survey": entry.survey,
        "steps": STEPS,
        "family": [(code, label) for code, (_field, _value, label) in FAMILY.items()],
        "crumbs": more["crumbs"] if "crumbs" in more else household_crumbs(request, household, "入户排查"),
        "try_number": household.absent_tries + 1,
        "relations": RELATIONS,
        "officer_word": OFFICER,
        **(more.get("said") or _said_at_the_door(request, household)),
        **more,
    }
    return render(request, "households/survey_form.html", context, status=status)


def _said_at_the_door(request: HttpRequest, household: Household) -> dict[str, Any]:
    """What is shown to the household on this screen: the manual's QR code, the notice, the letter."""
    says = texts_for(household.area)
    address = manual_address(request, household.area)
    return {
        "says": says,
        "manual_url": address,
        "qr": qr_svg(address),
        "notice_html": body_html(says["NOTICE"].words.body),
        "letter_html": body_html(says["LETTER"].words.body),
    }


def survey_page(
    request: HttpRequest, household: Household, residencies: Sequence[Residency], said: dict[int, Any]
) -> str:
    """The fresh form as a device keeps it (docs/offline.md). Cards are numbered, so that pages have much in common.

    `said` keeps what is shown at the doors of each area from one page to the next.
    """
    entry = SurveyEntry.from_register(household, residencies)
    if household.area_id not in said:
        said[household.area_id] = _said_at_the_door(request, household)
    page = _page(
        request, household, entry, base_template="offline/page.html", crumbs=[], said=said[household.area_id]
    )
    html = page.content.decode()
    for number, member in enumerate(entry.members):
        html = html.replace(member.key, f"m{number:08x}")
    return html


def survey_card(request: HttpRequest, household: Household, member: MemberForm) -> str:
    """A card alone."""
    return _card(request, household, member).content.decode()


def _write(
    request: HttpRequest, household: Household, data: QueryDict, wrong: dict[str, str]
) -> dict[str, Any]:
    entry = SurveyEntry.from_post(data, wrong)
    if not entry.is_valid():
        raise SubmissionInvalid(_page(request, household, entry, INVALID))
    version = entry.survey.cleaned_data["version"]
    try:
        # A copy: what is refused must not stand in the page's heading.
        done = survey_record(
            household=copy.copy(household),
            version=version,
            data=entry.survey_data(),
            by=staff_of(request),
        )
    except SurveyRefused as refusal:
        entry.refuse(refusal)
        raise SubmissionInvalid(_page(request, household, entry, INVALID)) from refusal
    except StaleVersion as stale:
        current: Household = stale.current
        conflicts = conflicts_merge(data, current, _members(current))
        again = SurveyEntry.from_post(data).quiet()
        tell_reasons(request, "这一户在您填写期间被别人改过，请对照两边的内容后再保存。")
        page = _page(request, current, again, STALE, conflicts=conflicts, is_stale=True)
        raise SubmissionInvalid(page) from stale
    return {
        "survey": str(done.survey.uid),
        "goes_on": "save_next" in data,
        "returnees": [url for _member, url in done.returnee_candidates],
    }


def _lead_on(request: HttpRequest, household: Household, result: dict[str, Any]) -> HttpResponse:
    """Where to go after a save: to the returnee file, to the next door, or to what was recorded."""
    detail = redirect("households:survey_detail", result["survey"])
    if len(result["returnees"]) == 1:
        messages.warning(request, "已保存。有人从防控范围内返回，请接着建立返乡人员档案。")
        return redirect(result["returnees"][0])
    if result["returnees"]:
        messages.warning(request, f"已保存。有{len(result['returnees'])}人从防控范围内返回，请逐一建档。")
        return detail
    if not result["goes_on"]:
        messages.success(request, "已保存。")
        return detail
    following = next_door(household=household, by=staff_of(request))
    if following is not None:
        messages.success(request, f"{household.display} 已保存，下一户：{following.display}")
        return redirect("households:survey_create", following.uid)
    messages.success(request, _finished_words(household))
    return detail


def _finished_words(household: Household) -> str:
    rows = Household.objects.open().filter(area=household.area_id)
    left = rows.filter(survey_state__in=[SurveyState.UNVISITED, SurveyState.ABSENT]).count()
    rest = f"还有{left}户无人或未访，晚上再走一遍。" if left else "全部登记到位。"
    return f"已保存。{household.area.name}已走到最后一户，{rest}"


@require_http_methods(["GET", "POST"])
def survey_member_row(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """A card for htmx: a new one (GET), or one taken off or put back (POST); nothing is written."""
    household = household_or_404(request, uid, "households.add_survey")
    if request.method != "POST":
        form = MemberForm(prefix=new_key(), initial=blank_values(is_first=False))
        return _card(request, household, form)
    data = request.POST.copy()
    key = data.get("remove_member") or data.get("keep_member", "")
    if not KEY.fullmatch(key):
        return HttpResponse(status=400)
    change = member_removed if "remove_member" in data else member_kept
    change(data, key)
    if key not in data.getlist("members"):
        return HttpResponse("")
    return _card(request, household, MemberForm(data, prefix=key).quiet())


def _card(request: HttpRequest, household: Household, form: MemberForm) -> HttpResponse:
    context = {"member": form, "household": household, "is_fresh": request.method == "GET"}
    return render(request, "households/_survey_card.html", context)


@require_safe
def survey_detail(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """What was recorded at one knock, and where to go from there."""
    by = staff_of(request)
    rows = Survey.objects.visible_to(by).select_related(
        "household__area", "staff", "recorded_by", "letter", "signature"
    )
    survey = get_object_or_404(rows, uid=uid)
    require(request, "households.view_survey")
    members = list(survey.members.select_related("person").order_by("pk"))
    for member in members:
        member.survey = survey
    context = {
        "survey": survey,
        "household": survey.household,
        "members": members,
        "letter": getattr(survey, "letter", None),
        "signature": getattr(survey, "signature", None),
        "photos": list(survey.photos.select_related("person").order_by("pk")),
        "corrections": list(survey.corrections.select_related("by").order_by("-at", "-pk")),
        "steps": [(word, hint, getattr(survey, f"step_{code}")) for code, word, hint in STEPS],
        "candidates": hooks.returnee_candidates(members) if by.has_perm("households.add_survey") else [],
        "next": next_door(household=survey.household, by=by),
        "crumbs": household_crumbs(request, survey.household, "入户排查记录"),
    }
    return render(request, "households/survey_detail.html", context)


@require_POST
def id_check(request: HttpRequest) -> HttpResponse:
    """Look at an ID number while it is typed (htmx): what is wrong with it, birth date and sex filled in."""
    require(request, "households.change_person")
    from households.forms.id_check import IdCheck

    prefix = request.POST.get("prefix", "")
    if prefix and not KEY.fullmatch(prefix):
        return HttpResponse(status=400)
    check = IdCheck.read(request.POST, prefix=prefix, by=staff_of(request))
    return render(request, "households/_survey_id_check.html", {"check": check})
