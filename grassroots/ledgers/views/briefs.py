"""日报: the text of an area and a day out of the figures, what is written by hand, and its publication."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from grassroots.grid.models import Area, Staff
from grassroots.grid.submissions import SubmissionInvalid, submit_once
from grassroots.grid.views.pages import form_page, link, require, staff_of
from grassroots.ledgers.asof import AsOf
from grassroots.ledgers.briefs import brief_text, lines_of
from grassroots.ledgers.engine import clock_words
from grassroots.ledgers.forms import BriefDraftForm, PeriodForm
from grassroots.ledgers.models import Publication
from grassroots.ledgers.services.briefs import (
    FIELDS,
    PARAGRAPHS,
    PUBLISH,
    SIGNERS,
    WRITE,
    Draft,
    NamesFound,
    Prepared,
    PublicationRefused,
    StaleDraft,
    brief_draft_save,
    brief_prepare,
    draft_of,
    publication_publish,
)
from grassroots.ledgers.snapshots import snapshot
from grassroots.ledgers.table import statistics_table
from grassroots.ledgers.views.common import chosen_period

STALE, REFUSED = 409, 422
LABELS = {**PARAGRAPHS, **SIGNERS, "phone": "办公电话"}


def period_query(area: Area, asof: AsOf) -> dict[str, Any]:
    """An area and a period as the values of a query."""
    return {
        "area": area.pk,
        "on": asof.on.isoformat(),
        "cutoff": f"{asof.cutoff:%H:%M}" if asof.cutoff else "",
    }


def _asked(request: HttpRequest, *permissions: str) -> tuple[Area | None, AsOf, PeriodForm, Staff]:
    """Scope first (404), then the rights (403). What is sent must name its area and a period that makes sense."""
    staff = staff_of(request)
    area, asof, form = chosen_period(request, staff)
    require(request, *permissions)
    if request.method == "POST" and (
        "area" not in request.POST or form.has_error("on") or form.has_error("cutoff")
    ):
        raise Http404
    return area, asof, form, staff


@require_http_methods(["GET", "POST"])
def brief(request: HttpRequest) -> HttpResponse:
    """The brief as it reads now; the hand-written part is saved from here."""
    rights = ["ledgers.view_arearollup", *([WRITE] if request.method == "POST" else [])]
    area, asof, period, staff = _asked(request, *rights)
    if area is None:
        return render(request, "ledgers/brief.html", {"period": period})
    draft = draft_of(area, asof.on, staff)

    def make(data: Any, **options: Any) -> BriefDraftForm:
        return BriefDraftForm(data, draft=draft, **options)

    def show(form: BriefDraftForm, status: int = 200, **extra: Any) -> HttpResponse:
        context = {"form": form, "period": period, **_shown(area, asof, draft), **extra}
        return render(request, "ledgers/brief.html", context, status=status)

    def write(form: BriefDraftForm) -> dict[str, Any]:
        try:
            brief_draft_save(
                area=area, on=asof.on, typed=form.typed(), version=form.cleaned_data["version"], by=staff,
                accepted=form.accepted,
            )  # fmt: skip
        except NamesFound as found:
            form.found_words = found.words
            raise
        except StaleDraft as stale:
            again = request.POST.copy()
            again["version"] = str(stale.draft.version)
            page = show(make(again), STALE, differences=_differences(form, stale), fresh_submission=True)
            raise SubmissionInvalid(page) from stale
        return period_query(area, asof)

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已保存，下面的正文已经更新。")
        return redirect(link("ledgers:brief", **result))

    return form_page(request, make=make, show=show, write=write, done=done)


def _shown(area: Area, asof: AsOf, draft: Draft) -> dict[str, Any]:
    table = statistics_table(area, asof, with_corrections=False)
    if table.as_of is None:  # no rollup yet today
        taken = snapshot(area, asof)
        figures, problems, as_of = taken.totals, taken.problems, asof.known_at
    else:
        figures, problems, as_of = table.figures, table.unreconciled, table.as_of
    published = Publication.objects.of(area, asof.on).select_related("published_by").first()
    return {
        "area": area, "asof": asof, "as_of": as_of, "query": period_query(area, asof),
        "until": clock_words(asof.cutoff), "lines": lines_of(brief_text(area, asof, figures, typed=draft.typed)),
        "problems": problems, "published": published, "sooner": _sooner(asof),
    }  # fmt: skip


def _sooner(asof: AsOf) -> str:
    """The last full hour of today, up to which a brief may be published now; '' for another day."""
    now = timezone.localtime(asof.known_at)
    return f"{now.hour:02}:00" if now.date() == asof.on and now.hour and not asof.is_over else ""


def _differences(form: BriefDraftForm, stale: StaleDraft) -> list[dict[str, str]]:
    mine = form.typed()
    return [
        {"label": LABELS[name], "mine": getattr(mine, name), "theirs": getattr(stale.draft, name)}
        for name in FIELDS
        if getattr(mine, name) != getattr(stale.draft, name)
    ]


@require_http_methods(["GET", "POST"])
def brief_publish(request: HttpRequest) -> HttpResponse:
    """Publish, after one look at just what will be frozen."""
    area, asof, _form, staff = _asked(request, PUBLISH)
    if area is None:
        raise Http404

    def show(prepared: Prepared, status: int = 200, **extra: Any) -> HttpResponse:
        context = {
            "area": area, "asof": asof, "until": clock_words(asof.cutoff), "prepared": prepared,
            "cancel_url": link("ledgers:brief", **period_query(area, asof)), **extra,
        }  # fmt: skip
        return render(request, "ledgers/brief_publish.html", context, status=status)

    def prepare() -> Prepared:
        return brief_prepare(area=area, on=asof.on, cutoff=asof.cutoff, by=staff)

    def write() -> dict[str, Any]:
        seen = request.POST.get("seen", "")
        try:
            row = publication_publish(area=area, on=asof.on, cutoff=asof.cutoff, by=staff, seen=seen)
        except PublicationRefused as refused:
            page = show(prepare(), REFUSED, refused=refused.lines, fresh_submission=True)
            raise SubmissionInvalid(page) from refused
        return {"publication": str(row.uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "日报已发布。可以复制正文上报，或下载统计表。")
        return redirect("ledgers:publication_detail", result["publication"])

    return submit_once(request, write, done) if request.method == "POST" else show(prepare())
