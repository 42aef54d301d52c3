"""Evaluate scores: figures with intervals, confusion matrix, the mistakes, a comparison."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from visionloom.artifacts.digest import sha256_of_json
from visionloom.artifacts.store import new_artifact
from visionloom.artifacts.tables import ColumnType, write_parquet
from visionloom.artifacts.types import Evaluation, Scores
from visionloom.errors import (
    InvalidDatasetError,
    LabelColumnDoesNotHaveLabeledPointsError,
    LearnerTypesNotCompatibleError,
    NotLabeledDatasetError,
    NullOrEmptyError,
)
from visionloom.inference.scores import CHOSE_THE_EPOCH, TEST, ScoreTable, read_scores
from visionloom.metrics.counts import Integers
from visionloom.metrics.figures import BinaryFigures, Figures, compute, picture_losses
from visionloom.metrics.intervals import Figure
from visionloom.metrics.paired import Comparison, compare
from visionloom.spec.context import Context

_ROLE_WORDS = {
    CHOSE_THE_EPOCH: "these pictures also chose the best epoch, so the figures are a little "
    "optimistic",
    TEST: "these pictures were used for no choice",
}


@dataclass(frozen=True)
class Mistake:
    """A misclassified picture; ``loss`` is -log of its label's probability."""

    file: str
    label: str
    scored_label: str
    probability: float
    loss: float


@dataclass(frozen=True)
class Evaluated:
    """The figures of one set of scores, and its mistakes, worst first."""

    table: ScoreTable
    figures: Figures
    mistakes: tuple[Mistake, ...]


def evaluate_table(table: ScoreTable) -> Evaluated:
    """Compute all figures of a table.

    Raises:
        NullOrEmptyError, NotLabeledDatasetError, LabelColumnDoesNotHaveLabeledPointsError,
        InvalidDatasetError: No row, no label, no known label, or a label that is no class.
    """
    labels = label_indices(table)
    groups = group_indices(table)
    figures = compute(labels, table.probabilities, table.classes, groups)
    losses = picture_losses(labels, table.probabilities)
    predicted = table.probabilities.argmax(axis=1)
    wrong = np.flatnonzero(predicted != labels)
    order = sorted(wrong.tolist(), key=lambda i: (-losses[i], table.files[i]))
    mistakes = tuple(
        Mistake(
            table.files[i],
            table.classes[labels[i]],
            table.classes[predicted[i]],
            float(table.probabilities[i, predicted[i]]),
            float(losses[i]),
        )
        for i in order
    )
    return Evaluated(table, figures, mistakes)


def evaluate(scores: Scores, compared: Scores | None, target: Path, context: Context) -> Evaluation:
    """Evaluate scores, compare with a second set on the same pictures, write the evaluation.

    Raises:
        See `evaluate_table`; LearnerTypesNotCompatibleError when the two cannot be compared.
    """
    first = evaluate_table(read_scores(scores))
    document: dict[str, Any] = {"scores": to_json(first)}
    if compared is not None:
        second = evaluate_table(read_scores(compared))
        document["compared"] = to_json(second)
        outcome, note = compare_tables(first.table, second.table)
        document["comparison"] = {**vars(outcome), "note": note}
        if note:
            context.warn(note)
    for line in summary_lines(first):
        context.log(line)
    return _write(first, document, target)


def compare_tables(first: ScoreTable, second: ScoreTable) -> tuple[Comparison, str]:
    """Compare two tables on the pictures they share, matched by name; and a note on the others.

    Raises:
        LearnerTypesNotCompatibleError: Other classes, no picture in common, or other labels.
    """
    if set(first.classes) != set(second.classes):
        only = sorted(set(first.classes) ^ set(second.classes))
        raise LearnerTypesNotCompatibleError(
            f"The two scored inputs have different classes: {', '.join(only[:10])}."
        )
    places = {file: i for i, file in enumerate(second.files)}
    pairs = [(i, places[file]) for i, file in enumerate(first.files) if file in places]
    if not pairs:
        raise LearnerTypesNotCompatibleError("The two scored inputs have no picture in common.")
    labels, other = first.labels or (), second.labels or ()
    differing = [first.files[i] for i, j in pairs if labels[i] != other[j]]
    if differing:
        raise LearnerTypesNotCompatibleError(
            f"The two scored inputs give {len(differing)} pictures different labels, first "
            f"{differing[0]}."
        )
    one = np.asarray([float(first.scored_labels[i] == labels[i]) for i, _ in pairs])
    two = np.asarray([float(second.scored_labels[j] == other[j]) for _, j in pairs])
    groups = group_indices(first)
    chosen = groups[[i for i, _ in pairs]] if groups is not None else None
    if chosen is not None:
        chosen = np.unique(chosen, return_inverse=True)[1].astype(np.int64)
    left = len(first.files) + len(second.files) - 2 * len(pairs)
    note = (
        f"Compared on the {len(pairs)} pictures both have; {left} are in one only." if left else ""
    )
    return compare(one, two, chosen), note


