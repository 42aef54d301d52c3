"""What is recorded and told of one step of a run, whatever it is at.

A move that the records refuse for now (`RecordsError`) is made again at the next call; nothing goes
on before it is recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from visionloom.artifacts.room import waiting_for
from visionloom.engine.attempts import Attempt, Verdict
from visionloom.engine.key_lock import KeyLock
from visionloom.engine.reserve import give_up_reserve
from visionloom.engine.resolved import ResolvedStep
from visionloom.engine.reuse import Decision
from visionloom.engine.step_process import Failure
from visionloom.engine.tools import Tools, produced_of
from visionloom.errors import DiskFullError, LeaseLostError, RecordsError, VisionloomError
from visionloom.records.rows import STEP_ENDS, StepState

T = TypeVar("T")


class Entry:
    """A step as it is recorded, and the move it makes next.

    Args:
        tools: What it is carried out with.
        step: The step.

    Attributes:
        state, reason: As recorded.
        is_left: Whether it was not selected.
        attempt: The attempt that is going on, or None.
        number: Of the last attempt; 0 before the first.
        decision: What was decided last.
        lock: Held while something is made under its key.
        next: The next move.
        verdict: How it, or its last attempt, is to end.
    """

    def __init__(self, tools: Tools, step: ResolvedStep) -> None:
        self.tools = tools
        self.step = step
        self.name = step.name
        self.state: StepState = "queued"
        self.reason = ""
        self.is_left = False
        self.attempt: Attempt | None = None
        self.number = 0
        self.decision: Decision | None = None
        self.lock: KeyLock | None = None
        self.next: Callable[[], None] = self._record_end
        self.verdict = Verdict("failed")
        self._task: Future[Any] | None = None
        self._room_looked_at = 0.0

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.state in STEP_ENDS

    def advance(self) -> None:
        """Make the next move, if it can be made.

        Raises:
            LeaseLostError, RecordsError: See `visionloom.engine.lease`.
        """
        tools = self.tools
        if tools.attention.now < self._room_looked_at and not tools.stopping(self.name):
            return
        try:
            self.next()
        except (LeaseLostError, RecordsError):
            raise
        except DiskFullError as error:
            self._wait_for_room(error)
        except VisionloomError as error:
            self.end("failed", error.message, failure_of(error))

    def observe(self) -> None:
        """Pass on what its process tells, without touching anything."""
        if self.attempt is not None:
            self.attempt.pump(self.tools)

    def end(self, state: StepState, reason: str, failure: Failure | None = None) -> None:
        """End it without a result."""
        self.verdict = Verdict(state, reason, failure=failure)
        self.next = self._record_end
        self._record_end()

    def _wait_for_room(self, error: DiskFullError) -> None:
        """Say what it waits for; the move that found the disk full is made again."""
        tools = self.tools
        give_up_reserve(tools.settings)
        self._room_looked_at = tools.attention.now + tools.timings.room
        reason = waiting_for(error)
        if reason != self.reason:
            tools.recorder.move_step(tools.run.id, self.name, self.state, reason, fence=tools.fence)
            self._settle(self.state, reason)

    def _record_end(self) -> None:
        tools, verdict = self.tools, self.verdict
        moved = tools.recorder.move_step(
            tools.run.id, self.name, verdict.state, verdict.reason, fence=tools.fence
        )
        if not moved and self._ended_already():
            return
        error = verdict.failure.to_json() if verdict.failure else None
        self._settle(verdict.state, verdict.reason, **({"error": error} if error else {}))

    def _ended_already(self) -> bool:
        """Take over an end that the records have, of a call whose answer was lost."""
        tools = self.tools
        row = next(row for row in tools.recorder.steps(tools.run.id) if row.name == self.name)
        if row.state not in STEP_ENDS:
            return False
        for output in tools.recorder.outputs(tools.run.id, self.name):
            tools.produced[self.name, output.port] = produced_of(output)
        self._settle(row.state, row.reason)
        return True

    def _settle(self, state: StepState, reason: str, **told: object) -> None:
        """What was recorded is so; tell it."""
        self.state, self.reason = state, reason
        tell = self.tools.journal.write
        tell("step", self.name, self.number, state=state, reason=reason, **told)
        if self.is_over:
            self.attempt = None
            self._let_go()

    def _let_go(self) -> None:
        """Let others work under its key."""
        if self.lock is not None:
            self.lock.release()
            self.lock = None

    def _done(self, work: Callable[..., T], *args: object, **kwargs: object) -> T | None:
        """What the desk has done for this step, or None while it has not."""
        if self._task is None:
            self._task = self.tools.desk.do(work, *args, **kwargs)
            return None
        if not self._task.done():
            return None
        task, self._task = self._task, None
        result: T = task.result()
        return result

    def _decided(self) -> Decision:
        if self.decision is None:
            raise AssertionError(f"step {self.name} is not decided")
        return self.decision


def failure_of(error: VisionloomError) -> Failure:
    """An error as it is told."""
    name = type(error).__name__
    return Failure(name, error.message, error.remedy, error.number, error.exit_status)
