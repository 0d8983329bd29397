"""防控政策 made and changed: a form with rows, a preview in words, saved as a draft of the next version."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from grassroots.grid.submissions import SubmissionInvalid
from grassroots.grid.views.pages import (
    INVALID,
    add_errors,
    form_page,
    link,
    require,
    require_whole_office,
    staff_of,
    whole_number,
)
from quarantine.forms.policy_terms import (
    PhaseRow,
    PolicyForm,
    PolicyRow,
    SlotRow,
    StepRow,
    initial_of,
    place_of,
    slot_initial,
    terms_of,
)
from quarantine.forms.rows import RowForm, rows_saved, rows_typed
from quarantine.models import Policy, PolicyState
from quarantine.rules.policy import (
    HISTORICAL_POLICIES,
    PolicyError,
    PolicyTerms,
    policy_terms_from_json,
)
from quarantine.rules.policy_words import compare_points, example_words, full_points
from quarantine.services.policies import policy_discard, policy_save

KINDS: dict[str, type[PolicyRow]] = {"phases": PhaseRow, "slots": SlotRow, "escalation": StepRow}
OWN = ("name", "document_no", "source", "effective_from", "effective_to")
Rows = dict[str, list[RowForm]]


class PolicyEntry:
    """The form of a policy with its rows, as one thing to check and to read."""

    def __init__(self, main: PolicyForm, rows: Rows, base: Policy | None) -> None:
        self.main, self.rows, self.base = main, rows, base
        self.json: dict[str, Any] = {}
        self.terms: PolicyTerms | None = None

    @property
    def fields(self) -> dict[str, Any]:
        return self.main.fields

    @property
    def errors(self) -> Any:
        return self.main.errors

    def add_error(self, name: str | None, error: Any) -> None:
        self.main.add_error(name if name in self.main.fields else None, error)

    def is_valid(self) -> bool:
        """Every field, then the terms as a whole, whose problems go beside the fields that they name."""
        used = {what: [row for row in rows if not row.is_blank()] for what, rows in self.rows.items()}
        checked = [row.is_valid() for rows in used.values() for row in rows]
        if not (self.main.is_valid() and all(checked)):
            if not all(checked):
                self.main.add_error(None, "表里有填错的行，请看下面标红的地方。")
            return False
        typed = {what: [cast(PolicyRow, row).json() for row in rows] for what, rows in used.items()}
        self.json = terms_of(self.main.cleaned_data, typed)
        try:
            self.terms = policy_terms_from_json(self._whole())
        except PolicyError as wrong:
            self.refuse(wrong, used)
        return not self.main.errors and not any(row.errors for rows in used.values() for row in rows)

    def _whole(self) -> dict[str, Any]:
        values = self.main.cleaned_data
        days = {name: values[name].isoformat() if values[name] else None for name in OWN[3:]}
        own = {**{name: values[name] for name in OWN[:3]}, **days}
        kept = self.base.terms if self.base is not None else {}
        return {**kept, **self.json, **own, "code": self.code}

    def refuse(self, wrong: PolicyError, used: Rows) -> None:
        """Put what does not hold together beside its field, or above the form."""
        for problem in wrong.problems:
            what, number, name = place_of(problem.field)
            if what and number < len(used[what]) and name in used[what][number].fields:
                used[what][number].add_error(name, f"{problem.message}。")
                self.main.add_error(None, f"{LABELS[what]}第{number + 1}行：{problem.message}。")
            elif problem.field in LABELS:
                self.main.add_error(None, f"{LABELS[problem.field]}：{problem.message}。")
            else:
                self.add_error(name, f"{problem.message}。")

    @property
    def code(self) -> str:
        """The policy's own code, which does not change from version to version."""
        return self.base.code if self.base is not None else str(self.main.cleaned_data.get("code", "new"))

    @property
    def values(self) -> dict[str, Any]:
        """What the service takes besides the terms."""
        return {name: self.main.cleaned_data[name] for name in OWN}


