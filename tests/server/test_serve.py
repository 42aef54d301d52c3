"""`visionloom designer` as a process: its link, a second start, its end, who can read it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from visionloom.drafts.content import Content
from visionloom.drafts.drafts import Drafts
from visionloom.settings import load_settings
from visionloom.spec.layout import Layout

COMMAND = [sys.executable, "-m", "visionloom.cli.main", "designer", "--no-browser"]


class Served:
    """A server, and what it printed until its link."""

    def __init__(
        self,
        *arguments: str,
        command: list[str] = COMMAND,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.process = subprocess.Popen(
            [*command, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, **(environment or {})},
        )
        assert self.process.stdout is not None
        self.told = ""
        self.link = ""
        for line in self.process.stdout:
            self.told += line
            found = re.search(r"http://127\.0\.0\.1:\d+/open\?code=\S+", line)
            if found:
                self.link = found[0]
                break

    @property
    def origin(self) -> str:
        return self.link.split("/open")[0]

    def end(self, number: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return self.process.wait(20)


@pytest.fixture
def served() -> Iterator[list[Served]]:
    """Servers that end with the test."""
    started: list[Served] = []
    yield started
    for one in started:
        one.end()


def browser() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))


def status(opener: urllib.request.OpenerDirector, address: str) -> int:
    try:
        with opener.open(address, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return int(error.code)


def test_a_link_works_once_and_its_cookie_outlives_the_server(served: list[Served]) -> None:
    """A24."""
    server = Served("--port", "0")
    served.append(server)
    mine, other = browser(), browser()
    assert status(mine, f"{server.origin}/api/session") == 401
    assert status(mine, server.link) in {200, 404}, "the page, where it is built"
    assert status(mine, f"{server.origin}/api/session") == 200
    assert status(other, server.link) == 403, "a code works once"
    assert status(other, f"{server.origin}/api/session") == 401
    port = server.origin.rsplit(":", 1)[1]
    assert server.end(signal.SIGKILL) != 0
    again = Served("--port", port)
    served.append(again)
    assert status(mine, f"{again.origin}/api/session") == 200


def test_a_second_start_hands_a_link_of_the_first(served: list[Served]) -> None:
    first = Served("--port", "0")
    served.append(first)
    second = Served("--port", "0")
    served.append(second)
    assert second.origin == first.origin
    assert second.link != first.link
    assert second.process.wait(20) == 0
    assert first.process.poll() is None
    assert status(browser(), second.link) in {200, 404}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_in_order(served: list[Served], number: int) -> None:
    server = Served("--port", "0")
    served.append(server)
    started = time.monotonic()
    assert server.end(number) == 0
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "example.org"])
def test_another_host_is_refused_and_the_tunnel_named(host: str) -> None:
    done = subprocess.run(
        [*COMMAND, "--host", host], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert "ssh -L" in done.stderr


def test_nobody_else_can_read_what_opens_the_designer(served: list[Served], home: Path) -> None:
    """A35."""
    before = os.umask(0)
    try:
        server = Served("--port", "0")
    finally:
        os.umask(before)
    served.append(server)
    token = home / "server" / "token"
    assert token.stat().st_mode & 0o777 == 0o600
    assert home.stat().st_mode & 0o077 == 0
    command = Path(f"/proc/{server.process.pid}/cmdline").read_bytes()
    assert token.read_bytes().strip() not in command
    code = server.link.split("code=")[1]
    written = [path for path in home.rglob("*") if path.is_file()]
    assert not [path for path in written if code.encode() in path.read_bytes()]


def test_a_file_is_opened_in_place(served: list[Served], tmp_path: Path) -> None:
    file = tmp_path / "cells.yml"
    file.write_text("type: pipeline\njobs: {}\n")
    server = Served(str(file), "--port", "0")
    served.append(server)
    opener = browser()
    with opener.open(server.link, timeout=10) as answer:
        assert "/drafts/file-" in answer.url
    assert file.read_text() == "type: pipeline\njobs: {}\n"


@pytest.mark.skipif(os.name == "nt", reason="no list of processes as here")
def test_the_browser_is_given_a_file_and_no_code(
    served: list[Served], home: Path, tmp_path: Path
) -> None:
    """A24: what a browser is started with stands in the list of processes."""
    told = tmp_path / "told"
    script = tmp_path / "a-browser"
    script.write_text(f'#!/bin/sh\necho "$1" > {told}.part\nmv {told}.part {told}\n')
    script.chmod(0o755)
    command = [word for word in COMMAND if word != "--no-browser"]
    server = Served("--port", "0", command=command, environment={"BROWSER": f"{script} %s"})
    served.append(server)
    deadline = time.monotonic() + 20
    while not told.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    address = told.read_text().strip()
    page = home / "server" / "open.html"
    assert address == page.as_uri()
    assert page.stat().st_mode & 0o777 == 0o600
    assert server.link in page.read_text()


def test_a_port_that_is_taken_is_said(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [*COMMAND, "--port", str(port)], capture_output=True, text=True, timeout=60, check=False
        )
    assert done.returncode == 2
    assert f"Port {port} is taken" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (home / "server" / "instance.json").exists()


@pytest.mark.parametrize("words", [["--folder", "nowhere"], ["nowhere.yml"]])
def test_what_is_not_there_is_said_before_anything_begins(words: list[str]) -> None:
    done = subprocess.run(
        [*COMMAND, "--port", "0", *words], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert "nowhere" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_a_killed_server_left_half_done_is_removed(served: list[Served], home: Path) -> None:
    kept = Drafts(load_settings()).create(lambda _: Content("a: 1\n", Layout()))
    weights, drafts = home / "weights", home / "drafts"
    gone = [weights / ".arriving-00", drafts / ".deleted-x-00", drafts / "20200101-000000-aaaaaa"]
    weights.mkdir()
    gone[0].write_bytes(b"half")
    for folder in gone[1:]:
        folder.mkdir()
        (folder / "journal.jsonl").write_text("")
        os.utime(folder / "journal.jsonl", (0, 0))
        os.utime(folder, (0, 0))
    begun_now = drafts / "20260101-000000-bbbbbb"
    begun_now.mkdir()
    served.append(Served("--port", "0"))
    until = time.monotonic() + 20
    while any(path.exists() for path in gone) and time.monotonic() < until:
        time.sleep(0.05)
    assert [path for path in gone if path.exists()] == []
    assert begun_now.exists(), "somebody may be making it"
    assert [card.id for card in Drafts(load_settings()).cards()] == [kept.id]


def test_a_second_start_knows_the_folder_that_the_first_uses_by_itself(
    served: list[Served], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    monkeypatch.chdir(here)
    served.append(Served("--port", "0"))
    served.append(Served("--port", "0", "--folder", str(here)))
    assert served[1].origin == served[0].origin
    served.append(Served("--port", "0", "--folder", str(there)))
    assert served[2].link == ""
    assert "without" in served[2].told


def test_what_is_asked_is_not_printed(served: list[Served], home: Path) -> None:
    """A24: neither codes nor tokens, nor anything a stranger sends, reach the terminal."""
    server = Served("--port", "0")
    served.append(server)
    token = (home / "server" / "token").read_text().strip()
    port = int(server.origin.rsplit(":", 1)[1])
    for path in (f"/api/session?token={token}", "/open?code=guess", "/%1b]0;x%07"):
        status(browser(), f"{server.origin}{path}")
    with socket.create_connection(("127.0.0.1", port), timeout=10) as made:
        made.sendall(b"\x1b]0;stranger\x07\r\n\r\n")
        made.recv(1_000)
    server.process.send_signal(signal.SIGTERM)
    assert server.process.stdout is not None
    assert server.process.stdout.read() == ""
    assert server.process.wait(20) == 0


def test_what_a_killed_one_left_behind_is_no_designer(home: Path) -> None:
    place = home / "server"
    first = Served("--port", "0")
    first.process.kill()
    first.end()
    assert (place / "instance.json").exists()
    second = Served("--port", "0")
    try:
        assert second.process.poll() is None
        assert f'"pid": {second.process.pid}' in (place / "instance.json").read_text()
    finally:
        second.end()
    assert not (place / "instance.json").exists()
