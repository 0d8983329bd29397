"""Channels: set up and tried out by administrators; where an officer wants to be told, by himself."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from grassroots.grid.submissions import submit_once
from grassroots.grid.views.pages import form_page, link, require, staff_of
from grassroots.notices.channels import channel_save, channel_try, gateways_for, own_addresses_save
from grassroots.notices.forms import ChannelForm, OwnForm
from grassroots.notices.models import Channel, Delivery, DeliveryState
from grassroots.notices.outside.addresses import AddressError, parse_address
from grassroots.notices.sending import delivery_work


def _channel_or_404(request: HttpRequest, uid: UUID) -> Channel:
    rows = Channel.objects.visible_to(staff_of(request)).select_related("area")
    return get_object_or_404(rows, uid=uid)


def _hint(channel: Channel) -> str:
    """The host of its address."""
    try:
        return parse_address(channel.kind, channel.address).hint
    except AddressError:
        return ""


@require_GET
def channel_list(request: HttpRequest) -> HttpResponse:
    """The channels of one's area, and how they fare."""
    require(request, "notices.view_channel")
    rows = Channel.objects.visible_to(staff_of(request)).select_related("area").order_by("area__path", "pk")
    channels = [(channel, _hint(channel)) for channel in rows]
    return render(request, "notices/channel_list.html", {"channels": channels})


def _form(request: HttpRequest, channel: Channel | None) -> HttpResponse:
    by, back = staff_of(request), link("notices:channel_list")
    now: dict[str, Any] = {}
    if channel is not None:
        now = {name: getattr(channel, name) for name in ChannelForm.base_fields if name != "address"}

    def make(data: Any, **options: Any) -> ChannelForm:
        form = ChannelForm(data, by=by, channel=channel, **{"initial": now, **options})
        form.fields["address"].required = channel is None
        form.fields["address"].error_messages["required"] = "请填写地址。"
        if channel is not None:
            form.fields["address"].label = f"地址（已存：{_hint(channel) or '不可用'}；不改请留空）"
        return form

    def show(form: Any, status: int = 200) -> HttpResponse:
        title = f"修改“{channel.name}”" if channel else "增加通知渠道"
        crumbs = [{"title": "通知渠道", "url": back}, {"title": title}]
        context = {"form": form, "channel": channel, "title": title, "crumbs": crumbs, "cancel_url": back}
        return render(request, "notices/channel_form.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        return {"channel": str(channel_save(form.filled()).uid)}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已保存。请用“发测试消息”看看是否收得到。")
        return redirect(back)

    return form_page(request, make=make, show=show, write=write, done=done)


@require_http_methods(["GET", "POST"])
def channel_create(request: HttpRequest) -> HttpResponse:
    """Add a channel."""
    require(request, "notices.add_channel")
    return _form(request, None)


@require_http_methods(["GET", "POST"])
def channel_edit(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Change a channel."""
    channel = _channel_or_404(request, uid)
    require(request, "notices.change_channel")
    return _form(request, channel)


@require_POST
def channel_test(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Send a test message and say what happened."""
    channel = _channel_or_404(request, uid)
    require(request, "notices.change_channel")

    def write() -> dict[str, Any]:
        try:
            return {"delivery": str(channel_try(channel=channel, by=staff_of(request)).uid)}
        except ValidationError as error:
            return {"error": error.messages[0]}

    def done(result: dict[str, Any]) -> HttpResponse:
        if "error" in result:
            messages.error(request, result["error"])
            return redirect("notices:channel_list")
        delivery_work(UUID(result["delivery"]))  # after the commit: no transaction is open while it is out
        _say(request, Delivery.objects.select_related("channel").get(uid=result["delivery"]))
        return redirect("notices:channel_list")

    return submit_once(request, write, done)


def _say(request: HttpRequest, delivery: Delivery) -> None:
    name = delivery.channel.name
    if delivery.state == DeliveryState.SENT:
        messages.success(request, f"“{name}”已收下测试消息，编号 {delivery.code}。请到群里或手机上核对。")
    elif delivery.reason:
        messages.error(request, f"“{name}”没有发出去：{delivery.reason}。")
    else:
        at = timezone.localtime(delivery.next_attempt_at)
        messages.warning(request, f"“{name}”正在排队，{at:%H:%M:%S} 后发送，结果见“提醒记录”。")


@require_http_methods(["GET", "POST"])
def own_edit(request: HttpRequest) -> HttpResponse:
    """Where and when I want to be told."""
    staff = staff_of(request)
    gateways = gateways_for(staff)

    def make(data: Any, **_options: Any) -> OwnForm:
        return OwnForm(data, staff=staff, gateways=gateways)

    def show(form: Any, status: int = 200) -> HttpResponse:
        context = {"form": form, "gateways": gateways, "cancel_url": link("notices:inbox")}
        return render(request, "notices/own_edit.html", context, status=status)

    def write(form: Any) -> dict[str, Any]:
        own_addresses_save(staff=staff, choices=form.choices(), quiet=form.quiet())
        return {}

    def done(result: dict[str, Any]) -> HttpResponse:
        messages.success(request, "已保存。")
        return redirect("notices:own_edit")

    return form_page(request, make=make, show=show, write=write, done=done)
