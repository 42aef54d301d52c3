"""Several processes write the records at once, and nobody waits for ever."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.records.work import url
from visionloom.errors import RecordsError
from visionloom.records.recorder import open_records
from visionloom.records.rows import RunRow

_WRITER = """
import sys
from tests.records.work import new_run, output, result
from visionloom.records.recorder import open_records
from visionloom.records.rows import AttemptRow, MetricPoint

address, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
with open_records(address) as recorder:
    for number in range(count):
        run = f"{name}-{number}"
        fence = new_run(recorder, run)
        while not recorder.take_slots("cpu", 2, 1, run, "train", fence=fence):
            assert sum(slot[2] for slot in recorder.slots("cpu")) <= 2
        assert recorder.start_attempt(AttemptRow(run, "train", 1), fence=fence)
        for epoch in range(5):
            recorder.add_metrics([MetricPoint(run, "train", epoch, "loss", 1.0)])
            assert recorder.renew(run, fence, epoch) == ""
        assert recorder.commit_step(
            run, "train", 1, [output(run)], result=result(run), seconds=1, fence=fence
        )
        assert recorder.move_run(run, "succeeded", fence=fence)
        assert recorder.results(["k1"])["k1"].outputs["model"].object == "o1"
"""


def start_writer(path: Path, name: str, count: int) -> subprocess.Popen[bytes]:
    """A process that records ``count`` runs."""
    command = [sys.executable, "-c", _WRITER, url(path), name, str(count)]
    return subprocess.Popen(command, cwd=Path(__file__).parents[2])


@pytest.mark.parametrize("count", [8, pytest.param(100, marks=pytest.mark.slow)])
def test_four_processes_record_runs_at_once_and_nothing_is_lost(tmp_path: Path, count: int) -> None:
    path = tmp_path / "r.sqlite"
    writers = [start_writer(path, f"w{number}", count) for number in range(4)]
    assert [writer.wait(240) for writer in writers] == [0, 0, 0, 0]
    with open_records(url(path)) as recorder:
        runs = recorder.list_runs(limit=1000)
        assert len(runs) == 4 * count
        assert {run.state for run in runs} == {"succeeded"}
        assert {len(recorder.curve(run.id, "train", "loss")) for run in runs} == {5}
        assert {len(recorder.events(run.id)) for run in runs} == {6}
        assert recorder.slots("cpu") == []
        assert recorder.problem() == ""


@pytest.mark.slow
@pytest.mark.parametrize(("seconds", "fails"), [(5.0, False), (15.0, True)])
def test_r19_a_lock_held_for_long_is_a_delay_or_a_clear_error(
    tmp_path: Path, seconds: float, fails: bool
) -> None:
    path = tmp_path / "r.sqlite"
    with (
        open_records(url(path)) as recorder,
        contextlib.closing(
            sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        ) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        release = threading.Timer(seconds, lambda: other.execute("COMMIT"))
        release.start()
        before = time.monotonic()
        problem = ""
        try:
            recorder.create_run(RunRow("a", "n"), [])
        except RecordsError as error:
            problem = error.message
        assert time.monotonic() - before > min(seconds, 10) - 1
        assert problem == (
            f"{path} is busy: another process has been writing to it for more than 10 seconds."
            if fails
            else ""
        )
        release.join()
        recorder.create_run(RunRow("b", "n"), [])