def label_indices(table: ScoreTable) -> Integers:
    """Class index of each picture's label, int64 (n,); errors as `evaluate_table`."""
    if not table.files:
        raise NullOrEmptyError("The scores hold no picture.")
    if table.labels is None:
        raise NotLabeledDatasetError(
            "The scored pictures have no labels, so nothing can be evaluated.",
            "Score pictures in folders named after the classes, or a list with labels.",
        )
    missing = sum(1 for label in table.labels if label is None)
    if missing == len(table.labels):
        raise LabelColumnDoesNotHaveLabeledPointsError("Every label is missing.")
    index = {name: i for i, name in enumerate(table.classes)}
    unknown = sorted({str(label) for label in table.labels if label not in index})
    if unknown:
        raise InvalidDatasetError(
            f"The pictures carry labels the model does not know: {', '.join(unknown[:10])}.",
            f"It knows {', '.join(table.classes[:20])}.",
        )
    return np.asarray([index[str(label)] for label in table.labels], dtype=np.int64)


def group_indices(table: ScoreTable) -> Integers | None:
    """Group index of each picture, int64 (n,); one without a group is a group of its own."""
    if table.groups is None:
        return None
    names = [g if g is not None else f"\0{i}" for i, g in enumerate(table.groups)]
    return np.unique(np.asarray(names), return_inverse=True)[1].astype(np.int64)


def summary_lines(evaluated: Evaluated) -> list[str]:
    """The result in plain words."""
    figures, role = evaluated.figures, evaluated.table.role
    low, high = figures.accuracy.low, figures.accuracy.high
    by = f", by {figures.groups} groups" if figures.groups is not None else ""
    interval = f" (95 % interval {low:.1%} to {high:.1%}{by})" if low is not None else ""
    right = round(figures.accuracy.value * figures.images)
    words = f"; {_ROLE_WORDS[role]}" if role in _ROLE_WORDS else ""
    return [
        f"Accuracy {figures.accuracy.value:.1%}{interval}: {right} of {figures.images} pictures "
        f"right{words}.",
        f"Macro F1 {figures.macro_f1.value:.3f}, log loss {figures.log_loss.value:.3f}.",
    ]


def to_json(evaluated: Evaluated) -> dict[str, Any]:
    """All figures as JSON values; what cannot be given is null."""
    figures, table = evaluated.figures, evaluated.table
    names = (
        "accuracy", "balanced_accuracy", "macro_precision", "macro_recall", "macro_f1",
        "micro_precision", "micro_recall", "micro_f1", "log_loss",
    )  # fmt: skip
    document: dict[str, Any] = {
        "images": figures.images,
        "groups": figures.groups,
        "role": table.role,
        "classes": list(table.classes),
        "digests": dict(table.digests),
        **{name: _figure(getattr(figures, name)) for name in names},
        "top5_accuracy": _figure(figures.top5_accuracy),
        "auc": figures.auc,
        "binary": _binary(figures.binary),
        "per_class": [
            {
                "label": row.label,
                "images": row.images,
                "precision": _figure(row.precision),
                "recall": _figure(row.recall),
                "f1": _figure(row.f1),
            }
            for row in figures.per_class
        ],
        "confusion": figures.confusion.astype(int).tolist(),
        "mistakes": [vars(mistake) for mistake in evaluated.mistakes],
        "skipped": [{"file": file, "reason": reason} for file, reason in table.skipped],
    }
    return document


def _write(evaluated: Evaluated, document: dict[str, Any], target: Path) -> Evaluation:
    classes, figures = evaluated.table.classes, evaluated.figures
    with new_artifact(Evaluation, target) as draft:
        text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        (draft.folder / "evaluation.json").write_text(text, encoding="utf-8")
        pairs = [(t, p) for t in range(len(classes)) for p in range(len(classes))]
        write_parquet(
            draft.folder / "confusion.parquet",
            {"label": "VARCHAR", "scored_label": "VARCHAR", "images": "BIGINT"},
            {
                "label": [classes[t] for t, _ in pairs],
                "scored_label": [classes[p] for _, p in pairs],
                "images": [int(figures.confusion[t, p]) for t, p in pairs],
            },
        )
        _write_per_class(evaluated, draft.folder / "per_class.parquet")
        draft.digest = sha256_of_json(document)
    return Evaluation(target)


def _write_per_class(evaluated: Evaluated, path: Path) -> None:
    rows = evaluated.figures.per_class
    schema: dict[str, ColumnType] = {"label": "VARCHAR", "images": "BIGINT"}
    columns: dict[str, list[Any]] = {
        "label": [row.label for row in rows],
        "images": [row.images for row in rows],
    }
    for name in ("precision", "recall", "f1"):
        for end in ("value", "low", "high"):
            column = name if end == "value" else f"{name}_{end}"
            schema[column] = "DOUBLE"
            columns[column] = _ends([getattr(row, name) for row in rows], end)
    write_parquet(path, schema, columns)


def _ends(figures: Sequence[Figure | None], end: str) -> list[float | None]:
    return [None if figure is None else getattr(figure, end) for figure in figures]


def _figure(figure: Figure | None) -> dict[str, Any] | None:
    if figure is None or math.isnan(figure.value):
        return None
    return figure.to_json()


def _binary(binary: BinaryFigures | None) -> dict[str, Any] | None:
    if binary is None:
        return None
    return {
        "positive_class": binary.positive_class,
        "precision": _figure(binary.precision),
        "recall": _figure(binary.recall),
        "f1": _figure(binary.f1),
        "auc": binary.auc,
        "average_precision": binary.average_precision,
        "matthews": binary.matthews,
    }
