"""With the times users have, what happens is told at once, and what is asked is heard soon."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.harness import Bench, step
from visionloom.engine.timings import Timings


@pytest.fixture
def bench(home: Path) -> Iterator[Bench]:
    """With real times."""
    made = Bench(home, Timings())
    yield made
    made.close()


def test_a_change_of_state_is_in_the_journal_as_soon_as_in_the_records(bench: Bench) -> None:
    run = bench.carry_out(
        step("one"), step("two", before="one", how="fail"), step("three", text="t")
    )
    told = {
        (line["step"], line["state"]): line["at"]
        for line in bench.journal(run)
        if line["kind"] == "step"
    }
    changes = [e for e in bench.recorder.events(run.id) if e.kind == "step"]
    assert len(changes) >= 5
    for change in changes:
        assert abs(told[change.step, change.new] - change.at) < 0.25, change


def test_what_is_asked_of_a_step_is_heard_within_a_moment(bench: Bench) -> None:
    run = bench.submit(step("wait", seconds=60))
    supervisor = bench.supervisor(run)
    thread = threading.Thread(target=supervisor.run)
    thread.start()
    bench.await_step(run, "wait", "running")
    began = time.monotonic()
    assert bench.recorder.ask_step(run.id, "wait", "cancel")
    bench.await_step(run, "wait", "cancelled")
    assert time.monotonic() - began < 1.5
    thread.join()
    bench.check(run)
