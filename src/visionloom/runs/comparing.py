"""Two runs held against each other by what they say of the same pictures."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from visionloom.artifacts.types import Evaluation, Scores
from visionloom.errors import VisionloomError
from visionloom.runs.curves import curve_of
from visionloom.runs.figures import INDEX
from visionloom.runs.history import RunView
from visionloom.workspace import Workspace

if TYPE_CHECKING:
    from visionloom.inference.scores import ScoreTable

_EVALUATED = ("accuracy", "balanced_accuracy", "macro_f1", "log_loss")
_NO_FIGURES = frozenset(
    {INDEX, "train_images_per_second", "waited_for_data", "seconds", "learning_rate"}
)


@dataclass(frozen=True)
class Paired:
    """The second run against the first on the pictures that both scored.

    Attributes:
        sentence: In words.
        first, second: Accuracies on these pictures.
        difference, low, high: Of accuracy, with its 95 % interval.
        p_value: See `visionloom.metrics.paired.Comparison`.
    """

    sentence: str
    first: float
    second: float
    difference: float
    low: float | None
    high: float | None
    p_value: float


def paired(workspace: Workspace, first: RunView, second: RunView) -> Paired | str:
    """Compare two runs picture by picture, as Evaluate Model does; or why that cannot be.

    Steps of one name that score pictures are compared; where there are none, the last of each.
    """
    ours, theirs = _scores(workspace, first), _scores(workspace, second)
    for run, found in ((first, ours), (second, theirs)):
        if not found:
            return f"Run {run.run.id} scored no pictures."
    same = [name for name in ours if name in theirs]
    one, other = (same[-1], same[-1]) if same else (list(ours)[-1], list(theirs)[-1])
    try:
        return _compare(ours[one], theirs[other])
    except (VisionloomError, OSError) as error:
        return str(error)


def metric_pairs(
    workspace: Workspace, first: RunView, second: RunView
) -> list[tuple[str, float | None, float | None]]:
    """Name and value in both runs of figures of the model, and of the last evaluation.

    Those of training are of the epoch whose weights the model has.
    """
    columns = [
        _of_best_epoch(workspace, view) | _evaluated(workspace, view) for view in (first, second)
    ]
    names = dict.fromkeys([*columns[0], *columns[1]])
    pairs = [(name, columns[0].get(name), columns[1].get(name)) for name in names]
    return [pair for pair in pairs if pair[1] is not None or pair[2] is not None]


def _of_best_epoch(workspace: Workspace, view: RunView) -> dict[str, float | None]:
    """Figures of the epoch that the model is of; nothing where nothing was trained."""
    curve = curve_of(workspace, view.run)
    for row in curve.rows:
        figures = dict(zip(curve.names, row, strict=True))
        if figures.get(INDEX) == curve.best_epoch:
            return {name: value for name, value in figures.items() if name not in _NO_FIGURES}
    return {}


def _compare(first: Path, second: Path) -> Paired | str:
    from visionloom.inference.evaluation import compare_tables, label_indices
    from visionloom.inference.scores import read_scores

    one, two = read_scores(Scores(first)), read_scores(Scores(second))
    for table in (one, two):
        label_indices(table)
    outcome, note = compare_tables(one, two)
    shared = set(one.files) & set(two.files)
    net = outcome.only_second - outcome.only_first
    how = (
        "as many right"
        if net == 0
        else f"{abs(net)} {'more' if net > 0 else 'fewer'} right in the second"
    )
    words = outcome.verdict[:1].upper() + outcome.verdict[1:]
    sentence = f"{words}: {how} of {outcome.images}, p = {outcome.p_value:.2g}."
    return Paired(
        f"{sentence} {note}".rstrip(),
        _accuracy(one, shared),
        _accuracy(two, shared),
        outcome.difference,
        outcome.low,
        outcome.high,
        outcome.p_value,
    )


def _accuracy(table: ScoreTable, files: set[str]) -> float:
    labels = table.labels or ()
    right = [
        label == said
        for file, label, said in zip(table.files, labels, table.scored_labels, strict=True)
        if file in files
    ]
    return sum(right) / len(right)


def _scores(workspace: Workspace, view: RunView) -> dict[str, Path]:
    return _artifacts(workspace, view, Scores.type_name)


def _evaluated(workspace: Workspace, view: RunView) -> dict[str, float | None]:
    """Figures of the last evaluation; nothing where there is none."""
    found: dict[str, float | None] = {}
    for path in list(_artifacts(workspace, view, Evaluation.type_name).values())[-1:]:
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            scores = json.loads((path / "evaluation.json").read_bytes())["scores"]
            for name in _EVALUATED:
                if isinstance(scores.get(name), dict):
                    found[f"evaluation {name}"] = float(scores[name]["value"])
    return found


def _artifacts(workspace: Workspace, view: RunView, kind: str) -> dict[str, Path]:
    """Step -> an artifact of a type that it gave, in the order of the steps."""
    order = {step.name: step.position for step in view.steps}
    found = [output for output in view.outputs if output.type == kind]
    found.sort(key=lambda output: order.get(output.step, 0))
    return {output.step: workspace.store.path(output.object) for output in found}
