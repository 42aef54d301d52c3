"""A supervisor that dies, sleeps or is shut out of the records loses and doubles nothing."""

from __future__ import annotations

import dataclasses
import os
import signal
import sqlite3
import subprocess
import threading
import time
from pathlib import Path

import pytest

from tests.engine.harness import Bench, Spec, step
from visionloom.artifacts.manifest import MANIFEST_NAME
from visionloom.engine import process
from visionloom.engine.executors.local import LocalExecutor
from visionloom.engine.timings import Clock
from visionloom.errors import RunStateError
from visionloom.records.rows import ProcessIdentity, RunRow


def kill(supervisor: subprocess.Popen[bytes]) -> None:
    supervisor.kill()
    supervisor.wait()


def process_of(bench: Bench, run: RunRow, name: str) -> ProcessIdentity:
    """The process of a step's last attempt, once it is recorded."""
    found: list[ProcessIdentity] = []

    def last() -> bool:
        attempts = bench.recorder.attempts(run.id, name)
        found.extend(a.process for a in attempts[-1:] if a.process is not None)
        return bool(found)

    bench.await_that(last, f"{name} runs")
    return found[0]


def test_live_steps_are_adopted_finished_ones_committed_and_dead_ones_tried_again(
    bench: Bench,
) -> None:
    """R12, within the lease."""
    run = bench.submit(
        step("lives", epochs=20, seconds=3, text="l"),
        step("finishes", seconds=0.8, text="f"),
        step("dies", seconds=30, text="d"),
        step("after", before="lives", beside="finishes"),
    )
    first = bench.start(run)
    who = {name: process_of(bench, run, name) for name in ("lives", "finishes", "dies")}
    kill(first)
    process.send_signal(who["dies"], process.KILL)
    bench.await_that(lambda: not process.is_alive(who["finishes"]), "it finished")
    assert process.is_alive(who["lives"])
    second = bench.start(run)
    bench.await_that(lambda: bench.run(run.id).fence == 2, "it is taken over", 5)
    bench.await_step(run, "finishes", "succeeded")
    bench.await_that(lambda: len(bench.recorder.attempts(run.id, "dies")) == 2, "it is tried again")
    new = process_of(bench, run, "dies")
    bench.await_step(run, "after", "succeeded")
    process.send_signal(new, process.KILL)
    bench.await_that(lambda: len(bench.recorder.attempts(run.id, "dies")) == 3, "it is tried again")
    bench.recorder.request_cancel(run.id)
    assert second.wait(20) == 0
    attempts = {n: bench.recorder.attempts(run.id, n) for n in who}
    assert [a.process for a in attempts["lives"]] == [who["lives"]], "no second copy"
    assert [a.state for a in attempts["finishes"]] == ["succeeded"]
    assert [a.state for a in attempts["dies"]] == ["lost", "lost", "cancelled"]
    assert len([e for e in bench.recorder.events(run.id) if e.new == "succeeded"]) == 3
    bench.check(run)


def test_nothing_that_a_step_told_is_missing_or_told_twice_after_a_takeover(bench: Bench) -> None:
    run = bench.submit(step("train", epochs=60, seconds=3))
    for epochs in (12, 24, 36):
        supervisor = bench.start(run)
        while len(bench.recorder.curve(run.id, "train", "figure")) < epochs:
            time.sleep(0.01)
        kill(supervisor)
        time.sleep(0.1)
    assert bench.supervisor(run).run() == "succeeded"
    assert len(bench.recorder.attempts(run.id)) == 1
    told = [line["row"]["epoch"] for line in bench.journal(run) if line["kind"] == "metrics"]
    assert told == list(range(1, 61))
    curve = bench.recorder.curve(run.id, "train", "figure")
    assert [point.index for point in curve] == told
    bench.check(run)


def test_a_second_supervisor_of_a_live_run_is_refused(bench: Bench) -> None:
    """R8."""
    run = bench.submit(step("wait", seconds=1.5))
    first = bench.start(run)
    bench.await_step(run, "wait", "running")
    with pytest.raises(RunStateError, match=f"process {first.pid}"):
        bench.supervisor(run).run()
    assert first.wait(20) == 0
    assert bench.run(run.id).state == "succeeded"
    bench.check(run)


