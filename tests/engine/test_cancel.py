"""Cancelling ends a run from every state, once, and leaves nothing alive."""

from __future__ import annotations

import dataclasses
import random
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.engine.harness import Bench, step
from visionloom.engine import process
from visionloom.engine.plan import Planner
from visionloom.engine.reuse import Decision
from visionloom.records.rows import RunRow


def cancel_when(
    bench: Bench, run: RunRow, condition: Callable[[], object], how: str = "cancel"
) -> threading.Thread:
    """Cancel the run as soon as something holds."""

    def wait() -> None:
        bench.await_that(condition, "it is time to cancel")
        bench.recorder.request_cancel(run.id, "kill" if how == "kill" else "cancel")

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def trains(bench: Bench, run: RunRow) -> Callable[[], bool]:
    return lambda: any(line["kind"] == "metrics" for line in bench.journal(run))


def logs(bench: Bench, run: RunRow) -> Callable[[], bool]:
    return lambda: any(line["kind"] == "log" for line in bench.journal(run))


def test_before_it_begins(bench: Bench) -> None:
    run = bench.submit(step("one"), step("two", before="one"))
    assert bench.recorder.request_cancel(run.id)
    assert bench.supervisor(run).run() == "cancelled"
    assert set(bench.states(run).values()) == {"cancelled"}
    assert not bench.recorder.attempts(run.id)
    bench.check(run)


def test_a_training_keeps_its_state_and_the_next_run_goes_on_from_it(bench: Bench) -> None:
    whole = bench.carry_out(step("train", epochs=30))
    run = bench.submit(
        step("train", epochs=30, how="use scratch", seconds=10), step("b", before="train")
    )
    cancelling = cancel_when(bench, run, trains(bench, run))
    assert bench.supervisor(run).run() == "interrupted"
    cancelling.join()
    assert bench.states(run) == {"train": "interrupted", "b": "cancelled"}
    bench.check(run)
    done = len(bench.recorder.curve(run.id, "train", "figure"))
    assert 1 <= done < 30
    again = bench.submit(step("train", epochs=30, how="use scratch", seconds=0.1), parent=run.id)
    assert bench.supervisor(again).run() == "succeeded"
    assert bench.note(again, "train") == bench.note(whole, "train")


