"""The course of one step in a run: decided, started, watched, finished."""

from __future__ import annotations

import contextlib
from pathlib import Path

from visionloom.artifacts.room import WAITING_FOR_ROOM
from visionloom.engine.attempts import Attempt, Retry, Verdict, judge, stopped
from visionloom.engine.entry import failure_of
from visionloom.engine.executors.base import FINISH_NAME, Ended
from visionloom.engine.finishing import Finished, discard_outputs, finish_step, result_row
from visionloom.engine.opening import Opening
from visionloom.engine.resolved import ResolvedStep
from visionloom.engine.starting import clear, scratch_of
from visionloom.engine.step_process import Result, read_result
from visionloom.engine.tools import Tools, produced_of
from visionloom.errors import DiskFullError, InvalidDatasetError, VisionloomError

CUT_SHORT = "it was asked to end with its best so far; its result is not reused"


class Course(Opening):
    """How far one step is, from queued to its end.

    Attributes:
        tries: Attempts that were lost, or ran out of memory.
    """

    def __init__(self, tools: Tools, step: ResolvedStep) -> None:
        super().__init__(tools, step)
        self.tries: dict[Retry, int] = {"lost": 0, "memory": 0}

    def watch(self) -> None:
        """Look after its process until that has ended."""
        tools, attempt = self.tools, self._going_on()
        attempt.pump(tools)
        if attempt.poll(tools):
            attempt.pump(tools)
            self.next = self._clear
            self._clear()
            return
        stopping = tools.stopping(self.name)
        if stopping:
            attempt.end(tools, at_once=stopping == "kill")
            self._explain("asked to stop")
        else:
            attempt.look_after(tools)
            if attempt.waits_for or self.reason.startswith(WAITING_FOR_ROOM):
                self._explain(attempt.waits_for)
            asking = attempt.job.path / FINISH_NAME
            if tools.finishing(self.name) and not attempt.job.finish and not asking.exists():
                with contextlib.suppress(OSError):
                    asking.touch()
                self._explain("asked to end with its best so far")
        if attempt.process is not None and not attempt.is_recorded:
            tools.recorder.set_process(
                attempt.job.run, self.name, self.number, attempt.process, fence=tools.fence
            )
            attempt.is_recorded = True

    def _explain(self, reason: str) -> None:
        """Say what becomes of it while it runs."""
        if reason != self.reason:
            tools = self.tools
            tools.recorder.move_step(tools.run.id, self.name, "running", reason, fence=tools.fence)
            self._settle("running", reason)

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
                if tools.stopping(self.name):
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
        discard_outputs(attempt.job)
        self.next = self.after_attempt
        self.after_attempt()

    def after_attempt(self) -> None:
        """An attempt ended without a result: try again, or end."""
        tools, verdict = self.tools, self.verdict
        stopping = tools.stopping(self.name)
        if verdict.retry and stopping:
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
        if verdict.state == "cancelled" and not stopping:
            # what works under the key now was not there before: wait for it
            self._let_go()
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
        self.next = self._start
        if attempt is None or attempt.is_adopted:
            # what an earlier supervisor had decided this one has not looked at itself
            self._let_go()
            self.next = self.decide
        self.attempt = None

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
        except DiskFullError:
            if not self.tools.stopping(self.name):
                raise
            self._conclude(stopped(Path(attempt.job.scratch)))
            return
        except VisionloomError as error:
            self._conclude(Verdict("failed", error.message, failure=failure_of(error)))
            return
        if finished is None:
            return
        if finished.problem:
            unusable = failure_of(InvalidDatasetError(finished.problem, "Run it again."))
            self._conclude(Verdict("failed", finished.problem, failure=unusable))
            return
        self.next = lambda: self._commit(finished, result)
        self.next()

    def _commit(self, finished: Finished, made: Result) -> None:
        tools, attempt = self.tools, self._going_on()
        ended = attempt.ended or Ended(None)
        # the key says what the whole of it comes to
        result = None if made.cut_short else result_row(tools, self.step, finished, made.seconds)
        reason = CUT_SHORT if made.cut_short else ""
        peak = max(made.peak_bytes or 0, ended.peak_bytes or 0) or None
        committed = tools.recorder.commit_step(
            tools.run.id, self.name, self.number, finished.outputs, result=result,
            seconds=made.seconds, fence=tools.fence, exit=ended.exit, peak_bytes=peak,
            reason=reason,
        )  # fmt: skip
        if not committed:
            if self._ended_already():
                return
            raise AssertionError(f"step {self.name} was neither running nor over")
        for output in finished.outputs:
            tools.give(self.name, output.port, produced_of(output))
        if self.lock is not None and not made.cut_short:
            clear(Path(attempt.job.scratch), self.lock)
            self.lock = None
        self._settle("succeeded", reason, seconds=made.seconds)

    def _going_on(self) -> Attempt:
        if self.attempt is None:
            raise AssertionError(f"step {self.name} has no attempt")
        return self.attempt