def test_an_old_owner_that_slept_past_its_lease_changes_nothing_and_leaves(bench: Bench) -> None:
    """R18."""
    run = bench.submit(step("a", epochs=10, seconds=1, text="a"), step("b", before="a"))
    old = bench.start(run)
    process_of(bench, run, "a")
    os.kill(old.pid, signal.SIGSTOP)
    time.sleep(bench.timings.lease)
    assert bench.supervisor(run).run() == "succeeded"
    before = bench.recorder.events(run.id)
    os.kill(old.pid, signal.SIGCONT)
    assert old.wait(20) == 5
    assert "taken over" in (Path(run.folder) / "supervisor.log").read_text()
    assert bench.recorder.events(run.id) == before
    assert [e.new for e in before if e.step == "a"] == ["running", "succeeded"]
    assert len(bench.recorder.attempts(run.id)) == 2
    bench.check(run)


def test_an_old_owner_that_wakes_while_the_new_one_works_leaves_its_steps_alone(
    bench: Bench,
) -> None:
    run = bench.submit(step("a", epochs=20, seconds=6))
    old = bench.start(run)
    who = process_of(bench, run, "a")
    os.kill(old.pid, signal.SIGSTOP)
    time.sleep(bench.timings.lease)
    new = bench.start(run)
    bench.await_that(lambda: bench.run(run.id).fence == 2, "it is taken over")
    os.kill(old.pid, signal.SIGCONT)
    assert old.wait(20) == 5
    assert process.is_alive(who)
    assert new.wait(30) == 0
    assert [a.process for a in bench.recorder.attempts(run.id)] == [who]
    bench.check(run)


def test_everything_stopped_for_longer_than_all_limits_goes_on_as_if_nothing_was(
    bench: Bench,
) -> None:
    """R17: the machine slept."""
    run = bench.submit(step("train", epochs=10, seconds=2), step("b", before="train"))
    supervisor = bench.start(run, no_progress=3.0)
    process_of(bench, run, "train")
    bench.await_that(lambda: any(x["kind"] == "metrics" for x in bench.journal(run)), "it trains")
    everything = bench.processes(run)
    assert len(everything) == 3
    for one in everything:
        process.send_signal(one, signal.SIGSTOP)
    time.sleep(2 * bench.timings.lease)
    for one in reversed(everything):
        process.send_signal(one, signal.SIGCONT)
    assert supervisor.wait(30) == 0
    assert bench.run(run.id).state == "succeeded"
    assert bench.run(run.id).fence == 1
    assert [a.state for a in bench.recorder.attempts(run.id)] == ["succeeded", "succeeded"]
    bench.check(run)


def test_a_wall_clock_that_jumps_changes_nothing_but_what_is_shown(bench: Bench) -> None:
    """R17."""
    day = 24 * 3600.0
    jumps = iter([0.0, -day, 30 * day, -30 * day] * 1000)
    run = bench.submit(step("train", epochs=5, seconds=0.4), step("b", before="train"))
    jumping = Clock(wall=lambda: time.time() + next(jumps))
    assert bench.supervisor(run, clock=jumping).run() == "succeeded"
    seconds = bench.step(run, "train").seconds
    assert seconds is not None
    assert 0.3 < seconds < 30
    assert len(bench.recorder.attempts(run.id)) == 2
    numbers = [line["seq"] for line in bench.journal(run)]
    assert numbers == sorted(numbers)
    sequence = [event.sequence for event in bench.recorder.events(run.id)]
    assert sequence == sorted(sequence)
    bench.check(run)


@pytest.mark.parametrize("how", ["loop", "stop itself"])
def test_a_step_that_tells_nothing_new_is_ended_at_its_limit(bench: Bench, how: str) -> None:
    """R14."""
    run = bench.submit(step("hangs", how=how))
    started = time.monotonic()
    assert bench.supervisor(run, no_progress=1.0).run() == "failed"
    assert time.monotonic() - started >= 1.0
    assert "no progress" in bench.run(run.id).reason
    assert len(bench.recorder.attempts(run.id)) == 1
    if how == "loop":
        log = Path(run.folder, "steps", "hangs", "1", "log.txt").read_text()
        assert "_loop" in log, "the stacks are kept"
    bench.check(run)


