"""Scores: one row per picture, its original name, label if known, a probability per class."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from visionloom.artifacts.digest import sha256_of_json, sha256_of_rows
from visionloom.artifacts.store import new_artifact, open_artifact
from visionloom.artifacts.tables import Cell, ColumnType, read_parquet, write_csv, write_parquet
from visionloom.artifacts.types import Scores
from visionloom.errors import ArtifactError, NotScoredDatasetError

PREFIX = "probability_"

CHOSE_THE_EPOCH = "validation"
"""Role of pictures that were used to choose the best epoch."""
TEST = "test"
"""Role of pictures that were used for no choice."""


@dataclass(frozen=True)
class ScoreTable:
    """What a model says about pictures.

    Attributes:
        files: Original paths.
        labels: Class names, or None when not known.
        groups: Group names, or None.
        classes: In order of the columns.
        probabilities: float64 (n, C), rows sum to 1.
        skipped: (file, reason) of pictures without a score.
        role: ``validation`` when these pictures chose the epoch, ``test``, or empty.
        digests: Of the images and of the model's weights.
    """

    files: tuple[str, ...]
    labels: tuple[str | None, ...] | None
    groups: tuple[str | None, ...] | None
    classes: tuple[str, ...]
    probabilities: np.ndarray[tuple[int, int], np.dtype[np.float64]]
    skipped: tuple[tuple[str, str], ...] = ()
    role: str = ""
    digests: Mapping[str, str] = field(default_factory=dict)

    @property
    def scored_labels(self) -> tuple[str, ...]:
        """The most likely class of each picture."""
        return tuple(self.classes[i] for i in self.probabilities.argmax(axis=1))


def write_scores(table: ScoreTable, target: Path, *, csv: bool = True) -> Scores:
    """Write scores as Parquet and, unless told otherwise, CSV."""
    schema, columns = _columns(table)
    document = {
        "classes": list(table.classes),
        "role": table.role,
        "digests": dict(table.digests),
    }
    with new_artifact(Scores, target, origin={"digests": dict(table.digests)}) as draft:
        write_parquet(draft.folder / "scores.parquet", schema, columns)
        if csv:
            write_csv(draft.folder / "scores.csv", schema, columns)
        reasons: dict[str, ColumnType] = {"file": "VARCHAR", "reason": "VARCHAR"}
        skipped: dict[str, list[Cell]] = {
            "file": [file for file, _ in table.skipped],
            "reason": [reason for _, reason in table.skipped],
        }
        write_parquet(draft.folder / "skipped.parquet", reasons, skipped)
        if csv:
            write_csv(draft.folder / "skipped.csv", reasons, skipped)
        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        (draft.folder / "scores.json").write_text(text, encoding="utf-8")
        rows = zip(*columns.values(), strict=True)
        draft.digest = sha256_of_json([document, sha256_of_rows(list(row) for row in rows)])
    return Scores(target)


def read_scores(scores: Scores) -> ScoreTable:
    """Read scores.

    Raises:
        NotScoredDatasetError: No scores.
        ArtifactError: Damaged, or of a newer format.
    """
    open_artifact(scores, wrong_type=NotScoredDatasetError)
    table = read_parquet(scores.path / "scores.parquet")
    skipped = read_parquet(scores.path / "skipped.parquet")
    try:
        document = json.loads((scores.path / "scores.json").read_text(encoding="utf-8"))
        classes = tuple(str(name) for name in document["classes"])
        count = len(table["file"])
        values = [table[PREFIX + name] for name in classes]
        probabilities = np.asarray(values, dtype=np.float64).reshape(len(classes), count).T
        return ScoreTable(
            files=tuple(table["file"]),
            labels=tuple(table["label"]) if "label" in table else None,
            groups=tuple(table["group"]) if "group" in table else None,
            classes=classes,
            probabilities=np.ascontiguousarray(probabilities),
            skipped=tuple(zip(skipped["file"], skipped["reason"], strict=True)),
            role=str(document["role"]),
            digests=dict(document["digests"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ArtifactError(f"{scores.path} is damaged: {error}.") from error


def _columns(table: ScoreTable) -> tuple[dict[str, ColumnType], dict[str, list[Cell]]]:
    schema: dict[str, ColumnType] = {"file": "VARCHAR"}
    columns: dict[str, list[Cell]] = {"file": list(table.files)}
    if table.labels is not None:
        schema["label"] = "VARCHAR"
        columns["label"] = list(table.labels)
    if table.groups is not None:
        schema["group"] = "VARCHAR"
        columns["group"] = list(table.groups)
    schema["scored_label"] = "VARCHAR"
    columns["scored_label"] = list(table.scored_labels)
    for index, name in enumerate(table.classes):
        schema[PREFIX + name] = "DOUBLE"
        columns[PREFIX + name] = [float(p) for p in table.probabilities[:, index]]
    return schema, columns
