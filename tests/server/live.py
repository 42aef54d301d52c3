"""A real server on a real port, in a thread of the test, with limits of the test's own."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from visionloom.limits import ServerLimits
from visionloom.server.app import create_app
from visionloom.server.desk import Desk, open_desk
from visionloom.server.listening import allow_many_connections, listen
from visionloom.server.serve import server_of
from visionloom.server.static_files import STATIC
from visionloom.workspace import Workspace

Event = tuple[str, str, Any]


@dataclass(frozen=True)
class Live:
    """A server that answers.

    Attributes:
        desk: Its desk.
        port: Where it listens.
        cookie: Of a browser that is signed in.
    """

    desk: Desk
    port: int
    cookie: str

    @property
    def headers(self) -> dict[str, str]:
        """Those of the designer's own page."""
        origin = f"http://127.0.0.1:{self.port}"
        return {"Cookie": self.cookie, "Origin": origin, "Sec-Fetch-Site": "same-origin"}

    def connect(self) -> socket.socket:
        """A connection on which nothing was said."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def say(self, text: str | bytes, *, seconds: float = 20.0) -> bytes:
        """Send what is written; what comes back until the server hangs up or is silent."""
        with self.connect() as made:
            made.settimeout(seconds)
            received = b""
            with contextlib.suppress(OSError):
                made.sendall(text.encode() if isinstance(text, str) else text)
                while piece := made.recv(65_536):
                    received += piece
            return received

    def status(self, text: str | bytes, *, seconds: float = 20.0) -> int:
        """Status of the answer to what is written; 0 when the server hung up without one."""
        first = self.say(text, seconds=seconds).split(b"\r\n", 1)[0].split()
        return int(first[1]) if len(first) > 1 else 0

    def ask(self, method: str, path: str, **headers: str) -> int:
        """Status of a request of the designer's own page."""
        made = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        made.request(method, path, headers=self.headers | headers)
        status = made.getresponse().status
        made.close()
        return status


@contextlib.contextmanager
def serving(limits: ServerLimits | None = None, static: Path = STATIC) -> Iterator[Live]:
    """A server for the length of the block."""
    allow_many_connections()
    sockets = listen(0)
    port = sockets[0].getsockname()[1]
    desk = open_desk(Workspace(), port=port, limits=limits or ServerLimits())
    begun = threading.Event()
    server = server_of(create_app(desk, static), desk, begun.set)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets)))
    thread.start()
    try:
        assert begun.wait(20)
        value, _ = desk.access.cookie(desk.access.begin())
        yield Live(desk, port, f"{desk.access.cookie_name}={value}")
    finally:
        server.should_exit = True
        thread.join(20)
        if "records" in vars(desk.workspace):
            desk.workspace.records.close()
    assert not thread.is_alive()


class Stream:
    """An open page's stream of events; a context manager."""

    def __init__(self, port: int, headers: dict[str, str], query: str = "", last: str = "") -> None:
        self._made = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        more = {"Last-Event-ID": last} if last else {}
        self._made.request("GET", f"/api/events?{query}", headers=headers | more)
        self._answer = self._made.getresponse()
        self.status = self._answer.status

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        if self._made.sock is not None:
            with contextlib.suppress(OSError):
                self._made.sock.shutdown(socket.SHUT_RDWR)
        self._answer.close()
        self._made.close()

    def next(self) -> Event:
        """Name, id and value of the next event.

        Raises:
            EOFError: The stream has ended.
        """
        fields: dict[str, str] = {}
        while True:
            line = self._answer.readline().decode()
            if not line:
                raise EOFError
            if line == "\n":
                if "data" in fields:
                    return fields["event"], fields["id"], json.loads(fields["data"])
                fields = {}
            name, _, value = line.rstrip("\n").partition(": ")
            fields[name] = value

    def until(self, name: str) -> Event:
        """The next event of this name."""
        while (event := self.next())[0] != name:
            pass
        return event

    def lines(self, count: int) -> list[int]:
        """Numbers of the next lines of the journal."""
        return [self.until("journal")[2]["seq"] for _ in range(count)]


def eventually(seconds: float, is_so: Any) -> bool:
    """Whether something holds within a time."""
    end = time.monotonic() + seconds
    while not (so := is_so()) and time.monotonic() < end:
        time.sleep(0.02)
    return bool(so)
