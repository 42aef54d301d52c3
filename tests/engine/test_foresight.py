"""What is known of the data before anything runs: labels, classes, weights, recipes."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from tests.engine.pipelines import (
    CANONICAL,
    REGISTRY,
    broken,
    check,
    line_of,
    photos_at,
    settings_of,
)
from visionloom.engine.fingerprint import fingerprint
from visionloom.images.switches import transformation_of
from visionloom.models.weights import CATALOG
from visionloom.spec.foresight import UNKNOWN, Facts, Outlook
from visionloom.spec.problems import Problem


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    photos_at(tmp_path / "photos")
    return tmp_path


def the_one(problems: list[Problem]) -> Problem:
    (problem,) = problems
    return problem


def test_pictures_without_labels_cannot_be_trained_on(folder: Path) -> None:
    flat = folder / "flat"
    flat.mkdir()
    (flat / "a.jpg").touch()
    problem = the_one(check(broken("path: photos", "path: flat"), folder))
    assert (problem.code, problem.step, problem.name) == ("D3", "train", "training_dataset")
    assert problem.place.line == line_of(CANONICAL, "training_dataset:")
    assert "have no labels" in problem.message


def test_one_class_is_not_enough(folder: Path) -> None:
    photos_at(folder / "one", "cat")
    text = broken("path: photos", "path: one").replace(
        "      input_dataset", "      labelled: 'yes'\n      input_dataset"
    )
    problem = the_one(check(text, folder))
    assert problem.code == "D3"
    assert "one class, cat" in problem.message


TWO_SETS = """\
type: pipeline
inputs:
  seen:
    path: photos
  held_out:
    path: held_out
outputs:
  model:
jobs:
  convert:
    component: azureml:convert_to_image_directory:1
    inputs:
      input_dataset: ${{parent.inputs.seen}}
  convert_held_out:
    component: azureml:convert_to_image_directory:1
    inputs:
      input_dataset: ${{parent.inputs.held_out}}
  network:
    component: azureml:resnet:1
    inputs:
      pretrained: false
  train:
    component: azureml:train_pytorch_model:1
    inputs:
      untrained_model: ${{parent.jobs.network.outputs.untrained_model}}
      training_dataset: ${{parent.jobs.convert.outputs.output_image_directory}}
      validation_dataset: ${{parent.jobs.convert_held_out.outputs.output_image_directory}}
    outputs:
      trained_model: ${{parent.outputs.model}}
"""


def test_training_and_validation_need_the_same_classes(folder: Path) -> None:
    photos_at(folder / "held_out", "cat", "horse")
    problem = the_one(check(TWO_SETS, folder))
    assert (problem.code, problem.name) == ("D3", "validation_dataset")
    assert "only the training images have dog" in problem.message
    assert "only the validation images have horse" in problem.message
    photos_at(folder / "held_out", "dog")
    for name in ("0.jpg", "1.jpg"):
        (folder / "held_out" / "horse" / name).unlink()
    assert check(TWO_SETS, folder) == []


def test_a_folder_without_pictures_and_a_wrong_part_are_named(folder: Path) -> None:
    (folder / "none").mkdir()
    problem = the_one(check(broken("path: photos", "path: none"), folder))
    assert (problem.code, problem.place.line) == ("D3", line_of(CANONICAL, "path: photos"))
    assert "holds no picture" in problem.message
    text = broken("      input_dataset", "      part: test\n      input_dataset")
    problem = the_one(check(text, folder))
    assert (problem.code, problem.name, problem.place.line) == (
        "D3", "part", line_of(text, "part: test"),
    )  # fmt: skip


def test_scores_without_labels_cannot_be_evaluated(folder: Path) -> None:
    text = broken(
        "      dataset: ${{parent.jobs.split.outputs.output_image_directory2}}",
        "      dataset: ${{parent.jobs.plain.outputs.output_image_directory}}",
    )
    text += (
        "  plain:\n    component: azureml:convert_to_image_directory:1\n    inputs:\n"
        "      input_dataset: ${{parent.inputs.photos}}\n      labelled: 'no'\n"
    )
    problem = the_one(check(text, folder))
    assert (problem.code, problem.step, problem.name) == ("D3", "evaluate", "scored_dataset")


def test_a_head_alone_is_not_trained_with_a_random_transformation(folder: Path) -> None:
    text = broken("batch_size: 16", "fine_tuning_mode: head")
    problem = the_one(check(text, folder))
    assert (problem.code, problem.step, problem.name) == ("D3", "train", "training_dataset")
    assert "random_horizontal_flip is on" in problem.remedy
    assert check(text.replace("mode: For training", "mode: For inference"), folder) == []
    fixed = text.replace("size: 256", "random_horizontal_flip: false")
    assert check(fixed, folder) == []


def test_pretrained_weights_are_here_or_may_be_fetched(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(folder / "torch"))
    text = broken("pretrained: false", "pretrained: true")
    problem = the_one(check(text, folder, offline=True))
    assert (problem.code, problem.step, problem.severity) == ("D3", "densenet", "error")
    for words in ("visionloom weights fetch densenet121", "weights: FILE", "pretrained: false"):
        assert words in problem.remedy
    problem = the_one(check(text, folder, offline=False))
    assert (problem.code, problem.severity) == ("D3", "warning")
    assert "30.8 MB will be fetched" in problem.message
    place = folder / "torch" / "hub" / "checkpoints" / CATALOG["densenet121"].file
    place.parent.mkdir(parents=True)
    place.touch()
    assert check(text, folder, offline=True) == []


def test_a_recipe_that_cannot_be_followed_is_named_at_its_value(folder: Path) -> None:
    text = broken("batch_size: 16", "warmup_epochs: 9")
    problem = the_one(check(text, folder))
    assert (problem.code, problem.name, problem.place.line) == (
        "P2", "warmup_epochs", line_of(text, "warmup_epochs"),
    )  # fmt: skip
    text = broken("fraction: 0.8", "fraction: 1")
    problem = the_one(check(text, folder))
    assert (problem.code, problem.name) == ("P2", "fraction")
    assert "below 1" in problem.message


def artifact(folder: Path, kind: str, **files: object) -> Path:
    folder.mkdir(parents=True)
    for name, value in files.items():
        (folder / f"{name}.json").write_text(json.dumps(value))
    manifest = {"type": kind, "format_version": 1, "digest": "0", "origin": {}, "files": {}}
    (folder / "visionloom.json").write_text(json.dumps(manifest))
    return folder


def test_artifacts_that_are_there_are_looked_at(folder: Path) -> None:
    artifact(folder / "seen", "ImageDirectory", classes={"classes": ["cat", "dog"]})
    artifact(folder / "held_out", "ImageDirectory", classes={"classes": ["cat", "cow"]})
    text = TWO_SETS.replace("path: photos", "path: seen")
    for step, name in (("convert", "seen"), ("convert_held_out", "held_out")):
        start = text.index(f"  {step}:\n")
        end = text.index("\n  ", text.index("input_dataset", start)) + 1
        text = text[:start] + text[end:]
        text = text.replace(
            f"${{{{parent.jobs.{step}.outputs.output_image_directory}}}}",
            f"${{{{parent.inputs.{name}}}}}",
        )
    problem = the_one(check(text, folder))
    assert (problem.code, problem.place.line) == ("D3", line_of(text, "path: held_out"))
    (folder / "held_out" / "classes.json").write_text('{"classes": ["dog", "cat"]}')
    assert check(text, folder) == []
    (folder / "held_out" / "classes.json").write_text('{"classes": null}')
    assert "validation images have no labels" in the_one(check(text, folder)).message
    (folder / "held_out" / "classes.json").write_text("damaged")
    assert check(text, folder) == []


def test_a_folder_of_another_type_or_none_is_named(folder: Path) -> None:
    text = """\
