"""What stands in a channel's address: a first line, and settings below it as 名=值.

robot    https://…/webhook/send?key=…           钉钉 may add 密钥=SEC…
gateway  https://sms.…/send                     then the fields, in which {手机} and {内容} are filled in
mail     smtp.…:465                             账号=… 密码=… 发件人=… 加密=ssl, starttls or 无
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from grassroots.notices.models import ChannelKind
from grassroots.notices.models.channels import ROBOTS

MODES = {"ssl": "ssl", "starttls": "starttls", "无": "insecure"}
PHONE, TEXT = "{手机}", "{内容}"


class AddressError(ValueError):
    """The address cannot be used; the words say what to do (Chinese)."""


@dataclass(frozen=True)
class Address:
    """An address taken apart."""

    first: str
    settings: dict[str, str] = field(default_factory=dict)

    def filled(self, phone: str, text: str) -> dict[str, str]:
        """The fields of a gateway, with number and text."""
        return {
            name: value.replace(PHONE, phone).replace(TEXT, text) for name, value in self.settings.items()
        }

    @property
    def secrets(self) -> list[str]:
        """What must not be said of it: the values, those of the query, the end of the path; the longest first."""
        parts = urlsplit(self.first)
        query = [pair.partition("=")[2] for pair in parts.query.split("&")]
        return sorted([*self.settings.values(), *query, parts.path.rpartition("/")[2]], key=len, reverse=True)

    @property
    def hint(self) -> str:
        """What may be shown of it: the host."""
        return urlsplit(self.first if "://" in self.first else f"//{self.first}").hostname or ""


def parse_address(kind: str, text: str) -> Address:
    """Take an address apart and check it for its kind. Raises AddressError."""
    lines = [line.strip() for line in text.replace("\r", "").split("\n") if line.strip()]
    if not lines:
        raise AddressError("请填写地址。")
    settings: dict[str, str] = {}
    for number, line in enumerate(lines[1:], 2):
        name, is_there, value = line.partition("=")
        if not is_there or not name.strip():
            raise AddressError(f"第{number}行请写成“名=值”的样子，现在是“{line[:20]}”。")
        settings[name.strip()] = value.strip()
    address = Address(lines[0], settings)
    if kind == ChannelKind.MAIL:
        _check_mail(address)
    else:
        _check_web(kind, address)
    return address


def _check_web(kind: str, address: Address) -> None:
    try:
        parts = urlsplit(address.first)
        is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable or " " in address.first:
        raise AddressError("第一行请填写完整的网址，以 https:// 开头。")
    if kind == ChannelKind.WECOM and "key=" not in parts.query:
        raise AddressError("企业微信机器人的网址里应有“key=”，请从群机器人的设置里完整复制。")
    if kind == ChannelKind.DINGTALK and "access_token=" not in parts.query:
        raise AddressError("钉钉机器人的网址里应有“access_token=”，请从群机器人的设置里完整复制。")
    if kind not in ROBOTS:
        values = " ".join(address.settings.values())
        if PHONE not in values or TEXT not in values:
            raise AddressError(f"下面几行请写网关要的字段，其中要有“{PHONE}”和“{TEXT}”，如：mobile={PHONE}。")


def _check_mail(address: Address) -> None:
    try:
        parts = urlsplit(f"//{address.first}")
        is_usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable or "/" in address.first or " " in address.first:
        raise AddressError("第一行请填写发信服务器和端口，如：smtp.example.cn:465。")
    if "@" not in address.settings.get("发件人", ""):
        raise AddressError("请加一行“发件人=邮箱地址”。")
    if address.settings.get("加密", "ssl") not in MODES:
        raise AddressError("“加密”请填 ssl、starttls 或 无。")


def mail_url(address: Address, target: str) -> str:
    """The address as apprise writes it."""
    settings = address.settings
    mode = MODES[settings.get("加密", "ssl")]
    user, password = settings.get("账号", ""), settings.get("密码", "")
    login = f"{quote(user, safe='')}:{quote(password, safe='')}@" if user else ""
    scheme = "mailto" if mode == "insecure" else "mailtos"
    query = f"from={quote(settings['发件人'])}&to={quote(target)}&mode={mode}&format=text&cto=4&rto=8"
    return f"{scheme}://{login}{address.first}/?{query}"
