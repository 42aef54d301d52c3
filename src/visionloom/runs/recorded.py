"""A chain that runs in this process, remembered as a run of one step."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from visionloom.engine.process import identify
from visionloom.errors import (
    FailedToWriteOutputsError,
    MachineError,
    RecordsError,
    RunInterrupted,
    VisionloomError,
)
from visionloom.records.rebuild import write_run_document
from visionloom.records.rows import RunRow, State, StepRow
from visionloom.runs.pipeline_run import host_facts, new_run_id
from visionloom.runs.steps import Steps
from visionloom.spec.context import Log


@contextlib.contextmanager
def recorded(
    steps: Steps, kind: str, name: str, component: str, options: Mapping[str, Any]
) -> Iterator[None]:
    """Record what the block does; where the records cannot be written, that is said and it goes on.

    Args:
        steps: Whose workspace and listener.
        kind: Kind of run.
        name: Display name.
        component: Title of the component that does the work.
        options: What was asked for.
    """
    run = _begin(steps, kind, name, component, options)
    state: State = "failed"
    reason = ""
    try:
        yield
        state = "succeeded"
    except RunInterrupted as error:
        state, reason = "cancelled", error.message
        raise
    except VisionloomError as error:
        reason = error.message
        raise
    except KeyboardInterrupt:
        state, reason = "cancelled", "interrupted"
        raise
    except BaseException as error:
        reason = f"{type(error).__name__}: {error}"
        raise
    finally:
        if run is not None:
            with contextlib.suppress(MachineError):
                records = steps.workspace.records
                records.move_step(run.id, kind, state, reason)
                records.move_run(run.id, state, reason)
                write_run_document(records, run.id, Path(run.folder))


def _begin(
    steps: Steps, kind: str, name: str, component: str, options: Mapping[str, Any]
) -> RunRow | None:
    item = steps.workspace.registry.find(component)
    identity = new_run_id()
    now = time.time()
    run = RunRow(
        id=identity,
        name=name,
        kind=kind,
        created=now,
        options={"request": dict(options), "folder": str(Path.cwd())},
        folder=str(steps.workspace.settings.runs / identity),
        supervisor=identify(),
        host=host_facts(),
    )
    try:
        records = steps.workspace.records
        step = StepRow(identity, kind, 0, item.name, item.version)
        records.create_run(run, [step])
        records.move_run(run.id, "running")
        records.move_step(run.id, kind, "running")
    except (RecordsError, FailedToWriteOutputsError) as error:
        steps.listener(Log(f"Not recorded: {error.message}", "warning"))
        return None
    return run