type: pipeline
inputs:
  model:
    path: model
  photos:
    path: photos
outputs:
  scores:
jobs:
  convert:
    component: azureml:convert_to_image_directory:1
    inputs:
      input_dataset: ${{parent.inputs.photos}}
  score:
    component: azureml:score_image_model:1
    inputs:
      trained_model: ${{parent.inputs.model}}
      dataset: ${{parent.jobs.convert.outputs.output_image_directory}}
    outputs:
      scored_dataset: ${{parent.outputs.scores}}
"""
    (folder / "model").mkdir()
    problem = the_one(check(text, folder))
    assert (problem.code, problem.place.line) == ("D1", 4)
    assert "not a Visionloom artifact" in problem.message
    (folder / "model").rmdir()
    artifact(folder / "model", "UntrainedModelDirectory")
    problem = the_one(check(text, folder))
    assert (problem.code, problem.found) == ("T1", "UntrainedModelDirectory")
    (folder / "model" / "visionloom.json").write_text("{")
    assert the_one(check(text, folder)).code == "D1"
    problem = the_one(
        check(text.replace("    path: model", "    type: uri_file\n    path: model"), folder)
    )
    assert (problem.code, problem.found, problem.place.line) == (
        "T1", "${{parent.inputs.model}}", 4,
    )  # fmt: skip


def test_randomness_is_foreseen_as_it_will_be() -> None:
    """Every switch, alone and with the others off, against the transformation that is made."""
    component = REGISTRY.components["init_image_transformation"]
    defaults = component.resolve({})
    switches = [p.name for p in component.parameters if p.kind == "boolean"]
    assert component.foresee is not None
    for name, value in itertools.product(switches, (True, False)):
        values = {**defaults, **dict.fromkeys(switches, False), name: value}
        outlook = Outlook({}, {}, values, settings_of(Path("/nowhere")))
        facts = component.foresee(outlook)["output_image_transformation"]
        assert facts.random == transformation_of(values).is_random


def test_what_is_not_known_keeps_nothing_from_running(folder: Path) -> None:
    for component in REGISTRY:
        if component.foresee is None:
            continue
        given = {p.name: "x" for p in component.parameters if p.required}
        given = {
            p.name: (p.setting.choices[0] if p.setting.choices else "resnet18")
            for p in component.parameters
            if p.name in given
        }
        values = component.resolve({**given, **_scratch(component.name)})
        inputs = {port.name: UNKNOWN for port in component.inputs}
        facts = component.foresee(Outlook(inputs, {}, values, settings_of(folder)))
        assert all(isinstance(fact, Facts) for fact in facts.values())
        assert set(facts) <= {port.name for port in component.outputs}


def _scratch(name: str) -> dict[str, bool]:
    return {"pretrained": False} if name in {"resnet", "densenet"} else {}


def key_of(**given: object) -> str:
    component = REGISTRY.components["train_pytorch_model"]
    return fingerprint(component, component.resolve(given), {}, {}, {}).key


def test_a_value_that_is_the_preset_s_gives_the_same_key() -> None:
    assert key_of() == key_of(epochs=5, learning_rate=0.001, optimizer="sgd")
    assert key_of(preset="standard") == key_of(preset="standard", batch_size=32)
    assert key_of() != key_of(epochs=6)
    assert key_of() != key_of(preset="standard")
    # what differs only from scratch counts too
    assert key_of(preset="standard") != key_of(preset="standard", epochs=10)


def test_what_changes_no_bit_of_the_result_is_not_in_the_key() -> None:
    assert key_of() == key_of(print_frequency=3, decode_threads=2, cache=False)
    assert key_of(random_seed=1) != key_of(random_seed=2)
