"""What belongs to a recorded knock: its letter on paper, its photos, the correction of who answered."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from grassroots.grid.forms.parts import text_field
from grassroots.grid.models import AccessAction
from grassroots.grid.submissions import submit_once
from grassroots.grid.trail import access_log
from grassroots.grid.views.pages import form_page, link, require, staff_of
from households.door_pages import body_html
from households.forms.people import UnmaskForm
from households.imaging import photo_text
from households.models import CommitmentLetter, Survey, SurveyPhoto
from households.rules.door_texts import DoorTextKind
from households.services import SurveyData
from households.services.door_texts import text_for
from households.services.photos import photo_bytes, photo_erase
from households.services.proxy import RELATIONS, proxy_correct
from households.services.signatures import signature_of
from households.views.access import household_crumbs


def survey_or_404(request: HttpRequest, uid: uuid.UUID, *permissions: str) -> Survey:
    """A knock at a door of the person's scope; 403 inside it without the right."""
    rows = Survey.objects.visible_to(staff_of(request)).select_related("household__area", "staff")
    survey = get_object_or_404(rows, uid=uid)
    require(request, *permissions)
    return survey


def photo_or_404(request: HttpRequest, uid: uuid.UUID, *permissions: str) -> SurveyPhoto:
    """A photo from the person's scope; 403 inside it without the right."""
    rows = SurveyPhoto.objects.visible_to(staff_of(request))
    photo = get_object_or_404(rows.select_related("survey__household__area", "person"), uid=uid)
    require(request, *permissions)
    return photo


@require_POST
def letter_print(request: HttpRequest, pk: int) -> HttpResponse:
    """A signed letter as a page of paper, with the signature or the line for it. Each print is logged."""
    by = staff_of(request)
    visible = Survey.objects.visible_to(by).values("pk")
    rows = CommitmentLetter.objects.filter(survey__in=visible).select_related(
        "household__area", "survey__staff"
    )
    letter = get_object_or_404(rows, pk=pk)
    require(request, "households.view_survey")
    fresh = False

    def write() -> dict[str, Any]:
        nonlocal fresh
        access_log(
            action=AccessAction.PRINT, staff=by, subject=letter.survey, area=letter.area_id,
            detail={"paper": "承诺书"}, request=request,
        )  # fmt: skip
        fresh = True
        return {"letter": pk}

    def respond(result: dict[str, Any]) -> HttpResponse:
        if not fresh:
            messages.info(request, "这一份已经打开过。要再打印，请再点一次“打印承诺书”。")
            return redirect("households:household_detail", letter.household.uid)
        text = text_for(DoorTextKind.LETTER, letter.household.area)
        signature = getattr(letter.survey, "signature", None) or signature_of(letter.household)
        context = {
            "letter": letter,
            "household": letter.household,
            "text": text,
            "html": body_html(text.words.body),
            "signature": signature,
        }
        return render(request, "households/letter_print.html", context)

    return submit_once(request, write, respond)


@require_http_methods(["GET", "POST"])
def photo_view(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Show a photo once, in the answer to a POST that says what for. Logged before it is shown."""
    photo = photo_or_404(request, uid, "households.view_survey", "households.unmask_person")
    household = photo.survey.household
    context: dict[str, Any] = {
        "photo": photo,
        "crumbs": household_crumbs(request, household, photo.get_kind_display()),
        "back": link("households:survey_detail", photo.survey.uid),
    }
    fresh = False

    def show(form: Any, status: int = 200) -> HttpResponse:
        return render(request, "households/photo_view.html", {**context, "form": form}, status=status)

    def write(form: Any) -> dict[str, Any]:
        nonlocal fresh
        access_log(
            action=AccessAction.UNMASK,
            staff=staff_of(request),
            subject=photo,
            area=household.area_id,
            purpose=form.cleaned_data["purpose"],
            request=request,
        )
        fresh = True
        return {"photo": str(uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        if not fresh:
            messages.info(request, "照片只显示一次。还要看，请重新填写用途。")
            return redirect("households:photo_view", uid)
        data = photo_bytes(photo) if photo.erased_at is None else None
        picture = photo_text(data) if data else ""
        return render(
            request, "households/photo_view.html", {**context, "picture": picture, "is_shown": True}
        )

    return form_page(request, make=lambda data, **o: UnmaskForm(data, **o), show=show, write=write, done=done)


@require_POST
def photo_erase_page(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Erase a photo for good; that there was one stays on record."""
    photo = photo_or_404(request, uid, "households.change_surveyphoto")

    def write() -> dict[str, Any]:
        if photo.erased_at is None:
            photo_erase(photo=photo, by=staff_of(request))
        return {"survey": str(photo.survey.uid)}

    def respond(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "照片已清除，不能恢复。")
        return redirect("households:survey_detail", result["survey"])

    return submit_once(request, write, respond)


class ProxyForm(forms.Form):
    """Who answered, what he is to them, his phone; and why it is corrected."""

    respondent = text_field("被调查人（代填时写代填人）", 50)
    respondent_relation = text_field("代填人关系", 20, help_text="本人回答的留空")
    respondent_phone = forms.CharField(
        label="代填人电话", required=False, max_length=60, help_text="没有电话填“无”；不改电话的留空"
    )
    reason = text_field("更正原因", 100, required=True, help_text="如：当时写错了关系")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["respondent_relation"].widget.attrs.update(list="proxy-relations", autocomplete="off")
        self.fields["respondent_phone"].widget.attrs.update(inputmode="tel", autocomplete="off")
        self.fields["respondent"].widget.attrs["autocomplete"] = "off"


@require_http_methods(["GET", "POST"])
def survey_correct(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """更正 who answered at a knock. What stood there before stays on record."""
    survey = survey_or_404(request, uid, "households.add_survey")
    start = {"respondent": survey.respondent, "respondent_relation": survey.respondent_relation}

    def make(data: Any, **options: Any) -> ProxyForm:
        options.setdefault("initial", start)
        return ProxyForm(data, **options)

    def show(form: Any, status: int = 200) -> HttpResponse:
        context = {
            "form": form,
            "survey": survey,
            "relations": RELATIONS,
            "crumbs": household_crumbs(request, survey.household, "更正被调查人"),
            "cancel_url": link("households:survey_detail", uid),
        }
        return render(request, "households/survey_correct.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        data = form.cleaned_data
        who = ("respondent", "respondent_relation", "respondent_phone")
        typed = SurveyData(
            outcome=survey.outcome, visited_at=survey.visited_at, **{name: data[name] for name in who}
        )
        done = proxy_correct(survey=survey, data=typed, reason=data["reason"], by=staff_of(request))
        return {"changed": done is not None}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已更正，更正前的内容留有记录。" if result["changed"] else "没有改动。")
        return redirect("households:survey_detail", uid)

    return form_page(request, make=make, show=show, write=write, done=done)


@require_POST
def proxy_dial(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """拨打 whoever answered for them: logged, then a page whose link opens the telephone."""
    survey = survey_or_404(request, uid, "households.view_survey")
    back = link("households:survey_detail", uid)

    def write() -> dict[str, Any]:
        if survey.respondent_phone:
            area = survey.household.area_id
            access_log(
                action=AccessAction.DIAL, staff=staff_of(request), subject=survey, area=area, request=request
            )
        return {"survey": str(uid)}

    def respond(result: dict[str, Any]) -> HttpResponse:
        if not survey.respondent_phone:
            messages.warning(request, "没有登记代填人的电话。")
            return redirect(back)
        return render(request, "households/proxy_dial.html", {"survey": survey, "back": back})

    return submit_once(request, write, respond)
