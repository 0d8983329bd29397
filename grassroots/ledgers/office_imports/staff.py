"""Importing staff: who works where, in which roles; officers who only answer for something among them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from grassroots.grid.accounts import account_open, check_roles, posting_add, staff_edit, staff_roles_add
from grassroots.grid.forms.staff import USERNAME
from grassroots.grid.models import Area, Staff
from grassroots.grid.staffing import staff_create
from grassroots.ledgers.intake.protocol import (
    Change,
    Effect,
    ImportContext,
    ImportKind,
    Planned,
    PlanStale,
    Record,
    register_import,
)
from grassroots.ledgers.office_imports.people import Colleagues, Known, roles_grantable_by, username_for
from grassroots.ledgers.office_imports.places import Spots
from grassroots.ledgers.office_imports.words import is_rejected, person_name_of, roles_in, text_of
from grassroots.ledgers.reading import Field, parse_date, parse_phone, parse_yes_no

LONGEST = {"name": 50, "organisation": 80, "post": 60}
LABELS = {"name": "姓名", "organisation": "单位", "post": "职务", "phone": "联系电话"}

FIELDS = (
    Field("name", "姓名", ("工作人员", "干部姓名", "人员姓名")),
    Field("post", "职务", ("岗位", "职务职称", "职位", "工作岗位")),
    Field("organisation", "单位", ("工作单位", "所在单位", "部门", "科室", "单位部门")),
    Field("phone", "联系电话", ("手机号", "手机", "电话", "办公电话")),
    Field("username", "账号", ("登录账号", "用户名", "登录名", "系统账号")),
    Field("account", "是否开通账号", ("开通账号", "是否登录", "是否需要账号", "登录系统"), kind="yes_no"),
    Field("roles", "角色", ("系统角色", "权限", "权限角色", "账号角色")),
    Field("village", "任职村(社区)", ("村(社区)", "任职社区", "所在村社区", "村", "社区", "包联村社区")),
    Field("group", "任职组(网格)", ("组(网格)", "网格", "组", "所在网格")),
    Field("area", "任职区域", ("负责区域", "工作区域", "辖区", "任职辖区")),
    Field("valid_from", "任职开始日期", ("开始日期", "任职时间", "到岗日期", "任职日期"), kind="date"),
    Field("valid_to", "任职结束日期", ("结束日期", "离岗日期", "任职截止日期"), kind="date"),
)


@dataclass(slots=True)
class Work:
    """What a row does."""

    staff: Staff | None = None
    values: dict[str, str] = field(default_factory=dict)
    username: str = ""
    roles: list[str] = field(default_factory=list)
    area: Area | None = None
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None


class Planner:
    """Holds the rows of a sheet against the staff of the office."""

    def __init__(self, context: ImportContext, records: Sequence[Record]) -> None:
        self.context = context
        self.spots = Spots(context.area)
        phones = [parse_phone(record.values.get("phone")).value or "" for record in records]
        usernames = [text_of(record, "username") for record in records]
        names = [person_name_of(text_of(record, "name")) for record in records]
        self.known = Colleagues(context, phones=phones, usernames=usernames, names=names)
        self.grantable = roles_grantable_by(context.staff)
        self.first: dict[Any, int] = {}

    def plan(self, record: Record) -> Planned:
        name = person_name_of(text_of(record, "name"))
        planned = Planned(record.row, Effect.UNCHANGED, title=name, work=Work())
        if not name:
            planned.reject(record.problem("name", "没有姓名。"))
            return planned
        self._read(record, planned, name)
        spot = self.spots.find(
            village=text_of(record, "village"), group=text_of(record, "group"), text=text_of(record, "area")
        )
        if spot.problem:
            planned.reject(record.problem(spot.column, spot.problem))
            return planned
        planned.work.area = spot.area
        match = self._match(record, planned)
        if is_rejected(planned):
            return planned
        if self._is_repeated(record, planned, match):
            return planned
        self._account(record, planned, match)
        if not is_rejected(planned):
            self._compare(record, planned, match)
        return planned

    def _read(self, record: Record, planned: Planned, name: str) -> None:
        values = {"name": name}
        for key in ("organisation", "post"):
            if text := text_of(record, key):
                values[key] = text
        phone = parse_phone(record.values.get("phone"))
        if phone.problem:
            planned.problems.append(record.problem("phone", phone.problem))
        if phone.value:
            values["phone"] = phone.value
        for key, longest in LONGEST.items():
            if len(values.get(key, "")) > longest:
                planned.problems.append(record.problem(key, f"最多{longest}个字，后面的没有收下。"))
                values[key] = values[key][:longest]
        planned.work.values = values
        for key in ("valid_from", "valid_to"):
            day = parse_date(record.values.get(key), reference=self.context.reference)
            if day.problem:
                planned.problems.append(record.problem(key, day.problem))
            setattr(planned.work, key, day.value)
        if (
            planned.work.valid_from
            and planned.work.valid_to
            and planned.work.valid_to < planned.work.valid_from
        ):
            planned.problems.append(record.problem("valid_to", "结束日期早于开始日期，没有收下。"))
            planned.work.valid_to = None

    # -- who it is

    def _match(self, record: Record, planned: Planned) -> Known:
        values = planned.work.values
        match = self.known.find(
            username=text_of(record, "username"), phone=values.get("phone", ""), name=values["name"]
        )
        if match.problem:
            planned.reject(record.problem(match.column, match.problem))
        elif match.warning:
            planned.problems.append(record.problem(match.column, match.warning))
        planned.work.staff = match.staff
        return match

    def _is_repeated(self, record: Record, planned: Planned, match: Known) -> bool:
        values = planned.work.values
        key = (
            match.staff.pk
            if match.staff
            else (values["name"], values.get("phone", ""), text_of(record, "username"))
        )
        first = self.first.setdefault(key, record.row)
        if first == record.row:
            return False
        planned.problems.append(record.problem("name", f"与第{first}行是同一个人，以第{first}行为准。"))
        planned.work = Work()
        return True

    # -- what he may do

    def _account(self, record: Record, planned: Planned, match: Known) -> None:
        """The account and the roles that the row asks for."""
        roles, unknown = roles_in(text_of(record, "roles"))
        if unknown:
            planned.problems.append(record.problem("roles", f"没有这样的角色：{'、'.join(unknown)}。"))
        if refused := [role for role in roles if role not in self.grantable]:
            planned.reject(record.problem("roles", f"您不能授予角色“{'、'.join(refused)}”。"))
            return
        held = self.known.roles_of(match.staff)
        try:
            check_roles({*roles, *held})
        except ValidationError as error:
            planned.reject(record.problem("roles", " ".join(error.messages)))
            return
        new = [role for role in roles if role not in held]
        if new and match.staff is not None and match.staff.pk == self.context.staff.pk:
            planned.problems.append(record.problem("roles", "不能修改自己的角色，没有收下。"))
            new = []
        planned.work.roles = new
        self._username(record, planned, match, bool(roles))

    def _username(self, record: Record, planned: Planned, match: Known, has_roles: bool) -> None:
        typed = text_of(record, "username")
        wanted = parse_yes_no(record.values.get("account"))
        if wanted.problem:
            planned.problems.append(record.problem("account", wanted.problem))
        if match.staff is not None and match.staff.has_account:
            return
        if typed:
            try:
                USERNAME(typed)
            except ValidationError as error:
                planned.reject(record.problem("username", " ".join(error.messages)))
                return
        elif not (wanted.value or has_roles):
            return
        username = typed or self.known.free_username(username_for(planned.work.values["name"]))
        if not self.known.take_username(username):
            planned.reject(record.problem("username", f"账号 {username} 已被使用，请换一个。"))
            return
        planned.work.username = username
        planned.proposals.append(f"开通账号 {username}，首次密码请在“人员”里重置后告诉本人")
        if not has_roles and not self.known.roles_of(match.staff):
            words = "开了账号但没有角色，登录后看不到内容；请在“角色”一列填写。"
            planned.problems.append(record.problem("roles", words))

    # -- what changes

    def _compare(self, record: Record, planned: Planned, match: Known) -> None:
        work: Work = planned.work
        if match.staff is not None and work.area is not None and self.known.is_posted(match.staff, work.area):
            work.area = None
        if match.staff is None:
            planned.effect = Effect.CREATED
            work.area = work.area or self.context.area
            planned.proposals.append(f"任职于“{work.area.name}”")
            return
        staff = match.staff
        changed = {key: value for key, value in work.values.items() if getattr(staff, key) != value}
        is_change = bool(changed or work.roles or work.username or work.area)
        if is_change and not self.known.is_manageable(staff):
            planned.reject(record.problem("name", "该人员还任职于您辖区以外，由上级管理员办理。"))
            return
        work.values = changed
        planned.changes += [Change(LABELS[key], getattr(staff, key), value) for key, value in changed.items()]
        if work.username:
            planned.changes.append(Change("账号", "", work.username))
        if work.roles:
            held = self.known.roles_of(staff)
            planned.changes.append(Change("角色", "、".join(held), "、".join([*held, *work.roles])))
        if work.area is not None:
            planned.changes.append(Change("任职区域", self.known.postings_words(staff), work.area.name))
        if planned.changes:
            planned.effect = Effect.UPDATED


def plan(context: ImportContext, records: Sequence[Record]) -> Iterator[Planned]:
    """Each row: somebody new, or what changes about a colleague. A fixed number of queries a file."""
    planner = Planner(context, records)
    for record in records:
        yield planner.plan(record)


def apply(context: ImportContext, rows: Sequence[Planned]) -> None:
    """Create and change through the services of the grid, so that grants are logged. Raises PlanStale."""
    for row in rows:
        try:
            _write(context, row.work, is_new=row.effect == Effect.CREATED)
        except ValidationError as changed:
            raise PlanStale from changed


def _write(context: ImportContext, work: Work, *, is_new: bool) -> None:
    by = context.staff
    if is_new:
        values = work.values
        staff = staff_create(
            name=values["name"], organisation=values.get("organisation", ""), post=values.get("post", ""),
            phone=values.get("phone", ""), username=work.username, roles=work.roles, by=by,
        )  # fmt: skip
        context.note_created(staff)
    else:
        assert work.staff is not None
        staff = Staff.objects.select_for_update(of=("self",)).get(pk=work.staff.pk)
        before = {
            key: getattr(staff, key) for key in (*LABELS, "phone_digest", "username", "must_change_password")
        }
        if work.values:
            staff_edit(staff=staff, by=by, **{**{key: getattr(staff, key) for key in LABELS}, **work.values})
        if work.username:
            account_open(staff=staff, username=work.username, by=by)
        if work.roles:
            for link in staff_roles_add(staff=staff, roles=work.roles, by=by):
                context.note_created(link)
        if work.values or work.username:
            context.note_updated(staff, before)
    if work.area is not None:
        valid_from = work.valid_from or timezone.localdate(context.at)
        posting = posting_add(
            staff=staff, area=work.area, by=by, valid_from=valid_from, valid_to=work.valid_to
        )
        context.note_created(posting)


STAFF = register_import(
    ImportKind(
        key="staff",
        name="工作人员",
        fields=FIELDS,
        plan=plan,
        apply=apply,
        identity=(("name", "post"), ("name", "username"), ("name", "roles"), ("name", "account")),
        permissions=("grid.add_staff", "grid.change_staff", "grid.add_posting"),
        step_rows=200,
        order=70,
    )
)
