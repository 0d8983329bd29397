"""丁 issues an order on his phone, 甲 signs and answers it on his, 丁 accepts it."""

from __future__ import annotations

from playwright.sync_api import expect

from measures.models import OrderReceipt
from tests.e2e.conftest import PHONE, SignIn
from tests.e2e.steps import go_to, picture
from tests.factories import OfficeCast


def test_an_order_goes_down_and_its_answer_comes_up(cast: OfficeCast, sign_in: SignIn) -> None:
    chief = sign_in(cast.ding, PHONE)
    go_to(chief, "上传下达")
    chief.get_by_role("link", name="下发指令").click()
    chief.get_by_label("勾选单位下面的各组").check()
    chief.get_by_label("城厢社区").check()
    chief.get_by_label("紧急").check()
    chief.get_by_label("标题").fill("清点外地车辆")
    chief.get_by_label("内容").fill("今晚清点停放的外地车辆，明早报数。")
    chief.get_by_label("要报的数字").fill("车辆数")
    chief.get_by_role("button", name="下发").click()
    expect(chief.get_by_text("未签收").first).to_be_visible()
    picture(chief, "orders-1-issued")

    leader = sign_in(cast.jia, PHONE)
    leader.goto("/")
    leader.get_by_role("link", name="清点外地车辆").click()
    leader.get_by_role("button", name="签收").click()
    leader.get_by_label("车辆数").fill("3")
    leader.get_by_label("办理情况").fill("共3辆，都已问清。")
    leader.get_by_role("button", name="反馈").click()
    expect(leader.get_by_text("已反馈，等下发单位办结")).to_be_visible()
    picture(leader, "orders-2-answered")

    chief.goto("/")
    chief.get_by_role("link", name="清点外地车辆").click()
    chief.get_by_role("button", name="办结").click()
    expect(chief.get_by_text("已办结。")).to_be_visible()
    row = OrderReceipt.objects.get()
    assert (row.area, row.state, row.number, row.closed_by) == (cast.group, "CLOSED", 3, cast.ding)
