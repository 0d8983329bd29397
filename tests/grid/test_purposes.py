"""用途: what somebody typed stands in the access log, in clear; nowhere else, and with no number of anybody in it."""

from __future__ import annotations

import re
import shlex
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.forms import ValidationError
from django.urls import reverse
from gunicorn.config import Config
from gunicorn.glogging import Logger

from grassroots.grid.forms.parts import PurposeField
from grassroots.grid.models import AccessAction, AccessLog, Submission
from grassroots.grid.trail import access_log
from tests.factories import OfficeCast, make_household, make_office, make_person
from tests.quarantine.cases import sent, signed_in

ID_NUMBER, PURPOSE = "51012119800101001X", "报县指挥部核查"


@pytest.mark.parametrize(
    "typed",
    [
        f"核对{ID_NUMBER}的行程", "联系13800001234", "联系１３８００００１２３４", "联系138 0000 1234", "138-0000-1234",
        "510121 19800101 001x",
    ],
)  # fmt: skip
def test_a_purpose_with_somebodys_number_is_refused_in_words(typed: str) -> None:
    with pytest.raises(ValidationError, match="请删去证件号、手机号"):
        PurposeField().clean(typed)


@pytest.mark.parametrize(
    "typed", [PURPOSE, "反馈1月29日推送名单", "028-84930000来电核实", "2020-01-29 17:00报送"]
)
def test_what_it_is_for_is_taken_as_it_was_typed(typed: str) -> None:
    assert PurposeField().clean(f" {typed} ") == typed


def test_every_form_that_asks_what_for_asks_in_this_way() -> None:
    """A purpose of another kind would go into the access log unchecked, and one asked for by GET into addresses."""
    source = {
        path: path.read_text()
        for path in settings.BASE_DIR.glob("*/**/forms/**/*.py")
        if ".venv" not in path.parts
    }
    asks = {path: re.findall(r"^    purpose = (.*)$", text, re.M) for path, text in source.items()}
    found = [line for lines in asks.values() for line in lines]
    assert len(found) >= 5 and all(line.startswith("PurposeField(") for line in found), found
    for path in settings.BASE_DIR.joinpath("templates").rglob("*.html"):
        for form in re.findall(r"<form[^>]*method=\"get\".*?</form>", path.read_text(), re.S):
            assert "purpose" not in form, path


def test_the_log_keeps_the_purpose_without_numbers(db: None) -> None:
    office = make_office()
    access_log(action=AccessAction.EXPORT, staff=office.ding, purpose=f"核对{ID_NUMBER}和13800001234")
    assert AccessLog.objects.get(action=AccessAction.EXPORT).purpose == "核对***和***"


def test_a_printed_file_leaves_its_purpose_in_the_access_log_alone(db: None) -> None:
    office: OfficeCast = make_office()
    person = make_person("", make_household(office.compound))
    client, url = signed_in(office.ding), reverse("quarantine:person_file_print", args=[person.uid])
    assert client.post(url, sent(purpose=f"核对{person.id_number}")).status_code == 422
    form = sent(purpose=PURPOSE)
    for _ in range(2):  # pressed twice: the page comes again
        assert PURPOSE in client.post(url, form).content.decode()
    [row] = AccessLog.objects.filter(action=AccessAction.PRINT)
    assert (row.purpose, row.staff, row.subject_uid) == (PURPOSE, office.ding, str(person.uid))
    assert PURPOSE not in str(list(Submission.objects.values_list("result", flat=True)))


class Lines(Logger):
    """gunicorn's own logger, kept in memory."""

    def setup(self, cfg: Config) -> None:
        self.cfg = cfg
        self.lines: list[str] = []
        self.access_log = SimpleNamespace(info=lambda text, atoms: self.lines.append(text % atoms))


def test_the_web_servers_access_log_holds_no_query_and_no_page_before() -> None:
    """It is off; whoever switches it on (GUNICORN_CMD_ARGS) gets lines without what somebody typed."""
    web = next(
        line for line in (settings.BASE_DIR / "Procfile").read_text().splitlines() if line.startswith("web:")
    )
    words = shlex.split(web)
    assert not [word for word in words if word.startswith(("--access-logfile", "--capture-output"))]
    config = Config()
    config.set("access_log_format", words[words.index("--access-logformat") + 1])
    config.set("accesslog", "-")
    logger = Lines(config)
    typed = f"q={ID_NUMBER}&purpose=what-for"
    environ: dict[str, Any] = {
        "REMOTE_ADDR": "10.0.0.9", "REQUEST_METHOD": "GET", "PATH_INFO": "/ledgers/", "RAW_URI": f"/ledgers/?{typed}",
        "QUERY_STRING": typed, "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_REFERER": f"http://office/search/?{typed}",
    }  # fmt: skip
    request = SimpleNamespace(headers=[("REFERER", environ["HTTP_REFERER"])])
    answer = SimpleNamespace(status="200 OK", sent=5, headers=[])
    logger.access(answer, request, environ, SimpleNamespace(seconds=0, microseconds=900, days=0))
    [line] = logger.lines
    assert (
        "10.0.0.9" in line and "GET /ledgers/ 200 5" in line and not re.search("what-for|5101|office", line)
    )
