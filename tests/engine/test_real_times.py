"""What `test_takeover` shows with short times, with the times users have; minutes long."""

from __future__ import annotations

import dataclasses
import signal
import sqlite3
import threading
import time
from pathlib import Path

import pytest

from tests.engine.harness import Bench, step
from tests.engine.test_takeover import process_of
from visionloom.engine import process
from visionloom.engine.timings import Timings

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
REAL = dataclasses.asdict(Timings())


def test_everything_suspended_for_a_minute_goes_on_as_if_nothing_was(home: Path) -> None:
    """R17: longer than the lease holds and longer than a supervisor may be silent."""
    bench = Bench(home)
    run = bench.submit(step("train", epochs=10, seconds=5), step("b", before="train"))
    supervisor = bench.start(run, **REAL)
    process_of(bench, run, "train")
    bench.await_that(lambda: any(x["kind"] == "metrics" for x in bench.journal(run)), "it trains")
    everything = bench.processes(run)
    for one in everything:
        process.send_signal(one, signal.SIGSTOP)
    time.sleep(60)
    for one in reversed(everything):
        process.send_signal(one, signal.SIGCONT)
    assert supervisor.wait(60) == 0
    assert bench.run(run.id).state == "succeeded"
    assert bench.run(run.id).fence == 1
    assert [a.state for a in bench.recorder.attempts(run.id)] == ["succeeded", "succeeded"]
    bench.check(run)
    bench.close()


def test_records_locked_for_a_minute_cost_a_minute_and_nothing_else(home: Path) -> None:
    """R19."""
    bench = Bench(home)
    run = bench.submit(step("train", epochs=10, seconds=2), step("b", before="train"))
    supervisor = bench.start(run, **REAL)
    who = process_of(bench, run, "train")
    with sqlite3.connect(home / "records.sqlite", isolation_level=None) as blocker:
        blocker.execute("BEGIN IMMEDIATE")
        bench.await_that(lambda: not process.is_alive(who), "the step is done")
        time.sleep(60)
        assert supervisor.poll() is None
        blocker.execute("ROLLBACK")
    blocker.close()
    assert supervisor.wait(120) == 0
    assert bench.run(run.id).state == "succeeded"
    assert "busy" in (Path(run.folder) / "supervisor.log").read_text()
    assert [p.index for p in bench.recorder.curve(run.id, "train", "figure")] == list(range(1, 11))
    bench.check(run)
    bench.close()


def test_a_reader_of_ten_minutes_holds_nobody_up_and_a_log_that_grows_is_told(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """R19."""
    bench = Bench(home)
    reader = sqlite3.connect(home / "records.sqlite", check_same_thread=False)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM runs").fetchall()
    over = threading.Event()
    threading.Timer(600, over.set).start()
    runs = 0
    while not over.is_set():
        run = bench.submit(step("train", epochs=20, seconds=0.2), step("b", before="train"))
        started = time.monotonic()
        assert bench.supervisor(run).run() == "succeeded"
        assert time.monotonic() - started < 30
        runs += 1
        over.wait(2)
    assert runs > 60
    log = home / "records.sqlite-wal"
    assert log.stat().st_size < 64 * 1024 * 1024 or "has grown to 64 MiB" in caplog.text
    reader.close()
    bench.check()
    bench.close()
