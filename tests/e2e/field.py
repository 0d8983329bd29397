"""Out in the field: a phone that is killed and started again, and a road to the office over TLS that comes and goes."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.client
import os
import random
import signal
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from playwright.sync_api import BrowserContext, Error, Page, Playwright, expect

from grassroots.grid.models import Staff
from households.models import Household
from tests.e2e.conftest import FLAGS, PATIENCE, PHONE, wait_until
from tests.factories import PASSWORD, OfficeCast, make_household, make_person

HAS_DRAFT = """async ([uid, name]) => {
  const draft = await GrassOffline.draft(await GrassOffline.session(), `/households/${uid}/survey/`);
  return draft && draft.fields.some((pair) => pair[0] === name && pair[1]);
}"""
HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


class Road(ThreadingHTTPServer):
    """A reverse proxy with the office's own certificate; it can be cut, or lose answers that the server has given."""

    daemon_threads = True

    def __init__(self, office: str, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Traveller)
        command = [sys.executable, str(Path(settings.BASE_DIR) / "scripts/local_ca.py"), str(folder)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(folder / "server.crt", folder / "server.key")
        self.certificate = folder / "server.crt"
        self.office = office.removeprefix("http://")
        self.is_cut = False
        self.loses_a_third = False
        self.lost: list[tuple[str, bytes]] = []  # path and body: the server has done it, nobody heard of it
        self.chance, self.turn, self.unlucky = random.Random(7), 0, 0
        self.drawing = threading.Lock()
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"https://localhost:{self.server_port}"

    def get_request(self) -> Any:
        """Accept a connection, or shut the door again."""
        sock, address = super().get_request()
        if self.is_cut:
            sock.close()
            raise OSError("the road is cut")
        return sock, address

    def finish_request(self, request: Any, client_address: Any) -> None:
        """TLS in the connection's own thread: a slow handshake holds up nobody."""
        request.settimeout(20)
        with contextlib.suppress(OSError), self.tls.wrap_socket(request, server_side=True) as secure:
            super().finish_request(secure, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Phones hang up; that is what this is about."""

    def loses_this(self) -> bool:
        """One of every three answers, at a random place among them."""
        with self.drawing:
            if self.turn % 3 == 0:
                self.unlucky = self.chance.randrange(3)
            self.turn += 1
            return self.loses_a_third and (self.turn - 1) % 3 == self.unlucky

    def pin(self) -> str:
        """The certificate's fingerprint as Chromium's flag wants it: a phone that trusts the office."""
        key = x509.load_pem_x509_certificate(self.certificate.read_bytes()).public_key()
        spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(hashlib.sha256(spki).digest()).decode()


class _Traveller(BaseHTTPRequestHandler):
    server: Road

    def _carry(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else None
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP}
        office = http.client.HTTPConnection(self.server.office, timeout=60)
        office.request(self.command, self.path, body, {**headers, "X-Forwarded-Proto": "https"})
        answer = office.getresponse()
        content = answer.read()
        office.close()
        if self.server.is_cut or (self.command == "POST" and self.server.loses_this()):
            self.server.lost.append((self.path, body or b""))
            self.close_connection = True
            return
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_POST = do_HEAD = _carry

    def log_message(self, *_args: Any) -> None:
        """Quiet."""


class Phone:
    """A browser with a folder of its own, that may be killed at any moment and started again."""

    def __init__(self, playwright: Playwright, road: Road, folder: Path) -> None:
        self.playwright, self.road, self.folder = playwright, road, folder
        self.context: BrowserContext | None = None
        self.heard: list[str] = []  # what its console says, shown with a failure
        self.start()

    def start(self) -> Page:
        """Switch it on."""
        self.context = self.playwright.chromium.launch_persistent_context(
            str(self.folder), executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
            args=[*FLAGS, f"--ignore-certificate-errors-spki-list={self.road.pin()}"], viewport=PHONE,
            locale="zh-CN", timezone_id="Asia/Shanghai", base_url=self.road.url, has_touch=True, accept_downloads=True,
        )  # fmt: skip
        self.context.set_default_timeout(PATIENCE * 1000)
        self.page = self.context.pages[0] if self.context.pages else self.context.new_page()
        self.page.on("pageerror", lambda error: self.heard.append(str(error)))
        self.page.on("console", lambda said: self.heard.append(said.text))
        return self.page

    def kill(self) -> None:
        """Pull the battery out: no page hears of it."""
        for process in self._processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        with contextlib.suppress(Exception):
            if self.context:
                self.context.close()
        wait_until(lambda: not self._processes())

    def _processes(self) -> list[int]:
        """The browser's own first, then its children: all but the helpers name its folder, and its group holds all."""
        mark, found = f"--user-data-dir={self.folder}".encode(), []
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError, ValueError):
                if mark in (entry / "cmdline").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
        return sorted(found)

    def close(self) -> None:
        """Switch it off in an orderly way, so that everything is on its disk."""
        sys.stderr.write("\n".join([f"{self.folder.name}:", *self.heard, ""]))
        if self.context:
            with contextlib.suppress(Exception):
                self.context.close()

    def sign_in(self, staff: Staff) -> Page:
        """Through the page, whether or not the browser has found its last session's cookie after a kill.

        Chromium writes cookies down every 30 seconds and restores them after a crash: a matter of time, not of ours.
        """
        assert self.context
        self.context.clear_cookies()
        self.page.goto("/")
        self.page.get_by_label("账号").fill(staff.username)
        self.page.get_by_label("密码", exact=False).first.fill(PASSWORD)
        self.page.get_by_role("button", name="登录").click()
        self.page.wait_for_url("**/")
        return self.page

    def sign_out(self) -> None:
        """Through the menu."""
        self.page.locator("details.app-menu summary").click()
        self.page.get_by_role("button", name="退出登录").click()

    def waiting(self) -> dict[str, int]:
        """What the queue holds, by state; `waiting` is also what is on its way."""
        counted: dict[str, int] = self.page.evaluate("() => GrassOffline.counts()")
        return {**counted, "waiting": counted["waiting"] + counted["sending"]}

    def wait_for(self, script: str, *given: Any, seconds: float = PATIENCE) -> None:
        """Until what a script resolves with is true. Playwright's own wait_for_function takes a promise for true."""
        wait_until(lambda: self._told(script, *given), seconds)

    def _told(self, script: str, *given: Any) -> Any:
        try:
            return self.page.evaluate(script, list(given))
        except Error as error:  # between two pages
            if "navigation" not in str(error):
                raise
            return None

    def bytes_on_disk(self) -> Iterator[tuple[Path, bytes]]:
        """Every file of the profile."""
        for path in self.folder.rglob("*"):
            if path.is_file():
                with contextlib.suppress(OSError):
                    yield path, path.read_bytes()


def take_along(page: Page, doors: int) -> None:
    """Choose to work offline on this phone, and wait until the area lies on it."""
    page.goto("/offline/")
    page.get_by_role("button", name="在这台设备上离线使用").click()
    expect(page.get_by_text(f"已存 {doors} 户")).to_be_visible()


def doors_of(cast: OfficeCast, number: int) -> list[Household]:
    made = [make_household(cast.compound, str(101 + at)) for at in range(number)]
    for household in made:
        make_person("", household)
        make_person("", household)
    return made


def fill_in(page: Page, *, is_home: bool) -> None:
    """A door in two taps: the family is as ever and has signed, or nobody is at home."""
    if is_home:
        page.locator('button[name="family"][value="usual"]').click()
    page.locator(f'input[name="outcome"][value="{"SIGNED" if is_home else "ABSENT"}"]').check(force=True)
