"""Entries that may be doubles, merging, voiding, what was taken out of the register, and undoing it."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from grassroots.grid.models import AccessAction, Area, Level
from grassroots.grid.submissions import SubmissionInvalid
from grassroots.grid.trail import access_log
from grassroots.grid.views.pages import INVALID, PAGE_ROWS, form_page, link, require, staff_of, whole_number
from households.doubles import doubles_of, signs_of
from households.forms.removals import MergeForm, RemovalReasonForm
from households.models import Person, PersonRemoval, RemovalKind, Residency
from households.services.removals import people_merge, person_take_out, removal_undo, survivor_of
from households.views.access import person_or_404
from households.views.people import last_save

STALE = 409
VOIDING = (
    "登记的人并不存在时作废。他离开名单、统计和测温路线，返乡档案一并作废；资料不删除，以后可以恢复。"
    "搬走、去世、外出的人不要作废，请在“居住”里办理。"
)
CHANGED = "刚才有人改过其中的档案，请核对后再办理。"


@require_GET
def double_list(request: HttpRequest) -> HttpResponse:
    """可能重复的档案 of one village."""
    require(request, "households.view_personremoval")
    staff = staff_of(request)
    areas = Area.objects.open().visible_to(staff)
    villages = list(areas.filter(level=Level.VILLAGE).order_by("path")) or list(areas.order_by("path")[:20])
    area = _chosen(request, villages)
    found = doubles_of(area, staff) if area else None
    context = {
        "villages": villages,
        "area": area,
        "found": found,
        "may_merge": staff.has_perm("households.add_personremoval"),
    }
    return render(request, "households/double_list.html", context)


def _chosen(request: HttpRequest, areas: list[Area]) -> Area | None:
    if "area" not in request.GET:
        return areas[0] if areas else None
    number = whole_number(request.GET["area"])
    area = next((one for one in areas if one.pk == number), None)
    if area is None:
        raise Http404
    return area


def _homes(*people: Person) -> dict[int, Residency]:
    """Where each lives now, else where he belongs."""
    rows = Residency.objects.open().filter(person__in=people).select_related("household", "area")
    return {row.person_id: row for row in rows.order_by("-is_away", "pk")}


def _seen(*people: Person) -> str:
    return "-".join(str(last_save(one) or 0) for one in sorted(people, key=lambda one: one.pk))


@require_GET
def person_merge_pick(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """合并到另一份档案: which one, by its number; on to the two side by side."""
    person = person_or_404(request, uid, "households.add_personremoval")
    typed, problem = request.GET.get("number", "").strip(), ""
    if typed:
        number = whole_number(typed)
        found = Person.objects.active().visible_to(staff_of(request)).exclude(pk=person.pk)
        other = found.filter(pk=number).first() if number is not None else None
        if other is not None:
            return redirect("households:person_merge", uid, other.uid)
        problem = "没有这个编号的另一份档案，或不在您的辖区。编号是另一份档案页上的 8 位数字。"
    crumbs = [
        {"title": person.name, "url": link("households:person_detail", uid)},
        {"title": "合并", "url": ""},
    ]
    context = {"person": person, "typed": typed, "problem": problem, "crumbs": crumbs}
    return render(request, "households/person_merge_pick.html", context, status=INVALID if problem else 200)


@require_http_methods(["GET", "POST"])
def person_merge(request: HttpRequest, uid: uuid.UUID, other: uuid.UUID) -> HttpResponse:
    """Two entries side by side; one stays, the other leads to it."""
    if (again := _done_already(request, uid, other)) is not None:
        return again
    people = (person_or_404(request, uid), person_or_404(request, other))
    require(request, "households.add_personremoval")
    if people[0].pk == people[1].pk:
        raise Http404
    homes = _homes(*people)

    def make(data: Any, initial: Any = None) -> MergeForm:
        fuller = max(people, key=lambda one: (sum(count for _label, count in _counts(one)), -one.pk))
        first = {"keep": str(fuller.uid), "home": str(fuller.uid)}
        return MergeForm(data, initial=initial or first, people=people, homes=homes, seen=_seen(*people))

    def show(form: Any, status: int = 200, **more: Any) -> HttpResponse:
        context = {"form": form, **_side_by_side(people, homes), **more}
        return render(request, "households/person_merge.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        _check_seen(form, request, people, lambda fresh: show(make(fresh), STALE, fresh_submission=True))
        reason = form.cleaned_data["reason"]
        removal = people_merge(
            gone=form.gone, kept=form.kept, home_of=form.home_of, reason=reason, by=staff_of(request)
        )
        _note(request, removal, "合并")
        return {"person": str(form.kept.uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(
            request, "已合并。原来的档案打开后会指到这一份；合并错了，可在“已合并、作废的档案”里撤销。"
        )
        return redirect("households:person_detail", result["person"])

    return form_page(request, make=make, show=show, write=write, done=done)


def _side_by_side(people: tuple[Person, Person], homes: dict[int, Residency]) -> dict[str, Any]:
    """Both entries, what they have in common, and the way back."""
    return {
        "columns": [(one, homes.get(one.pk), _counts(one)) for one in people],
        "signs": signs_of(*people),
        "crumbs": [
            {"title": "可能重复的档案", "url": link("households:double_list")},
            {"title": "合并", "url": ""},
        ],
        "cancel_url": link("households:person_detail", people[0].uid),
    }


def _done_already(request: HttpRequest, *uids: uuid.UUID) -> HttpResponse | None:
    """The same form again, whose answer was lost: he has taken the entry out himself, so he gets the same answer."""
    if request.method != "POST":
        return None
    mine = PersonRemoval.objects.standing().filter(person__uid__in=uids, by=staff_of(request))
    removal = mine.select_related("person", "merged_into").first()
    if removal is None:
        return None
    if removal.merged_into is None:
        return redirect("households:removal_list")
    return redirect("households:person_detail", survivor_of(removal.person).uid)


def _check_seen(form: Any, request: HttpRequest, people: tuple[Person, ...], again: Any) -> None:
    """Refuse what was decided on a page that is stale now; the page comes back with everything typed."""
    latest = _seen(*people)
    if form.cleaned_data["seen"] != latest:
        fresh = request.POST.copy()
        fresh["seen"] = latest
        messages.warning(request, CHANGED)
        raise SubmissionInvalid(again(fresh))


def _counts(person: Person) -> list[tuple[str, int]]:
    """How much hangs on an entry, so that the fuller one can be kept."""
    found = [("入户排查的回答", person.survey_answers.count()), ("住处", person.residencies.count())]
    for name in ("returns", "observations", "service_requests"):
        rows: Any = getattr(person, name, None)  # relations of the apps above
        if rows is not None:
            found.append((str(rows.model._meta.verbose_name), rows.count()))
    return found


def _note(request: HttpRequest, removal: PersonRemoval, step: str) -> None:
    access_log(
        action=AccessAction.MERGE,
        staff=staff_of(request),
        subject=removal.person,
        area=removal.area_id,
        purpose=removal.undo_reason or removal.reason,
        detail={"step": step} | ({"into": str(removal.merged_into.uid)} if removal.merged_into else {}),
        request=request,
    )


@require_http_methods(["GET", "POST"])
def person_void_page(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """作废: typed for nobody. It leaves lists, figures and the round, and can be reinstated."""
    if (again := _done_already(request, uid)) is not None:
        return again
    person = person_or_404(request, uid, "households.add_personremoval")

    def make(data: Any, initial: Any = None) -> RemovalReasonForm:
        return RemovalReasonForm(
            data,
            initial=initial,
            words="作废原因",
            help_text="如：重名误录，核实没有这个人",
            seen=_seen(person),
        )

    def show(form: Any, status: int = 200, **more: Any) -> HttpResponse:
        rows = [("人员", person.name), *[(label, f"{count} 条") for label, count in _counts(person)]]
        back = link("households:person_detail", uid)
        context = {
            "form": form,
            "heading": "作废人员档案",
            "text": VOIDING,
            "rows": rows,
            "submit": "作废档案",
            "cancel_url": back,
            "crumbs": [{"title": person.name, "url": back}, {"title": "作废", "url": ""}],
            **more,
        }
        return render(request, "households/person_void.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        _check_seen(form, request, (person,), lambda fresh: show(make(fresh), STALE, fresh_submission=True))
        removal = person_take_out(person=person, reason=form.cleaned_data["reason"], by=staff_of(request))
        _note(request, removal, "作废")
        return {"removal": str(removal.uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "档案已作废，在这里可以找到和恢复。")
        return redirect("households:removal_list")

    return form_page(request, make=make, show=show, write=write, done=done)


@require_GET
def removal_list(request: HttpRequest) -> HttpResponse:
    """已合并、作废的档案 of my areas, the latest first."""
    require(request, "households.view_personremoval")
    rows = PersonRemoval.objects.visible_to(staff_of(request))
    kind = request.GET.get("kind", "")
    kind = kind if kind in RemovalKind.values else ""
    rows = rows.filter(kind=kind) if kind else rows
    if (before := whole_number(request.GET.get("before", ""))) is not None:
        rows = rows.filter(pk__lt=before)
    related = ("person", "merged_into", "area", "by", "undone_by")
    found = list(rows.select_related(*related).order_by("-pk")[: PAGE_ROWS + 1])
    more, found = len(found) > PAGE_ROWS, found[:PAGE_ROWS]
    context = {
        "rows": found,
        "kind": kind,
        "kinds": [("", "全部"), *RemovalKind.choices],
        "next_url": link("households:removal_list", kind=kind, before=found[-1].pk) if more else "",
        "first_url": link("households:removal_list", kind=kind) if before is not None else "",
    }
    return render(request, "households/removal_list.html", context)


@require_http_methods(["GET", "POST"])
def removal_undo_page(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Take a merge apart, or reinstate a voided entry."""
    rows = PersonRemoval.objects.visible_to(staff_of(request)).select_related("person", "merged_into", "by")
    removal = get_object_or_404(rows, uid=uid)
    require(request, "households.change_personremoval")
    verb = "撤销合并" if removal.merged_into else "恢复档案"

    def show(form: Any, status: int = 200) -> HttpResponse:
        crumbs = [
            {"title": "已合并、作废的档案", "url": link("households:removal_list")},
            {"title": verb, "url": ""},
        ]
        context = {"form": form, "heading": verb, "submit": verb, "crumbs": crumbs, **_undo_words(removal)}
        return render(request, "households/person_void.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        undone = removal_undo(removal=removal, reason=form.cleaned_data["reason"], by=staff_of(request))
        _note(request, undone, verb)
        return {"person": str(removal.person.uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, f"已{verb}。")
        return redirect("households:person_detail", result["person"])

    return form_page(
        request, make=lambda data, initial=None: RemovalReasonForm(data, initial=initial, words=f"{verb}的原因"),
        show=show, write=write, done=done,
    )  # fmt: skip


def _undo_words(removal: PersonRemoval) -> dict[str, Any]:
    rows = [("人员", _named(removal.person)), ("当时的原因", removal.reason)]
    text = "住处和返乡档案一并恢复。"
    if removal.merged_into:
        rows.insert(1, ("并入", _named(removal.merged_into)))
        text = "合并时搬过去的住处、排查、返乡档案、观察和服务都搬回来。合并以后又有新记录的，不能自动分开。"
    return {"text": text, "rows": rows, "cancel_url": link("households:removal_list")}


def _named(person: Person) -> str:
    return f"{person.name}（档案编号 {person.pk:08d}）"