LABELS = {"phases": "观察阶段", "slots": "测温时段", "escalation": "上报步骤"}


def _fresh(base: Policy | None) -> PolicyEntry:
    """As the page is opened: the version that is to be changed, or an empty policy with the usual settings."""
    terms = base.parsed() if base else policy_terms_from_json(HISTORICAL_POLICIES[0])
    initial = initial_of(terms)
    if base is None:
        initial |= dict.fromkeys(
            ("name", "document_no", "source", "effective_from", "effective_to", "regions"), ""
        )
        initial["cutoff_on"] = None
    initial["example_on"] = max(
        filter(None, (terms.effective_from, terms.cutoff_on)), default=timezone.localdate()
    )
    phases = [
        {"place": one.place, "days": one.days, "test_days": "、".join(map(str, one.test_days))}
        for one in terms.phases
    ]
    steps = [
        {"stage": one.stage, "after_minutes": one.after_minutes, "notify": one.notify}
        for one in terms.escalation
    ]
    rows: Rows = {
        "phases": rows_saved(PhaseRow, "phases", phases if base else [], spare=not phases or base is None),
        "slots": rows_saved(SlotRow, "slots", [slot_initial(one) for one in terms.slots], spare=0),
        "escalation": rows_saved(StepRow, "escalation", steps, spare=0),
    }
    return PolicyEntry(PolicyForm(initial=initial, is_new=base is None), rows, base)


def _sent(data: Any, base: Policy | None) -> PolicyEntry:
    rows = {what: rows_typed(kind, what, data) for what, kind in KINDS.items()}
    return PolicyEntry(PolicyForm(data, is_new=base is None), rows, base)


def _typed(request: HttpRequest, base: Policy | None) -> PolicyEntry:
    """As typed so far, with a row more or less; nothing is checked."""
    data = request.POST.dict()
    add, remove = data.get("add", ""), data.get("remove", "")
    rows = {
        what: rows_typed(kind, what, data, is_sent=False, add=add == what, remove=remove)
        for what, kind in KINDS.items()
    }
    return PolicyEntry(PolicyForm(initial=data, is_new=base is None), rows, base)


def preview_of(entry: PolicyEntry) -> dict[str, Any]:
    """What was typed, in words: for somebody who returns on the example's day, and point by point."""
    if not entry.is_valid() or entry.terms is None:
        return {"is_wrong": True}
    on = entry.main.cleaned_data.get("example_on") or timezone.localdate()
    changes = []
    if entry.base is not None:
        points = compare_points(entry.base.parsed(), entry.terms, timezone.localdate().year)
        changes = [point for point in points if point.is_changed]
    return {
        "example": example_words(entry.terms, on),
        "points": full_points(entry.terms, timezone.localdate().year),
        "changes": changes,
        "is_compared": entry.base is not None,
    }


def _crumbs(title: str) -> list[dict[str, str]]:
    return [{"title": "防控政策", "url": link("quarantine:policy_list")}, {"title": title, "url": ""}]


