"""防控政策: what is in force, what ships as a template, switching on and off."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from grassroots.grid.scope import scope_of
from grassroots.grid.views.pages import form_page, link, require, require_whole_office, staff_of
from quarantine.forms.policies import PolicySwitchForm, PolicyWithdrawForm
from quarantine.models import Observation, Policy, PolicyState
from quarantine.rules.policy_words import policy_points
from quarantine.services.policies import policy_switch_on, policy_withdraw

CRUMB = "防控政策"


def _dressed(policies: list[Policy]) -> list[Policy]:
    today = timezone.localdate()
    for policy in policies:
        policy.points = policy_points(policy.parsed(), today.year)  # type: ignore[attr-defined]
        ended = policy.effective_to is not None and policy.effective_to < today
        policy.is_over = ended  # type: ignore[attr-defined]
        policy.is_to_come = bool(policy.effective_from and policy.effective_from > today)  # type: ignore[attr-defined]
    return policies


def _mark_replaced(live: list[Policy]) -> None:
    """Whose days a later version of the same policy covers altogether; and how many are observed by each (a query)."""
    observed = Observation.objects.open().filter(policy__in=[one.pk for one in live]).order_by()
    numbers = dict(observed.values_list("policy").annotate(number=Count("pk")))
    for one in live:
        later = [other for other in live if other.code == one.code and other.version > one.version]
        covering = [other for other in later if _covers(other, one)]
        one.replaced_by = max((other.version for other in covering), default=None)  # type: ignore[attr-defined]
        one.observed = numbers.get(one.pk, 0)  # type: ignore[attr-defined]


def _covers(later: Policy, one: Policy) -> bool:
    assert later.effective_from is not None and one.effective_from is not None
    ends_late = later.effective_to is None or (
        one.effective_to is not None and one.effective_to <= later.effective_to
    )
    return later.effective_from <= one.effective_from and ends_late


@require_GET
def policy_list(request: HttpRequest) -> HttpResponse:
    """Policies in force, in words; for administrators the templates too."""
    require(request, "quarantine.view_policy")
    rows = Policy.objects.select_related("switched_on_by").order_by("-effective_from", "-version", "-pk")
    may_change = (
        staff_of(request).has_perm("quarantine.change_policy") and scope_of(staff_of(request)).is_whole
    )
    live = _dressed(list(rows.filter(state=PolicyState.IN_FORCE)))
    _mark_replaced(live)
    templates = Policy.objects.filter(state=PolicyState.TEMPLATE).order_by("effective_from", "pk")
    context = {
        "crumbs": [{"title": CRUMB, "url": ""}],
        "live": [one for one in live if not (one.is_over or one.replaced_by)],  # type: ignore[attr-defined]
        "over": [one for one in live if one.is_over or one.replaced_by],  # type: ignore[attr-defined]
        "withdrawn": list(rows.filter(state=PolicyState.WITHDRAWN)),
        "templates": _dressed(list(templates)) if may_change else [],
        "drafts": _dressed(list(rows.filter(state=PolicyState.DRAFT).order_by("code", "-version")))
        if may_change
        else [],
        "may_change": may_change,
    }
    return render(request, "quarantine/policy_list.html", context)


def _crumbs(title: str) -> list[dict[str, str]]:
    return [{"title": CRUMB, "url": link("quarantine:policy_list")}, {"title": title, "url": ""}]


@require_http_methods(["GET", "POST"])
def policy_switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a template, or a new version of what is in force, into force with its own dates and regions."""
    require(request, "quarantine.add_policy")
    require_whole_office(request)
    template = get_object_or_404(Policy, pk=pk)
    terms = template.parsed()

    def show(form: Any, status: int = 200) -> HttpResponse:
        context = {
            "form": form,
            "policy": template,
            "points": policy_points(terms, timezone.localdate().year),
            "crumbs": _crumbs("启用政策"),
            "cancel_url": link("quarantine:policy_list"),
        }
        return render(request, "quarantine/policy_switch.html", context, status=status)

    def make(data: Any) -> PolicySwitchForm:
        initial = {
            "effective_from": template.effective_from,
            "effective_to": template.effective_to,
            "cutoff_on": terms.cutoff_on,
            "regions": "、".join(terms.regions),
            "document_no": template.document_no,
        }
        return PolicySwitchForm(data, initial=initial)

    def write(form: Any) -> dict[str, Any]:
        policy = policy_switch_on(template=template, by=staff_of(request), **form.cleaned_data)
        return {"policy": policy.pk}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, f"“{template.name}”已启用。已经开始的观察仍按原来的政策执行。")
        return redirect("quarantine:policy_list")

    return form_page(request, make=make, show=show, write=write, done=done)


@require_http_methods(["GET", "POST"])
def policy_withdraw_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a policy end: who returns later no longer falls under it, who is under observation stays so."""
    require(request, "quarantine.change_policy")
    require_whole_office(request)
    policy = get_object_or_404(Policy, pk=pk, state=PolicyState.IN_FORCE)
    running = Observation.objects.open().filter(policy=policy).count()

    def show(form: Any, status: int = 200) -> HttpResponse:
        context = {
            "form": form,
            "heading": "停用政策",
            "crumbs": _crumbs("停用"),
            "text": "填的日期以后返回的人不再适用。填早于执行起的日期，等于整个撤回。",
            "rows": [
                ("政策", f"{policy.name}（第{policy.version}版）"),
                ("执行起", policy.effective_from),
                ("正在按它观察的", f"{running} 人，不受影响，继续到期满"),
            ],
            "submit": "停用",
            "danger": True,
            "cancel_url": link("quarantine:policy_list"),
        }
        return render(request, "quarantine/confirm.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        policy_withdraw(policy=policy, by=staff_of(request), **form.cleaned_data)
        return {"policy": policy.pk}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已停用。")
        return redirect("quarantine:policy_list")

    return form_page(request, make=lambda data: PolicyWithdrawForm(data), show=show, write=write, done=done)
