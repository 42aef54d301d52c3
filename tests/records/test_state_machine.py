"""Whatever two supervisors and a user do in whatever order, the records stay right.

R18 (a supervisor that lost its run comes back) and R24 (cancel in every state, twice, at the moment
of success), as far as the records decide them: a thousand random schedules.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.records.work import ME, OTHER, output, quick_records, result
from visionloom.errors import LeaseLostError, RunStateError
from visionloom.records import runs, slots, steps
from visionloom.records.recorder import Recorder
from visionloom.records.rows import (
    RUN_ENDS,
    RUN_MOVES,
    STEP_ENDS,
    STEP_MOVES,
    AttemptRow,
    RunRow,
    StepRow,
)

STEPS = ("train", "score")
_numbers = itertools.count()


class Supervisor:
    """Does what it is told to its run, with the fence it once got, and remembers nothing else."""

    def __init__(self, recorder: Recorder, run: str, first: bool) -> None:
        self.recorder, self.run = recorder, run
        self.process = ME if first else OTHER
        self.fence = 0

    def do(self, action: str, step: str, state: Any, tries: int = 0) -> bool | None:
        recorder, run, fence = self.recorder, self.run, self.fence
        match action:
            case "acquire" | "take over":
                take_over = action == "take over"
                self.fence = recorder.acquire(run, self.process, 30.0, take_over=take_over)
            case "renew":
                recorder.renew(run, fence, 60.0)
            case "move run":
                return recorder.move_run(run, state, "told", fence=fence)
            case "move step":
                return recorder.move_step(run, step, state, "told", fence=fence)
            case "start":
                return recorder.start_attempt(AttemptRow(run, step, tries + 1), fence=fence)
            case "end attempt":
                return recorder.end_attempt(run, step, tries, "lost", "told", fence=fence)
            case "commit":
                made = [output(run, step, f"{run}-{step}")]
                return recorder.commit_step(
                    run, step, tries, made, result=result(run, step, run, f"{run}-{step}"),
                    seconds=1.0, fence=fence,
                )  # fmt: skip
            case "slots":
                return recorder.take_slots(run, 2, 1, run, step, fence=fence)
            case "cancel":
                return recorder.request_cancel(run)
            case "kill":
                return recorder.request_cancel(run, "kill")
        return None


@pytest.fixture(scope="module")
def shared() -> Iterator[Recorder]:
    with quick_records() as opened:
        yield opened


def picture_of(recorder: Recorder, run: str) -> tuple[Any, ...]:
    """All that must not change when a change is refused."""
    with recorder.database.read() as connection:
        return (
            runs.get(connection, run),
            steps.steps_of(connection, run),
            steps.attempts_of(connection, run, ""),
            steps.outputs_of(connection, run, ""),
            runs.events_of(connection, run, 0),
            slots.of_target(connection, run),
        )


def check(picture: tuple[Any, ...]) -> None:
    """What holds at every moment."""
    row, its_steps, attempts, outputs, events, taken = picture
    states: dict[str, list[str]] = defaultdict(lambda: [""])
    for event in events:
        if event.kind in {"run", "step"}:
            assert states[event.step][-1] in {event.old, ""}, "an event follows another"
            if event.old:
                moves = STEP_MOVES if event.step else RUN_MOVES
                assert event.new in moves[event.old], "only moves that are allowed"
            states[event.step].append(event.new)
    assert [e.sequence for e in events] == sorted({e.sequence for e in events})
    assert states[""][-1] == row.state
    committed = {o.step for o in outputs}
    for step in its_steps:
        assert states[step.name][-1] in {step.state, ""}
        assert (step.state == "succeeded") == (step.name in committed), "committed or nothing"
        running = [a for a in attempts if a.step == step.name and a.state == "running"]
        assert len(running) <= 1
        assert not running or step.state == "running", "no attempt outlives its step"
        if row.state in RUN_ENDS:
            assert step.state in STEP_ENDS, "no step outlives its run"
    if row.state in RUN_ENDS:
        assert not taken, "no slot outlives its run"


BY_SUPERVISORS = ("acquire", "take over", "renew", "move run", "move step", "slots")
BY_STEPS = ("start", "end attempt", "commit")
actions = st.sampled_from([*BY_SUPERVISORS, *BY_STEPS, *BY_STEPS, "cancel", "kill"])
states = st.sampled_from([*sorted(STEP_ENDS), "running"])
moves = st.tuples(st.booleans(), actions, st.sampled_from(STEPS), states)


@settings(max_examples=1000, deadline=None)
@given(schedule=st.lists(moves, max_size=12))
def test_r18_r24_no_order_of_events_breaks_what_must_hold(
    shared: Recorder, schedule: list[tuple[bool, str, str, str]]
) -> None:
    run = f"run-{next(_numbers)}"
    shared.create_run(RunRow(run, "n"), [StepRow(run, s, i, "c", "1") for i, s in enumerate(STEPS)])
    supervisors = {first: Supervisor(shared, run, first) for first in (True, False)}
    supervisors[True].do("acquire", "train", "")
    supervisors[True].do("move run", "train", "running")
    before = picture_of(shared, run)
    for who, action, step, state in schedule:
        supervisor = supervisors[who]
        ended = before[0].state in RUN_ENDS
        try:
            tries = sum(attempt.step == step for attempt in before[2])
            done = supervisor.do(action, step, state, tries)
        except LeaseLostError:
            assert supervisor.fence != before[0].fence
            done = False
        except RunStateError:
            assert action in {"acquire", "take over"}
            done = False
        after = picture_of(shared, run)
        if done is False:
            assert after == before, "what is refused changes nothing"
        if ended:
            assert after[1:4] == before[1:4], "end states never change"
            assert after[0].state == before[0].state
        check(after)
        before = after
