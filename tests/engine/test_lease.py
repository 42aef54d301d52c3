"""One supervisor per run: refused by name, taken over when gone, fenced off when it returns."""

from __future__ import annotations

import dataclasses
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.harness import QUICK, Bench, step
from visionloom.engine import process
from visionloom.engine.lease import Lease
from visionloom.engine.timings import Attention, Clock
from visionloom.errors import LeaseLostError, RecordsError, RunStateError
from visionloom.records.rows import ProcessIdentity, RunRow


class Now:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def run(bench: Bench) -> RunRow:
    return bench.submit(step("one"))


def lease(bench: Bench, run: RunRow, now: Now | None = None) -> Lease:
    clock = Clock() if now is None else Clock(boot=now, wall=now)
    return Lease(run.id, Path(run.folder), bench.recorder, QUICK, clock)


def hold(bench: Bench, run: RunRow, holder: ProcessIdentity, until: float) -> int:
    return bench.recorder.acquire(run.id, holder, until, take_over=True)


@pytest.fixture
def somebody() -> Iterator[ProcessIdentity]:
    """A process that lives."""
    one = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process.identify(one.pid)
    one.kill()
    one.wait()


def test_a_second_supervisor_is_refused_and_told_who_the_first_is(
    bench: Bench, run: RunRow, somebody: ProcessIdentity
) -> None:
    hold(bench, run, somebody, process.boot_clock() + 60)
    with pytest.raises(RunStateError, match=f"process {somebody.pid} on {somebody.host}"):
        lease(bench, run).acquire()
    assert bench.run(run.id).fence == 1


def test_a_dead_supervisor_s_run_is_taken_over_at_once(
    bench: Bench, run: RunRow, somebody: ProcessIdentity
) -> None:
    dead = dataclasses.replace(somebody, started=somebody.started - 1)
    hold(bench, run, dead, process.boot_clock() + 60)
    new = lease(bench, run)
    new.acquire()
    assert new.fence == 2
    assert bench.run(run.id).supervisor == process.identify()


def test_a_live_supervisor_that_let_its_lease_run_out_may_still_renew_it(
    bench: Bench, run: RunRow, somebody: ProcessIdentity
) -> None:
    """The whole machine may have been asleep."""
    hold(bench, run, somebody, process.boot_clock() - 1)
    waking = threading.Timer(
        0.2, lambda: bench.recorder.renew(run.id, 1, process.boot_clock() + 60)
    )
    waking.start()
    with pytest.raises(RunStateError, match=str(somebody.pid)):
        lease(bench, run).acquire()
    waking.join()


def test_one_that_lives_but_renews_nothing_is_taken_over_and_fenced_off(
    bench: Bench, run: RunRow, somebody: ProcessIdentity
) -> None:
    old = hold(bench, run, somebody, process.boot_clock() - 1)
    lease(bench, run).acquire()
    with pytest.raises(LeaseLostError):
        bench.recorder.renew(run.id, old, process.boot_clock() + 60)
    with pytest.raises(LeaseLostError):
        bench.recorder.move_step(run.id, "one", "failed", fence=old)
    assert bench.states(run) == {"one": "queued"}


def test_one_on_another_machine_is_given_a_whole_lease(
    bench: Bench, run: RunRow, somebody: ProcessIdentity
) -> None:
    elsewhere = dataclasses.replace(somebody, host="elsewhere", boot="other")
    hold(bench, run, elsewhere, 10**9)
    started = process.boot_clock()
    lease(bench, run).acquire()
    assert process.boot_clock() - started >= QUICK.lease


def test_two_that_want_to_take_over_get_it_once(
    bench: Bench, run: RunRow, somebody: ProcessIdentity
) -> None:
    hold(bench, run, somebody, process.boot_clock() - 1)
    got: list[str] = []

    def try_it() -> None:
        try:
            lease(bench, run).acquire()
            got.append("got it")
        except RunStateError as error:
            got.append(str(error))

    threads = [threading.Thread(target=try_it) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got.count("got it") == 1
    assert bench.run(run.id).fence == 2


def test_it_is_renewed_in_time_and_says_what_was_asked_for(
    bench: Bench, run: RunRow, now: Now
) -> None:
    mine = lease(bench, run, now)
    mine.acquire()
    until = bench.run(run.id).lease_until
    mine.keep()
    assert bench.run(run.id).lease_until == until, "not before it is time"
    bench.recorder.request_cancel(run.id)
    now.seconds += QUICK.heartbeat + 0.001
    mine.keep()
    assert bench.run(run.id).lease_until > until
    assert mine.asked == "cancel"
    assert mine.holds()


def test_after_a_sleep_of_the_machine_it_is_renewed_before_anything_is_touched(
    bench: Bench, run: RunRow, now: Now
) -> None:
    mine = lease(bench, run, now)
    mine.acquire()
    now.seconds += 3600
    assert not mine.holds()
    mine.keep()
    assert mine.holds()


def test_who_was_taken_over_while_asleep_learns_it_at_once(
    bench: Bench, run: RunRow, now: Now, somebody: ProcessIdentity
) -> None:
    mine = lease(bench, run, now)
    mine.acquire()
    now.seconds += 3600
    hold(bench, run, somebody, 0)
    with pytest.raises(LeaseLostError):
        mine.keep()


def test_while_the_records_are_locked_nothing_is_held_but_nothing_is_lost(
    home: Path, now: Now
) -> None:
    bench = Bench(home)
    run = bench.submit(step("one"))
    impatient = Bench(home, busy_seconds=0.05)
    mine = lease(impatient, run, now)
    mine.acquire()
    blocker = sqlite3.connect(home / "records.sqlite", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    for _ in range(5):
        now.seconds += QUICK.heartbeat + 0.001
        with pytest.raises(RecordsError):
            mine.keep()
    assert not mine.holds()
    blocker.execute("ROLLBACK")
    now.seconds += QUICK.look + 0.001
    mine.keep()
    assert mine.holds()
    blocker.execute("BEGIN IMMEDIATE")
    now.seconds += QUICK.heartbeat + 0.001
    with pytest.raises(RecordsError):
        mine.keep()
    now.seconds += QUICK.give_up + 1
    with pytest.raises(LeaseLostError, match="could not be renewed"):
        mine.keep()
    blocker.close()
    impatient.close()
    bench.close()


def test_time_in_which_nobody_watched_does_not_count(now: Now) -> None:
    attention = Attention(Clock(boot=now))
    for _ in range(4):
        now.seconds += 0.5
        attention.look()
    assert attention.now == 2.0
    now.seconds += 3600
    assert attention.look() == 4.0
    now.seconds -= 3600
    assert attention.look() == 4.0
