"""Token, one-time codes and cookies."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.server.conftest import PORT, browser
from visionloom.limits import ServerLimits
from visionloom.server.access import Access, private_folder, read_token, write_private
from visionloom.server.desk import Desk

HOUR, DAY = 3_600.0, 86_400.0
POSIX = pytest.mark.skipif(os.name == "nt", reason="no such permissions here")


@dataclass
class Clock:
    """A wall clock that is set."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "server"


@POSIX
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_the_token_is_its_owners_alone_whatever_the_umask(folder: Path, umask: int) -> None:
    """A35."""
    before = os.umask(umask)
    try:
        token = Access(folder, PORT).token
    finally:
        os.umask(before)
    assert len(token) == 43
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "token").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in folder.iterdir()] == ["token"], "no temporary file is left"


@POSIX
@pytest.mark.parametrize("spoilt", ["wide", "empty", "short", "link", "folder is wide"])
def test_a_token_that_others_may_know_is_replaced(
    folder: Path, tmp_path: Path, spoilt: str
) -> None:
    """A35."""
    old = Access(folder, PORT).token
    file = folder / "token"
    if spoilt == "wide":
        file.chmod(0o644)
    elif spoilt == "link":
        elsewhere = tmp_path / "elsewhere"
        elsewhere.write_text("x" * 43)
        file.unlink()
        file.symlink_to(elsewhere)
    elif spoilt == "folder is wide":
        folder.chmod(0o755)
    else:
        file.write_text("" if spoilt == "empty" else "abc")
    new = Access(folder, PORT).token
    assert (new == old) is (spoilt == "folder is wide"), "a closed file in an open folder is safe"
    assert len(new) == 43
    assert not file.is_symlink()
    assert file.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    if spoilt == "link":
        assert (tmp_path / "elsewhere").read_text() == "x" * 43


def test_servers_that_begin_at_once_have_one_token(folder: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from visionloom.server.access import Access; "
        "sys.stdin.readline(); print(Access(Path(sys.argv[1]), 1).token)"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(4)
    ]  # fmt: skip
    for one in started:
        assert one.stdin is not None
        one.stdin.write("\n")
        one.stdin.flush()
    tokens = {one.communicate(timeout=30)[0] for one in started}
    assert len(tokens) == 1
    assert tokens == {read_token(folder) + "\n"}


def test_a_private_file_is_written_whole_or_not_at_all(folder: Path) -> None:
    private_folder(folder)
    assert write_private(folder / "x", b"one")
    assert not write_private(folder / "x", b"two", replace=False)
    assert (folder / "x").read_bytes() == b"one"
    assert write_private(folder / "x", b"three")
    assert (folder / "x").read_bytes() == b"three"
    assert [path.name for path in folder.iterdir()] == ["x"]


def test_a_code_works_once_and_for_a_minute(folder: Path) -> None:
    """A24."""
    clock = Clock()
    access = Access(folder, PORT, wall=clock)
    code = access.new_code("/runs")
    assert access.redeem(code) == "/runs"
    assert access.redeem(code) is None
    late = access.new_code()
    clock.now += 61
    assert access.redeem(late) is None
    in_time = access.new_code()
    clock.now += 59
    assert access.redeem(in_time) == "/"
    assert access.redeem("") is None


def test_guessing_is_slowed_down_and_locks_nobody_out(desk: Desk) -> None:
    """A24: of a thousand guesses."""
    code = desk.access.new_code()
    client = browser(desk, signed_in=False)
    seen = [client.get(f"/open?code=guess{number}").status_code for number in range(1_000)]
    assert seen[:5] == [403] * 5
    assert set(seen[5:]) == {429}
    answer = client.get(f"/open?code={code}")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"
    again = browser(desk, signed_in=False).get(f"/open?code={code}")
    assert again.status_code == 429


