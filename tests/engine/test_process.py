"""A process is known for certain: no other is signalled, nothing it started is overlooked."""

from __future__ import annotations

import dataclasses
import os
import platform
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.engine.conftest import await_that
from visionloom.engine import process

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts Python code in a session of its own; ended after the test."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(
        code: str = "import time; time.sleep(60)", **variables: str
    ) -> subprocess.Popen[bytes]:
        one = subprocess.Popen(
            [sys.executable, "-c", code],
            env={**os.environ, **variables},
            start_new_session=True,
            stdout=subprocess.PIPE,
        )
        started.append(one)
        return one

    yield begin
    for one in started:
        one.kill()
        one.wait()
        assert one.stdout is not None
        one.stdout.close()


def test_a_process_lives_until_it_is_dead_even_before_it_is_waited_for(start: Start) -> None:
    one = start()
    who = process.identify(one.pid)
    assert process.is_alive(who)
    os.kill(one.pid, signal.SIGKILL)
    await_that(lambda: not process.is_alive(who))
    assert one.returncode is None
    assert process.identify(one.pid, dead=True) == who
    with pytest.raises(ProcessLookupError):
        process.identify(one.pid)


def test_a_stranger_with_the_same_number_is_neither_taken_for_it_nor_signalled(
    start: Start,
) -> None:
    stranger = start()
    stale = dataclasses.replace(process.identify(stranger.pid), started=1)
    assert not process.is_alive(stale)
    assert not process.send_signal(stale, signal.SIGKILL)
    assert not process.send_signal(stale, signal.SIGKILL, group=True)
    assert process.remaining(stale, "no such marker") == []
    time.sleep(0.05)
    assert stranger.poll() is None


def test_nothing_of_an_earlier_boot_lives(start: Start) -> None:
    before = dataclasses.replace(process.identify(start().pid), boot="another")
    assert process.liveness(before) == "dead"


def test_of_another_machine_s_processes_nothing_is_known(start: Start) -> None:
    who = process.identify(start().pid)
    elsewhere = dataclasses.replace(who, host=platform.node() + "-2", boot="another")
    assert process.liveness(elsewhere) == "elsewhere"
    assert not process.is_alive(elsewhere)


def test_the_number_of_no_process_is_dead() -> None:
    who = dataclasses.replace(process.identify(), pid=2**22 + 1)
    assert process.liveness(who) == "dead"
    assert not process.send_signal(who, signal.SIGTERM)


def test_a_name_with_brackets_and_blanks_is_read_right(tmp_path: Path, start: Start) -> None:
    odd = tmp_path / "a) S 1 (b"
    odd.symlink_to(sys.executable)
    one = subprocess.Popen([odd, "-c", "import time; time.sleep(60)"])
    try:
        await_that(lambda: process.is_alive(process.identify(one.pid)))
        assert process.table()[one.pid].parent == os.getpid()
    finally:
        one.kill()
        one.wait()


_HIDDEN = "subprocess.Popen(forever, start_new_session=True, env={})"
_FAMILY = f"""
import subprocess, sys, time
forever = [sys.executable, "-c", "import time; time.sleep(60)"]
subprocess.Popen(forever)
subprocess.Popen(forever, start_new_session=True)
{_HIDDEN}
print("there", flush=True)
time.sleep(60)
"""


def test_all_that_a_process_started_is_found_and_ended(start: Start) -> None:
    one = start(_FAMILY, VISIONLOOM_ATTEMPT="family.1")
    assert one.stdout is not None
    one.stdout.readline()
    who = process.identify(one.pid)
    found = process.remaining(who, "family.1")
    assert len(found) == 4
    assert len(process.descendants(one.pid)) == 3
    for each in found:
        process.send_signal(each, process.KILL)
    await_that(lambda: not process.remaining(who, "family.1"))


def test_what_left_is_found_by_its_marker_when_the_leader_is_gone(start: Start) -> None:
    one = start(_FAMILY, VISIONLOOM_ATTEMPT="family.2")
    assert one.stdout is not None
    one.stdout.readline()
    who = process.identify(one.pid)
    (hidden,) = [p for p in process.descendants(one.pid) if not process.marker_of(p.pid)]
    one.kill()
    one.wait()
    left = process.remaining(who, "family.2")
    assert len(left) == 2
    assert [p.pid for p in process.find_marked("family.")] == [p.pid for p in left]
    for each in (*left, hidden):
        process.send_signal(each, process.KILL)


def test_a_signal_to_a_group_reaches_those_in_it_and_no_others(start: Start) -> None:
    without_the_hidden = _FAMILY.replace(_HIDDEN, "")
    one = start(without_the_hidden, VISIONLOOM_ATTEMPT="family.3")
    assert one.stdout is not None
    one.stdout.readline()
    assert process.send_signal(process.identify(one.pid), signal.SIGTERM, group=True)
    one.wait()
    await_that(lambda: len(process.find_marked("family.3")) == 1)
    (left,) = process.find_marked("family.3")
    process.send_signal(left, process.KILL)


_FORK = """
import os, sys, time
from visionloom.engine import process
pid = os.fork()
if pid == 0:
    process.mark("taken.1")
    print(os.environ["VISIONLOOM_ATTEMPT"], flush=True)
    time.sleep(60)
print(pid, flush=True)
time.sleep(60)
"""


def test_a_forked_process_takes_a_marker_of_its_own(start: Start) -> None:
    one = start(_FORK, VISIONLOOM_ATTEMPT=" " * process.MARKER_ROOM)
    assert one.stdout is not None
    said = {one.stdout.readline().strip(), one.stdout.readline().strip()}
    (child,) = (int(word) for word in said if word.isdigit())
    assert b"taken.1" in said
    assert process.marker_of(child) == "taken.1"
    assert process.marker_of(one.pid) == ""
    os.kill(child, signal.SIGKILL)


def test_a_longer_marker_than_there_is_room_for_writes_over_nothing_else(start: Start) -> None:
    code = _FORK.replace("taken.1", "x" * 100)
    one = start(code, VISIONLOOM_ATTEMPT=" " * 10, ZZZ_AFTER="kept")
    assert one.stdout is not None
    # the two write to one pipe, perhaps into one line
    told = one.stdout.readline() + one.stdout.readline()
    (child,) = (int(number) for number in re.findall(rb"\d+", told))
    assert process.marker_of(child) == "x" * 10
    assert b"ZZZ_AFTER=kept" in Path(f"/proc/{child}/environ").read_bytes().split(b"\0")
    os.kill(child, signal.SIGKILL)


def test_memory_is_measured() -> None:
    assert 1 << 20 < process.resident_bytes([os.getpid()]) < 1 << 36
    assert process.resident_bytes([2**22 + 1]) == 0


def test_the_boot_clock_goes_on() -> None:
    before = process.boot_clock()
    time.sleep(0.02)
    assert 0.015 < process.boot_clock() - before < 60


def test_without_proc_psutil_tells_the_same(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_LINUX", False)
    one = start(_FAMILY, VISIONLOOM_ATTEMPT="family.4")
    assert one.stdout is not None
    one.stdout.readline()
    who = process.identify(one.pid)
    assert process.is_alive(who)
    found = process.remaining(who, "family.4")
    assert len(found) == 4
    for each in found:
        process.send_signal(each, process.KILL)
    await_that(lambda: not process.is_alive(who))
