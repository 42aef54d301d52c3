"""A stopped training tried on this machine: does it go on to the same bits?"""

from __future__ import annotations

import threading
from pathlib import Path

from visionloom.engine import key_lock
from visionloom.engine.resolved import ResolvedStep, StepSource
from visionloom.engine.starting import origin_of, outer_lock, state_folder
from visionloom.errors import MachineError, RunStateError, UsageError
from visionloom.records.rows import RUN_ENDS, RunRow
from visionloom.runs.pipeline_run import recorded_pipeline
from visionloom.runs.train_folder import is_finished, read_run_id
from visionloom.runs.train_pipeline import TRAIN_STEP
from visionloom.runs.train_request import read_request
from visionloom.spec.context import Listener
from visionloom.spec.verified import Verified
from visionloom.workspace import Workspace


def verify_training(
    workspace: Workspace, out: Path, listener: Listener, stop: threading.Event
) -> Verified:
    """Replay the steps between the last two checkpoints of the training in ``out``.

    Nothing of the training changes.

    Raises:
        UsageError: No stopped training with two checkpoints is there, or its data changed.
        RunStateError: It is running, or the records do not know it.
        ArtifactError: A checkpoint is damaged.
        MachineError: The replay came out otherwise.
        RunInterrupted: Stopped.
    """
    read_request(out)
    if is_finished(out):
        raise UsageError(
            f"{out} is finished, and the state of a finished training is not kept.",
            "Verify one that was stopped: Ctrl-C during training keeps its state.",
        )
    known = read_run_id(out)
    if known is None:
        raise UsageError(f"{out} has not begun to train: there is nothing to replay.")
    run = workspace.records.get_run(known)
    if run.state not in RUN_ENDS:
        raise RunStateError(
            f"Run {run.id} is {run.state}; it cannot be verified while it trains.",
            f"Stop it first: visionloom runs cancel {run.id}",
        )
    pipeline, _ = recorded_pipeline(workspace, run)
    step = next(step for step in pipeline.steps if step.name == TRAIN_STEP)
    state = _state_of(workspace, run)
    lock = key_lock.take(outer_lock(state), run.id)
    if lock is None:
        raise RunStateError(
            f"Another run goes on from the state of {run.id} at this moment.", "Wait for its end."
        )
    try:
        found = workspace.verify_resume(
            step.parameters, _inputs(workspace, run, step), state, listener, stop
        )
    finally:
        lock.release(remove=True)
    if found.different:
        raise MachineError(
            f"Replaying {found.steps} steps, from {found.begin} to {found.end}, came out "
            f"otherwise: {', '.join(found.different)}.",
            f"What differs since: {', '.join(found.environment)}."
            if found.environment
            else "Versions and hardware are the same, so this machine does not repeat its own "
            "arithmetic: another --device may.",
        )
    return found


def _state_of(workspace: Workspace, run: RunRow) -> Path:
    """The folder with the checkpoints of a run's training.

    Raises:
        UsageError: There is none.
    """
    row = next((s for s in workspace.records.steps(run.id) if s.name == TRAIN_STEP), None)
    scratch, origin = workspace.settings.scratch, origin_of(workspace.records, run)
    for name in ("", origin):
        if row is not None and row.key and state_folder(scratch, row.key, name).is_dir():
            return state_folder(scratch, row.key, name)
    raise UsageError(f"Run {run.id} kept no state: there is nothing to replay.")


def _inputs(workspace: Workspace, run: RunRow, step: ResolvedStep) -> dict[str, Path]:
    """Port -> artifact, as the run had them."""
    paths = {}
    for port, source in step.inputs.items():
        if isinstance(source, StepSource):
            objects = {o.port: o.object for o in workspace.records.outputs(run.id, source.step)}
            paths[port] = workspace.store.path(objects[source.port])
        else:
            paths[port] = source.path
    return paths
