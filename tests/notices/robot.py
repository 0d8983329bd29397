"""A chat robot or SMS gateway on 127.0.0.1: keeps what it is told, and can be slow, refuse, fail or hang up."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TAKEN, REFUSED = {"errcode": 0, "errmsg": "ok"}, {"errcode": 45009, "errmsg": "api freq out of limit"}


@dataclass
class Heard:
    """One request: when it came, what it said, and how the robot took it."""

    at: float
    path: str
    body: str
    mode: str = "ok"

    @property
    def is_taken(self) -> bool:
        """Whether the group has it: also when the robot hung up before it answered."""
        return self.mode in {"ok", "slow", "drop"}

    @property
    def text(self) -> str:
        return str(json.loads(self.body)["text"]["content"])

    @property
    def code(self) -> str:
        """The number of the message, from its last line."""
        return self.text.rpartition("编号 ")[2].strip()


@dataclass
class Robot:
    """`mode`: ok, refuse (errcode), 500, drop (takes it and hangs up), slow (answers after `delay` seconds)."""

    mode: str = "ok"
    delay: float = 0.0
    heard: list[Heard] = field(default_factory=list)
    server: Any = None

    def start(self) -> Robot:
        robot = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                robot.answer(self)

            def log_message(self, *_arguments: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        mode, delay = self.mode, self.delay
        body = request.rfile.read(int(request.headers["Content-Length"])).decode()
        heard = Heard(time.time(), request.path, body, mode)
        self.heard.append(heard)
        if mode == "drop":
            request.close_connection = True
            request.connection.close()
            return
        if mode == "slow":
            time.sleep(delay)
        words = json.dumps(REFUSED if mode == "refuse" else TAKEN).encode()
        try:
            request.send_response(500 if mode == "500" else 200)
            request.send_header("Content-Length", str(len(words)))
            request.end_headers()
            request.wfile.write(words)
        except OSError:  # whoever asked is gone
            return

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    @property
    def webhook(self) -> str:
        return f"{self.url}/cgi-bin/webhook/send?key=693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"
