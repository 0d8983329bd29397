"""Demo orders and incidents: one answered, one accepted, one overdue, one new; one incident closed, one open."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from grassroots.grid.models import Area, Level, Staff
from measures.models import Kind, Order, OrderReceipt
from measures.services.incidents import (
    IncidentData,
    incident_close,
    incident_follow,
    incident_instruct,
    incident_read,
    incident_report,
)
from measures.services.orders import OrderData, order_issue, receivers_below
from measures.services.receipts import receipt_accept, receipt_answer, receipt_sign

HOUR = dt.timedelta(hours=1)


class OrderWriter:
    """Writes a few days of 上传下达 in the office of the demo accounts, by the services, with the clock put back."""

    def __init__(self, now: dt.datetime) -> None:
        self.now = now
        accounts = ["supervisor", "cadre", "leader", "health"]
        self.staff = Staff.objects.in_bulk(accounts, field_name="username")
        self.village = Area.objects.get(name="城厢社区", level=Level.VILLAGE)
        self.street = Area.objects.get(path=self.village.path[: -Area.steplen])
        self.kinds = Kind.objects.in_bulk(["incident-dispute", "incident-supplies"], field_name="code")

    def order(self, title: str, text: str, ago: int, due: int | None, **more: str) -> Order:
        """An order of the street to its villages, so many hours ago, to be answered so many hours after that."""
        at = self.now - ago * HOUR
        data = OrderData(
            title, text, asks_answer=due is not None, due_at=at + due * HOUR if due else None, **more
        )
        return order_issue(
            area=self.street,
            receivers=receivers_below(self.street),
            data=data,
            by=self.staff["supervisor"],
            at=at,
        )

    def in_village(self, order: Order, ago: int) -> OrderReceipt:
        """The village's side of it, signed by the cadre so many hours ago."""
        row = order.receipts.get(area=self.village)
        at = self.now - ago * HOUR
        return receipt_sign(receipt=row, revision=order.revision, by=self.staff["cadre"], at=at)

    def answer(self, row: OrderReceipt, words: str, number: int | None, ago: int) -> None:
        """What the cadre said."""
        at = self.now - ago * HOUR
        receipt_answer(receipt=row, words=words, number=number, by=self.staff["cadre"], at=at)

    def orders(self) -> None:
        """One accepted, one answered, one overdue, one not signed yet; and one of the village to its groups."""
        first = self.order(
            "清点外地返乡车辆", "各村（社区）清点停放的外地牌照车辆，逐车问清驾乘人员从哪里来。", 50, 20,
            asks_number="车辆数",
        )  # fmt: skip
        row = self.in_village(first, 48)
        self.answer(row, "共清点11辆，其中鄂A牌照2辆，驾乘人员均已登记、居家观察。", 11, 36)
        receipt_accept(receipt=row, by=self.staff["supervisor"], at=self.now - 34 * HOUR)
        second = self.order(
            "关停场所再查一遍",
            "对已关停的茶馆、KTV、祈福点再巡查一遍，后门也要看。",
            20,
            24,
            urgency="URGENT",
        )
        self.answer(self.in_village(second, 19), "已全部巡查，均已锁门，无人聚集。", None, 3)
        third = self.order("报孤寡老人缺药情况", "摸清孤寡老人一周内的用药缺口，汇总后报街道。", 30, 26)
        self.in_village(third, 27)
        self.order(
            "今晚劝导点双人值守", "今晚18时起各劝导点双人值守，查看过往车辆和人员体温。", 0, 8, urgency="TOP",
            asks_number="值守人数",
        )  # fmt: skip
        self._to_the_groups()

    def _to_the_groups(self) -> None:
        at = self.now - 5 * HOUR
        groups = [one for one in receivers_below(self.village) if one.level == Level.GROUP]
        data = OrderData(
            "挨户提醒明早测温", "今晚挨户提醒居家观察户，明早7时至9时上门测温。", asks_answer=False
        )
        one = order_issue(area=self.village, receivers=groups, data=data, by=self.staff["cadre"], at=at)
        row = one.receipts.filter(officers=self.staff["leader"]).first()
        if row is not None:
            receipt_sign(receipt=row, revision=1, by=self.staff["leader"], at=self.now - 4 * HOUR)

    def incidents(self) -> None:
        """A quarrel that was settled yesterday, and supplies that are running out today."""
        leader, cadre = self.staff["leader"], self.staff["cadre"]
        began = self.now - 28 * HOUR
        quarrel = IncidentData(
            self.kinds["incident-dispute"], self.village, "两户因封路出入发生争吵，围观七八人。", "已劝开，群众散去。",
            began, place="东门劝导点", values={"people": "8"},
        )  # fmt: skip
        row = incident_report(data=quarrel, by=leader, at=began + HOUR / 6)
        if row.readers.filter(staff=cadre).exists():
            incident_instruct(
                incident=row, words="请社区民警到场，讲清通行办法。", by=cadre, at=began + HOUR / 2
            )
            incident_follow(
                incident=row, words="双方已和解，按时段通行。", by=leader, is_final=True, at=began + HOUR
            )
            incident_close(incident=row, words="双方和解，劝导点增派一人。", by=cadre, at=began + 2 * HOUR)
        lacking = IncidentData(
            self.kinds["incident-supplies"], self.village, "一次性口罩只够用到明天中午。", "已向邻近社区借200只。",
            self.now - HOUR / 2, values={"lacking": "口罩约1000只"},
        )  # fmt: skip
        row = incident_report(data=lacking, by=leader, at=self.now - HOUR / 3)
        incident_read(incident=row, by=cadre, at=self.now - HOUR / 6)


def write_village_orders(now: dt.datetime) -> None:
    """Orders down and reports up, as a street has them on an ordinary day."""
    writer = OrderWriter(timezone.localtime(now))
    writer.orders()
    writer.incidents()
