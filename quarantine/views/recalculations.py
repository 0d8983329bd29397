"""重算建议: what a new policy version or a household would change, old and new side by side; applied singly or all."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from grassroots.grid.models import Area, Staff
from grassroots.grid.submissions import submit_once
from grassroots.grid.views.pages import area_or_404, form_page, link, require, staff_of, whole_number
from households.doors import places_of
from quarantine.forms.events import REASON_LENGTH
from quarantine.forms.life import WhyForm
from quarantine.listing import PAGE_ROWS
from quarantine.models import ObservationState, Policy, PolicyState, Recalculation, RecalculationState
from quarantine.services.recalculations import (
    recalculation_apply,
    recalculation_dismiss,
    recalculation_renew,
    stale_words,
)

MOST_AT_ONCE = 200
CRUMB = "重算建议"
RELATED = ("observation__person", "observation__area", "policy", "decided_by", "cause")


def _by_place(staff: Staff, rows: QuerySet[Recalculation]) -> list[dict[str, Any]]:
    """How many wait in each village of the scope, in the order of the tree (three queries)."""
    counts = rows.order_by().values_list("observation__area").annotate(number=Count("pk"))
    by_area = dict(counts)
    areas = list(Area.objects.filter(pk__in=by_area).order_by("path"))
    by_path: Counter[str] = Counter()
    for area in areas:
        above = area.ancestor_paths()
        by_path[above[min(2, len(above) - 1)]] += by_area[area.pk]  # county, street, village
    villages = Area.objects.visible_to(staff).filter(path__in=by_path).order_by("path")
    return [{"pk": one.pk, "title": one.name, "count": by_path[one.path]} for one in villages]


def _after(rows: QuerySet[Recalculation], mark: str) -> QuerySet[Recalculation]:
    path, _sep, pk = mark.rpartition("~")
    last = whole_number(pk)
    if not path or last is None:
        return rows
    return rows.filter(
        Q(observation__area__path__gt=path) | Q(observation__area__path=path, pk__gt=last)
    )  # fmt: skip


def _stale(one: Recalculation) -> str:
    """Whether it visibly no longer holds; worked out without a query."""
    if one.observation.version != one.seen_version or one.observation.state != ObservationState.OPEN:
        return "提出后该观察又有变动，请重新推算。"
    if one.kind == "POLICY" and one.policy.state != PolicyState.IN_FORCE:
        return "这一版政策已经停用。"
    return ""


def _chosen_area(request: HttpRequest) -> Area | None:
    pk = whole_number(request.GET.get("area", ""))
    return area_or_404(request, pk) if pk is not None else None


@require_http_methods(["GET", "POST"])
def recalculation_list(request: HttpRequest) -> HttpResponse:
    """Proposals that wait, village by village (bounded pages); POST carries out the ticked ones, or all."""
    right = "quarantine.view_observation" if request.method == "GET" else "quarantine.change_observation"
    require(request, right)
    staff = staff_of(request)
    area = _chosen_area(request)
    mine = Recalculation.objects.pending().visible_to(staff)
    rows = (
        mine.filter(observation__area__in=Area.objects.within(area).order_by().values("pk")) if area else mine
    )
    if request.method == "POST":
        return _apply(request, rows, area)
    mark = request.GET.get("after", "")
    ordered = _after(rows, mark).select_related(*RELATED).order_by("observation__area__path", "pk")
    found = list(ordered[: PAGE_ROWS + 1])
    shown = found[:PAGE_ROWS]
    places = places_of({one.observation.area for one in shown})
    for one in shown:
        one.place_name, one.stale = places[one.observation.area_id], _stale(one)  # type: ignore[attr-defined]
    end = shown[-1] if len(found) > PAGE_ROWS else None
    next_mark = f"{end.observation.area.path}~{end.pk}" if end else ""
    context = {
        "rows": shown,
        "total": rows.order_by().count(),
        "villages": _by_place(staff, mine),
        "area": area,
        "most": MOST_AT_ONCE,
        "is_comparing": Policy.objects.filter(compared_up_to__isnull=False).exists(),
        "crumbs": [{"title": CRUMB, "url": ""}],
        "next_url": link("quarantine:recalculation_list", area=area.pk if area else "", after=next_mark)
        if next_mark
        else "",
    }
    return render(request, "quarantine/recalculation_list.html", context)


def _apply(request: HttpRequest, rows: QuerySet[Recalculation], area: Area | None) -> HttpResponse:
    """Each in its own savepoint: one that no longer holds stops none of the others, and says why."""
    reason = request.POST.get("reason", "").replace("\x00", "")[:REASON_LENGTH]
    if request.POST.get("do") != "all":
        picked = [uid for text in request.POST.getlist("pick") if (uid := _uid(text))]
        rows = rows.filter(uid__in=picked)
    back = link("quarantine:recalculation_list", area=area.pk if area else "")

    def write() -> dict[str, Any]:
        done, refused = 0, []
        for one in rows.order_by("pk")[:MOST_AT_ONCE]:
            try:
                with transaction.atomic():
                    recalculation_apply(recalculation=one, by=staff_of(request), reason=reason)
                done += 1
            except ValidationError as why:
                refused.append((one.pk, why.messages[0]))
        # A repetition is answered by the counts; the words name people and stay out of the result.
        messages_of.extend(words for _pk, words in refused)
        return {"done": done, "refused": len(refused)}

    messages_of: list[str] = []

    def respond(result: dict[str, Any]) -> HttpResponse:
        if result["done"]:
            messages.success(request, f"已执行 {result['done']} 条，每一条都记入了本人的经过。")
        elif not result["refused"]:
            messages.warning(request, "没有勾选任何一条。")
        if result["refused"]:
            words = "；".join(messages_of[:5])
            messages.error(request, f"{result['refused']} 条没有执行：{words or '已有变动'}")
        return redirect(back)

    return submit_once(request, write, respond)


def _uid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


STEPS = {
    "apply": ("执行重算", "按新的日期改，测温跟着调整；记入本人的经过，录错了可以更正。", "执行", "已执行。"),
    "dismiss": ("不执行", "观察照原来的版本和日期继续；写明的原因会留下。", "不执行", "已记录，观察照旧。"),
    "renew": ("重新推算", "按该观察现在的情况再推算一次，旧的建议作废。", "重新推算", "已重新推算。"),
}


@require_http_methods(["GET", "POST"])
def recalculation_decide(request: HttpRequest, uid: uuid.UUID, step: str) -> HttpResponse:
    """One proposal: carried out, left with a reason, or worked out again."""
    if step not in STEPS:
        raise Http404
    rows = Recalculation.objects.visible_to(staff_of(request)).select_related(*RELATED)
    one = get_object_or_404(rows, uid=uid)
    require(request, "quarantine.change_observation")
    back = link("quarantine:observation_detail", one.observation.uid)
    if request.method == "GET" and one.state != RecalculationState.PENDING:
        messages.warning(request, f"这条建议{one.get_state_display()}。")
        return redirect(back)

    def make(data: Any, initial: Any = None) -> forms.Form:
        form = forms.Form(data) if step == "renew" else WhyForm(data, initial=initial, words="说明")
        if step == "apply":
            form.fields["reason"].required = False
        return form

    def show(form: Any, status: int = 200) -> HttpResponse:
        return render(request, "quarantine/confirm.html", _asked(one, step, form, back), status=status)

    def write(form: Any) -> dict[str, Any]:
        _decide(one, step, form, staff_of(request))
        return {}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, STEPS[step][3])
        return redirect(back)

    return form_page(request, make=make, show=show, write=write, done=done)


def _decide(one: Recalculation, step: str, form: Any, by: Staff) -> None:
    if step == "apply":
        recalculation_apply(recalculation=one, by=by, **form.cleaned_data)
    elif step == "dismiss":
        recalculation_dismiss(recalculation=one, by=by, **form.cleaned_data)
    else:
        recalculation_renew(recalculation=one, by=by)


def _asked(one: Recalculation, step: str, form: Any, back: str) -> dict[str, Any]:
    """The page that asks for one step: old and new side by side, why, and whether it still holds."""
    title, text, submit, _said = STEPS[step]
    stale = stale_words(one, one.observation) if one.state == RecalculationState.PENDING else ""
    rows = [
        ("姓名", one.observation.person.name),
        ("原来", one.old_words),
        ("重算后", one.new_words),
        ("为什么", one.reason),
        ("提出", f"{timezone.localtime(one.proposed_at):%Y-%m-%d %H:%M}"),
    ]
    if stale:
        rows.append(("请注意", stale))
    crumbs = [{"title": CRUMB, "url": link("quarantine:recalculation_list")}, {"title": title, "url": ""}]
    return {
        "form": form, "heading": title, "text": text, "rows": rows, "submit": submit, "crumbs": crumbs,
        "cancel_url": back, "danger": step == "dismiss",
    }  # fmt: skip
