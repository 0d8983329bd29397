"""Forms on orders: issuing and amending one, answering it, sending an answer back."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone

from grassroots.grid.forms.parts import REQUIRED, day_field, text_field
from grassroots.grid.models import Area
from households.forms.photos import PhotosMixin, photo_box, photo_value
from measures.models import Order
from measures.rules.orders import Urgency
from measures.services.orders import NUMBER_LENGTH, TEXT_LENGTH, TITLE_LENGTH, OrderData, receivers_below
from quarantine.forms.events import LongText

ANSWER_PHOTOS = ("photo_1", "photo_2")
ALL, CHOSEN, BELOW = "all", "chosen", "below"
LAST_HOUR = dt.time(18, 0)


def clock_field(label: str, **options: Any) -> forms.TimeField:
    """A time of day."""
    return forms.TimeField(
        label=label, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={"required": "请填写几点。", "invalid": "时间请写成 15:30 的样子。"}, **options,
    )  # fmt: skip


def tomorrow() -> dt.date:
    """The usual deadline's day."""
    return timezone.localdate() + dt.timedelta(days=1)


def moment(data: dict[str, Any]) -> dt.datetime | None:
    """The deadline that was typed; None without a day."""
    if data.get("due_on") is None or data.get("due_clock") is None:
        return None
    return timezone.make_aware(dt.datetime.combine(data["due_on"], data["due_clock"]))


class _Deadline(forms.Form):
    """What is wrong with the moment stands beside the day."""

    def add_error(self, field: Any, error: Any) -> None:
        super().add_error("due_on" if field == "due_at" else field, error)


class AreaChecks(forms.ModelMultipleChoiceField):
    """Areas to tick."""

    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.name)


def _words(order: Order | None = None) -> dict[str, forms.Field]:
    """What every version of an order says."""
    return {
        "urgency": forms.ChoiceField(
            label="缓急", choices=Urgency.choices, widget=forms.RadioSelect, initial=Urgency.NORMAL,
            error_messages=REQUIRED, help_text="没人签收时，普通12小时、紧急2小时、特急30分钟后报上一级",
        ),
        "title": text_field("标题", TITLE_LENGTH, required=True, help_text="如：核查今日返乡车辆"),
        "text": forms.CharField(
            label="内容", max_length=TEXT_LENGTH, widget=forms.Textarea(attrs={"rows": 6}),
            help_text="做什么、做到什么程度；不写证件号和手机号",
            error_messages={
                "required": "请写明要下级做什么。", "max_length": f"内容不能超过 {TEXT_LENGTH} 个字。",
            },
        ),
    }  # fmt: skip


