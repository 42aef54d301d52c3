"""A run followed to its end; runs whose supervisor died taken up again, or marked lost."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from visionloom import errors
from visionloom.engine import process
from visionloom.engine.executors.base import RESULT_NAME, run_marker
from visionloom.engine.journal import JOURNAL_NAME
from visionloom.engine.journal import follow as follow_journal
from visionloom.errors import (
    LeaseLostError,
    MachineError,
    ProcessLostError,
    RunInterrupted,
    VisionloomError,
)
from visionloom.records.rows import RUN_ENDS, AttemptRow, RunRow, State
from visionloom.runs.journals import errors as errors_told
from visionloom.runs.pipeline_run import start_supervisor
from visionloom.spec.context import Listener, Log
from visionloom.workspace import Workspace

Tell = Callable[[Mapping[str, Any]], None]

_LOOK = 0.2
_BEGIN_WITHIN = 60.0
_TAKEN_UP = 3


class _Watch:
    """Asked again and again whether a run has ended; cancels it, takes it up when it is dead."""

    def __init__(self, workspace: Workspace, run: str, stop: threading.Event | None) -> None:
        self._workspace = workspace
        self._run = run
        self._stop = stop
        self._asked = False
        self._looked = 0.0
        self._taken_up = 0

    def __call__(self) -> bool:
        if self._stop is not None and self._stop.is_set() and not self._asked:
            self._asked = True
            self._workspace.records.request_cancel(self._run)
        now = time.monotonic()
        if now - self._looked < _LOOK:
            return False
        self._looked = now
        run = self._workspace.records.get_run(self._run)
        if run.state in RUN_ENDS:
            return True
        if is_orphan(run):
            self._taken_up += 1
            if self._taken_up > _TAKEN_UP:
                mark_lost(self._workspace, run)
                return True
            start_supervisor(self._workspace, run.id, Path(run.folder))
            self._looked = now + 2.0  # until the new supervisor has said who it is
        return False


def follow(
    workspace: Workspace, run: str, tell: Tell, stop: threading.Event | None = None
) -> RunRow:
    """Tell every line of a run's journal until the run has ended.

    Args:
        workspace: Whose run.
        run: Its id.
        tell: Told each line; see `visionloom.engine.journal`.
        stop: When set, the run is cancelled; a training keeps its state.

    Returns:
        The run as it ended.
    """
    folder = Path(workspace.records.get_run(run).folder)
    for line in follow_journal(folder / JOURNAL_NAME, stop=_Watch(workspace, run, stop)):
        tell(line)
    return workspace.records.get_run(run)


def raise_failure(workspace: Workspace, run: RunRow, *, status: int = 130) -> None:
    """Raise what a run ended with; nothing for one that succeeded.

    Args:
        workspace: Whose run.
        run: As it ended.
        status: Exit status of an interruption.

    Raises:
        VisionloomError: The error of the step that failed.
        RunInterrupted: It was stopped.
        ProcessLostError: Its processes are gone.
    """
    if run.state == "succeeded":
        return
    again = f"Go on: visionloom runs resume {run.id}"
    if run.state in {"cancelled", "interrupted"}:
        raise RunInterrupted(_stopped(workspace, run), again, status)
    if run.state == "lost":
        raise ProcessLostError(f"Run {run.id} is lost: {run.reason}", again)
    raise failure(workspace, run)


def _stopped(workspace: Workspace, run: RunRow) -> str:
    """What an interrupted step told of it, else that the run was stopped."""
    for step in workspace.records.steps(run.id):
        told = told_error(workspace, run, step.name) if step.state == "interrupted" else {}
        if told:
            return str(told["message"])
    kept = "the state is saved" if run.state == "interrupted" else "nothing was to be saved"
    return f"Run {run.id} was stopped; {kept}."


def told_error(
    workspace: Workspace,
    run: RunRow,
    step: str,
    told: Mapping[str, dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """The error of a step: as its supervisor told it, else as its last attempt left it.

    Args:
        workspace: Where the records are.
        run: Which.
        step: Of its steps.
        told: What its journal tells of errors, if that was read.

    Returns:
        Nothing where there is none; else class, message and remedy.
    """
    found_there = (errors_told(run) if told is None else told).get(step)
    if found_there:
        return found_there
    attempts = workspace.records.attempts(run.id, step)
    path = _attempt_folder(run, step, attempts[-1].number if attempts else 1) / RESULT_NAME
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["error"]
        return {key: found[key] for key in ("class", "message", "remedy")}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def failure(workspace: Workspace, run: RunRow) -> VisionloomError:
    """The error of the step that failed first."""
    for step in workspace.records.steps(run.id):
        if step.state != "failed":
            continue
        where = f"Its output: visionloom runs logs {run.id} {step.name} --output"
        told = told_error(workspace, run, step.name)
        if not told:
            return MachineError(f"Step {step.name} failed: {step.reason}", where)
        kind = getattr(errors, str(told["class"]), None)
        if isinstance(kind, type) and issubclass(kind, VisionloomError):
            return kind(str(told["message"]), str(told["remedy"]))
        return StepCrashedError(f"Step {step.name} failed: {told['message']}", where)
    return MachineError(f"Run {run.id} failed: {run.reason}")


class StepCrashedError(VisionloomError):
    """A bug in a component: its traceback is in the step's output."""

    exit_status = 1


def reconcile(workspace: Workspace, listener: Listener) -> None:
    """Take up runs whose supervisor died while their steps go on; mark the others lost."""
    for run in workspace.records.open_runs():
        if not is_orphan(run):
            continue
        if any(_goes_on(run, attempt) for attempt in workspace.records.attempts(run.id)):
            listener(Log(f"Run {run.id} had lost its supervisor; it is taken up again.", "warning"))
            start_supervisor(workspace, run.id, Path(run.folder))
        else:
            mark_lost(workspace, run)


def _goes_on(run: RunRow, attempt: AttemptRow) -> bool:
    """Whether an attempt still runs, or came to a result that nobody has counted yet."""
    if attempt.state != "running":
        return False
    if attempt.process is not None and process.is_alive(attempt.process):
        return True
    return (_attempt_folder(run, attempt.step, attempt.number) / RESULT_NAME).is_file()


def _attempt_folder(run: RunRow, step: str, number: int) -> Path:
    return Path(run.folder) / "steps" / step / str(number)


def mark_lost(workspace: Workspace, run: RunRow) -> None:
    """Record that nobody carries a run out any more."""
    give_up(workspace, run, "lost", "its supervisor is gone")


def give_up(workspace: Workspace, run: RunRow, state: State, reason: str) -> None:
    """End a run that nobody carries out, with what is left of its processes.

    Nothing is done when somebody took it up since it was looked at.
    """
    try:
        workspace.records.move_run(run.id, state, reason, fence=run.fence)
    except LeaseLostError:
        return
    for left in process.find_marked(run_marker(str(workspace.settings.home), run.id)):
        process.send_signal(left, process.KILL)


def is_orphan(run: RunRow) -> bool:
    """Whether nobody carries out an open run; of another machine's that is not known from here."""
    if run.supervisor is None:
        return time.time() - run.created > _BEGIN_WITHIN
    state = process.liveness(run.supervisor)
    if state == "elsewhere" and run.supervisor.boot == process.boot_id():
        # another container of this machine, whose clock is ours
        return run.lease_until < process.boot_clock()
    return state == "dead"
