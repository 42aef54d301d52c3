"""Runs whose supervisor is gone, and runs that have none: seen to, and never said to go on."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import time
from pathlib import Path

import pytest

from visionloom.engine import process
from visionloom.engine.executors.base import FINISH_NAME, run_marker
from visionloom.errors import RunStateError
from visionloom.records.rows import ProcessIdentity, RunRow, StepRow
from visionloom.runs import train_run
from visionloom.runs.follow import give_up, reconcile
from visionloom.runs.pipeline_run import continue_run
from visionloom.runs.stopping import cancel_run
from visionloom.runs.train_folder import remember_run_id
from visionloom.runs.train_request import TrainRequest
from visionloom.runs.train_run import TrainRun
from visionloom.spec.context import silent
from visionloom.workspace import Workspace

GONE = dataclasses.replace(process.identify(), started=1)
VISIONLOOM = str(Path(sys.executable).parent / "visionloom")


def going_on(workspace: Workspace, holder: ProcessIdentity, **more: object) -> RunRow:
    """A run that is running under a supervisor."""
    records = workspace.records
    folder = str(workspace.settings.runs / "r")
    records.create_run(
        RunRow("r", "r", created=time.time(), folder=folder, **more),  # type: ignore[arg-type]
        [StepRow("r", "one", 0, "work", "1")],
    )
    fence = records.acquire("r", holder, 0.0)
    assert records.move_run("r", "running", fence=fence)
    return records.get_run("r")


def test_every_command_sees_to_runs_whose_supervisor_died() -> None:
    going_on(Workspace(), GONE)
    done = subprocess.run(
        [VISIONLOOM, "runs", "show", "r"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "lost: its supervisor is gone" in done.stdout


def test_a_run_of_another_machine_is_left_alone() -> None:
    workspace = Workspace()
    going_on(workspace, ProcessIdentity("elsewhere", "another boot", 100, 1))
    reconcile(workspace, silent)
    assert workspace.records.get_run("r").state == "running"


def test_what_is_left_of_a_run_that_is_given_up_is_ended() -> None:
    workspace = Workspace()
    run = going_on(workspace, GONE)
    marker = f"{run_marker(str(workspace.settings.home), 'r')}one.1"
    left = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(60)"],
        env={process.MARKER: marker},
    )
    give_up(workspace, run, "failed", "the pictures are gone")
    assert left.wait(timeout=10) == -process.KILL
    assert workspace.records.get_run("r").state == "failed"


def test_a_run_that_was_taken_up_meanwhile_is_not_given_up() -> None:
    workspace = Workspace()
    run = going_on(workspace, GONE)
    workspace.records.acquire("r", process.identify(), 0.0, take_over=True)
    give_up(workspace, run, "lost", "its supervisor is gone")
    assert workspace.records.get_run("r").state == "running"


def test_a_training_whose_processes_all_died_is_gone_on_with_as_a_new_run(tmp_path: Path) -> None:
    workspace = Workspace()
    going_on(workspace, GONE)
    remember_run_id(tmp_path, "r")
    earlier = TrainRun(workspace, TrainRequest("photos"), tmp_path)._earlier()
    assert earlier is not None
    assert earlier.state == "lost"


def test_a_training_that_goes_on_is_asked_to_finish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace()
    run = going_on(workspace, process.identify())
    remember_run_id(tmp_path, "r")
    monkeypatch.setattr(train_run, "follow", lambda *_: run)
    monkeypatch.setattr(train_run, "raise_failure", lambda *_: None)
    training = TrainRun(workspace, TrainRequest("photos"), tmp_path, finish=True)
    assert training._carry_out() == run
    assert (Path(run.folder) / FINISH_NAME).is_file()


def test_a_run_without_a_pipeline_is_neither_cancelled_nor_gone_on_with() -> None:
    workspace = Workspace()
    run = going_on(workspace, process.identify(), kind="score", options={"request": {"model": "m"}})
    with pytest.raises(RunStateError, match="`visionloom score` itself"):
        cancel_run(workspace, "r")
    assert workspace.records.get_run("r").cancel == ""
    with pytest.raises(RunStateError, match="cannot be gone on with"):
        continue_run(workspace, run)
