"""Staff of the office as a sheet names them: by account, by phone, by name inside the area; what they may be given."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from django.db.models.functions import Lower
from django.utils import timezone

from grassroots.grid.crypto import digest
from grassroots.grid.models import Area, AreaDuty, Posting, Role, Staff
from grassroots.grid.scope import scope_of
from grassroots.ledgers.intake.protocol import ImportContext

# Who runs the system and who audits it are named by one who runs it, whatever other rights an office has given out.
RESERVED = frozenset({Role.ADMINISTRATOR, Role.AUDITOR})
KEYS_AT_ONCE = 500
_LATIN = re.compile(r"[^a-z0-9]")
Key = TypeVar("Key", int, str)


def roles_grantable_by(staff: Staff) -> frozenset[str]:
    """The roles that somebody may give to others by importing them."""
    if not staff.has_perms(["grid.add_staff", "grid.change_staff"]):
        return frozenset()
    allowed = frozenset(Role.values)
    return allowed if staff.has_role(Role.ADMINISTRATOR) else allowed - RESERVED


def username_for(name: str) -> str:
    """An account name from a person's name: 张小明 → zhangxiaoming."""
    from grassroots.grid.pinyin import lazy_pinyin

    letters = _LATIN.sub("", "".join(lazy_pinyin(name, errors="default")).lower())
    letters = letters.lstrip("0123456789")[:30]
    return letters if len(letters) >= 3 else f"user{letters}"


@dataclass(frozen=True, slots=True)
class Known:
    """Who a row means: somebody, nobody yet, or why it cannot be told; `column` is the cell that tells."""

    staff: Staff | None = None
    column: str = "name"
    problem: str = ""
    warning: str = ""


