"""The course of one step in a run: decided, started, watched, finished; each move made once.

A move that the records refuse for now (`RecordsError`) is made again at the next call; nothing goes
on before it is recorded.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from visionloom.artifacts.atomic import remove_tree
from visionloom.engine.attempts import Attempt, Retry, Verdict, judge, make_job, stopped
from visionloom.engine.executors.base import FINISH_NAME, Ended, write_job
from visionloom.engine.finishing import Finished, finish_step, result_row
from visionloom.engine.key_lock import KeyLock
from visionloom.engine.resolved import ResolvedStep
from visionloom.engine.reuse import Decision
from visionloom.engine.starting import may_be_made_by_now, scratch_of, take_key, take_slots
from visionloom.engine.step_process import Failure, read_result
from visionloom.engine.tools import Tools, produced_of
from visionloom.errors import (
    LeaseLostError,
    ProcessLostError,
    RecordsError,
    VisionloomError,
)
from visionloom.records.rows import (
    STEP_ENDS,
    AttemptRow,
    StepState,
)

T = TypeVar("T")
_REDECISIONS = 3


class Course:
    """How far one step is.

    Args:
        tools: What it is carried out with.
        step: The step.

    Attributes:
        state, reason: As recorded.
        is_left: Whether it was not selected.
        attempt: The attempt that is going on, or None.
        number: Of the last attempt; 0 before the first.
        tries: Attempts that were lost, or ran out of memory.
        decision: What was decided last.
        lock: Held while something is made under its key.
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
        self.tries: dict[Retry, int] = {"lost": 0, "memory": 0}
        self.decision: Decision | None = None
        self.lock: KeyLock | None = None
        self.next: Callable[[], None] = self.decide
        self.verdict = Verdict("failed")
        self._task: Future[Any] | None = None
        self._not_before = 0.0
        self._decisions = 0
        self._waited = False

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.state in STEP_ENDS

    def advance(self) -> None:
        """Make the next move, if it can be made.

        Raises:
            LeaseLostError, RecordsError: See `visionloom.engine.lease`.
        """
        try:
            self.next()
        except (LeaseLostError, RecordsError):
            raise
        except VisionloomError as error:
            self.end("failed", error.message, _failure(error))

    def observe(self) -> None:
        """Pass on what its process tells, without touching anything."""
        if self.attempt is not None:
            self.attempt.pump(self.tools)

    def end(self, state: StepState, reason: str, failure: Failure | None = None) -> None:
        """End it without a result."""
        self.verdict = Verdict(state, reason, failure=failure)
        self.next = self._record_end
        self._record_end()

    # before its process

    def decide(self) -> None:
        """Decide it; its inputs are there."""
        decision = self._done(self.tools.planner.decide, self.step, dict(self.tools.produced))
        if decision is None:
            return
        self.decision = decision
        self._decisions += 1
        self.next = self._apply
        self._apply()

    def _apply(self) -> None:
        tools, decision = self.tools, self._decided()
        tools.recorder.decide(tools.run.id, self.name, decision, fence=tools.fence)
        tools.journal.write("decision", self.name, **decision.to_json())
        match decision.action:
            case "leave":
                self.is_left = True
                for port, output in decision.outputs.items():
                    tools.produced[self.name, port] = output
                self.end("skipped", decision.why)
            case "refuse":
                self.end("failed", decision.why)
            case "reuse" if self._decisions <= _REDECISIONS:
                self.next = self._reuse
            case _:
                self.next = self._start
                # what comes after it may well run too; let its libraries load meanwhile
                for name in (self.name, *sorted(tools.pipeline.after(self.name))):
                    tools.executor.prepare(tools.pipeline.step(name).component.preload)
        if not self.is_over and self.next != self._record_end:
            self.next()

    def _reuse(self) -> None:
        tools, decision = self.tools, self._decided()
        source = tools.recorder.results([decision.key]).get(decision.key)
        if source is None or not tools.recorder.reuse_step(
            tools.run.id, self.name, source, decision, fence=tools.fence
        ):
            # swept in between, or recorded by the call whose answer was lost
            if not self._ended_already():
                self.next = self.decide
            return
        for port, output in source.outputs.items():
            tools.give(self.name, port, produced_of(output))
        self._settle("reused", "")

    def _start(self) -> None:
        tools, decision = self.tools, self._decided()
        if tools.attention.now < self._not_before or not self._has_key():
            return
        job = make_job(tools, self.step, decision, self.number + 1)
        if not tools.executor.ready(job):
            self._wait_for("libraries are loading")
            return
        refused = take_slots(tools, self.step)
        if refused:
            self._wait_for(refused)
            return
        is_forced = any(reason.kind == "forced" for reason in decision.reasons)
        if is_forced and self.number == 0 and not tools.run.parent:
            # made anew, not gone on with
            remove_tree(Path(job.scratch))
        write_job(job)
        row = AttemptRow(job.run, job.step, job.attempt, started=tools.clock.wall())
        if not tools.recorder.start_attempt(row, fence=tools.fence) and self._ended_already():
            return
        self.number = job.attempt
        self._settle("running", "")
        self.attempt = attempt = Attempt(job, moved=tools.attention.now)
        self.next = self.watch
        try:
            attempt.process = tools.executor.start(job)
        except ProcessLostError:
            attempt.ended = Ended(None)
        self.watch()

    def _has_key(self) -> bool:
        """Whether it is alone with its key, and still to be made."""
        if self.lock is not None:
            return True
        tools, decision = self.tools, self._decided()
        taken = take_key(tools, self.name, scratch_of(tools, decision))
        if isinstance(taken, str):
            self._waited = True
            self._wait_for(taken)
            return False
        self.lock = taken
        look_again = self._waited or may_be_made_by_now(tools, decision)
        self._waited = False
        if look_again and self._decisions <= _REDECISIONS:
            self.next = self.decide
            return False
        return True

    def _wait_for(self, reason: str) -> None:
        tools = self.tools
        self._not_before = tools.attention.now + min(tools.timings.look, 0.1)
        if reason != self.reason:
            tools.recorder.move_step(tools.run.id, self.name, "queued", reason, fence=tools.fence)
            self._settle("queued", reason)

    # its process

    def watch(self) -> None:
        """Look after its process until that has ended."""
        tools, attempt = self.tools, self._going_on()
        attempt.pump(tools)
        if attempt.poll(tools):
            attempt.pump(tools)
            self.next = self._clear
            self._clear()
            return
        if tools.cancel:
            attempt.end(tools, at_once=tools.cancel == "kill")
        else:
            attempt.look_after(tools)
            if tools.is_to_finish and not attempt.job.finish:
                with contextlib.suppress(OSError):
                    (attempt.job.path / FINISH_NAME).touch()
        if attempt.process is not None and not attempt.is_recorded:
            tools.recorder.set_process(
                attempt.job.run, self.name, self.number, attempt.process, fence=tools.fence
            )
            attempt.is_recorded = True

    def _clear(self) -> None:
        if self._going_on().is_gone(self.tools):
            self.next = self._judge
            self._judge()

    def _judge(self) -> None:
        tools, attempt = self.tools, self._going_on()
        ended = attempt.ended or Ended(None)
        verdict = judge(attempt.job, ended, read_result(attempt.job.path))
        if verdict.state == "succeeded":
            self.next = self._finish
        else:
            if verdict.state != "cancelled":
                if tools.cancel:
                    verdict = stopped(Path(attempt.job.scratch))
                elif attempt.verdict is not None:
                    verdict = attempt.verdict
            self._conclude(verdict)
        self.next()

    def _conclude(self, verdict: Verdict) -> None:
        self.verdict = verdict
        self.next = self._record_attempt

    def _record_attempt(self) -> None:
        tools, attempt, verdict = self.tools, self._going_on(), self.verdict
        ended = attempt.ended or Ended(None)
        tools.recorder.end_attempt(
            tools.run.id, self.name, self.number, verdict.state, verdict.reason,
            exit=ended.exit, peak_bytes=ended.peak_bytes, fence=tools.fence,
        )  # fmt: skip
        self.next = self.after_attempt
        self.after_attempt()

    def after_attempt(self) -> None:
        """An attempt ended without a result: try again, or end."""
        tools, verdict = self.tools, self.verdict
        if verdict.retry and tools.cancel:
            verdict = stopped(scratch_of(tools, self._decided()))
        elif verdict.retry:
            allowed = {
                "lost": tools.timings.lost_attempts,
                "memory": tools.timings.memory_attempts,
            }[verdict.retry]
            self.tries[verdict.retry] += 1
            used = self.tries[verdict.retry]
            if used < allowed:
                pause = tools.timings.backoff * 2 ** (used - 1)
                self._not_before = tools.attention.now + pause
                self.verdict = Verdict(
                    "queued", f"{verdict.reason}; try {used + 1} of {allowed} in {pause:g} s"
                )
                self.next = self._queue_again
                self._queue_again()
                return
        if verdict.state == "cancelled" and not tools.cancel:
            # another run was quicker: wait for it
            self._waited = True
            self.next = self._queue_again
            self._queue_again()
            return
        self.end(verdict.state, verdict.reason, verdict.failure)

    def _queue_again(self) -> None:
        tools, attempt = self.tools, self.attempt
        tools.recorder.move_step(
            tools.run.id, self.name, "queued", self.verdict.reason, fence=tools.fence
        )
        self._settle("queued", self.verdict.reason)
        # what an earlier supervisor had decided this one has not looked at itself
        self.next = self.decide if attempt is None or attempt.is_adopted else self._start
        self.attempt = None

    # its end

    def _finish(self) -> None:
        attempt = self._going_on()
        result = read_result(attempt.job.path)
        if result is None:
            self._conclude(Verdict("failed", "its result is gone"))
            return
        try:
            finished = self._done(
                finish_step,
                self.tools,
                self.step,
                attempt.job,
                result,
                self._decided(),
                dict(self.tools.produced),
                is_adopted=attempt.is_adopted,
            )
        except VisionloomError as error:
            self._conclude(Verdict("failed", error.message, failure=_failure(error)))
            return
        if finished is None:
            return
        if finished.problem:
            self._conclude(Verdict("failed", finished.problem))
            return
        self.next = lambda: self._commit(finished, result.seconds, result.peak_bytes)
        self.next()

    def _commit(self, finished: Finished, seconds: float, peak: int | None) -> None:
        tools, attempt = self.tools, self._going_on()
        ended = attempt.ended or Ended(None)
        result = result_row(tools, self.step, finished, seconds)
        peak = max(peak or 0, ended.peak_bytes or 0) or None
        committed = tools.recorder.commit_step(
            tools.run.id, self.name, self.number, finished.outputs, result=result,
            seconds=seconds, fence=tools.fence, exit=ended.exit, peak_bytes=peak,
        )  # fmt: skip
        if not committed and not self._ended_already():
            raise AssertionError(f"step {self.name} was neither running nor over")
        for output in finished.outputs:
            tools.give(self.name, output.port, produced_of(output))
        if self.lock is not None:
            # nothing is gone on with any more
            remove_tree(Path(attempt.job.scratch))
            with contextlib.suppress(OSError):
                Path(attempt.job.lock).unlink()
            self.lock.release(remove=True)
            self.lock = None
        self._settle("succeeded", "", seconds=seconds)

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

    def _going_on(self) -> Attempt:
        if self.attempt is None:
            raise AssertionError(f"step {self.name} has no attempt")
        return self.attempt


def _failure(error: VisionloomError) -> Failure:
    name = type(error).__name__
    return Failure(name, error.message, error.remedy, error.number, error.exit_status)
