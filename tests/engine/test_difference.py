"""Two pipelines are compared by what they mean, not by their lines."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.engine.pipelines import CANONICAL, broken
from visionloom.engine.difference import differences
from visionloom.spec.pipeline import Pipeline
from visionloom.spec.pipeline_file import pipeline_from_text, write_pipeline


def read(text: str) -> Pipeline:
    return pipeline_from_text(text, Path("/nowhere"), "x.yml").pipeline


BASE = read(CANONICAL)


def lines(text: str) -> list[str]:
    return [f"{d.step}: {d}" if d.step else str(d) for d in differences(BASE, read(text))]


def test_comments_order_and_form_are_no_difference() -> None:
    pipeline = read(CANONICAL)
    steps = dict(reversed(list(pipeline.steps.items())))
    again = write_pipeline(replace(pipeline, steps=steps))
    assert lines(again) == []


def test_parameters_wires_inputs_and_outputs_are_told_apart() -> None:
    text = CANONICAL
    for old, new in (
        ("  epochs: 5\n", "  epochs: 7\n  seed: 1\n"), ("fraction: 0.8", "fraction: 0.7"),
        ("path: photos", "path: pictures"),
        ("input_image_directory: ${{parent.jobs.split.outputs.output_image_directory1}}",
         "input_image_directory: ${{parent.jobs.convert.outputs.output_image_directory}}"),
        ("      batch_size: 16\n", "      learning_rate: 0.1\n"),
        ("azureml:densenet:1", "azureml:densenet:2"), ("azureml:local", "azureml:cpu"),
        ("    outputs:\n      trained_model: ${{parent.outputs.trained_model}}\n", ""),
    ):  # fmt: skip
        text = broken(old, new, text)
    assert lines(text) == [
        "setting default_compute: azureml:local -> azureml:cpu",
        "input photos: photos uri_folder -> pictures uri_folder",
        "input epochs: 5 -> 7",
        "input seed added: 1",
        "split: parameter fraction: 0.8 -> 0.7",
        "apply_to_training: wire input_image_directory: split.output_image_directory1 -> "
        "convert.output_image_directory",
        "densenet: component: azureml:densenet:1 -> azureml:densenet:2",
        "train: parameter batch_size removed: 16",
        "train: parameter learning_rate added: 0.1",
        "train: wire trained_model removed: trained_model",
    ]


def test_the_type_of_a_value_counts() -> None:
    assert lines(broken("batch_size: 16", "batch_size: '16'")) == [
        "train: parameter batch_size: 16 -> 16"
    ]
    assert lines(broken("batch_size: 16", "batch_size: ''")) == [
        "train: parameter batch_size: 16 -> ''"
    ]


def test_a_value_that_becomes_a_binding_is_a_wire() -> None:
    assert lines(broken("epochs: ${{parent.inputs.epochs}}", "epochs: 5")) == [
        "train: wire epochs: input epochs -> 5"
    ]


def test_renamed_added_and_removed_steps_are_recognised() -> None:
    renamed = CANONICAL.replace("  split:\n", "  divide:\n").replace("jobs.split.", "jobs.divide.")
    assert lines(renamed) == ["divide: step split is called divide"]
    start, end = CANONICAL.index("  densenet:\n"), CANONICAL.index("  train:\n")
    other = "  resnet:\n    component: azureml:resnet:1\n\n"
    swapped = CANONICAL[:start] + other + CANONICAL[end:]
    assert lines(swapped) == [
        "densenet: step densenet removed: azureml:densenet:1",
        "resnet: step resnet added: azureml:resnet:1",
    ]


def test_a_chain_of_renamed_steps_is_recognised() -> None:
    text = CANONICAL
    for name in ("convert", "split", "train", "score"):
        text = text.replace(f"  {name}:", f"  my_{name}:").replace(
            f"jobs.{name}.", f"jobs.my_{name}."
        )
    assert [d.change for d in differences(BASE, read(text))] == ["renamed"] * 4


def test_differences_have_a_json_form() -> None:
    (found,) = differences(BASE, read(broken("fraction: 0.8", "fraction: 0.7")))
    assert found.to_json() == {
        "subject": "parameter", "change": "changed", "step": "split", "name": "fraction",
        "old": "0.8", "new": "0.7",
    }  # fmt: skip
