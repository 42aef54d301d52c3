"""Pipelines written in Python are values: the same that a file gives."""

from __future__ import annotations

from pathlib import Path

import pytest

import visionloom as vl
from visionloom.errors import ParameterRangeError, UsageError
from visionloom.runs.python_pipeline import Pipeline
from visionloom.spec.pipeline import Data, InputBinding, StepBinding, seen_from
from visionloom.spec.pipeline_file import read_pipeline


def test_calling_a_component_inside_a_pipeline_adds_a_step_and_runs_nothing(tmp_path: Path) -> None:
    with vl.Pipeline("flowers", folder=tmp_path) as made:
        images = vl.convert_to_image_directory(made.data("photos", "photos"))
        first, second = vl.split_image_directory(images, fraction=0.8, step="split")
        made.output("rest", second, "out/rest")
    pipeline = made.pipeline
    assert list(pipeline.steps) == ["convert_to_image_directory", "split"]
    assert pipeline.inputs == {"photos": Data("photos")}
    split = pipeline.steps["split"]
    assert split.inputs == {
        "input_image_directory": StepBinding(
            "convert_to_image_directory", "output_image_directory"
        ),
        "fraction": 0.8,
    }
    assert split.outputs == {"output_image_directory2": "rest"}
    assert pipeline.outputs["rest"].path == "out/rest"
    assert first.binding.port == "output_image_directory1"


def test_a_path_becomes_an_input_of_the_pipeline_once(tmp_path: Path) -> None:
    with vl.Pipeline(folder=tmp_path) as made:
        vl.convert_to_image_directory("photos", step="a")
        vl.convert_to_image_directory("photos", step="b", part="training")
        vl.convert_to_image_directory("other", step="c")
    assert made.pipeline.inputs == {
        "input_dataset": Data("photos"), "input_dataset_2": Data("other"),
    }  # fmt: skip
    assert made.pipeline.steps["b"].inputs["input_dataset"] == InputBinding("input_dataset")


def test_parameters_are_checked_when_they_are_written() -> None:
    with vl.Pipeline(), pytest.raises(ParameterRangeError, match="from 0 to 1"):
        vl.split_image_directory("images", fraction=1.5)
    with vl.Pipeline() as made:
        start = vl.resnet(model_name="resnet18", step="model")
        vl.train_pytorch_model(
            start, "a", "b", epochs=made.parameter("epochs", 3), random_seed=None, step="train"
        )
    bound = made.pipeline.steps["train"].inputs
    assert bound["epochs"] == InputBinding("epochs")
    assert bound["random_seed"] == "", "no value is not the default, 1"


def test_steps_get_names_of_their_own_and_names_are_not_taken_twice() -> None:
    with vl.Pipeline() as made:
        vl.resnet()
        vl.resnet()
        with pytest.raises(UsageError, match="step 'resnet' already"):
            vl.resnet(step="resnet")
    assert list(made.pipeline.steps) == ["resnet", "resnet_2"]


def test_handles_of_another_pipeline_are_refused() -> None:
    with vl.Pipeline() as other:
        images = vl.convert_to_image_directory("photos")
        given = other.data("more", "x")
    with vl.Pipeline() as made:
        with pytest.raises(UsageError, match="another pipeline"):
            vl.split_image_directory(images)
        with pytest.raises(UsageError, match="another pipeline"):
            vl.split_image_directory(given)
        with pytest.raises(UsageError, match="another pipeline"):
            made.output("x", images)
        with pytest.raises(UsageError, match="inside another"), vl.Pipeline():
            pass
    with pytest.raises(UsageError, match="no artifact or path"):
        vl.split_image_directory(images)


def test_outside_a_pipeline_the_words_of_a_pipeline_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="inside a pipeline"):
        vl.resnet(pretrained=False, step="model", out=tmp_path / "model")
    with vl.Pipeline(), pytest.raises(UsageError, match="Inside a pipeline"):
        vl.resnet(out=tmp_path / "model")


def test_a_saved_pipeline_names_the_same_files_from_its_own_folder(tmp_path: Path) -> None:
    (tmp_path / "weights.pth").write_bytes(b"x")
    (tmp_path / "classes.csv").write_text("old,new\n")
    with vl.Pipeline(folder=tmp_path) as made:
        vl.convert_to_image_directory("photos", class_map="classes.csv", step="one")
        vl.convert_to_image_directory("~/photos", class_map="a=b", step="two")
        weights = made.parameter("weights", "weights.pth")
        for name in ("three", "four"):
            vl.densenet(model_name="densenet121", weights=weights, step=name)
    assert isinstance(made, Pipeline)
    made.to_yaml(tmp_path / "below" / "pipeline.yml")
    saved = read_pipeline(tmp_path / "below" / "pipeline.yml").pipeline
    assert saved.inputs == {
        "input_dataset": Data("../photos"), "input_dataset_2": Data("~/photos"),
        "weights": "../weights.pth",
    }  # fmt: skip
    assert saved.steps["one"].inputs["class_map"] == "../classes.csv"
    assert saved.steps["two"].inputs["class_map"] == "a=b"


def test_addresses_and_home_folders_are_the_same_from_everywhere(tmp_path: Path) -> None:
    for path in ("azureml://datastores/a/paths/b", "azureml:cats:1", "~/photos", "/data/photos"):
        assert seen_from(tmp_path / "out", path, tmp_path) == path
    assert seen_from(tmp_path / "out", "photos", tmp_path) == "../photos"


def test_evaluate_inside_a_pipeline_is_a_step_too() -> None:
    with vl.Pipeline() as made:
        scores = vl.score_image_model("model", "images")
        vl.evaluate(scores)
        vl.evaluate(scores, scores)
    assert list(made.pipeline.steps) == ["score_image_model", "evaluate_model", "evaluate_model_2"]
