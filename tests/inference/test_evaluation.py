"""Evaluation: figures, mistakes and comparisons of scored pictures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import visionloom as vl
from visionloom.artifacts.tables import read_parquet
from visionloom.errors import (
    LabelColumnDoesNotHaveLabeledPointsError,
    LearnerTypesNotCompatibleError,
    NullOrEmptyError,
)
from visionloom.inference.evaluation import compare_tables, evaluate_table
from visionloom.inference.scores import ScoreTable, write_scores


def table(right: int = 30, wrong: int = 10, classes: int = 3, **more: object) -> ScoreTable:
    names = tuple(f"class {i}" for i in range(classes))
    count = right + wrong
    labels = [i % classes for i in range(count)]
    shown = [label if i < right else (label + 1) % classes for i, label in enumerate(labels)]
    probabilities = np.full((count, classes), 0.1)
    probabilities[np.arange(count), shown] = 1 - 0.1 * (classes - 1)
    values: dict[str, object] = {
        "files": tuple(f"{i:03d}.png" for i in range(count)),
        "labels": tuple(names[i] for i in labels),
        "groups": None,
        "classes": names,
        "probabilities": probabilities,
        **more,
    }
    return ScoreTable(**values)  # type: ignore[arg-type]


def test_c54_the_evaluation_holds_figures_matrix_and_classes_as_data(tmp_path: Path) -> None:
    scores = write_scores(table(), tmp_path / "scores")
    made = vl.evaluate_model(scores, out=tmp_path / "evaluation")
    document = json.loads((made.path / "evaluation.json").read_text())["scores"]
    assert document["images"] == 40
    assert document["accuracy"]["value"] == 0.75
    low, high = document["accuracy"]["interval"]
    assert low < 0.75 < high
    for name in ("macro_precision", "macro_recall", "macro_f1"):
        assert document[name]["interval"] is not None
    assert document["auc"] is not None
    assert document["log_loss"]["value"] > 0
    cells = read_parquet(made.path / "confusion.parquet")
    assert len(cells["images"]) == 9
    assert sum(int(str(n)) for n in cells["images"]) == 40
    classes = read_parquet(made.path / "per_class.parquet")
    assert classes["label"] == ["class 0", "class 1", "class 2"]


def test_c54_a_matrix_of_many_classes_is_there_as_data(tmp_path: Path) -> None:
    scores = write_scores(table(200, 50, classes=50), tmp_path / "scores")
    made = vl.evaluate_model(scores, out=tmp_path / "evaluation")
    assert len(read_parquet(made.path / "confusion.parquet")["images"]) == 2500


def test_the_mistakes_are_listed_worst_first() -> None:
    found = evaluate_table(table())
    assert len(found.mistakes) == 10
    losses = [mistake.loss for mistake in found.mistakes]
    assert losses == sorted(losses, reverse=True)
    assert all(mistake.label != mistake.scored_label for mistake in found.mistakes)


def test_c55_two_classes_have_binary_figures() -> None:
    found = evaluate_table(table(classes=2)).figures.binary
    assert found is not None
    assert found.positive_class == "class 1"


def test_groups_widen_the_interval() -> None:
    plain = evaluate_table(table()).figures.accuracy
    bursts = tuple(f"burst {i // 8}" for i in range(40))
    grouped = evaluate_table(table(groups=bursts)).figures
    assert grouped.groups == 5
    assert plain.low is not None
    assert grouped.accuracy.low is not None
    assert grouped.accuracy.low < plain.low


def test_two_models_are_compared_on_the_pictures_they_share() -> None:
    one, two = table(20, 20), table(38, 2)
    found, note = compare_tables(one, two)
    assert (found.images, found.verdict, note) == (40, "the second is better", "")
    some = table(19, 1, files=tuple(f"{i:03d}.png" for i in range(20)))
    found, note = compare_tables(one, some)
    assert found.images == 20
    assert "20 are in one only" in note


def test_what_cannot_be_compared_is_said() -> None:
    with pytest.raises(LearnerTypesNotCompatibleError, match="no picture in common"):
        compare_tables(table(), table(files=tuple(f"x{i}" for i in range(40))))
    with pytest.raises(LearnerTypesNotCompatibleError, match="different classes"):
        compare_tables(table(), table(classes=2))
    with pytest.raises(LearnerTypesNotCompatibleError, match="different labels"):
        compare_tables(table(), table(labels=("class 2",) * 40))


def test_scores_without_labels_are_refused() -> None:
    with pytest.raises(vl.NotLabeledDatasetError):
        evaluate_table(table(labels=None))
    with pytest.raises(LabelColumnDoesNotHaveLabeledPointsError):
        evaluate_table(table(labels=(None,) * 40))
    with pytest.raises(vl.InvalidDatasetError, match="class 9"):
        evaluate_table(table(labels=("class 9",) * 40))
    with pytest.raises(NullOrEmptyError):
        evaluate_table(table(0, 0))


def test_a_probability_of_zero_gives_a_finite_loss(tmp_path: Path) -> None:
    probabilities = np.eye(3)[[(i + 1) % 3 for i in range(40)]]
    scores = write_scores(table(0, 40, probabilities=probabilities), tmp_path / "scores")
    document = vl.evaluate(scores)["scores"]
    assert document["log_loss"]["value"] == pytest.approx(708.4, abs=0.1)


def test_one_class_without_pictures_and_one_picture_work() -> None:
    found = evaluate_table(table(1, 0)).figures
    assert found.accuracy.value == 1.0
    assert found.auc is None
    assert [row.images for row in found.per_class] == [1, 0, 0]
