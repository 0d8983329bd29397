"""Papers (文书): what was issued, issuing for one person or an area, printing, voiding."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from grassroots.grid.models import AccessAction, Area, Staff
from grassroots.grid.submissions import SubmissionInvalid, submit_once
from grassroots.grid.trail import access_log
from grassroots.grid.views.pages import form_page, link, require, staff_of, whole_number
from quarantine.forms.papers import BatchForm, VoidForm
from quarantine.models import Observation, ObservationState, Outcome, Paper, PaperKind
from quarantine.models.papers import OF_AREA
from quarantine.papers.facts import basis_of
from quarantine.papers.finding import chosen_slots, lacking, on_round, slots_on
from quarantine.papers.printing import sheets_of
from quarantine.rules.papers import read_code, read_serial
from quarantine.services.papers import (
    FOR_PEOPLE,
    MOST_AT_ONCE,
    MOST_LINES,
    paper_void,
    papers_issue,
    papers_printed,
    sheet_issue,
    standing_papers,
    why_not_issue,
)
from quarantine.views.access import observation_crumbs, observation_or_404

LOOK, ISSUE, VOID = "quarantine.view_paper", "quarantine.add_paper", "quarantine.change_paper"
ROWS = 50
RELATED = ("observation__person", "area", "about", "issued_by", "voided_by", "text")


def _papers(request: HttpRequest) -> QuerySet[Paper]:
    return Paper.objects.visible_to(staff_of(request)).select_related(*RELATED)


def paper_or_404(request: HttpRequest, code: str, *permissions: str) -> Paper:
    """A paper of the person's scope; 403 inside it without the right."""
    paper = get_object_or_404(_papers(request), code=code)
    require(request, *permissions)
    return paper


def papers_found(request: HttpRequest, typed: str) -> tuple[QuerySet[Paper], str]:
    """The papers of the scope whose code or serial number was typed or scanned, and what was wrong with it."""
    rows = _papers(request)
    code, problem = read_code(typed)
    if code:
        return rows.filter(code=code), ""
    serial = None if problem else read_serial(typed)
    if serial is None:
        words = "看不懂这个编号，请输入二维码旁边的 10 位查验码，或编号里的年份和序号，如 2020-12。"
        return rows.none(), problem or words
    year, number = serial
    found = rows.filter(number=number)
    return (found.filter(year=year) if year else found), ""


# --- lists ------------------------------------------------------------------------------------------------
@require_GET
def paper_list(request: HttpRequest) -> HttpResponse:
    """What was issued in my areas, the latest first; found by code or serial number."""
    require(request, LOOK)
    kind = request.GET.get("kind", "")
    kind = kind if kind in PaperKind.values else ""
    typed = request.GET.get("number", "")[:120]
    rows, problem = papers_found(request, typed) if typed else (_papers(request), "")
    if kind:
        rows = rows.filter(kind=kind)
    after = whole_number(request.GET.get("after", ""))
    if after is not None:
        rows = rows.filter(pk__lt=after)
    found = list(rows.order_by("-pk")[: ROWS + 1])
    chips = [("", "全部"), *PaperKind.choices]
    context = {
        "papers": found[:ROWS],
        "typed": typed,
        "problem": problem
        or ("没有找到这个编号的文书，请核对编号，或确认它属于您的辖区。" if typed and not found else ""),
        "chips": [
            {"title": title, "url": link("quarantine:paper_list", kind=code), "is_on": code == kind}
            for code, title in chips
        ],
        "next_url": link("quarantine:paper_list", kind=kind, number=typed, after=found[ROWS - 1].pk)
        if len(found) > ROWS
        else "",
    }
    return render(request, "quarantine/paper_list.html", context)


def is_outdated(paper: Paper, observation: Observation) -> bool:
    """Whether term or place have changed since the paper was issued while the observation goes on.

    A 解除医学观察通知单 holds as long as the release that it was issued for.
    """
    if paper.kind == PaperKind.RELEASE:
        released_at = observation.closed_at if observation.outcome == Outcome.RELEASED else None
        return released_at is None or released_at > paper.issued_at
    if observation.state != ObservationState.OPEN:
        return False
    return bool(paper.read_facts().get("basis") not in (None, basis_of(observation)))