class Colleagues:
    """The staff that the rows of a file may mean, read at once: those with one of the accounts, phones or names."""

    def __init__(
        self,
        context: ImportContext,
        *,
        phones: Iterable[str],
        names: Iterable[str],
        usernames: Iterable[str] = (),
    ) -> None:
        self.by, self.area = context.staff, context.area
        found: dict[int, Staff] = {}
        for part in _parts({digest(phone, "phone") for phone in phones if phone}):
            found |= {one.pk: one for one in Staff.objects.filter(phone_digest__in=part)}
        for part in _parts({name for name in names if name}):
            found |= {one.pk: one for one in Staff.objects.filter(name__in=part)}
        self._by_username: dict[str, Staff] = {}
        lowered = Staff.objects.annotate(lower=Lower("username"))
        for part in _parts({username.lower() for username in usernames if username}):
            self._by_username |= {one.username.lower(): one for one in lowered.filter(lower__in=part)}
        found |= {one.pk: one for one in self._by_username.values()}
        self._read(list(found))
        self._by_phone: dict[str, list[Staff]] = defaultdict(list)
        self._by_name: dict[str, list[Staff]] = defaultdict(list)
        for one in found.values():
            self._by_phone[one.phone_digest].append(one)
            if self._works_inside(one):
                self._by_name[one.name].append(one)
        self._taken: set[str] | None = None

    def _read(self, ids: Sequence[int]) -> None:
        """Postings, areas of duties and roles by person, and whom the importer may see, change and call."""
        self._postings: dict[int, list[Area]] = defaultdict(list)
        self._duty_paths: dict[int, list[str]] = defaultdict(list)
        self._roles: dict[int, list[str]] = defaultdict(list)
        self._seen: set[int] = set()
        self._managed: set[int] = set()
        today = timezone.localdate()
        for part in _parts(ids):
            postings = Posting.objects.exclude(valid_to__lt=today).filter(staff__in=part)
            for posting in postings.select_related("area").order_by("pk"):
                self._postings[posting.staff_id].append(posting.area)
            duties = AreaDuty.objects.exclude(valid_to__lt=today).filter(staff__in=part)
            for staff_id, path in duties.values_list("staff_id", "area__path"):
                self._duty_paths[staff_id].append(path)
            roles = Staff.groups.through.objects.filter(staff__in=part, group__name__in=Role.values)
            for staff_id, role in roles.order_by("group__name").values_list("staff_id", "group__name"):
                self._roles[staff_id].append(role)
            ours = Staff.objects.callable_by(self.by).filter(pk__in=part)
            self._seen |= set(ours.values_list("pk", flat=True))
            managed = Staff.objects.manageable_by(self.by).filter(pk__in=part)
            self._managed |= set(managed.values_list("pk", flat=True))

    def _works_inside(self, one: Staff) -> bool:
        paths = [area.path for area in self._postings[one.pk]] + self._duty_paths[one.pk]
        return any(path.startswith(self.area.path) for path in paths)

    # -- finding

    def find(self, *, name: str, phone: str = "", username: str = "") -> Known:
        """Who it is: by account, then by phone and name, then by name among those who work inside the area."""
        if username and (one := self._by_username.get(username.lower())) is not None:
            if one.pk not in self._seen:
                return Known(column="username", problem=f"账号 {username} 已被使用，请换一个。")
            found = self._checked(one, "username")
            is_other = found.staff is not None and one.name != name
            words = f"账号 {username} 登记的姓名是“{one.name}”，请核对。" if is_other else ""
            return replace(found, warning=words)
        same_phone = self._by_phone.get(digest(phone, "phone"), []) if phone else []
        if one := next((one for one in same_phone if one.name == name), None):
            return self._checked(one, "phone")
        inside = [one for one in self._by_name.get(name, []) if one.is_active]
        if len(inside) == 1:
            return self._checked(inside[0], "name")
        if inside and not phone:
            return Known(problem=f"有{len(inside)}位“{name}”，请填写电话或账号。")
        others = "、".join(sorted({one.name for one in same_phone if one.pk in self._seen}))
        return Known(column="phone", warning=f"电话与“{others}”相同，请核对。" if others else "")

    def _checked(self, one: Staff, column: str) -> Known:
        if not one.is_active:
            return Known(column=column, problem=f"{one.name}已停用，请先在“人员”里恢复。")
        if one.pk not in self._seen:
            return Known(column=column, problem=f"“{one.name}”已在您辖区以外登记，请由上级办理。")
        return Known(one, column)

    # -- what is known of somebody

    def roles_of(self, one: Staff | None) -> list[str]:
        """The shipped roles that he has."""
        return self._roles[one.pk] if one is not None else []

    def is_manageable(self, one: Staff) -> bool:
        """Whether the importer may change him (Staff.manageable_by)."""
        return one.pk in self._managed

    def is_posted(self, one: Staff, area: Area) -> bool:
        """Whether he works in that very area, now or later."""
        return any(area.pk == posted.pk for posted in self._postings[one.pk])

    def postings_words(self, one: Staff) -> str:
        """Where he works, as far as the importer sees."""
        scope = scope_of(self.by)
        return "、".join(area.name for area in self._postings[one.pk] if scope.holds(area))

    # -- accounts

    def free_username(self, username: str) -> str:
        """That name, or the first free one with a number behind it."""
        number, free = 1, username
        while free.lower() in self._all_usernames():
            number += 1
            free = f"{username}{number}"
        return free

    def take_username(self, username: str) -> bool:
        """Note a name that this import gives away; False for one that it has given away before."""
        taken = self._all_usernames()
        is_free = username.lower() not in taken
        taken.add(username.lower())
        return is_free

    def _all_usernames(self) -> set[str]:
        if self._taken is None:
            accounts = Staff.objects.annotate(lower=Lower("username"))
            self._taken = set(accounts.order_by().values_list("lower", flat=True))
        return self._taken


def _parts(keys: Iterable[Key]) -> Iterator[list[Key]]:
    """Keys some hundred at a time, as databases take them."""
    ordered = sorted(set(keys))
    for at in range(0, len(ordered), KEYS_AT_ONCE):
        yield ordered[at : at + KEYS_AT_ONCE]
