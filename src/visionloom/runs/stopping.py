"""A run, or one step of it, asked to stop, or a training to end with its best model so far."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from visionloom.artifacts.types import TrainedModel
from visionloom.engine import process
from visionloom.errors import MachineError, NoSuchStepError, RunStateError, UsageError
from visionloom.records.rows import RUN_ENDS, STEP_ENDS, RunRow, StepRow
from visionloom.runs.follow import is_orphan
from visionloom.runs.pipeline_run import start_supervisor
from visionloom.workspace import Workspace

How = Literal["cancel", "kill", "finish"]

_LOOK = 0.2
_CANCEL_WITHIN = 60.0


def cancel_run(workspace: Workspace, word: str, *, step: str = "", kill: bool = False) -> RunRow:
    """Stop a run, or one step of it, and wait until it has ended.

    Args:
        workspace: Whose run.
        word: Its id, the beginning of it, or ``last``.
        step: Which step alone; what needs it is left out, and the others go on.
        kill: Whether at once, without saving a state.

    Raises:
        RunStateError: There is no such run or step, it has ended, or it has no supervisor that
            could be asked.
        MachineError: It does not end.
    """
    records = workspace.records
    run = records.find_run(word)
    ask(workspace, run, "kill" if kill else "cancel", step)

    def has_ended() -> bool:
        if records.get_run(run.id).state in RUN_ENDS:
            return True
        return bool(step) and _step(workspace, run, step).state in STEP_ENDS

    again = f"visionloom runs cancel {run.id}{f' --step {step}' if step else ''} --kill"
    _await(has_ended, f"{f'Step {step} of run' if step else 'Run'} {run.id}", again)
    return records.get_run(run.id)


def finish_training(workspace: Workspace, word: str, step: str = "") -> list[str]:
    """Ask trainings of a run to end with their best model so far; what follows runs on.

    Args:
        workspace: Whose run.
        word: Its id, the beginning of it, or ``last``.
        step: Which training; empty for all that are running.

    Returns:
        The steps that were asked.

    Raises:
        RunStateError: There is no such run or step, or nothing trains.
    """
    return ask(workspace, workspace.records.find_run(word), "finish", step)


def ask(workspace: Workspace, run: RunRow, how: How, step: str = "") -> list[str]:
    """Ask the supervisor of a run; returns at once, with the steps asked one by one.

    To ask again for the same changes nothing.

    Raises:
        RunStateError: It has ended, or has no supervisor that could be asked; or what is asked
            cannot be of the step.
    """
    records = workspace.records
    if run.state in RUN_ENDS:
        raise RunStateError(f"Run {run.id} is {run.state} already.")
    if not run.pipeline:
        where = f"process {run.supervisor.pid}" if run.supervisor else "a process"
        raise RunStateError(
            f"Run {run.id} is `visionloom {run.kind}` itself, {where}.", "Stop it there: Ctrl-C."
        )
    asked: list[str] = []
    if how == "finish":
        asked = _ask_to_finish(workspace, run, step)
    elif step:
        row = _step(workspace, run, step)
        if not records.ask_step(run.id, step, how):
            raise _too_late(workspace, run, row)
        asked = [step]
    elif not records.request_cancel(run.id, how):
        raise RunStateError(f"Run {run.id} is {records.get_run(run.id).state} already.")
    if is_orphan(run) or (run.supervisor and not process.is_alive(run.supervisor)):
        # one that only its own machine can tell of is waited for before it is taken over
        start_supervisor(workspace, run.id, Path(run.folder))
    return asked


def trains(workspace: Workspace, step: StepRow) -> bool:
    """Whether a step gives a trained model, so that it can be asked to end with its best."""
    try:
        component = workspace.registry.find(step.component)
    except UsageError:
        return False
    return any(issubclass(port.type, TrainedModel) for port in component.outputs)


def _ask_to_finish(workspace: Workspace, run: RunRow, step: str) -> list[str]:
    if step:
        row = _step(workspace, run, step)
        if not trains(workspace, row):
            raise RunStateError(f"Step {step} of run {run.id} is no training.")
        if not workspace.records.ask_step(run.id, step, "finish"):
            raise _too_late(workspace, run, row)
        return [step]
    running = [row for row in workspace.records.steps(run.id) if row.state == "running"]
    trainings = [row.name for row in running if trains(workspace, row)]
    asked = [name for name in trainings if workspace.records.ask_step(run.id, name, "finish")]
    if not asked:
        raise RunStateError(
            f"No training of run {run.id} is running.", f"See it: visionloom runs show {run.id}"
        )
    return asked


def _step(workspace: Workspace, run: RunRow, step: str) -> StepRow:
    rows = {row.name: row for row in workspace.records.steps(run.id)}
    if step not in rows:
        raise NoSuchStepError(f"Run {run.id} has no step {step!r}.", f"Steps: {', '.join(rows)}.")
    return rows[step]


def _too_late(workspace: Workspace, run: RunRow, row: StepRow) -> RunStateError:
    state = _step(workspace, run, row.name).state
    if state in STEP_ENDS:
        return RunStateError(f"Step {row.name} of run {run.id} is {state} already.")
    return RunStateError(
        f"Step {row.name} of run {run.id} is {state}: it has no model yet.",
        f"Cancel it: visionloom runs cancel {run.id} --step {row.name}",
    )


def _await(condition: Callable[[], bool], what: str, again: str) -> None:
    deadline = time.monotonic() + _CANCEL_WITHIN
    while not condition():
        if time.monotonic() > deadline:
            raise MachineError(f"{what} has not ended within {_CANCEL_WITHIN:g} seconds.", again)
        time.sleep(_LOOK)
