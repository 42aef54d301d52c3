"""One step is asked to stop, or to end with its best so far: at any moment, once or again."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

import pytest

from tests.engine.harness import Bench, step
from visionloom.engine.course import CUT_SHORT
from visionloom.records.rows import Asked, RunRow


def ask_when(
    bench: Bench, run: RunRow, name: str, how: Asked, condition: Callable[[], object]
) -> threading.Thread:
    """Ask a step for something as soon as something holds."""

    def wait() -> None:
        bench.await_that(condition, f"it is time to {how} {name}")
        assert bench.recorder.ask_step(run.id, name, how)

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def is_running(bench: Bench, run: RunRow, name: str) -> Callable[[], bool]:
    return lambda: bench.states(run)[name] == "running"


def test_a_step_alone_is_cancelled_what_needs_it_left_out_and_the_others_go_on(
    bench: Bench,
) -> None:
    run = bench.submit(
        step("stopped", seconds=60, text="s"),
        step("needs it", before="stopped"),
        step("other", seconds=0.3, text="o"),
        step("after other", before="other"),
    )
    asking = ask_when(bench, run, "stopped", "cancel", is_running(bench, run, "stopped"))
    assert bench.supervisor(run).run() == "cancelled"
    asking.join()
    assert bench.states(run) == {
        "stopped": "cancelled", "needs it": "skipped", "other": "succeeded",
        "after other": "succeeded",
    }  # fmt: skip
    assert bench.step(run, "needs it").reason == "stopped was cancelled"
    assert bench.run(run.id).reason == "cancelled: stopped"
    said = [line["reason"] for line in bench.journal(run) if line.get("step") == "stopped"
            and line["kind"] == "step"]  # fmt: skip
    assert said[-2:] == ["asked to stop", "stopped"]
    bench.check(run)


def test_a_training_cancelled_alone_keeps_its_state(bench: Bench) -> None:
    run = bench.submit(step("train", epochs=500, seconds=60))
    asking = ask_when(
        bench, run, "train", "cancel", lambda: bench.recorder.curve(run.id, "train", "figure")
    )
    assert bench.supervisor(run).run() == "interrupted"
    asking.join()
    assert bench.states(run) == {"train": "interrupted"}
    assert bench.run(run.id).reason == "cancelled: train"
    bench.check(run)


def test_a_step_that_waits_is_cancelled_before_it_begins(bench: Bench) -> None:
    run = bench.submit(step("first", seconds=0.3), step("second", before="first"))
    assert bench.recorder.ask_step(run.id, "second", "cancel")
    assert bench.supervisor(run).run() == "cancelled"
    assert bench.states(run) == {"first": "succeeded", "second": "cancelled"}
    assert not bench.recorder.attempts(run.id, "second")
    bench.check(run)


def test_a_step_that_ignores_being_asked_is_ended_and_kill_does_not_wait(bench: Bench) -> None:
    run = bench.submit(step("bad", how="ignore term"))
    heard = lambda: any(line["kind"] == "log" for line in bench.journal(run))  # noqa: E731
    asking = ask_when(bench, run, "bad", "cancel", heard)
    harder = ask_when(bench, run, "bad", "kill", lambda: not asking.is_alive())
    assert bench.supervisor(run, grace=600).run() == "cancelled"
    asking.join()
    harder.join()
    bench.check(run)


def test_a_training_ends_with_its_best_and_what_follows_runs_on(bench: Bench) -> None:
    training = step("train", epochs=300, seconds=60)
    run = bench.submit(training, step("after", before="train"))
    asking = ask_when(
        bench, run, "train", "finish", lambda: bench.recorder.curve(run.id, "train", "figure")
    )
    assert bench.supervisor(run).run() == "succeeded"
    asking.join()
    assert bench.states(run) == {"train": "succeeded", "after": "succeeded"}
    assert "epochs" in bench.note(run, "train")
    assert bench.step(run, "train").reason == CUT_SHORT
    said = [line["reason"] for line in bench.journal(run) if line["kind"] == "step"]
    assert "asked to end with its best so far" in said
    bench.check(run)


def test_what_ended_early_is_no_source_of_reuse_and_the_whole_goes_on_from_it(
    bench: Bench,
) -> None:
    training = step("train", epochs=60, seconds=6)
    early = bench.submit(training)
    asking = ask_when(
        bench, early, "train", "finish", lambda: bench.recorder.curve(early.id, "train", "figure")
    )
    bench.supervisor(early).run()
    asking.join()
    done = len(bench.recorder.curve(early.id, "train", "figure"))
    again = bench.carry_out(step("train", epochs=60, seconds=0.3))
    assert bench.states(again) == {"train": "succeeded"}
    assert "epochs" not in bench.note(again, "train")
    assert len(bench.recorder.curve(again.id, "train", "figure")) == 60 > done
    reused = bench.carry_out(training)
    assert bench.states(reused) == {"train": "reused"}
    assert bench.note(reused, "train") == bench.note(again, "train")


def test_asking_again_changes_nothing_and_the_softer_gives_way(bench: Bench) -> None:
    run = bench.submit(step("a"), step("b", before="a"))
    ask = bench.recorder.ask_step
    assert not ask(run.id, "a", "finish"), "it has not begun"
    assert ask(run.id, "b", "cancel")
    assert ask(run.id, "b", "cancel")
    assert ask(run.id, "b", "kill")
    assert ask(run.id, "b", "cancel")
    assert bench.recorder.asked(run.id) == {"b": "kill"}
    told = [(e.old, e.new) for e in bench.recorder.events(run.id) if e.kind == "asked"]
    assert told == [("", "cancel"), ("cancel", "kill")]
    assert bench.supervisor(run).run() == "cancelled"
    for how in ("finish", "cancel", "kill"):
        for name in ("a", "b"):
            assert not ask(run.id, name, how)
    assert bench.recorder.asked(run.id) == {"b": "kill"}


def test_a_supervisor_that_takes_over_knows_what_was_asked(bench: Bench) -> None:
    run = bench.submit(step("slow", seconds=60), step("other", text="o"))
    supervisor = bench.start(run)
    bench.await_step(run, "slow", "running")
    supervisor.kill()
    supervisor.wait()
    assert bench.recorder.ask_step(run.id, "slow", "cancel")
    assert bench.supervisor(run).run() == "cancelled"
    assert bench.states(run)["slow"] == "cancelled"
    bench.check(run)


def ask_at_a_moment(bench: Bench, moment: float, number: int, how: Asked, name: str) -> None:
    """One run of short steps, of which one is asked for something some time after it began."""
    run = bench.submit(
        step("a", text=f"{number}"),
        step("b", before="a", epochs=2, seconds=0.05, text=f"{number}"),
        step("c", before="a", text="c"),
        step("d", before="b", beside="c"),
    )

    def ask() -> None:
        time.sleep(moment)
        bench.recorder.ask_step(run.id, name, how)
        bench.recorder.ask_step(run.id, name, how)

    thread = threading.Thread(target=ask)
    thread.start()
    state = bench.supervisor(run).run()
    thread.join()
    states = bench.states(run)
    bench.check(run)
    moves = [e for e in bench.recorder.events(run.id) if e.kind in {"run", "step"}]
    for of in ("", "a", "b", "c", "d"):
        ends = [e.new for e in moves if e.step == of and e.new not in {"queued", "running"}]
        assert len(ends) == 1, f"{of or 'the run'} ended as {ends}"
    if how == "finish":
        assert state == "succeeded"
    elif states[name] == "succeeded":
        assert state == "succeeded", "it had ended before it could be stopped"
    else:
        assert states[name] in {"cancelled", "interrupted"}
        assert state in {"cancelled", "interrupted"}
        assert name == "d" or states["d"] == "skipped"


def test_at_any_moment_each_step_ends_once(bench: Bench) -> None:
    draws = random.Random(3)
    for number in range(8):
        how: Asked = draws.choice(["cancel", "kill", "finish"])
        ask_at_a_moment(bench, draws.uniform(0, 0.6), number, how, draws.choice("abc"))


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_at_any_of_many_moments_each_step_ends_once(bench: Bench) -> None:
    """``python -m pytest -n0 -m slow tests/engine/test_asking.py``."""
    draws = random.Random(4)
    for number in range(300):
        how: Asked = draws.choice(["cancel", "kill", "finish"])
        ask_at_a_moment(bench, draws.uniform(0, 0.8), number, how, draws.choice("abcd"))
