"""Processes of these tests find this package, and none outlives its test."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.engine.harness import Bench
from tests.engine.work import RUNNER
from visionloom.engine import process
from visionloom.engine.executors.base import Ended, Job, write_job
from visionloom.engine.executors.local import LocalExecutor

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _package_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@pytest.fixture(autouse=True)
def _nothing_is_left(home: Path) -> Iterator[None]:
    """After each test no process of its runs is there; it is told by its marker."""
    yield
    ours = Job("", "", 0, 0, "", {}, {}, {}, "", "", str(home)).marker.partition(".")[0]
    until = time.monotonic() + 5
    while (left := process.find_marked(ours)) and time.monotonic() < until:
        time.sleep(0.05)
    for one in left:
        process.send_signal(one, process.KILL)
    assert not left, f"{len(left)} processes outlived the test"


@pytest.fixture
def executor() -> Iterator[LocalExecutor]:
    """Forks from a server that has the tests' component."""
    made = LocalExecutor(RUNNER, light=["tests.engine.work"])
    yield made
    made.close()


@pytest.fixture
def job(tmp_path: Path, home: Path) -> Callable[..., Job]:
    """Makes a job and its folder."""

    def make(name: str = "step", attempt: int = 1, **changes: object) -> Job:
        folder = tmp_path / "attempts" / name / str(attempt)
        known = {key: changes.pop(key) for key in tuple(changes) if hasattr(Job, key) or key in (
            "environment", "memory_bytes", "lock", "finish", "preload")}  # fmt: skip
        made = Job(
            run="run",
            step=name,
            attempt=attempt,
            fence=1,
            component="work",
            inputs={},
            parameters={"how": "", "text": "", "seconds": 0.0, "epochs": 0} | changes,  # type: ignore[arg-type]
            outputs={"note": str(folder / "note")},
            scratch=str(tmp_path / "scratch" / name),
            folder=str(folder),
            home=str(home),
            **known,  # type: ignore[arg-type]
        )
        write_job(made)
        return made

    return make


def await_end(executor: LocalExecutor, job: Job, seconds: float = 20) -> Ended:
    """How the job's process ended, once it has."""
    until = time.monotonic() + seconds
    while (ended := executor.poll(job)) is None:
        assert time.monotonic() < until, "the step did not end"
        executor.wait(0.05)
    return ended


def await_that(condition: Callable[[], object], seconds: float = 20) -> None:
    """Wait until something holds."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.01)


@pytest.fixture
def bench(home: Path) -> Iterator[Bench]:
    """A home with records and a store."""
    made = Bench(home)
    yield made
    made.close()