def test_a_step_that_tells_something_new_is_left_alone(bench: Bench) -> None:
    run = bench.submit(step("train", epochs=10, seconds=3))
    assert bench.supervisor(run, no_progress=1.5).run() == "succeeded"


def test_a_stranger_that_got_the_number_of_a_lost_process_is_not_touched(bench: Bench) -> None:
    """R16."""
    run = bench.submit(step("a", seconds=30, text="a"))
    first = bench.start(run)
    who = process_of(bench, run, "a")
    kill(first)
    process.send_signal(who, process.KILL)
    stranger = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        reused = dataclasses.replace(who, pid=stranger.pid)
        bench.recorder.set_process(run.id, "a", 1, reused)
        bench.recorder.request_cancel(run.id, "kill")
        assert bench.supervisor(run).run() == "cancelled"
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
    assert [a.state for a in bench.recorder.attempts(run.id)] == ["cancelled"]
    bench.check(run)


def test_while_the_records_are_locked_the_run_goes_on_and_writes_later(home: Path) -> None:
    """R19, with shorter times: the lock outlasts what a writer waits for, and the lease."""
    bench = Bench(home)
    run = bench.submit(step("train", epochs=10, seconds=2), step("b", before="train"))
    supervisor = bench.start(run, busy=0.2)
    who = process_of(bench, run, "train")
    with sqlite3.connect(home / "records.sqlite", isolation_level=None) as blocker:
        blocker.execute("BEGIN IMMEDIATE")
        bench.await_that(lambda: not process.is_alive(who), "the step is done")
        time.sleep(bench.timings.lease)
        assert supervisor.poll() is None
        blocker.execute("ROLLBACK")
    blocker.close()
    assert supervisor.wait(30) == 0
    assert bench.run(run.id).state == "succeeded"
    assert "busy" in (Path(run.folder) / "supervisor.log").read_text()
    assert [p.index for p in bench.recorder.curve(run.id, "train", "figure")] == list(range(1, 11))
    assert [a.state for a in bench.recorder.attempts(run.id)] == ["succeeded", "succeeded"]
    bench.check(run)
    bench.close()


def test_a_long_reader_holds_nobody_up(bench: Bench, home: Path) -> None:
    """R19."""
    reader = sqlite3.connect(home / "records.sqlite")
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM runs").fetchall()
    run = bench.carry_out(step("train", epochs=20), step("b", before="train"))
    assert run.state == "succeeded"
    reader.close()
    bench.check(run)


def _die_at(bench: Bench, name: str, *, after: bool) -> None:
    """Let a call of the supervisor be its last."""
    owner, call = next(
        (o, n)
        for o, n in (
            (bench.recorder, name), (bench.store, name), (LocalExecutor, name)
        )
        if hasattr(o, n)
    )  # fmt: skip
    real = getattr(owner, call)

    def last(*args: object, **kwargs: object) -> object:
        if after:
            real(*args, **kwargs)
        os._exit(9)

    setattr(owner, call, last)


_CALLS = (
    "acquire", "move_run", "decide", "take_slots", "start_attempt", "start", "set_process",
    "identify", "publish", "commit_step",
)  # fmt: skip


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("call", _CALLS)
def test_a_supervisor_may_die_at_any_of_its_calls(bench: Bench, call: str, *, after: bool) -> None:
    run = bench.submit(step("a", epochs=3, text="a", seconds=0.1), step("b", before="a"))
    dying = os.fork()
    if dying == 0:
        try:
            mine = Bench(bench.settings.home)
            _die_at(mine, call, after=after)
            mine.supervisor(run).run()
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(dying, 0)[1]) == 9
    assert bench.supervisor(run).run() == "succeeded"
    ended = [e.new for e in bench.recorder.events(run.id) if e.step == "a" and e.new != "queued"]
    assert ended.count("succeeded") == 1
    assert bench.note(run, "b").startswith("((a")
    bench.check(run)
    assert not [p for p in bench.settings.scratch.glob("*") if p.is_dir()]
    incoming = bench.settings.store / "incoming"
    assert not list(incoming.rglob(MANIFEST_NAME)), "nothing is left on its way"


