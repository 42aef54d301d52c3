"""One try at a step: its job, what it tells, when it is ended, and what its end means."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from visionloom.engine.executors.base import EVENTS_NAME, HEARTBEAT_NAME, Ended, Job
from visionloom.engine.executors.local import device_variables
from visionloom.engine.journal import LineReader, parse
from visionloom.engine.resolved import ResolvedStep
from visionloom.engine.reuse import Decision
from visionloom.engine.starting import inner_lock, scratch_of
from visionloom.engine.step_process import WAITING, Failure, Result
from visionloom.engine.timings import Timings
from visionloom.engine.tools import Tools
from visionloom.records.rows import ProcessIdentity, StepState
from visionloom.spec.ports import Value

Retry = Literal["", "lost", "memory"]
OUT_OF_MEMORY = "out of memory"
# what ends processes from outside; other signals are faults of the process itself
_FROM_OUTSIDE = {1, 2, 9, 15}
_GIB = 1024**3
_SILENT_SECONDS = 4 * Timings.heartbeat


@dataclass(frozen=True)
class Verdict:
    """What the end of an attempt means.

    Attributes:
        state: Of the attempt.
        reason: Why, one sentence.
        retry: Why it may be tried again; empty when it may not.
        failure: The error, where there is one.
    """

    state: StepState
    reason: str = ""
    retry: Retry = ""
    failure: Failure | None = None


@dataclass
class Attempt:
    """An attempt that was started, by this supervisor or an earlier one.

    Attributes:
        job: What its process was given.
        process: Its process; None when it never began.
        is_recorded: Whether the records know its process.
        is_adopted: Whether an earlier supervisor started it.
        reader: Reads what it tells.
        moved: When it last told something new, in time watched.
        asked: When it was asked to end, in time watched; None when it was not.
        dumped: When it was asked for its stacks, in time watched; None when it was not.
        is_killed: Whether its processes were ended.
        ended: How its process ended; None while it lives.
        emptied_by: Until when its other processes have to be gone, in time watched.
        verdict: Why it was ended; None when nobody ended it.
        waits_for: What it says it waits for; empty when it goes on.
    """

    job: Job
    process: ProcessIdentity | None = None
    is_recorded: bool = False
    is_adopted: bool = False
    reader: LineReader = field(init=False)
    moved: float = 0.0
    asked: float | None = None
    dumped: float | None = None
    is_killed: bool = False
    ended: Ended | None = None
    emptied_by: float | None = None
    verdict: Verdict | None = None
    waits_for: str = ""
    _stage: object = None

    def __post_init__(self) -> None:
        self.reader = LineReader(self.job.path / EVENTS_NAME)

    def pump(self, tools: Tools) -> None:
        """Pass on what the step told since the last time."""
        for line in self.reader.read():
            value = parse(line)
            if value is None or "kind" not in value:
                continue
            kind = value.pop("kind")
            if kind == "progress":
                stage = (value.get("stage"), value.get("done"))
                if stage != self._stage:
                    self.moved = tools.attention.now
                self._stage = stage
            else:
                self.moved = tools.attention.now
            if kind == WAITING:
                self.waits_for = str(value.get("reason", ""))
                continue
            if kind == "metrics" and not tools.metrics.add(self.job.step, value["row"]):
                continue
            tools.journal.write(
                kind, self.job.step, self.job.attempt, offset=self.reader.offset, **value
            )

    def poll(self, tools: Tools) -> bool:
        """Whether the process has ended."""
        if self.ended is None:
            self.ended = tools.executor.poll(self.job)
        return self.ended is not None

    def end(self, tools: Tools, *, at_once: bool) -> None:
        """Ask it to end; end it when the grace is over, or at once."""
        now = tools.attention.now
        if self.asked is None:
            self.asked = now
            if not at_once:
                tools.executor.stop(self.job, kill=False)
        if at_once or now - self.asked >= tools.timings.grace:
            self.is_killed = True
            tools.executor.stop(self.job, kill=True)

    def look_after(self, tools: Tools) -> None:
        """End it when it has told nothing new for too long: stacks first, then the usual way."""
        now, limit = tools.attention.now, tools.timings.no_progress
        if self.dumped is None:
            if now - self.moved < limit:
                return
            self.dumped = now
            silent = "" if self._answers() else "; its process does not answer"
            self.verdict = Verdict("failed", f"no progress for {_duration(limit)}{silent}")
            tools.executor.dump(self.job)
        elif now - self.dumped >= tools.timings.dump:
            self.end(tools, at_once=False)

    def _answers(self) -> bool:
        """Whether it gave a sign of life lately; words for people, nothing hangs on it."""
        try:
            beat = (self.job.path / HEARTBEAT_NAME).stat().st_mtime
        except OSError:
            return True
        return time.time() - beat < _SILENT_SECONDS

    def is_gone(self, tools: Tools) -> bool:
        """Whether nothing of it is left once its process has ended; ends what is."""
        if tools.executor.is_empty(self.job):
            return True
        if self.emptied_by is None:
            self.emptied_by = tools.attention.now + tools.timings.grace
        tools.executor.stop(self.job, kill=True)
        return tools.attention.now >= self.emptied_by


def make_job(tools: Tools, step: ResolvedStep, decision: Decision, number: int) -> Job:
    """The job of the next attempt at a step."""
    run, settings = tools.run, tools.settings
    incoming = tools.store.incoming(f"{run.id}-{step.name}-{number}")
    scratch = scratch_of(tools, decision)
    return Job(
        run=run.id,
        step=step.name,
        attempt=number,
        fence=tools.fence,
        component=step.component.name,
        inputs={p: str(path) for p, path in tools.planner.inputs(step, tools.produced).items()},
        parameters=_parameters(step),
        outputs={port.name: str(incoming / port.name) for port in step.component.outputs},
        scratch=str(scratch),
        folder=str(tools.attempt_folder(step.name, number)),
        home=str(settings.home),
        offline=settings.offline,
        environment={**device_variables(step.target.device), **step.environment_variables},
        preload=step.component.preload,
        finish=tools.is_to_finish,
        lock=str(inner_lock(scratch)),
        memory_bytes=step.target.memory_bytes,
    )


def _parameters(step: ResolvedStep) -> dict[str, Value]:
    """The parameters, the device as the step's process counts: it sees its target's GPU alone."""
    device = step.target.device
    if device.startswith("cuda:") and step.parameters.get("device") == device:
        return {**step.parameters, "device": "cuda:0"}
    return dict(step.parameters)


def judge(job: Job, ended: Ended, result: Result | None) -> Verdict:
    """What the end of a process means, together with the result it left.

    A success is believed when it was written: that is the last thing a process does, so a signal
    after it changes nothing. An error status contradicts it.
    """
    if result is not None and result.state == "succeeded":
        if ended.exit is None or ended.exit <= 0:
            return Verdict("succeeded")
        return Verdict("failed", f"its process ended with status {ended.exit} after its result")
    if result is not None and result.state == "busy":
        return Verdict("cancelled", result.failure.message if result.failure else "busy")
    if result is not None and result.state == "interrupted":
        return Verdict("lost", "its process was asked to end", "lost", result.failure)
    if result is not None:
        failure = result.failure or Failure("", "it failed")
        if result.out_of_memory:
            reason = f"{OUT_OF_MEMORY}: {failure.message}"
            return Verdict("failed", reason, "memory", failure)
        return Verdict("failed", failure.message, failure=failure)
    if ended.out_of_memory:
        return _memory_ran_out(job, ended)
    return _without_result(ended.exit)


def stopped(scratch: Path) -> Verdict:
    """A step whose run is cancelled: what it left to go on from decides what that is called."""
    if scratch.is_dir() and any(scratch.iterdir()):
        return Verdict("interrupted", "stopped; its state is kept")
    return Verdict("cancelled", "stopped")


def _without_result(status: int | None) -> Verdict:
    if status is None:
        return Verdict("lost", "its process is gone", "lost")
    if status == 0:
        return Verdict("failed", "its process ended without a result")
    number = -status if status < 0 else status - 128
    if number in _FROM_OUTSIDE:
        return Verdict("lost", f"its process was ended by {_name(number)}", "lost")
    if status < 0:
        return Verdict("failed", f"its process crashed: {_name(number)}")
    return Verdict("failed", f"its process ended with status {status} and no result")


def _memory_ran_out(job: Job, ended: Ended) -> Verdict:
    peak = f" It took {_size(ended.peak_bytes)}." if ended.peak_bytes else ""
    limit = f" Its target allows {_size(job.memory_bytes)}." if job.memory_bytes else ""
    message = f"The step was ended because memory ran out.{peak}{limit}"
    remedy = "Use a smaller batch or smaller pictures, or allow more memory."
    failure = Failure("ModuleOutOfMemoryError", message, remedy, "0138", 5)
    return Verdict("failed", f"{OUT_OF_MEMORY}:{peak}{limit}".strip(":"), "memory", failure)


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _size(count: int) -> str:
    return f"{count / _GIB:.1f} GiB" if count >= _GIB else f"{count / 1024**2:.0f} MiB"


def _duration(seconds: float) -> str:
    return f"{seconds / 60:g} minutes" if seconds >= 60 else f"{seconds:g} seconds"
