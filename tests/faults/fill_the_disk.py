"""A training on a small disk that somebody fills: it waits, says so, and ends as if nothing was.

    unshare -Ur -m python -m tests.faults.fill_the_disk FOLDER [--cancel]

Meanwhile lists of runs and pages work, and the last checkpoint is whole. With ``--cancel`` the run
is cancelled on the full disk. Prints what was seen, one line each.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.faults.namespaces import ROOT, enlarge_disk, fill, mount_small_disk
from tests.faults.small_training import inputs, pipeline
from tests.server.live import Live, serving
from visionloom.artifacts.room import WAITING_FOR_ROOM
from visionloom.artifacts.types import TrainedModel
from visionloom.engine import process
from visionloom.engine.executors.base import run_marker
from visionloom.engine.reserve import RESERVE_NAME
from visionloom.models.directory import read_trained
from visionloom.records.rows import RUN_ENDS, StepRow
from visionloom.runs.pipeline_run import RunRequest, prepare_pipeline, submit
from visionloom.training import checkpoint
from visionloom.workspace import Workspace

EPOCHS, DISK_MIB, LARGER_MIB = 6, 24, 64


class Trial:
    """One training in one home folder."""

    def __init__(self, home: Path, ports: dict[str, Path], epochs: int) -> None:
        os.environ["VISIONLOOM_HOME"] = str(home)
        self.home = home
        self.workspace = Workspace()
        made = pipeline(home, ports, epochs, None)
        self.run = submit(prepare_pipeline(self.workspace, made.pipeline, RunRequest()), here=False)

    @property
    def step(self) -> StepRow:
        """The training, as recorded."""
        return self.workspace.records.steps(self.run)[0]

    @property
    def checkpoints(self) -> list[Path]:
        """Those that are there."""
        return sorted(self.home.glob("scratch/*/checkpoint-*"))

    def await_that(self, condition: Callable[[], object], what: str, seconds: float = 120) -> None:
        """Wait until something holds."""
        until = time.monotonic() + seconds
        while not condition():
            state = self.workspace.records.get_run(self.run).state
            assert state not in RUN_ENDS, f"{state} before {what}: {self.step}"
            assert time.monotonic() < until, f"not {what}: {self.step}"
            time.sleep(0.02)

    def await_end(self) -> str:
        """The state the run ends in."""
        until = time.monotonic() + 120
        while (row := self.workspace.records.get_run(self.run)).state not in RUN_ENDS:
            assert time.monotonic() < until, self.step
            time.sleep(0.05)
        return row.state

    def end(self) -> None:
        """Leave no process of it."""
        for left in process.find_marked(run_marker(str(self.home), self.run)):
            process.send_signal(left, process.KILL)
        log = self.home / "runs" / self.run / "supervisor.log"
        print(log.read_text() if log.exists() else "", file=sys.stderr)

    def weights(self) -> str:
        """Digest of the weights that came out."""
        (output,) = self.workspace.records.outputs(self.run, "train")
        model = TrainedModel(self.workspace.store.path(output.object))
        return read_trained(model).weights_digest


def command(*words: str) -> str:
    """What a command of Visionloom prints; it must end well."""
    done = subprocess.run(
        [sys.executable, "-m", "visionloom.cli.main", *words],
        cwd=ROOT, check=False, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout


def main(arguments: list[str]) -> None:
    """Do it."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.fill_the_disk")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cancel", action="store_true")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    said = parser.parse_args(arguments)
    os.environ["VISIONLOOM_HOME"] = str(said.folder / "first-home")
    ports = inputs(said.folder)
    small = said.folder / "small-disk"
    mount_small_disk(small, DISK_MIB)
    trial = Trial(small, ports, said.epochs)
    try:
        with serving() as live:
            watch(trial, small, ports, said, live)
    finally:
        trial.end()


def watch(
    trial: Trial, small: Path, ports: dict[str, Path], said: argparse.Namespace, live: Live
) -> None:
    """Fill the disk, look around, make room."""
    trial.await_that(lambda: len(trial.checkpoints) == 2, "it has saved twice")
    # gone on with until the records have told, since they need room too
    trial.await_that((small / RESERVE_NAME).exists, "there is a reserve")
    fill(small)
    began = time.monotonic()
    trial.await_that(
        lambda: trial.step.reason.startswith(WAITING_FOR_ROOM), "it says that it waits"
    )
    print(f"says so after {time.monotonic() - began:.1f} s: {trial.step.reason}")
    # whatever was given up for that is taken too
    fill(small)
    time.sleep(3)
    last, warnings = checkpoint.load_latest(trial.checkpoints[-1].parent)
    assert last is not None
    assert not warnings
    saved = len(trial.checkpoints)
    print(f"{saved} checkpoints, the last one whole, of epoch {last.position.epoch}")
    assert trial.run in command("runs", "list")
    assert "disk full" in command("runs", "show", trial.run)
    for page in ("/api/runs", f"/api/runs/{trial.run}", "/runs", "/"):
        assert live.ask("GET", page) == 200, page
    print("listed and shown on the full disk, by commands and pages")
    if said.cancel:
        began = time.monotonic()
        command("runs", "cancel", trial.run)
        print(f"{trial.await_end()} after {time.monotonic() - began:.1f} s")
        return
    enlarge_disk(small, LARGER_MIB)
    trial.await_that(lambda: not trial.step.reason, "it goes on")
    assert trial.await_end() == "succeeded", trial.step
    never_full = Trial(said.folder / "large-disk", ports, said.epochs)
    assert never_full.await_end() == "succeeded", never_full.step
    assert trial.weights() == never_full.weights()
    print("the same weights as on a disk that was never full")


if __name__ == "__main__":
    main(sys.argv[1:])
