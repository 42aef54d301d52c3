"""The figures of a run's epochs, those of a reused training included."""

from __future__ import annotations

from collections.abc import Sequence

from visionloom.errors import NoSuchStepError
from visionloom.records.recorder import Recorder
from visionloom.records.rows import RunRow, StepRow
from visionloom.workspace import Workspace

Row = dict[str, float | int | None]

INDEX = "epoch"


def metric_rows(workspace: Workspace, run: str, step: str = "") -> list[Row]:
    """One row per epoch, as `visionloom.spec.context.Metrics` gave them.

    Args:
        workspace: Whose records.
        run: Id of the run.
        step: Which step; empty for the first that has figures.

    Raises:
        NoSuchStepError: There is no such step.
    """
    return figures_of(workspace, run, step)[1]


def figures_of(workspace: Workspace, run: str, step: str = "") -> tuple[StepRow | None, list[Row]]:
    """The step whose figures they are, and one row per epoch; see `metric_rows`.

    A step that is named comes back without figures too; else None when no step has any.

    Raises:
        NoSuchStepError: There is no such step.
    """
    records = workspace.records
    steps = {row.name: row for row in records.steps(run)}
    if step and step not in steps:
        raise NoSuchStepError(f"Run {run} has no step {step!r}.", f"Steps: {', '.join(steps)}.")
    for row in [steps[step]] if step else steps.values():
        source = (run, row.name)
        if row.state == "reused":
            found = records.results([row.key]).get(row.key)
            if found is not None:
                source = (found.run, found.step)
        figures = _rows(records, *source)
        if figures or step:
            return row, figures
    return None, []


def newest_figures(workspace: Workspace, runs: Sequence[RunRow]) -> dict[str, Row]:
    """Run -> the figures of its last epoch, those of a reused training included."""
    found = workspace.records.last_metrics(run.id for run in runs)
    return {run: dict(row) for run, row in found.items()}


def _rows(records: Recorder, run: str, step: str) -> list[Row]:
    rows: dict[int, Row] = {}
    for owner, name in records.metric_names(run):
        if owner != step or name == INDEX:
            continue
        for point in records.curve(run, step, name):
            rows.setdefault(point.index, {INDEX: point.index})[name] = point.value
    return [rows[index] for index in sorted(rows)]
