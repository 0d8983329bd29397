"""What is done to an observation: each a form with its version, each a signed event."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from grassroots.grid.models import Staff
from grassroots.grid.submissions import SubmissionInvalid
from grassroots.grid.versions import StaleVersion
from grassroots.grid.views.pages import form_page, link, require, staff_of
from quarantine.forms.events import (
    EndForm,
    EventForm,
    ExplainForm,
    ExtendForm,
    MoveForm,
    ReasonForm,
    ReleaseForm,
    TransferForm,
)
from quarantine.forms.life import ObservationHandoverForm, RestartForm, ReturnForm, ShortenForm
from quarantine.models import Observation, ObservationEvent, VisitState
from quarantine.services.corrections import CLOSING, event_annul, latest_event
from quarantine.services.handovers import handover_request
from quarantine.services.observations import (
    observation_end,
    observation_extend,
    observation_left_home,
    observation_move,
    observation_refused,
    observation_release,
    observation_restart,
    observation_shorten,
    observation_transfer,
)
from quarantine.services.readings import visit_explain
from quarantine.services.release import blockers_of, reviewers_of
from quarantine.services.returns import observation_return
from quarantine.views.access import observation_crumbs, observation_or_404

CHANGE, RELEASE = "quarantine.change_observation", "quarantine.release_observation"
STALE = 409
ENDINGS = ("release", "transfer", "end")
Write = Callable[[Observation, Any, Staff], Any]
Make = Callable[[Any, Observation, Staff, dict[str, Any]], forms.Form]
Typed = dict[str, Any]


@dataclass(frozen=True)
class Action:
    """A page of one event: what it is called, what it asks, what it does."""

    title: str
    lead: str
    submit: str
    make: Make
    write: Write
    said: str
    permission: str = CHANGE
    is_grave: bool = False
    on_closed: bool = False


def _form(kind: type[forms.Form], **options: Any) -> Make:
    def make(data: Any, observation: Observation, by: Staff, typed: Typed) -> forms.Form:
        return kind(data, initial={"version": observation.version, **typed}, **options)

    return make


def _service(service: Callable[..., Any]) -> Write:
    return lambda observation, form, by: service(observation=observation, by=by, **form.values())


def _move_form(data: Any, observation: Observation, by: Staff, typed: Typed) -> forms.Form:
    initial = {"version": observation.version, "place": observation.place, **typed}
    return MoveForm(data, initial=initial, staff=by)


def _handover_form(data: Any, observation: Observation, by: Staff, typed: Typed) -> forms.Form:
    return ObservationHandoverForm(
        data, initial={"version": observation.version, **typed}, observation=observation
    )


def _return_form(data: Any, observation: Observation, by: Staff, typed: Typed) -> forms.Form:
    return ReturnForm(data, initial=typed or None, observation=observation)


def _release_form(data: Any, observation: Observation, by: Staff, typed: Typed) -> forms.Form:
    reviewers = reviewers_of(observation, by)
    return ReleaseForm(data, initial={"version": observation.version, **typed}, reviewers=reviewers)


def _explain_form(data: Any, observation: Observation, by: Staff, typed: Typed) -> forms.Form:
    missed = observation.visits.filter(state=VisitState.MISSED, explanation="").order_by("opens_at")
    labels = [(slot.code, slot.label) for slot in observation.policy.parsed().slots]
    only = list(missed.values_list("uid", flat=True)[:2])
    initial = {"visits": only if len(only) == 1 else [], **typed}
    return ExplainForm(data, initial=initial, missed=missed, labels=labels)


@transaction.atomic
def _explain(observation: Observation, form: Any, by: Staff) -> None:
    for visit in form.cleaned_data["visits"]:
        visit_explain(visit=visit, explanation=form.cleaned_data["explanation"], by=by)


def _annul(observation: Observation, form: Any, by: Staff) -> None:
    event = latest_event(observation, timezone.now())
    if event is None:
        raise ValidationError("没有可以更正的事件。")
    event_annul(event=event, by=by, **form.values())


ACTIONS = {
    "extend": Action(
        "延长观察", "延长后会接着安排每天的测温。", "延长", _form(ExtendForm), _service(observation_extend), "已延长。"
    ),
    "shorten": Action(
        "缩短观察", "提前期满：以后的测温不再安排。提前期满也要由两人确认解除。", "缩短", _form(ShortenForm),
        _service(observation_shorten), "已缩短。",
    ),
    "restart": Action(
        "重新起算", "擅自外出或有新的暴露的，从那一天起重新算满全程；已测的体温都保留。", "重新起算",
        _form(RestartForm), _service(observation_restart), "已重新起算，测温已接着排好。", is_grave=True,
    ),
    "transfer": Action(
        "转送", "送往医院或集中隔离点，居家观察到此结束；由专车转送，不能让本人自行前往。", "确认转送",
        _form(TransferForm), _service(observation_transfer), "已办理转送，居家观察结束。", is_grave=True,
    ),
    "move": Action(
        "转往他处观察", "换个地方继续观察：旧区域记转出，新区域记转入，天数不断。", "办理转移", _move_form,
        _service(observation_move), "已转往新的观察地点。",
    ),
    "handover": Action(
        "移交外村", "请另一个村（社区）接收。对方接收以前，仍由这边测温、负责、统计。", "提请移交", _handover_form,
        _service(handover_request), "已提请移交，等对方答复。",
    ),
    "return": Action(
        "返回观察", "从医院或集中隔离点回来，在原来的住所接着观察：另立一次观察，原来的记录不变。", "开始观察",
        _return_form, _service(observation_return), "已开始新的一次观察。", on_closed=True,
    ),
    "release": Action(
        "解除观察", "由您和审核人两人确认，缺一不可。", "确认解除", _release_form, _service(observation_release),
        "观察已解除。", permission=RELEASE,
    ),
    "end": Action(
        "失联或死亡", "观察因失联或死亡结束，不作解除。", "确认结束", _form(EndForm), _service(observation_end),
        "已记录，观察结束。", is_grave=True,
    ),
    "left-home": Action(
        "报告擅自外出", "会立即通知医护人员、包片领导和街道。", "报告", _form(EventForm),
        _service(observation_left_home), "已报告，异常事件已通知到人。", is_grave=True,
    ),
    "refused": Action(
        "报告拒绝配合", "会立即通知医护人员、包片领导和街道。", "报告", _form(EventForm),
        _service(observation_refused), "已报告，异常事件已通知到人。", is_grave=True,
    ),
    "explain": Action(
        "说明漏测原因", "说明了原因的漏测不再妨碍解除；记录仍然是漏测。", "保存说明", _explain_form, _explain,
        "已保存说明。", on_closed=True,
    ),
    "annul": Action(
        "更正最近一次事件", "录错的事件不删除：另记一条更正把它撤销，当时怎样、现在怎样都查得到。", "撤销这一事件",
        _form(ReasonForm, words="更正原因"), _annul, "已更正。", is_grave=True, on_closed=True,
    ),
}  # fmt: skip


def _is_stale(form: Any, observation: Observation) -> int:
    """How many events others have recorded since the page was opened."""
    sent = form.cleaned_data.get("version") or 0
    return max(observation.version - sent, 1)


@require_http_methods(["GET", "POST"])
def observation_event(request: HttpRequest, uid: uuid.UUID, kind: str) -> HttpResponse:
    """One event of one observation; when somebody was faster, his event is shown beside what was typed."""
    action = ACTIONS.get(kind)
    if action is None:
        raise Http404
    observation = observation_or_404(request, uid, action.permission)
    by = staff_of(request)
    if request.method == "GET" and observation.state != "OPEN" and not action.on_closed:
        messages.warning(request, "该观察已经结束，不能再办理。")
        return redirect("quarantine:observation_detail", uid)
    latest = latest_event(observation, timezone.now()) if kind == "annul" else None
    if latest is not None and latest.kind in CLOSING:
        require(request, RELEASE)

    def make(data: Any, initial: Any = None) -> forms.Form:
        return action.make(data, observation, by, initial or {})

    def show(form: Any, status: int = 200, **more: Any) -> HttpResponse:
        context = {
            "form": form,
            "action": action,
            "kind": kind,
            "observation": observation,
            "latest": latest,
            "blockers": blockers_of(observation, timezone.now()) if kind == "release" else [],
        }
        return _page(request, {**context, **more}, status)

    def write(form: Any) -> dict[str, Any]:
        try:
            result = action.write(observation, form, by)
        except StaleVersion as stale:
            raise SubmissionInvalid(_stale_page(request, form, stale.current, make, show)) from stale
        return {"observation": str(result.uid if isinstance(result, Observation) else uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, action.said)
        _say_what_is_left(request, observation, kind)
        return redirect("quarantine:observation_detail", result["observation"])

    return form_page(request, make=make, show=show, write=write, done=done)


def _say_what_is_left(request: HttpRequest, observation: Observation, kind: str) -> None:
    """Services and alerts do not end by themselves with an observation, nor an alert with the event that raised it."""
    if kind in ENDINGS and (services := observation.person.service_requests.open().count()):
        messages.warning(request, f"他还有{services}项代办服务没有办完，不再需要的请撤回。")
    if kind in {*ENDINGS, "annul"} and (alerts := observation.alerts.open().count()):
        messages.warning(
            request, f"还有{alerts}起异常事件没有办结，不会自动撤销，请到异常事件里写明结果办结。"
        )


def _page(request: HttpRequest, context: dict[str, Any], status: int) -> HttpResponse:
    observation, title = context["observation"], context["action"].title
    context["crumbs"] = observation_crumbs(observation, title)
    context["cancel_url"] = link("quarantine:observation_detail", observation.uid)
    return render(request, "quarantine/observation_event.html", context, status=status)


def _stale_page(
    request: HttpRequest,
    form: Any,
    current: Observation,
    make: Callable[..., forms.Form],
    show: Callable[..., HttpResponse],
) -> HttpResponse:
    """What others have done in the meantime, beside what was typed; sent again, it counts."""
    again = request.POST.copy()
    again["version"] = str(current.version)
    rows = (
        ObservationEvent.objects.filter(observation=current)
        .select_related("by")
        .order_by("-recorded_at", "-pk")
    )
    events = list(rows[: _is_stale(form, current)])
    return show(make(again), STALE, since=events, current=current, fresh_submission=True)