@require_http_methods(["GET", "POST"])
def policy_edit(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Make a policy, or change one: saved as a draft of its next version; what is in use stays as it is."""
    require(request, "quarantine.add_policy")
    require_whole_office(request)
    base = get_object_or_404(Policy, pk=pk) if pk is not None else None

    def show(entry: PolicyEntry, status: int = 200, preview: Any = None) -> HttpResponse:
        return _page(request, entry, status, preview)

    if request.method == "POST" and {"add", "remove"} & set(request.POST):
        return _rows_page(request, _typed(request, base))
    if request.method == "POST" and "preview" in request.POST:
        entry = _sent(request.POST, base)
        preview = preview_of(entry)
        if request.headers.get("HX-Request"):
            context = {"preview": preview, "entry": entry}
            return render(request, "quarantine/_policy_preview.html", context)
        return show(entry, preview=preview)

    def make(data: Any, initial: Any = None) -> Any:
        return _sent(data, base) if data is not None else _fresh(base)

    def write(entry: Any) -> dict[str, Any]:
        code = base.code if base else entry.main.cleaned_data["code"]
        try:
            saved = policy_save(base=base, code=code, terms=entry.json, **entry.values)
        except ValidationError as error:
            add_errors(entry.main, error)
            raise SubmissionInvalid(show(entry, INVALID)) from error
        return {"policy": saved.pk}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已存成草稿。核对后点“启用”才开始执行。")
        return redirect(link("quarantine:policy_list") + "#drafts")

    return form_page(request, make=make, show=show, write=write, done=done)


def _page(request: HttpRequest, entry: PolicyEntry, status: int, preview: Any) -> HttpResponse:
    base = entry.base
    title = "新建政策" if base is None else f"修改“{base.name}”"
    context = {
        "entry": entry,
        "form": entry.main,
        "policy": base,
        "preview": preview,
        "title": title,
        "crumbs": _crumbs(title),
        "cancel_url": link("quarantine:policy_list"),
    }
    return render(request, "quarantine/policy_form.html", context, status=status)


def _rows_page(request: HttpRequest, entry: PolicyEntry) -> HttpResponse:
    """A row more or less: just that part for htmx, else the whole page with everything typed."""
    asked = request.POST.get("add") or request.POST.get("remove", "").split("-")[0]
    if request.headers.get("HX-Request") and asked in KINDS:
        return render(request, "quarantine/_policy_rows.html", {"rows": entry.rows[asked], "what": asked})
    return _page(request, entry, 200, None)


@require_GET
def policy_compare(request: HttpRequest) -> HttpResponse:
    """Two versions side by side; where they differ is marked."""
    require(request, "quarantine.view_policy")
    rows = Policy.objects.order_by("code", "version", "pk")
    chosen = [whole_number(request.GET.get(side, "")) for side in ("old", "new")]
    picked = [get_object_or_404(Policy, pk=pk) if pk is not None else None for pk in chosen]
    if not staff_of(request).has_perm("quarantine.change_policy"):
        rows = rows.filter(state__in=(PolicyState.IN_FORCE, PolicyState.WITHDRAWN))
        picked = [
            one if one and one.state not in (PolicyState.DRAFT, PolicyState.TEMPLATE) else None
            for one in picked
        ]
    old, new = picked
    points = compare_points(old.parsed(), new.parsed(), timezone.localdate().year) if old and new else []
    context = {
        "policies": list(rows),
        "old": old,
        "new": new,
        "points": points,
        "changed": sum(point.is_changed for point in points),
        "dates": [(_span(one) if one else "") for one in (old, new)],
        "crumbs": _crumbs("两版对照"),
    }
    return render(request, "quarantine/policy_compare.html", context)


def _span(policy: Policy) -> str:
    def said(day: dt.date | None, otherwise: str) -> str:
        return f"{day:%Y-%m-%d}" if day else otherwise

    return f"{said(policy.effective_from, '未定')} 至 {said(policy.effective_to, '没有期限')}"


@require_http_methods(["GET", "POST"])
def policy_discard_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw a draft away."""
    require(request, "quarantine.change_policy")
    require_whole_office(request)
    policy = get_object_or_404(Policy, pk=pk, state=PolicyState.DRAFT)

    def show(form: Any, status: int = 200) -> HttpResponse:
        context = {
            "form": form,
            "heading": "删除草稿",
            "text": "草稿没有启用过，没有人按它观察；删除后不能恢复。",
            "rows": [("政策", f"{policy.name}（第{policy.version}版草稿）")],
            "submit": "删除草稿",
            "danger": True,
            "crumbs": _crumbs("删除草稿"),
            "cancel_url": link("quarantine:policy_list"),
        }
        return render(request, "quarantine/confirm.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        policy_discard(policy=policy)
        return {}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "草稿已删除。")
        return redirect("quarantine:policy_list")

    return form_page(request, make=lambda data, **_: forms.Form(data), show=show, write=write, done=done)
