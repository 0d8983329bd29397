"""What `make run` prints about signing in."""

from __future__ import annotations

from grassroots.desk.demo.staff import ACCOUNTS, demo_password
from grassroots.grid.models import Office, Staff


def account_lines() -> list[str]:
    """The demo accounts that exist, with their password; for a real office, nothing; for none, the first step."""
    office = Office.current()
    if office is None:
        return ["尚未设置单位：请打开上面的地址，按首次启动页面填写县、街道和管理员。"]
    if not office.is_demo:
        return []
    there = set(
        Staff.objects.filter(username__in=[row[0] for row in ACCOUNTS]).values_list("username", flat=True)
    )
    lines = ["演示账号(密码均为 " + demo_password() + "):"]
    lines += [
        f"  {account:<11}{role.value}  {name}" for account, name, role, _post in ACCOUNTS if account in there
    ]
    return lines
