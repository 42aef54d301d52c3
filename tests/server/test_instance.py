"""One designer for a home folder: whom a second start takes for the first."""

from __future__ import annotations

import dataclasses
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from visionloom.engine import process
from visionloom.errors import MachineError
from visionloom.server import instance
from visionloom.server.access import Access


class _Stranger(http.server.BaseHTTPRequestHandler):
    """Whoever listens here at the port that another machine's designer has there."""

    heard: list[str]

    def do_POST(self) -> None:
        self.heard.append(str(self.headers["Authorization"]))
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def stranger() -> Iterator[tuple[int, list[str]]]:
    """Its port, and what it heard."""
    heard: list[str] = []
    kind = type("Stranger", (_Stranger,), {"heard": heard})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port, heard
    server.shutdown()
    server.server_close()


@pytest.fixture
def place(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(instance, "_BEGINS_WITHIN", 0.3)
    Access(home / "server", 0).prepare()
    return home / "server"


def test_a_designer_of_another_machine_is_named_and_its_port_here_is_told_no_secret(
    place: Path, stranger: tuple[int, list[str]]
) -> None:
    port, heard = stranger
    instance.announce(place, port, ())
    told = json.loads((place / "instance.json").read_bytes())
    told["process"] |= {"host": "rechner-7", "boot": "another"}
    (place / "instance.json").write_text(json.dumps(told))
    with pytest.raises(MachineError, match="runs on rechner-7") as caught:
        instance.ask_for_link(place, instance.find_running(place))
    assert f"ssh -L {port}:127.0.0.1:{port} rechner-7" in caught.value.remedy
    assert heard == []


def test_what_a_designer_that_was_killed_said_is_not_believed(
    place: Path, stranger: tuple[int, list[str]]
) -> None:
    port, heard = stranger
    instance.announce(place, port, ())
    told = json.loads((place / "instance.json").read_bytes())
    told["process"] = dataclasses.asdict(
        dataclasses.replace(process.identify(), started=process.identify().started - 100)
    )
    (place / "instance.json").write_text(json.dumps(told))
    with pytest.raises(MachineError, match="does not say where"):
        instance.find_running(place)
    assert heard == []