def test_the_cookie_is_for_this_server_and_no_script(desk: Desk) -> None:
    client = browser(desk, signed_in=False)
    told = client.get(f"/open?code={desk.access.new_code()}").headers
    parts = {part.strip().partition("=")[0] for part in told["set-cookie"].split(";")}
    assert parts == {f"visionloom-{PORT}", "Path", "Max-Age", "HttpOnly", "SameSite"}
    assert "SameSite=Strict" in told["set-cookie"]
    assert "code" not in told["location"]
    assert client.get("/api/session").status_code == 200


def test_a_cookie_ends_unused_or_after_a_week_and_outlives_a_server(folder: Path) -> None:
    clock = Clock()
    access = Access(folder, PORT, wall=clock)
    session = access.begin()
    value, seconds = access.cookie(session)
    assert seconds == 12 * HOUR
    clock.now += 11.9 * HOUR
    again = Access(folder, PORT, wall=clock)
    assert again.session([value]) is not None
    clock.now += 0.2 * HOUR
    assert again.session([value]) is None
    # one that is used every day
    session = access.begin()
    for _ in range(13):
        clock.now += 11 * HOUR
        value, _ = access.cookie(session)
        assert access.session([value]) is not None
    clock.now += 11 * HOUR
    clock.now += 11 * HOUR
    clock.now += 11 * HOUR
    value, seconds = access.cookie(session)
    assert seconds == 0
    assert access.session([value]) is None


def test_a_cookie_in_use_is_renewed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(desk.access, "_wall", clock)
    client = browser(desk)
    assert "set-cookie" not in client.get("/api/session").headers
    clock.now += 11 * 60
    renewed = client.get("/api/session").headers["set-cookie"]
    assert "Max-Age=43200" in renewed
    clock.now += 11.9 * HOUR
    assert client.get("/api/session").status_code == 200


def test_who_removes_the_token_signs_everybody_out(folder: Path) -> None:
    access = Access(folder, PORT)
    value, _ = access.cookie(access.begin())
    assert access.session([value]) is not None
    token = access.token
    (folder / "token").unlink()
    assert access.session([value]) is None
    assert not access.is_token(token)
    again, _ = access.cookie(access.begin())
    assert access.session([again]) is not None
    assert Access(folder, PORT).session([again]) is not None, "another one was made, for all"


def test_a_link_is_made_for_the_signed_in_and_a_file_for_the_token_alone(
    desk: Desk, client: TestClient, tmp_path: Path
) -> None:
    file = tmp_path / "a.yml"
    file.write_text("type: pipeline\njobs: {}\n")
    made = client.post("/api/session/link", json={})
    assert made.status_code == 201
    assert client.get(made.json()["address"]).headers["location"] == "/"
    refused = client.post("/api/session/link", json={"file": str(file)})
    assert refused.status_code == 422
    program = browser(desk, signed_in=False)
    for name in ("Origin", "Sec-Fetch-Site"):
        del program.headers[name]
    program.headers["Authorization"] = f"Bearer {desk.access.token}"
    made = program.post("/api/session/link", json={"file": str(file)})
    leads_to = browser(desk, signed_in=False).get(made.json()["address"]).headers["location"]
    assert leads_to.startswith("/drafts/file-")


def test_neither_code_nor_token_is_ever_logged(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """A24."""
    caplog.set_level(logging.DEBUG)
    code, token = desk.access.new_code(), desk.access.token
    client = browser(desk, signed_in=False)
    for _ in range(2):
        client.get(f"/open?code={code}")
    client.get("/api/session", headers={"Authorization": f"Bearer {token}"})
    client.get(f"/api/session?token={token}")
    ours = [r.getMessage() for r in caplog.records if not r.name.startswith(("httpx", "asyncio"))]
    assert not [line for line in ours if code in line or token in line]


def test_only_so_many_codes_wait(folder: Path) -> None:
    access = Access(folder, PORT, ServerLimits())
    codes = [access.new_code() for _ in range(100)]
    assert sum(access.redeem(code) is not None for code in codes) <= 16
    assert access.redeem(access.new_code()) == "/"
