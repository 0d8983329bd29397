"""What goes out and where to: texts within 2,048 bytes, addresses taken apart, mail, quiet hours."""

from __future__ import annotations

import datetime as dt
import socketserver
import threading
from collections.abc import Iterator

import pytest

from grassroots.notices.outside.addresses import AddressError, parse_address
from grassroots.notices.outside.quiet import hours_end
from grassroots.notices.outside.texts import MOST_BYTES, outside_text
from grassroots.notices.outside.transmit import Outcome, transmit
from tests.factories import aware
from tests.notices.robot import Robot

PLACES = [f"淮口街道城厢社区{number}组：待测{number}户" for number in range(200)]


# --- texts ------------------------------------------------------------------------------------------------
def test_a_text_is_cut_at_a_line_and_says_what_it_leaves_out(settings):
    settings.SITE_URL = "https://10.0.0.5:8000/"
    text = outside_text(title="上午待测", lines=PLACES, url="/quarantine/round/", code="0A1B2C3D")
    lines = text.split("\n")
    assert MOST_BYTES - 120 < len(text.encode()) <= MOST_BYTES
    shown = [line for line in lines if line in PLACES]
    assert shown == PLACES[: len(shown)]
    assert lines[len(shown) + 1] == f"……另有{200 - len(shown)}行未列出，请在系统内查看全部。"
    assert lines[-2:] == ["打开：https://10.0.0.5:8000/quarantine/round/", "编号 0A1B2C3D"]


def test_a_text_that_fits_is_left_alone_and_numbers_of_people_are_struck_out():
    text = outside_text(title="请回电13800001234", lines=PLACES[:2], url="/x/", code="A")
    assert text.split("\n") == [
        "请回电***", *PLACES[:2], "详情请登录“基层防控台账”查看。", "编号 A",
    ]  # fmt: skip


def test_even_a_title_too_long_stays_within_the_limit_and_keeps_its_number():
    text = outside_text(title="测" * 2000, lines=PLACES, url="", code="A")
    assert len(text.encode()) <= MOST_BYTES and text.endswith("编号 A")


# --- addresses --------------------------------------------------------------------------------------------
GATEWAY = "https://sms.example.cn/send\nmobile={手机}\ncontent={内容}"


@pytest.mark.parametrize(
    ("kind", "address", "words"),
    [
        ("WECOM", "", "请填写地址"),
        ("WECOM", "qyapi.example.cn/send?key=1", "以 https:// 开头"),
        ("WECOM", "https://qyapi.example.cn/send", "key="),
        ("DINGTALK", "https://oapi.example.cn/send?token=1", "access_token="),
        ("WECOM", "https://[::1/send?key=1", "完整的网址"),
        ("WECOM", "https://a.example.cn:99999/send?key=1", "完整的网址"),
        ("SMS_JSON", "https://sms.example.cn/send\nmobile={手机}", "{内容}"),
        ("SMS_FORM", "https://sms.example.cn/send\nmobile", "第2行"),
        ("MAIL", "https://smtp.example.cn", "发信服务器"),
        ("MAIL", "smtp.example.cn:465", "发件人"),
        ("MAIL", "smtp.example.cn:465\n发件人=a@example.cn\n加密=tls", "starttls"),
    ],
)
def test_an_address_that_cannot_work_is_refused_with_what_to_do(kind, address, words):
    with pytest.raises(AddressError, match=words):
        parse_address(kind, address)


def test_a_gateways_fields_are_filled_in():
    address = parse_address("SMS_FORM", GATEWAY)
    assert address.filled("13800001234", "上午=7户") == {"mobile": "13800001234", "content": "上午=7户"}
    assert address.hint == "sms.example.cn"


# --- each kind speaks its own language --------------------------------------------------------------------
@pytest.fixture
def robot() -> Iterator[Robot]:
    found = Robot().start()
    yield found
    found.stop()


@pytest.mark.parametrize(
    ("kind", "path", "body"),
    [
        ("WECOM", "/send?key=a-1", '{"msgtype": "text", "text": {"content": "7"}}'),
        ("DINGTALK", "/send?access_token=ab12", '{"msgtype": "text", "text": {"content": "7"}}'),
        ("FEISHU", "/hook/ab-12", '{"msg_type": "text", "content": {"text": "7"}}'),
        ("SMS_JSON", "/send\nto={手机}\nm={内容}", '{"to": "123", "m": "7"}'),
        ("SMS_FORM", "/send\nto={手机}\nm={内容}", "to=123&m=7"),
    ],
)
def test_what_each_kind_is_told(robot, kind, path, body):
    assert transmit(kind=kind, address=robot.url + path, text="7", target="123") == Outcome(True)
    assert robot.heard[0].body == body
    assert robot.heard[0].path == path.split("\n")[0]


def test_dingtalk_is_signed_when_the_office_gave_its_secret(robot):
    address = f"{robot.url}/send?access_token=ab12\n密钥=SECabcdef"
    assert transmit(kind="DINGTALK", address=address, text="7") == Outcome(True)
    assert "&timestamp=" in robot.heard[0].path and "&sign=" in robot.heard[0].path


class Mailbox(socketserver.BaseRequestHandler):
    """As much of SMTP as a message takes; keeps what it was given on the server."""

    def handle(self) -> None:
        file = self.request.makefile("rb")
        self.request.sendall(b"220 here\r\n")
        lines: list[bytes] = []
        is_data = False
        for line in file:
            if is_data:
                is_data = line != b".\r\n"
                lines.append(line)
                answer = b"" if is_data else b"250 kept\r\n"
            else:
                is_data = line[:4].upper() == b"DATA"
                refused = b"550 nobody of that name\r\n" if b"nobody@" in line else b"250 ok\r\n"
                answer = b"354 go on\r\n" if is_data else refused
            if answer:
                self.request.sendall(answer)
            if line[:4].upper() == b"QUIT":
                break
        self.server.kept.append(b"".join(lines).decode())  # type: ignore[attr-defined]


@pytest.fixture
def mail() -> Iterator[socketserver.TCPServer]:
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mailbox)
    server.daemon_threads = True
    server.kept = []  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_mail_is_handed_over_and_a_refusal_comes_back_as_the_reason(mail):
    address = f"127.0.0.1:{mail.server_address[1]}\n发件人=office@example.cn\n加密=无"
    assert transmit(kind="MAIL", address=address, text="7", target="jia@example.cn") == Outcome(True)
    assert "office@example.cn" in mail.kept[0] and "jia@example.cn" in mail.kept[0]
    refused = transmit(kind="MAIL", address=address, text="7", target="nobody@example.cn")
    assert not refused.is_sent
    assert "550" in refused.reason and "@" not in refused.reason


# --- quiet hours ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("now", "begin", "end", "until"),
    [
        ("2020-01-31 23:00", "21:00", "07:00", "2020-02-01 07:00"),
        ("2020-02-01 06:59", "21:00", "07:00", "2020-02-01 07:00"),
        ("2020-02-01 07:00", "21:00", "07:00", None),
        ("2020-02-01 13:00", "12:00", "14:00", "2020-02-01 14:00"),
        ("2020-02-01 11:59", "12:00", "14:00", None),
        ("2020-02-01 11:59", "12:00", "12:00", None),
    ],
)
def test_when_quiet_hours_are_over(now, begin, end, until):
    hours = (dt.time.fromisoformat(begin), dt.time.fromisoformat(end))
    assert hours_end(hours, aware(now)) == (aware(until) if until else None)
