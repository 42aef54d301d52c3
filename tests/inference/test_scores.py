"""Scoring: every picture is scored under its own name, or listed with its reason."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest

import visionloom as vl
from tests.conftest import picture
from visionloom.artifacts.types import ImageDirectory, TrainedModel
from visionloom.inference.predictor import load_predictor
from visionloom.inference.scores import ScoreTable, read_scores, write_scores
from visionloom.models import weights
from visionloom.models.directory import read_trained

Trained = tuple[TrainedModel, ImageDirectory, Path]


def table(classes: tuple[str, ...] = ("a", "b"), **more: object) -> ScoreTable:
    draws = np.random.default_rng(0)
    raw = draws.random((4, len(classes)))
    values: dict[str, object] = {
        "files": tuple(f"{i}.png" for i in range(4)),
        "labels": tuple(classes[i % len(classes)] for i in range(4)),
        "groups": None,
        "classes": classes,
        "probabilities": raw / raw.sum(1, keepdims=True),
        **more,
    }
    return ScoreTable(**values)  # type: ignore[arg-type]


def test_scores_come_back_as_written(tmp_path: Path) -> None:
    wanted = table(skipped=(("x.jpg", "cut off"),), groups=("g", "g", None, "h"), role="test")
    found = read_scores(write_scores(wanted, tmp_path / "scores"))
    assert (found.probabilities == wanted.probabilities).all()
    assert found.files == wanted.files
    assert found.labels == wanted.labels
    assert (found.groups, found.skipped, found.role) == (
        wanted.groups, wanted.skipped, wanted.role,
    )  # fmt: skip


def test_c37_class_names_that_look_like_numbers_or_na_stay_text(tmp_path: Path) -> None:
    scores = write_scores(table(("0", "NA", "1e3", "true")), tmp_path / "scores")
    found = read_scores(scores)
    assert found.labels == ("0", "NA", "1e3", "true")
    assert set(found.scored_labels) <= {"0", "NA", "1e3", "true"}
    with open(scores.path / "scores.csv", newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["label"] for row in rows] == ["0", "NA", "1e3", "true"]
    assert list(rows[0])[3:] == [
        "probability_0", "probability_NA", "probability_1e3", "probability_true",
    ]  # fmt: skip


def test_names_a_spreadsheet_would_run_are_neutralised_in_csv_only(tmp_path: Path) -> None:
    files = ("=1+1.png", "+x.png", "@y.png", "plain.png")
    scores = write_scores(table(files=files), tmp_path / "scores")
    assert read_scores(scores).files == files
    with open(scores.path / "scores.csv", newline="", encoding="utf-8") as stream:
        names = [row["file"] for row in csv.DictReader(stream)]
    assert all(name[0] not in "=+@-" for name in names)
    assert names[3] == "plain.png"


def test_c10_scoring_looks_up_no_weights(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("weights were looked up")

    monkeypatch.setattr(weights, "obtain", refuse)
    model, validation, _ = trained
    assert len(read_scores(vl.score_image_model(model, validation)).files) == 8


def test_c47_pictures_of_all_sizes_are_scored_and_unreadable_ones_reported(
    trained: Trained, tmp_path: Path
) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    for number, size in enumerate([(40, 32), (9, 200), (300, 31), (1, 1)]):
        picture(size, seed=number).save(folder / f"{number}.png")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    with pytest.warns(UserWarning, match=r"1 skipped: broken\.jpg"):
        images = vl.convert_to_image_directory(folder)
    (folder / "1.png").unlink()
    with pytest.warns(UserWarning, match=r"Not scored: 1\.png"):
        found = read_scores(vl.score_image_model(trained[0], images))
    assert found.files == ("0.png", "2.png", "3.png")
    assert {file for file, _ in found.skipped} == {"1.png", "broken.jpg"}
    assert np.allclose(found.probabilities.sum(1), 1)


def test_c48_an_untrained_model_is_refused(trained: Trained) -> None:
    start = vl.resnet(model_name="resnet18", pretrained=False)
    with pytest.raises(vl.InvalidModelDirectoryError, match=r"[Uu]ntrained"):
        vl.score_image_model(start.path, trained[1])


def test_c49_the_device_is_chosen_when_scoring_not_when_training(trained: Trained) -> None:
    spec = read_trained(trained[0])
    assert spec.versions["device"] == "cpu"
    with pytest.raises(vl.DeviceNotAvailableError, match="cuda:7"):
        load_predictor(trained[0], device="cuda:7")
    predictor, _ = load_predictor(trained[0], device="cpu", precision="fp32")
    assert predictor.hardware.precision == "fp32"


def test_c26_pictures_that_differ_in_extension_only_are_both_scored(
    trained: Trained, tmp_path: Path
) -> None:
    folder = tmp_path / "twins"
    folder.mkdir()
    picture((30, 30), seed=1).save(folder / "x.png")
    picture((30, 30), seed=2).save(folder / "x.jpg", quality=95)
    images = vl.convert_to_image_directory(folder)
    copy = vl.materialize_image_directory(images)
    for directory in (images, copy):
        assert read_scores(vl.score_image_model(trained[0], directory)).files == ("x.jpg", "x.png")


def test_the_validation_accuracy_is_that_of_scoring_again(trained: Trained) -> None:
    model, validation, _ = trained
    found = vl.evaluate(vl.score_image_model(model, validation, precision="fp32"))
    wanted = read_trained(model).metrics["top1_accuracy"]
    assert found["scores"]["accuracy"]["value"] == wanted


def test_a_copy_of_the_model_and_of_the_images_scores_the_same(
    trained: Trained, tmp_path: Path
) -> None:
    model, validation, _ = trained
    first = read_scores(vl.score_image_model(model, validation))
    shutil.copytree(model.path, tmp_path / "model")
    copy = vl.materialize_image_directory(validation)
    second = read_scores(vl.score_image_model(tmp_path / "model", copy))
    assert (first.probabilities == second.probabilities).all()


def test_images_with_another_transformation_are_refused(trained: Trained) -> None:
    turned = vl.init_image_transformation(size=20, crop_size=16)
    images = vl.apply_image_transformation(turned, trained[1], mode="For inference")
    with pytest.raises(vl.InvalidDatasetError, match="another transformation"):
        vl.score_image_model(trained[0], images)


def test_a_damaged_model_is_refused(trained: Trained, tmp_path: Path) -> None:
    shutil.copytree(trained[0].path, tmp_path / "model")
    path = tmp_path / "model" / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)
    with pytest.raises(vl.VisionloomError, match=r"model\.safetensors"):
        vl.score_image_model(tmp_path / "model", trained[1])
