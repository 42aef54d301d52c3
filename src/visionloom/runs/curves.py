"""The figures of a training over its epochs, with the best one and why it ended."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from visionloom.artifacts.types import TrainedModel
from visionloom.records.rows import RunRow, StepRow
from visionloom.runs.figures import INDEX, Row, figures_of
from visionloom.workspace import Workspace

_COLUMNS = {"accuracy": "top1_accuracy"}
_LESS_IS_BETTER = "valid_loss"


@dataclass(frozen=True)
class Curve:
    """The figures of a step: a column per name, a row per epoch.

    Attributes:
        step: Which; empty when none has figures.
        names: Columns; the epoch first.
        rows: As many values as names; None where an epoch has no such figure.
        best_epoch: The epoch whose weights are the model's, or would be if it ended now; None
            while there is none.
        stopped_because: Why training ended; empty while it goes on.
        monitored: Column of the figure that decides; empty where it is not known.
    """

    step: str = ""
    names: tuple[str, ...] = ()
    rows: tuple[tuple[float | None, ...], ...] = ()
    best_epoch: int | None = None
    stopped_because: str = ""
    monitored: str = ""


def curve_of(workspace: Workspace, run: RunRow, step: str = "") -> Curve:
    """The figures of a step's epochs, of a reused one those of its source.

    Args:
        workspace: Whose records.
        run: Which run.
        step: Which step; empty for the first that has figures.

    Raises:
        RunStateError: There is no such step.
    """
    found, rows = figures_of(workspace, run.id, step)
    if found is None:
        return Curve(step)
    names = tuple(dict.fromkeys(name for row in rows for name in row))
    told = _model(workspace, found)
    chosen = str(told.get("monitored") or _parameter(found, "monitor") or "")
    monitored = _COLUMNS.get(chosen, chosen)
    best = told.get("best_epoch")
    if best is None:
        best = _best(rows, monitored, float(_parameter(found, "minimum_improvement") or 0.0))
    return Curve(
        step=found.name,
        names=names,
        rows=tuple(tuple(row.get(name) for name in names) for row in rows),
        best_epoch=best,
        stopped_because=str(told.get("stopped_because", "")),
        monitored=monitored,
    )


def _best(rows: Sequence[Row], monitored: str, improvement: float) -> int | None:
    """The epoch that training would keep, by its own rule: a tie is no improvement."""
    best: tuple[float, int] | None = None
    for row in rows:
        value, epoch = row.get(monitored), row.get(INDEX)
        if value is None or epoch is None or not math.isfinite(value):
            continue
        less = value if monitored == _LESS_IS_BETTER else -value
        if best is None or less < best[0] - improvement:
            best = less, int(epoch)
    return None if best is None else best[1]


def _model(workspace: Workspace, step: StepRow) -> dict[str, Any]:
    """What the model that a step gave says of its training; nothing while there is none."""
    for output in workspace.records.outputs(step.run, step.name):
        if output.type != TrainedModel.type_name:
            continue
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            path = workspace.store.path(output.object) / "model.json"
            told = json.loads(path.read_bytes())
            return {**told["metrics"], "best_epoch": int(told["best_epoch"])}
    return {}


def _parameter(step: StepRow, name: str) -> Any:
    """What a parameter came to, as it is remembered with the step's key."""
    parts: Mapping[str, Any] = step.parts
    for section in ("parameters", "shown"):
        value = parts.get(section, {}).get(name)
        if value is not None:
            return value
    return None
