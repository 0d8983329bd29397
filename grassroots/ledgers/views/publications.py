"""Published briefs: the list, one as it was frozen (screen, print, text, workbook), and its 更正."""

from __future__ import annotations

import io
import tempfile
import uuid
from typing import IO, Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from grassroots.grid.models import AccessAction
from grassroots.grid.submissions import SubmissionInvalid, submit_once
from grassroots.grid.trail import access_log
from grassroots.grid.views.pages import PAGE_ROWS, link, require, staff_of, whole_number
from grassroots.ledgers.briefs import cutoff_words, lines_of, made_words
from grassroots.ledgers.forms import CorrectionForm
from grassroots.ledgers.models import Publication
from grassroots.ledgers.published import published_workbook
from grassroots.ledgers.services.briefs import (
    PUBLISH,
    PublicationRefused,
    correction_prepare,
    publication_correct,
)
from grassroots.ledgers.snapshots import changes_since, table_published
from grassroots.ledgers.views.sending import send_file

VIEW, REFUSED = "ledgers.view_arearollup", 422
SPOOL_BYTES = 1024 * 1024


def publication_or_404(request: HttpRequest, uid: uuid.UUID, *permissions: str) -> Publication:
    """A publication of the person's scope (404 outside); 403 inside it without the right."""
    rows = Publication.objects.visible_to(staff_of(request)).select_related("area", "published_by")
    publication = get_object_or_404(rows, uid=uid)
    require(request, *permissions)
    return publication


def crumbs_of(publication: Publication, *more: str) -> list[dict[str, str]]:
    """The way down from the list."""
    here = {"title": f"{publication.area.name} {publication.on:%Y-%m-%d}"}
    crumbs = [{"title": "已发布的日报", "url": link("ledgers:publication_list")}, here]
    if more:
        here["url"] = link("ledgers:publication_detail", publication.uid)
        crumbs += [{"title": title} for title in more]
    return crumbs


@require_GET
def publication_list(request: HttpRequest) -> HttpResponse:
    """What was published in one's scope, newest first, a page at a time."""
    require(request, VIEW)
    rows = Publication.objects.visible_to(staff_of(request)).select_related("area", "published_by")
    if before := whole_number(request.GET.get("before", "")):
        rows = rows.filter(pk__lt=before)
    shown = list(rows.defer("figures", "text").order_by("-pk")[: PAGE_ROWS + 1])
    page, has_more = shown[:PAGE_ROWS], len(shown) > PAGE_ROWS
    context = {
        "rows": [(row, cutoff_words(row.on, row.cutoff)) for row in page],
        "first_url": link("ledgers:publication_list") if before else "",
        "next_url": link("ledgers:publication_list", before=page[-1].pk) if has_more else "",
    }
    return render(request, "ledgers/publication_list.html", context)


@require_GET
def publication_detail(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """One as it was frozen, to copy, print and download."""
    publication = publication_or_404(request, uid, VIEW)
    versions = list(Publication.objects.of(publication.area, publication.on).defer("figures", "text"))
    context = {
        "publication": publication, "table": table_published(publication), "versions": versions,
        "until": cutoff_words(publication.on, publication.cutoff), "crumbs": crumbs_of(publication),
        "is_latest": versions[0].pk == publication.pk, "lines": lines_of(publication.text),
    }  # fmt: skip
    return render(request, "ledgers/publication_detail.html", context)


def _download(request: HttpRequest, publication: Publication, file: IO[bytes], what: str, suffix: str) -> Any:
    file.seek(0)
    correction = f"_更正{publication.version - 1}" if publication.is_correction else ""
    name = f"{what}_{publication.area.name}_{publication.on:%Y-%m-%d}{correction}.{suffix}"
    access_log(
        action=AccessAction.EXPORT, staff=staff_of(request), area=publication.area, request=request,
        detail={"key": f"已发布的{what}", "on": publication.on.isoformat(), "version": publication.version},
    )  # fmt: skip
    return send_file(request, file, name)


@require_GET
def publication_text(request: HttpRequest, uid: uuid.UUID) -> HttpResponseBase:
    """The frozen text as a file that Windows opens: UTF-8 with its mark, CRLF."""
    publication = publication_or_404(request, uid, VIEW, "ledgers.export_ledger")
    text = publication.text.replace("\n", "\r\n").encode("utf-8-sig")
    response: HttpResponseBase = _download(request, publication, io.BytesIO(text), "日报", "txt")
    return response


@require_GET
def publication_table(request: HttpRequest, uid: uuid.UUID) -> HttpResponseBase:
    """The frozen 统计表 as a workbook."""
    publication = publication_or_404(request, uid, VIEW, "ledgers.export_ledger")
    target: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES)  # noqa: SIM115 the response closes it
    published_workbook(publication, target, by=staff_of(request))
    response: HttpResponseBase = _download(request, publication, target, "统计表", "xlsx")
    return response


@require_http_methods(["GET", "POST"])
def publication_correction(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """更正: what was published beside what is known now, why, and one tap to publish it."""
    rights = [VIEW, *([PUBLISH] if request.method == "POST" else [])]
    publication = publication_or_404(request, uid, *rights)
    staff = staff_of(request)

    def show(form: CorrectionForm, status: int = 200, **extra: Any) -> HttpResponse:
        remark = form.cleaned_data.get("remark", "") if form.is_bound and form.is_valid() else ""
        prepared = correction_prepare(publication=publication, by=staff, remark=remark)
        latest = Publication.objects.of(publication.area, publication.on).first()
        context = {
            "publication": publication, "form": form, "prepared": prepared,
            "changes": changes_since(publication, prepared.figures), "made": made_words(publication.published_at),
            "latest": None if latest == publication else latest, "crumbs": crumbs_of(publication, "更正"), **extra,
        }  # fmt: skip
        return render(request, "ledgers/publication_correction.html", context, status=status)

    if request.method == "GET":
        return show(CorrectionForm())
    form = CorrectionForm(request.POST)

    def write() -> dict[str, Any]:
        if not form.is_valid():
            raise SubmissionInvalid(show(form, REFUSED))
        try:
            row = publication_correct(publication=publication, by=staff, remark=form.cleaned_data["remark"])
        except PublicationRefused as refused:
            page = show(form, REFUSED, refused=refused.lines, fresh_submission=True)
            raise SubmissionInvalid(page) from refused
        return {"publication": str(row.uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "更正已发布。")
        return redirect("ledgers:publication_detail", result["publication"])

    return submit_once(request, write, done)