def test_the_slots_of_a_run_whose_processes_are_all_dead_are_given_back(bench: Bench) -> None:
    one = {"name": "cpu", "device": "cpu", "slots": 1}
    dead = bench.submit(step("a", seconds=60, text="a", target=one))
    supervisor = bench.start(dead)
    who = process_of(bench, dead, "a")
    kill(supervisor)
    waiting = bench.submit(step("b", text="b", target=one))
    other = bench.start(waiting)
    bench.await_that(lambda: "taken" in bench.step(waiting, "b").reason, "it waits")
    time.sleep(0.2)
    assert bench.states(waiting) == {"b": "queued"}, "a step that lives still takes its slot"
    process.send_signal(who, process.KILL)
    assert other.wait(20) == 0
    assert bench.states(waiting) == {"b": "succeeded"}
    bench.recorder.request_cancel(dead.id)
    bench.supervisor(dead).run()
    bench.check(dead)


PIPELINE: tuple[Spec, ...] = (
    step("data", text="data"),
    step("train", before="data", epochs=12, seconds=0.6, how="use scratch"),
    step("other", before="data", epochs=6, seconds=0.4, text="other"),
    step("score", before="train", beside="other", text="score"),
)


def kill_at_a_moment(bench: Bench, moment: float, whom: str, expected: str, number: int) -> None:
    """One run of which something is killed some time after it began."""
    run = bench.submit(*PIPELINE, no_reuse=True)
    supervisor = bench.start(run)
    bench.await_that(lambda: bench.run(run.id).state == "running", "it began")
    time.sleep(moment)
    before = bench.recorder.attempts(run.id)
    # both: nothing of the supervisor may see the step die
    if whom in {"supervisor", "both"}:
        kill(supervisor)
    if whom in {"step", "both"}:
        for attempt in bench.recorder.attempts(run.id):
            if attempt.state == "running" and attempt.process is not None:
                process.send_signal(attempt.process, process.KILL)
                break
    if whom == "everything":
        for one in bench.processes(run):
            process.send_signal(one, process.KILL)
        supervisor.wait()
    if whom != "step" and bench.run(run.id).state == "running":
        supervisor = bench.start(run)
        assert supervisor.wait(60) == 0
    assert supervisor.wait(60) in {0, -signal.SIGKILL}
    ended = bench.run(run.id)
    assert ended.state == "succeeded", f"{number}: {whom} at {moment:.3f}: {ended.reason}"
    assert bench.note(run, "score") == expected
    for name in ("data", "train", "other", "score"):
        events = [e.new for e in bench.recorder.events(run.id) if e.step == name]
        assert events.count("succeeded") == 1, f"{name}: {events}"
    for name, epochs in (("train", 12), ("other", 6)):
        curve = bench.recorder.curve(run.id, name, "figure")
        assert [point.index for point in curve] == list(range(1, epochs + 1))
    assert len(bench.recorder.attempts(run.id)) >= len(before)
    bench.check(run)


WHOM = ("step", "supervisor", "both", "everything")


def test_whatever_is_killed_the_run_ends_right(bench: Bench) -> None:
    expected = bench.note(bench.carry_out(*PIPELINE), "score")
    for number, whom in enumerate(WHOM):
        kill_at_a_moment(bench, 0.15 + 0.2 * number, whom, expected, number)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_whatever_is_killed_at_many_moments_the_run_ends_right(bench: Bench) -> None:
    """R10 and R12: ``python -m pytest -n0 -m slow tests/engine/test_takeover.py``.

    200 runs: step, supervisor, both and everything at 50 moments each, from the start of the run
    to its end.
    """
    expected = bench.note(bench.carry_out(*PIPELINE), "score")
    for number in range(200):
        kill_at_a_moment(bench, 0.008 * number, WHOM[number % 4], expected, number)


def test_a_killed_step_is_noticed_within_two_seconds(bench: Bench) -> None:
    """With the times of everyday use."""
    run = bench.submit(step("a", seconds=60))
    noticed: list[float] = []

    def strike() -> None:
        who = process_of(bench, run, "a")
        process.send_signal(who, process.KILL)
        struck = time.monotonic()
        bench.await_that(lambda: bench.step(run, "a").state != "running", "it is noticed")
        noticed.append(time.monotonic() - struck)
        bench.recorder.request_cancel(run.id)

    striker = threading.Thread(target=strike)
    striker.start()
    bench.supervisor(run, tick=0.25, look=0.5, backoff=1.0).run()
    striker.join()
    assert noticed[0] < 2
    bench.check(run)
