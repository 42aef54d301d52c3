"""Looking through scores, models and evaluations."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest

import visionloom as vl
from visionloom.artifacts.manifest import read_manifest
from visionloom.artifacts.types import ImageDirectory, Scores, TrainedModel
from visionloom.errors import ArtifactError, NotThereError
from visionloom.inference.browse import OpenedScores, Wanted
from visionloom.inference.scores import ScoreTable, write_scores
from visionloom.inference.words import describe_evaluation, describe_model

CLASSES = ("ant", "bee", "cat<b>")


@pytest.fixture
def scores(tmp_path: Path) -> Scores:
    """Six pictures: two of each class; three are named wrongly, one with probability 0."""
    rows = np.asarray(
        [
            [0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.3, 0.6, 0.1], [0.25, 0.5, 0.25],
            [1.0, 0.0, 0.0], [0.2, 0.2, 0.6],
        ]
    )  # fmt: skip
    files = ("ant/1.jpg", "ant/2.jpg", "bee/1.jpg", "bee/2.jpg", "cat/1.jpg", "cat/2.jpg")
    labels = ("ant", "ant", "bee", "bee", "cat<b>", "cat<b>")
    digests = {"images": "i" * 64, "model": "m" * 64}
    table = ScoreTable(files, labels, None, CLASSES, rows, (("x.jpg", "cut off"),), "test", digests)
    return write_scores(table, tmp_path / "scores")


def files(opened: OpenedScores, **wanted: object) -> list[str]:
    total, page = opened.page(Wanted(**wanted), 0, 100)  # type: ignore[arg-type]
    assert total == len(page)
    return [one.file for one in page]


def test_scores_are_told_in_numbers(scores: Scores) -> None:
    opened = OpenedScores(scores)
    assert (opened.count, opened.wrong, opened.skipped) == (6, 2, 1)
    assert (opened.labelled, opened.role, opened.classes) == (True, "test", CLASSES)


def test_pictures_are_sorted_by_confidence_loss_or_name(scores: Scores) -> None:
    opened = OpenedScores(scores)
    assert files(opened)[0] == "bee/2.jpg"
    assert files(opened, descending=True)[0] == "cat/1.jpg"
    assert files(opened, sort="loss", descending=True)[:2] == ["cat/1.jpg", "ant/2.jpg"]
    assert files(opened, sort="loss")[0] == "ant/1.jpg"
    assert files(opened, sort="file", descending=True)[0] == "cat/2.jpg"


def test_the_wrong_ones_and_the_cells_of_the_matrix_are_picked(scores: Scores) -> None:
    opened = OpenedScores(scores)
    assert files(opened, sort="file", wrong=True) == ["ant/2.jpg", "cat/1.jpg"]
    assert files(opened, label="ant", scored_label="bee") == ["ant/2.jpg"]
    assert files(opened, sort="file", scored_label="ant") == ["ant/1.jpg", "cat/1.jpg"]
    assert files(opened, label="cat<b>", wrong=True, search="CAT/1") == ["cat/1.jpg"]
    assert files(opened, label="' OR 1=1 --") == []


def test_answers_come_most_likely_first_with_the_loss(scores: Scores) -> None:
    opened = OpenedScores(scores)
    total, (one,) = opened.page(Wanted(sort="file"), 1, 1)
    assert total == 6
    assert one.answers == (("bee", 0.8), ("ant", 0.1), ("cat<b>", 0.1))
    assert (one.label, one.scored_label, one.probability) == ("ant", "bee", 0.8)
    assert one.loss == pytest.approx(-math.log(0.1))
    _, (worst, *_) = opened.page(Wanted(sort="loss", descending=True), 0, 1)
    assert worst.loss == pytest.approx(708.4, abs=0.1)
    assert opened.file_of(4) == "cat/1.jpg"
    with pytest.raises(NotThereError):
        opened.file_of(6)


def test_scores_without_labels_have_no_loss(tmp_path: Path) -> None:
    table = ScoreTable(("a.jpg",), None, None, ("x", "y"), np.asarray([[0.5, 0.5]]))
    opened = OpenedScores(write_scores(table, tmp_path / "scores"))
    assert (opened.labelled, opened.wrong) == (False, None)
    _, (one,) = opened.page(Wanted(sort="loss"), 0, 10)
    assert (one.label, one.loss, one.scored_label) == (None, None, "x")
    assert opened.page(Wanted(wrong=True), 0, 10) == (0, [])


def test_damaged_scores_are_told(scores: Scores) -> None:
    (scores.path / "scores.json").write_text("[]")
    with pytest.raises(ArtifactError, match="damaged"):
        OpenedScores(scores)


Trained = tuple[TrainedModel, ImageDirectory, Path]


def test_a_trained_model_is_told_in_words(trained: Trained) -> None:
    model = trained[0]
    found = describe_model(model.path, read_manifest(model.path), trained=True)
    facts = dict(found.facts)
    assert found.classes == ("a", "b")
    assert facts["Architecture"] == "resnet18"
    assert facts["Parameters"] == "11.2 million"
    assert facts["Input size"] == "32 x 32 pixels"
    assert facts["Started from"] == "nothing: weights drawn by the seed"
    assert facts["Trained on"] == "8 pictures"
    assert "torch" in facts["Versions"]
    assert facts["Weights"].startswith("SHA-256 ")
    assert [name for name, _ in found.facts][:3] == ["Architecture", "Parameters", "Classes"]
    assert found.recipe["epochs"] == 2
    assert found.figures["top1_accuracy"] is not None
    assert "stopped_because" not in found.figures
    json.dumps(found.recipe, allow_nan=False)


def test_an_untrained_model_is_told_in_words(tmp_path: Path) -> None:
    model = vl.resnet(model_name="resnet18", pretrained=False, out=tmp_path / "start")
    found = describe_model(model.path, read_manifest(model.path), trained=False)
    assert (found.trained, found.classes, found.best_epoch) == (False, (), None)
    assert dict(found.facts)["Weights"] == "none: training draws them by its seed"


def test_an_evaluation_is_told_with_counts_and_intervals(trained: Trained, tmp_path: Path) -> None:
    model, validation, _ = trained
    scores = vl.score_image_model(model, validation, device="cpu", out=tmp_path / "scores")
    evaluation = vl.evaluate_model(scores, out=tmp_path / "evaluation")
    found = describe_evaluation(evaluation.path)
    figures = {figure.name: figure for figure in found.figures}
    right = sum(found.confusion[i][i] for i in range(2))
    assert (figures["accuracy"].count, figures["accuracy"].total) == (right, 8)
    assert figures["accuracy"].value == pytest.approx(right / 8)
    assert figures["accuracy"].low is not None
    assert figures["binary_recall"].title == "Recall of b"
    assert [row.pictures for row in found.per_class] == [4, 4]
    assert found.per_class[0].recall.total == 4
    assert found.remarks == (
        "These pictures also chose the best epoch, so the figures are a little optimistic.",
    )
    assert found.digests == OpenedScores(scores).digests


def test_looking_loads_no_torch() -> None:
    import subprocess

    code = (
        "import sys, visionloom.inference.browse, visionloom.inference.words, "
        "visionloom.images.browse, visionloom.images.preview, visionloom.datasets, "
        "visionloom.runs.trying, visionloom.server.app; "
        "sys.exit(any(m in sys.modules for m in ('torch', 'torchvision', 'timm')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
