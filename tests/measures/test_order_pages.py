"""Pages of orders and incidents: sent and received, few taps, who sees whose rows, what is refused in words."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from grassroots.grid.models import Area, Level
from measures.models import FindingPhoto, Incident, Order, OrderReceipt
from measures.services.orders import OrderData, order_amend
from tests.factories import OfficeCast, make_area, make_office
from tests.measures.order_cases import HOUR, incident, order, receipt, signed
from tests.measures.test_finding_photos import jpeg, text
from tests.permissions.test_choices import post
from tests.permissions.test_table import client_of
from tests.texts import source_of, text_of

pytestmark = pytest.mark.django_db
LIST = "measures:order_list"


@pytest.fixture
def office(db: None) -> OfficeCast:
    return make_office()


def create_url(area: Area) -> str:
    return reverse("measures:order_create", args=[area.pk])


def page(client: Client, name: str, *args: Any, **query: Any) -> str:
    return text_of(client.get(reverse(f"measures:{name}", args=args), query))


def form(**more: Any) -> dict[str, Any]:
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    return {
        "to": "all", "urgency": "URGENT", "title": "核查车辆", "text": "今晚清点", "asks_answer": "1",
        "due_on": tomorrow, "due_clock": "18:00", "asks_number": "车辆数", **more,
    }  # fmt: skip


def test_issued_signed_answered_sent_back_and_accepted_on_its_pages(office: OfficeCast) -> None:
    ding, jia, url = client_of(office.ding), client_of(office.jia), create_url(office.street)
    answer = post(ding, url, form(title="", due_on=""))
    assert answer.status_code == 422 and "今晚清点" in text_of(answer) and "请填写标题" in text_of(answer)
    assert "要反馈的，请定反馈时限" in text_of(post(ding, url, form(due_on="")))
    detail = post(ding, url, form(to="below", areas=[office.village.pk]))["Location"]
    row = OrderReceipt.objects.get()
    assert row.area == office.group and "未签收" in text_of(ding.get(detail))
    assert "核查车辆" in text_of(jia.get("/")) and "待签收" in text_of(jia.get("/"))
    own = jia.get(detail)["Location"]
    assert "签收" in text_of(jia.get(own))
    sign = reverse("measures:order_sign", args=[row.uid])
    assert "请在时限前反馈" in text_of(post_and_follow(jia, sign, {"revision": "1"}))
    assert "已经签收" in text_of(post_and_follow(jia, sign, {"revision": "1"}))
    refused = post(jia, own, {"words": "清点完", "number": ""})
    assert refused.status_code == 422 and "请填写车辆数，没有的填 0" in text_of(refused)
    assert "清点完" in text_of(refused)
    post(jia, own, {"words": "清点完", "number": "3"})
    matrix = text_of(ding.get(detail))
    assert "<strong>3</strong>" in matrix and "清点完" in matrix and "待办结" in text_of(ding.get("/"))
    back = reverse("measures:order_return", args=[row.uid])
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    post(ding, back, {"words": "缺属地", "due_on": tomorrow, "due_clock": "09:00"})
    assert "退回重报" in text_of(jia.get("/")) and "缺属地" in text_of(jia.get(own))
    post(jia, own, {"words": "都是成都", "number": "3"})
    assert "已办结" in text_of(post_and_follow(ding, reverse("measures:order_accept", args=[row.uid])))
    assert "核查车辆" not in text_of(jia.get("/"))


def post_and_follow(client: Client, url: str, data: dict[str, Any] | None = None) -> Any:
    return client.get(post(client, url, data or {})["Location"])


def test_a_receiver_sees_his_own_rows_and_the_sender_all(office: OfficeCast) -> None:
    one = order(office, office.group, office.other_group, office.compound)
    detail = reverse("measures:order_detail", args=[one.uid])
    assert "2组" in text_of(client_of(office.ding).get(detail))
    mine = text_of(client_of(office.jia).get(detail))
    assert "翠柏苑" in mine and "2组" not in mine and "催办" not in mine and "/amend/" not in mine
    assert "2处：未签收2" in page(client_of(office.jia), "order_list")
    far = receipt(one, office.other_group)
    assert client_of(office.jia).get(reverse("measures:order_receipt", args=[far.uid])).status_code == 404
    assert client_of(office.auditor).get(reverse(LIST)).status_code == 403


def test_who_may_issue_in_whose_name(office: OfficeCast) -> None:
    answers = {
        name: client_of(staff).get(create_url(office.village)).status_code
        for name, staff in office.everyone().items()
    }
    assert answers.pop("bing") == answers.pop("jia") == answers.pop("yi") == 404
    assert set(answers.values()) == {403}  # for 丁 as well: his own area is the street
    assert client_of(office.ding).get(create_url(office.street)).status_code == 200
    assert client_of(office.bing).get(create_url(office.other_village)).status_code == 200
    assert client_of(office.jia).get(create_url(office.group)).status_code == 403
    assert client_of(office.auditor).get(create_url(office.street)).status_code == 403


def test_amending_with_an_old_page_shows_both_and_withdrawing_asks_why(office: OfficeCast) -> None:
    one, ding = order(office), client_of(office.ding)
    due = timezone.localtime(one.due_at)
    sent = {
        "version": "1", "urgency": "NORMAL", "title": "改一", "text": "今晚清点", "reason": "补充",
        "due_on": due.date(), "due_clock": f"{due:%H:%M}",
    }  # fmt: skip
    data = OrderData("改二", "今晚清点", due_at=one.due_at)
    order_amend(order=one, data=data, reason="补充", version=1, by=office.ding)
    url = reverse("measures:order_amend", args=[one.uid])
    stale = post(ding, url, sent)
    assert stale.status_code == 409 and "改一" in text_of(stale) and "改二" in text_of(stale)
    assert post(ding, url, {**sent, "version": "2"}).status_code == 302
    assert "第3版" in page(ding, "order_detail", one.uid) and "改二" in page(ding, "order_detail", one.uid)
    take_back = reverse("measures:order_withdraw", args=[one.uid])
    assert post(ding, take_back, {"version": "3", "reason": ""}).status_code == 422
    assert post(ding, take_back, {"version": "2", "reason": "重复"}).status_code == 409
    post(ding, take_back, {"version": "3", "reason": "重复"})
    assert "已撤回" in page(client_of(office.jia), "order_receipt", receipt(one).uid)


def test_urging_one_and_all(office: OfficeCast) -> None:
    one, ding = order(office, office.group, office.other_group), client_of(office.ding)
    url = reverse("measures:order_receipt_urge", args=[receipt(one, office.group).uid])
    assert "已催办1组" in text_of(post_and_follow(ding, url, {"back": "order"}))
    everybody = reverse("measures:order_urge", args=[one.uid])
    assert "已催办 1 个单位" in text_of(post_and_follow(ding, everybody))
    assert "刚刚都催办过" in text_of(post_and_follow(ding, everybody))
    assert "催办" in text_of(client_of(office.jia).get(reverse("notices:inbox")))


def test_an_incident_goes_up_and_an_instruction_comes_down(office: OfficeCast) -> None:
    jia, ding = client_of(office.jia), client_of(office.ding)
    url = reverse("measures:incident_create", args=["incident-fever"])
    assert "体温" in text_of(jia.get(url)) and "一般：" not in text_of(jia.get(url))
    sent = {"severity": "SERIOUS", "area": office.group.pk, "what": "一人发热", "done": "",
            "on": timezone.localdate(), "clock": "00:00", "x_temperature": "热"}  # fmt: skip
    answer = post(jia, url, sent)
    assert answer.status_code == 422 and "已经做了什么" in text_of(answer)
    answer = post(jia, url, {**sent, "done": "已联系120"})
    assert answer.status_code == 422 and "一人发热" in text_of(answer)
    detail = post(jia, url, {**sent, "done": "已联系120", "x_temperature": "38.4"})["Location"]
    row = Incident.objects.get()
    assert "丁某" in text_of(jia.get(detail)) and "未阅" in text_of(jia.get(detail))
    assert "待阅知" in text_of(ding.get("/")) and "发热" in text_of(ding.get("/"))
    post(ding, reverse("measures:incident_read", args=[row.uid]), {})
    assert "已阅" in text_of(jia.get(detail)) and "待批示" in text_of(ding.get("/"))

    def act(client: Client, action: str, **data: Any) -> Any:
        return post(client, reverse("measures:incident_act", args=[row.uid, action]), data)

    assert act(jia, "instruct", words="送医院").status_code == 403
    assert act(ding, "instruct", words="").status_code == 422
    act(ding, "instruct", words="送县医院")
    assert "待批示" not in text_of(ding.get("/"))
    act(jia, "follow", words="已上车", severity="SERIOUS")
    act(jia, "final", words="已住院")
    act(ding, "close", words="已住院隔离")
    words = text_of(jia.get(detail))
    for said in ("送县医院", "已上车", "终报", "已住院隔离", "办结"):
        assert said in words
    assert client_of(office.bing).get(detail).status_code == 404
    assert "1" in page(jia, "incident_list", state="closed") and "发热" in page(
        jia, "incident_list", state="all"
    )


def test_lists_from_above_stand_beside_the_orders(office: OfficeCast) -> None:
    from quarantine.models import PushedCode, PushedList, PushedPerson

    one = PushedList.objects.create(
        area=office.street, title="县疾控名单", content_digest="1", recorded_by=office.ding
    )
    PushedPerson.objects.create(
        list=one,
        number=1,
        row=2,
        name="推某",
        phone="13900002222",
        area=office.group,
        proposed=PushedCode.OMITTED,
    )
    for who in (office.ding, office.jia):
        words = page(client_of(who), "order_list")
        assert "县疾控名单" in words and "1 人待核查" in words and "推某" not in words
    assert "县疾控名单" not in page(client_of(office.bing), "order_list")


def test_the_pages_ask_as_often_for_few_as_for_many(office: OfficeCast) -> None:
    client = client_of(office.ding)
    village = office.village

    def queries(name: str, *args: Any) -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get(reverse(f"measures:{name}", args=args)).status_code == 200
        return len(asked)

    one, event = order(office, office.group, office.other_group), incident(office)
    names = [
        (LIST.partition(":")[2],),
        ("order_detail", one.uid),
        ("incident_list",),
        ("incident_detail", event.uid),
    ]
    for name in names:
        queries(*name)
    few = [queries(*name) for name in names]
    groups = [
        make_area(village, Level.GROUP, f"{number}组", f"51012100600100{number}") for number in range(2, 6)
    ]
    many = order(office, office.group, office.other_group, *groups)
    for number in range(4):
        order(office, groups[number])
        incident(office)
    names[1] = ("order_detail", many.uid)
    assert [queries(*name) for name in names] == few


def test_what_came_late_stands_first_on_the_day(office: OfficeCast) -> None:
    early = timezone.now() - 30 * HOUR
    order(office, title="平常的")
    order(office, at=early, due_at=early + HOUR, title="逾期的")
    signed(office, Order.objects.get(title="逾期的"))
    words = text_of(client_of(office.jia).get("/"))
    assert words.index("逾期的") < words.index("平常的")
    assert "逾期" in page(client_of(office.ding), "order_list")


def test_an_answer_comes_with_a_photo_for_whoever_sees_the_row(
    office: OfficeCast, settings: Any, tmp_path: Path
) -> None:
    settings.PHOTO_ROOT = tmp_path
    one = order(office)
    own = reverse("measures:order_receipt", args=[signed(office, one).uid])
    jia = client_of(office.jia)
    assert "已反馈" in source_of(post_and_follow(jia, own, {"words": "已贴", "photo_1": text(jpeg())}))
    photo = reverse("measures:finding_photo", args=[FindingPhoto.objects.get().uid])
    assert photo in source_of(client_of(office.ding).get(own))
    found = {
        who: client_of(getattr(office, who)).get(photo).status_code
        for who in ("ding", "jia", "bing", "auditor")
    }
    assert found == {"ding": 200, "jia": 200, "bing": 404, "auditor": 403}