@require_GET
def observation_papers(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """The papers of one observation: those issued, and each kind that can be issued or why it cannot."""
    observation = observation_or_404(request, uid, LOOK)
    kinds = []
    for kind in FOR_PEOPLE:
        standing = standing_papers([observation], kind).get(observation.pk)
        kinds.append(
            {"code": str(kind), "label": kind.label, "why_not": why_not_issue(observation, kind, standing)}
        )
    rows = observation.papers.select_related("issued_by", "voided_by").order_by("-pk")
    papers = list(rows[:ROWS])
    context = {
        "observation": observation,
        "outdated": [
            paper for paper in papers if paper.voided_at is None and is_outdated(paper, observation)
        ],
        "kinds": kinds,
        "papers": papers,
        "crumbs": observation_crumbs(observation, "文书"),
    }
    return render(request, "quarantine/observation_papers.html", context)


@require_GET
def paper_detail(request: HttpRequest, code: str) -> HttpResponse:
    """One paper: who issued it, how often it was printed, whether it is void; and how it looks."""
    paper = paper_or_404(request, code, LOOK)
    access_log(
        action=AccessAction.OPEN, staff=staff_of(request), subject=paper, area=paper.area_id, request=request
    )
    context = {
        "paper": paper,
        "sheets": sheets_of([paper], request)[:1],
        "is_round": paper.kind in OF_AREA,
        "is_outdated": paper.voided_at is None
        and paper.observation is not None
        and is_outdated(paper, paper.observation),
        "may_type": paper.kind in {*OF_AREA, PaperKind.TEMPERATURE} and paper.voided_at is None,
        "crumbs": [
            {"title": "文书", "url": link("quarantine:paper_list")},
            {"title": paper.get_kind_display(), "url": ""},
        ],
    }
    return render(request, "quarantine/paper_detail.html", context)


@require_GET
def paper_open(request: HttpRequest, code: str) -> HttpResponse:
    """Where the QR code leads: the person's observation, or the sheet of the round."""
    paper = paper_or_404(request, code, LOOK)
    if paper.observation is not None:
        return redirect(link("quarantine:observation_detail", paper.observation.uid))
    return redirect(link("quarantine:paper_detail", paper.code))


# --- issuing ----------------------------------------------------------------------------------------------
@require_POST
def paper_issue(request: HttpRequest, uid: uuid.UUID, kind: str) -> HttpResponse:
    """Issue one paper for one observation."""
    observation = observation_or_404(request, uid, ISSUE)
    if kind not in FOR_PEOPLE:
        raise Http404

    def write() -> dict[str, Any]:
        try:
            paper = papers_issue(observations=[observation], kind=kind, by=staff_of(request))[0]
        except ValidationError as error:
            for words in error.messages:
                messages.error(request, words)
            raise SubmissionInvalid(redirect(link("quarantine:observation_papers", uid))) from error
        return {"code": paper.code}

    def respond(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已出具，请核对后打印。")
        return redirect(link("quarantine:paper_detail", result["code"]))

    return submit_once(request, write, respond)


def _issue_for_area(staff: Staff, sent: dict[str, Any], slots: list[tuple[str, str]]) -> dict[str, Any]:
    """A sheet of a round, or the next part of the papers that are lacking. Raises ValidationError."""
    kind, area = sent["kind"], sent["area"]
    if kind in OF_AREA:
        found = list(on_round(staff, area, sent["on"])[: MOST_LINES + 1])
        boxes = chosen_slots(slots, kind, sent["slot"])
        paper = sheet_issue(observations=found, kind=kind, area=area, on=sent["on"], slots=boxes, by=staff)
        return {"code": paper.code}
    rows = list(lacking(staff, area, kind, timezone.localdate())[:MOST_AT_ONCE])
    if not rows:
        raise ValidationError(f"这个范围没有还缺{PaperKind(kind).label}的人。已出具的可以在文书列表里补打。")
    try:
        made = papers_issue(observations=rows, kind=kind, by=staff)
    except ValidationError as error:  # they lacked it a moment ago
        raise ValidationError("有人刚刚给这个范围出具过文书或办理了解除，请再点一次“出具”。") from error
    return {"issue": str(made[0].issue), "area": area.pk}


@require_http_methods(["GET", "POST"])
def paper_batch(request: HttpRequest) -> HttpResponse:
    """Issue a paper for everybody of an area who lacks it, up to MOST_AT_ONCE at a time; or a sheet of a round."""
    require(request, ISSUE)
    staff, today = staff_of(request), timezone.localdate()
    slots = slots_on(today)

    def make(data: Any, **options: Any) -> BatchForm:
        options.setdefault("initial", {"kind": request.GET.get("kind"), "area": request.GET.get("area")})
        return BatchForm(data, staff=staff, slots=slots, today=today, **options)

    def show(form: Any, status: int = 200) -> HttpResponse:
        context = {
            "form": form,
            "most": MOST_AT_ONCE,
            "most_lines": MOST_LINES,
            "crumbs": [
                {"title": "文书", "url": link("quarantine:paper_list")},
                {"title": "按范围出具", "url": ""},
            ],
        }
        return render(request, "quarantine/paper_batch.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        return _issue_for_area(staff, form.cleaned_data, slots)

    def done(result: dict[str, Any]) -> HttpResponse:
        if "code" in result:
            return redirect(link("quarantine:paper_detail", result["code"]))
        return redirect(link("quarantine:paper_issued", result["issue"], area=result["area"]))

    return form_page(request, make=make, show=show, write=write, done=done)


@require_GET
def paper_issued(request: HttpRequest, issue: uuid.UUID) -> HttpResponse:
    """What was issued together: print all of it, and go on with those who still lack it."""
    papers = list(_papers(request).filter(issue=issue).order_by("pk")[: MOST_AT_ONCE + 1])
    if not papers:
        raise Http404
    require(request, LOOK)
    staff, kind = staff_of(request), papers[0].kind
    area_pk = whole_number(request.GET.get("area", ""))
    area = None if area_pk is None else Area.objects.visible_to(staff).filter(pk=area_pk).first()
    left = (
        lacking(staff, area, kind, timezone.localdate()).order_by().count()
        if area and kind in FOR_PEOPLE
        else 0
    )
    context = {
        "papers": papers,
        "issue": issue,
        "kind": kind,
        "area": area,
        "left": left,
        "next_count": min(left, MOST_AT_ONCE),
        "valid": sum(paper.voided_at is None for paper in papers),
        "pages": sum(paper.copies for paper in papers if paper.voided_at is None),
        "crumbs": [
            {"title": "文书", "url": link("quarantine:paper_list")},
            {"title": "本批文书", "url": ""},
        ],
    }
    return render(request, "quarantine/paper_issued.html", context)


# --- printing and voiding ---------------------------------------------------------------------------------
def _print(request: HttpRequest, papers: list[Paper], detail: dict[str, Any]) -> HttpResponse:
    """The page that is printed. Counted once a submission; every answer with personal data is in the access log."""

    def write() -> dict[str, Any]:
        papers_printed(papers=papers)
        return {"papers": len(papers)}

    def respond(_result: dict[str, Any]) -> HttpResponse:
        access_log(
            action=AccessAction.PRINT,
            staff=staff_of(request),
            subject=papers[0] if len(papers) == 1 else None,
            area=papers[0].area_id,
            detail={**detail, "papers": len(papers)},
            request=request,
        )
        return render(request, "quarantine/paper_print.html", {"sheets": sheets_of(papers, request)})

    return submit_once(request, write, respond)


def _why_not_print(paper: Paper) -> str:
    if paper.voided_at is not None:
        return f"{paper.serial}已作废，不能再打印。"
    if paper.observation is not None and paper.observation.outcome == Outcome.VOIDED:
        return f"{paper.observation.person.name}的观察已作废，{paper.serial}不能再打印。"
    if (
        paper.kind == PaperKind.RELEASE
        and paper.observation
        and paper.observation.outcome != Outcome.RELEASED
    ):
        return f"{paper.observation.person.name}的解除已经更正，{paper.serial}不能再打印，请作废。"
    return ""


@require_POST
def paper_print(request: HttpRequest, code: str) -> HttpResponse:
    """Print a paper, or print it again: the same words, one more counted."""
    paper = paper_or_404(request, code, ISSUE)
    if why := _why_not_print(paper):
        messages.error(request, why)
        return redirect(link("quarantine:paper_detail", code))
    return _print(request, [paper], {"kind": paper.kind, "again": paper.prints > 0})


@require_POST
def paper_issued_print(request: HttpRequest, issue: uuid.UUID) -> HttpResponse:
    """Print what was issued together, in the order of its numbers; voided ones are left out."""
    papers = list(_papers(request).filter(issue=issue).order_by("pk")[:MOST_AT_ONCE])
    if not papers:
        raise Http404
    require(request, ISSUE)
    valid = [paper for paper in papers if not _why_not_print(paper)]
    if not valid:
        messages.error(request, "这一批文书都已作废，没有可打印的。")
        return redirect(link("quarantine:paper_issued", issue))
    return _print(request, valid, {"kind": valid[0].kind, "issue": str(issue)})


@require_http_methods(["GET", "POST"])
def paper_void_page(request: HttpRequest, code: str) -> HttpResponse:
    """Void a paper with a reason; its number stays taken."""
    paper = paper_or_404(request, code, VOID)
    back = link("quarantine:paper_detail", code)
    if paper.voided_at is not None and request.method == "GET":
        messages.info(request, "这份文书已经作废。")
        return redirect(back)

    def show(form: Any, status: int = 200) -> HttpResponse:
        context = {
            "form": form,
            "heading": "作废文书",
            "submit": "作废",
            "danger": True,
            "text": "作废后编号保留，不再使用，也不能再打印；需要的话另行出具新的一份。",
            "rows": [("文书", paper.get_kind_display()), ("编号", paper.serial)],
            "crumbs": [
                {"title": "文书", "url": link("quarantine:paper_list")},
                {"title": paper.get_kind_display(), "url": back},
                {"title": "作废", "url": ""},
            ],
            "cancel_url": back,
        }
        return render(request, "quarantine/service_form.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        paper_void(paper=paper, reason=form.cleaned_data["reason"], by=staff_of(request))
        return {"paper": paper.code}

    def done(_result: dict[str, Any]) -> HttpResponse:
        messages.success(request, f"{paper.serial}已作废。")
        return redirect(back)

    return form_page(
        request, make=lambda data, **options: VoidForm(data, **options), show=show, write=write, done=done
    )
