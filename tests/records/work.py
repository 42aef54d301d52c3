"""Runs, steps and results as these tests need them, and records that are quick to write."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from visionloom.engine.reuse import Decision, Reason
from visionloom.records.recorder import Recorder, open_records
from visionloom.records.rows import (
    AttemptRow,
    OutputRow,
    ProcessIdentity,
    ResultRow,
    RunRow,
    StepRow,
)

ME = ProcessIdentity("here", "boot", 100, 1)
OTHER = ProcessIdentity("there", "boot", 200, 2)


def url(path: Path) -> str:
    """The address of a database file."""
    return f"sqlite:///{path}"


@contextmanager
def quick_records() -> Iterator[Recorder]:
    """Records in memory where the machine has a file system for that, for tests of many writes."""
    memory = Path("/dev/shm")
    place = memory if os.access(memory, os.W_OK) else None
    with (
        tempfile.TemporaryDirectory(dir=place) as folder,
        open_records(url(Path(folder) / "records.sqlite")) as recorder,
    ):
        yield recorder


def new_run(recorder: Recorder, run: str, *steps: str, name: str = "flowers", **more: Any) -> int:
    """A run that is running, held by `ME`; returns the fence."""
    rows = [StepRow(run, s, i, "train", "1") for i, s in enumerate(steps or ("train",))]
    recorder.create_run(RunRow(run, name, **more), rows)
    fence = recorder.acquire(run, ME, 30.0)
    assert recorder.move_run(run, "running", fence=fence)
    return fence


def decision(key: str, **parts: Any) -> Decision:
    """A decision to run."""
    return Decision("run", (Reason("first"),), key, parts)


def output(run: str, step: str = "train", object_id: str = "o1", port: str = "model") -> OutputRow:
    """An output port and its object."""
    return OutputRow(
        run, step, port, object_id, f"digest of {object_id}", "Model", 10, ("/photos",)
    )


def result(run: str, step: str = "train", key: str = "k1", object_id: str = "o1") -> ResultRow:
    """A result of one output."""
    given = output(run, step, object_id)
    return ResultRow(
        key, run, step, "train", "1", {"epochs": 5}, {"data": "/photos"}, {"model": given},
        {object_id: {"weights": 10}}, 2.0, 0.0,
    )  # fmt: skip


def succeed(
    recorder: Recorder,
    run: str,
    fence: int,
    step: str = "train",
    key: str = "k1",
    object_id: str = "o1",
    seconds: float = 2.0,
) -> None:
    """Run a step to its success."""
    assert recorder.start_attempt(AttemptRow(run, step, 1), fence=fence)
    assert recorder.commit_step(
        run, step, 1, [output(run, step, object_id)],
        result=result(run, step, key, object_id), seconds=seconds, fence=fence,
    )  # fmt: skip


def finished_run(
    recorder: Recorder, run: str, key: str = "k1", object_id: str = "o1", **more: Any
) -> None:
    """A run of one step that succeeded."""
    fence = new_run(recorder, run, **more)
    succeed(recorder, run, fence, key=key, object_id=object_id)
    assert recorder.move_run(run, "succeeded", fence=fence)


def reusing_run(recorder: Recorder, run: str, key: str = "k1") -> bool:
    """A run of one step that reuses the result of a key; whether it could."""
    source = recorder.results([key])[key]
    fence = new_run(recorder, run)
    could = recorder.reuse_step(run, "train", source, decision(key, epochs=5), fence=fence)
    assert recorder.move_run(run, "succeeded" if could else "failed", fence=fence)
    return could