def test_what_is_drawn_at_random_is_gone_on_with_by_runs_that_continue_it_only(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide = Planner.decide

    def drawn(planner: Planner, *args: Any) -> Decision:
        found = decide(planner, *args)
        return dataclasses.replace(found, action="run", reusable=False, outputs={})

    monkeypatch.setattr(Planner, "decide", drawn)
    training = step("train", epochs=30, seconds=10)
    first = bench.submit(training)
    cancelling = cancel_when(bench, first, trains(bench, first))
    assert bench.supervisor(first).run() == "interrupted"
    cancelling.join()
    done = len(bench.recorder.curve(first.id, "train", "figure"))
    (kept,) = [folder for folder in bench.settings.scratch.iterdir() if folder.is_dir()]
    assert kept.name.endswith(f".{first.id}")
    other = bench.submit(training)
    cancelling = cancel_when(bench, other, lambda: bench.states(other)["train"] == "running")
    assert bench.supervisor(other).run() in {"cancelled", "interrupted"}
    cancelling.join()
    assert len(bench.recorder.curve(other.id, "train", "figure")) < done + 5
    between = bench.submit(training, parent=first.id)
    bench.recorder.request_cancel(between.id)
    bench.supervisor(between).run()
    last = bench.submit(training, parent=between.id)
    cancelling = cancel_when(bench, last, trains(bench, last))
    bench.supervisor(last).run()
    cancelling.join()
    assert len(bench.recorder.curve(last.id, "train", "figure")) >= done
    assert kept.is_dir()


def test_a_step_without_a_state_is_cancelled(bench: Bench) -> None:
    run = bench.submit(step("wait", seconds=60))
    cancelling = cancel_when(bench, run, lambda: bench.states(run)["wait"] == "running")
    assert bench.supervisor(run).run() == "cancelled"
    cancelling.join()
    assert bench.states(run) == {"wait": "cancelled"}
    bench.check(run)


@pytest.mark.parametrize("how", ["grandchildren", "ignore term"])
def test_what_ignores_being_asked_is_ended_after_the_grace_with_all_it_started(
    bench: Bench, how: str
) -> None:
    run = bench.submit(step("bad", how=how))
    cancelling = cancel_when(bench, run, logs(bench, run))
    started = time.monotonic()
    assert bench.supervisor(run).run() == "cancelled"
    cancelling.join()
    assert time.monotonic() - started > bench.timings.grace
    bench.check(run)


def test_kill_does_not_wait_for_the_grace(bench: Bench) -> None:
    run = bench.submit(step("bad", how="ignore term"))
    cancelling = cancel_when(bench, run, logs(bench, run), "kill")
    assert bench.supervisor(run, grace=600).run() == "cancelled"
    cancelling.join()
    bench.check(run)


def test_kill_after_cancel_ends_the_waiting(bench: Bench) -> None:
    run = bench.submit(step("bad", how="ignore term"))
    first = cancel_when(bench, run, logs(bench, run))
    second = cancel_when(bench, run, lambda: not first.is_alive(), "kill")
    assert bench.supervisor(run, grace=600).run() == "cancelled"
    first.join()
    second.join()
    bench.check(run)


def test_a_stopped_process_is_ended_too(bench: Bench) -> None:
    run = bench.submit(step("stopped", how="stop itself"))
    cancelling = cancel_when(bench, run, lambda: bench.states(run)["stopped"] == "running")
    assert bench.supervisor(run).run() == "cancelled"
    cancelling.join()
    bench.check(run)


def test_while_it_waits_for_a_slot(bench: Bench) -> None:
    one = {"name": "cpu", "device": "cpu", "slots": 1}
    holder = bench.submit(step("holds", text="h", seconds=60, target=one))
    supervisor = bench.start(holder)
    bench.await_step(holder, "holds", "running")
    run = bench.submit(step("waits", text="w", target=one))
    cancelling = cancel_when(bench, run, lambda: "taken" in bench.step(run, "waits").reason)
    assert bench.supervisor(run).run() == "cancelled"
    cancelling.join()
    bench.recorder.request_cancel(holder.id)
    assert supervisor.wait(20) == 0
    bench.check(run)


def test_while_another_run_makes_the_same_step(bench: Bench) -> None:
    holder = bench.submit(step("same", seconds=60))
    supervisor = bench.start(holder)
    # the process is there before the key is its own; once it tells of its work, it is
    bench.await_that(
        lambda: any(line["kind"] == "progress" for line in bench.journal(holder)),
        "the holder is at work",
    )
    run = bench.submit(step("same", seconds=60))
    cancelling = cancel_when(bench, run, lambda: "same step" in bench.step(run, "same").reason)
    assert bench.supervisor(run).run() == "cancelled"
    cancelling.join()
    assert bench.states(holder) == {"same": "running"}
    bench.recorder.request_cancel(holder.id)
    assert supervisor.wait(20) == 0
    bench.check(run)


def test_while_it_waits_to_try_again(bench: Bench) -> None:
    run = bench.submit(step("dies", how="kill itself"))
    cancelling = cancel_when(bench, run, lambda: "try 2" in bench.step(run, "dies").reason)
    assert bench.supervisor(run, backoff=60.0).run() == "cancelled"
    cancelling.join()
    assert len(bench.recorder.attempts(run.id)) == 1
    bench.check(run)


def test_after_the_end_nothing_changes(bench: Bench) -> None:
    run = bench.carry_out(step("one"))
    assert not bench.recorder.request_cancel(run.id)
    assert bench.run(run.id).state == "succeeded"


def test_the_supervisor_asked_to_end_cancels_its_run(bench: Bench) -> None:
    run = bench.submit(step("train", epochs=1000, seconds=60))
    supervisor = bench.start(run)
    bench.await_that(trains(bench, run), "it trains")
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(20) == 0
    assert bench.run(run.id).state == "interrupted"
    bench.check(run)


def test_the_supervisor_asked_twice_kills_it(bench: Bench) -> None:
    run = bench.submit(step("bad", how="ignore term"))
    supervisor = bench.start(run, grace=600)
    bench.await_that(logs(bench, run), "it runs")
    supervisor.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(20) == 0
    assert bench.run(run.id).state == "cancelled"
    bench.check(run)


def test_a_supervisor_that_dies_while_it_cancels_is_followed_by_one_that_does(
    bench: Bench,
) -> None:
    run = bench.submit(step("bad", how="grandchildren"))
    supervisor = bench.start(run, grace=600)
    bench.await_that(logs(bench, run), "it runs")
    bench.recorder.request_cancel(run.id)
    time.sleep(0.3)
    supervisor.kill()
    supervisor.wait()
    assert bench.processes(run)
    assert bench.supervisor(run).run() == "cancelled"
    bench.check(run)


def cancel_at_a_moment(bench: Bench, moment: float, number: int, *, twice: bool) -> str:
    """One run of short steps, cancelled some time after it began."""
    run = bench.submit(
        step("a", text=f"{number}"),
        step("b", before="a", epochs=2, seconds=0.05),
        step("c", before="a", text="c"),
        step("d", before="b", beside="c"),
    )

    def cancel() -> None:
        time.sleep(moment)
        bench.recorder.request_cancel(run.id)
        if twice:
            bench.recorder.request_cancel(run.id, "kill")

    thread = threading.Thread(target=cancel)
    thread.start()
    state = bench.supervisor(run).run()
    thread.join()
    assert bench.run(run.id).state == state
    assert state in {"succeeded", "cancelled", "interrupted"}
    bench.check(run)
    moves = [e for e in bench.recorder.events(run.id) if e.kind in {"run", "step"}]
    for name in ("", "a", "b", "c", "d"):
        ends = [e.new for e in moves if e.step == name and e.new not in {"queued", "running"}]
        assert len(ends) == 1, f"{name or 'the run'} ended as {ends}"
    return state


def test_at_any_moment_it_ends_once(bench: Bench) -> None:
    moments = random.Random(1)
    for number in range(8):
        cancel_at_a_moment(bench, moments.uniform(0, 0.7), number, twice=number % 2 == 0)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_at_any_of_many_moments_it_ends_once(bench: Bench) -> None:
    """R24: ``python -m pytest -n0 -m slow tests/engine/test_cancel.py``."""
    moments = random.Random(2)
    states = [
        cancel_at_a_moment(bench, moments.uniform(0, 0.9), number, twice=number % 3 == 0)
        for number in range(1000)
    ]
    assert {"succeeded", "cancelled"} <= set(states)


def test_success_and_cancel_in_the_same_moment(bench: Bench) -> None:
    """The step's result is there when it is asked to end: it counts."""
    run = bench.submit(step("quick", text="q"), step("wait", seconds=60, text="w"))
    cancelling = cancel_when(bench, run, lambda: bench.states(run)["quick"] == "succeeded")
    assert bench.supervisor(run).run() == "cancelled"
    cancelling.join()
    assert bench.states(run) == {"quick": "succeeded", "wait": "cancelled"}
    again = bench.carry_out(step("quick", text="q"))
    assert bench.states(again) == {"quick": "reused"}
    assert process.is_alive(process.identify())
    assert Path(run.folder, "run.json").exists()