class OrderForm(_Deadline):
    """An order of an area: to whom, what, how urgent, until when."""

    to = forms.ChoiceField(label="发给", widget=forms.RadioSelect, initial=ALL, error_messages=REQUIRED)
    areas = AreaChecks(
        Area.objects.none(), label="勾选单位", required=False,
        error_messages=dict.fromkeys(("invalid_choice", "invalid_pk_value"), "没有这个选项，请重新勾选。"),
    )  # fmt: skip
    asks_answer = forms.ChoiceField(
        label="反馈", choices=[("1", "要反馈办理情况"), ("0", "签收即可，不用反馈")], initial="1",
        widget=forms.RadioSelect, error_messages=REQUIRED,
    )  # fmt: skip
    due_on = day_field("反馈时限（日期）", initial=tomorrow, help_text="签收即可的不看时限")
    due_clock = clock_field("反馈时限（几点）", required=False, initial=LAST_HOUR)
    asks_number = text_field(
        "要报的数字", NUMBER_LENGTH, help_text="要各处报一个数并合计时填，如：返乡车辆数"
    )

    def __init__(self, *args: Any, area: Area, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.children = receivers_below(area)
        self.fields["areas"].queryset = Area.objects.filter(  # type: ignore[attr-defined]
            pk__in=[one.pk for one in self.children]
        )
        choices = [(ALL, f"下面全部 {len(self.children)} 个单位"), (CHOSEN, "勾选的单位")]
        if any(not one.is_leaf() for one in self.children):
            choices.append((BELOW, "勾选单位下面的各组（网格）"))
        self.fields["to"].choices = choices  # type: ignore[attr-defined]
        self.fields.update(_words())
        self.order_fields(
            ["to", "areas", "urgency", "title", "text", "asks_answer", "due_on", "due_clock", "asks_number"]
        )

    def receivers(self) -> list[Area]:
        """The areas that were meant."""
        chosen = list(self.cleaned_data["areas"])
        if self.cleaned_data["to"] == ALL:
            return self.children
        if self.cleaned_data["to"] == BELOW:
            return [below for one in chosen for below in receivers_below(one)]
        return chosen

    def entered(self) -> OrderData:
        """What was typed, as the service takes it."""
        data = self.cleaned_data
        return OrderData(
            data["title"], data["text"], data["urgency"], data["asks_answer"] == "1", moment(data),
            data["asks_number"],
        )  # fmt: skip


class OrderAmendForm(_Deadline):
    """A further version of an order."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    due_on = day_field("反馈时限（日期）")
    due_clock = clock_field("反馈时限（几点）", required=False)
    reason = text_field("修改原因", 100, required=True, help_text="如：时限提前到今晚八点")

    def __init__(self, *args: Any, order: Order, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order = order
        self.fields.update(_words())
        if not order.asks_answer:
            del self.fields["due_on"], self.fields["due_clock"]
        self.order_fields(["version", "urgency", "title", "text", "due_on", "due_clock", "reason"])

    @staticmethod
    def shown(order: Order) -> dict[str, Any]:
        """The order's values as the form names them."""
        due = timezone.localtime(order.due_at) if order.due_at else None
        return {
            "version": order.version, "urgency": order.urgency, "title": order.title, "text": order.text,
            "due_on": due.date() if due else None, "due_clock": due.time() if due else None,
        }  # fmt: skip

    def entered(self) -> OrderData:
        """What was typed, as the service takes it."""
        data = self.cleaned_data
        return OrderData(data["title"], data["text"], data["urgency"], self.order.asks_answer, moment(data))


class OrderWithdrawForm(forms.Form):
    """Why an order is taken back."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = text_field("撤回原因", 100, required=True, help_text="如：县里已另行通知")


class AnswerForm(PhotosMixin, forms.Form):
    """What was done, the number that is asked for, and up to two photos."""

    number = forms.IntegerField(
        required=False, widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"invalid": "要填整数。"},
    )  # fmt: skip
    words = forms.CharField(
        label="办理情况", widget=LongText(), max_length=500, help_text="不写证件号和手机号",
        error_messages={"required": "请写明办理情况。", "max_length": "办理情况不能超过 500 个字。"},
    )  # fmt: skip

    def __init__(self, *args: Any, asks_number: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if asks_number:
            self.fields["number"].label = asks_number
        else:
            del self.fields["number"]
        for name, number in zip(ANSWER_PHOTOS, "一二", strict=True):
            self.fields[name] = photo_box(f"照片{number}", "拍照")

    def entered(self) -> dict[str, Any]:
        """What was typed, as the service takes it."""
        data = self.cleaned_data
        photos = [photo_value(data[name]) for name in ANSWER_PHOTOS if data[name]]
        return {"words": data["words"], "number": data.get("number"), "photos": photos}


class OrderReturnForm(_Deadline):
    """What is missing in an answer, and until when it is to come."""

    words = forms.CharField(
        label="退回原因", widget=LongText(), max_length=300,
        error_messages={"required": "请写明退回的原因。", "max_length": "退回原因不能超过 300 个字。"},
    )  # fmt: skip
    due_on = day_field("重报时限（日期）", required=True, initial=tomorrow)
    due_clock = clock_field("重报时限（几点）", initial=LAST_HOUR)

    def entered(self) -> dict[str, Any]:
        """What the service takes."""
        return {"words": self.cleaned_data["words"], "due_at": moment(self.cleaned_data)}
