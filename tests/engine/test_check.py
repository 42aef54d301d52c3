"""Every fault that the official client lets pass, or catches late or badly, is caught with a place.

The table follows the list of trials with ``azure-ai-ml``: wiring, types, ranges, document,
components, late, badly.
"""

from __future__ import annotations

from dataclasses import dataclass
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
from visionloom.engine.resolve import resolve
from visionloom.engine.targets import Targets
from visionloom.spec.pipeline_file import pipeline_from_text
from visionloom.spec.problems import errors_among
from visionloom.spec.yaml_writer import scalar_text

SPLIT_BINDING = "${{parent.jobs.split.outputs.output_image_directory1}}"
EPOCHS = "epochs: ${{parent.inputs.epochs}}"


@dataclass(frozen=True)
class Fault:
    """One way to break the canonical pipeline.

    Attributes:
        name: What is wrong.
        old, new: What is replaced by what.
        code: Rule.
        at: Part of the line where it is reported.
        step, about: Step and name of the problem.
        says: Part of what is said, message and hints.
        severity: ``error`` or ``warning``.
    """

    name: str
    old: str
    new: str
    code: str
    at: str
    step: str = ""
    about: str = ""
    says: str = ""
    severity: str = "error"


WIRING = [
    Fault("unknown pipeline input", EPOCHS, "epochs: ${{parent.inputs.epoch}}", "B3",
          "epochs: ${{parent.inputs.epoch}}", "train", "epochs", "Did you mean epochs?"),
    Fault("unknown step", SPLIT_BINDING, "${{parent.jobs.splitt.outputs.output_image_directory1}}",
          "B3", "jobs.splitt", "apply_to_training", "input_image_directory", "Did you mean split?"),
    Fault("unknown output port", SPLIT_BINDING,
          "${{parent.jobs.split.outputs.output_image_directory3}}", "B3", "directory3",
          "apply_to_training", "input_image_directory", "has no output output_image_directory3"),
    Fault("inputs of a step", SPLIT_BINDING,
          "${{parent.jobs.split.inputs.input_image_directory}}", "B1", "split.inputs",
          "apply_to_training", "input_image_directory", "cannot be bound to"),
    Fault("bound to itself", SPLIT_BINDING,
          "${{parent.jobs.apply_to_training.outputs.output_image_directory}}", "B4",
          "input_image_directory: ${{parent.jobs.apply_to_training",
          "apply_to_training", "input_image_directory", "bound to itself"),
    Fault("loop of steps",
          "input_image_directory: ${{parent.jobs.convert.outputs.output_image_directory}}",
          "input_image_directory: ${{parent.jobs.apply_to_training.outputs.output_image_directory"
          "}}", "B4", "input_image_directory: ${{parent.jobs.apply_to_training", "split", "split",
          "split -> apply_to_training -> split"),
    Fault("one brace", EPOCHS, "epochs: ${parent.inputs.epochs}", "B1", "${parent", "train",
          "epochs", "Write ${{parent.inputs.epochs}}."),
    Fault("misspelt root", SPLIT_BINDING,
          "${{parent.steps.split.outputs.output_image_directory1}}", "B1", "parent.steps",
          "apply_to_training", "input_image_directory", "steps are called jobs"),
    Fault("text behind", SPLIT_BINDING, f"{SPLIT_BINDING}/cats", "B1", "/cats",
          "apply_to_training", "input_image_directory", "whole value"),
    Fault("undeclared input", "fraction: 0.8", "fractoin: 0.8", "P1", "fractoin", "split",
          "fractoin", "Did you mean fraction?"),
    Fault("undeclared output port", "      trained_model: ${{parent.outputs.trained_model}}",
          "      trainde_model: ${{parent.outputs.trained_model}}", "P1", "trainde_model", "train",
          "trainde_model", "Did you mean trained_model?"),
    Fault("unknown pipeline output", "${{parent.outputs.trained_model}}",
          "${{parent.outputs.trained_models}}", "B3", "trained_models", "train", "trained_model",
          "Did you mean trained_model?"),
    Fault("output nothing writes", "  trained_model:\n  evaluation:",
          "  trained_model:\n  other:\n  evaluation:", "O1", "  other:", "", "other", "No step"),
    Fault("unused input", "  epochs: 5\n", "  epochs: 5\n  seed: 3\n", "O2", "  seed: 3", "",
          "seed", "No step uses", "warning"),
    Fault("step nobody consumes", "  densenet:\n",
          "  other:\n    type: command\n    component: azureml:resnet:1\n    inputs:\n"
          "      model_name: resnet18\n      pretrained: false\n\n  densenet:\n",
          "O2", "  other:", "other", "other", "Nothing takes", "warning"),
]  # fmt: skip

TYPES = [
    Fault("a file for a folder", "type: uri_folder\n    path: photos",
          "type: uri_file\n    path: photos", "D1", "path: photos", "", "photos", "is a folder"),
    Fault("output of another type", "type: uri_folder\n    path: outputs",
          "type: uri_file\n    path: outputs", "T1", "type: uri_file", "evaluate",
          "evaluation_results", "uri_file"),
    Fault("a number for data", "input_dataset: ${{parent.inputs.photos}}", "input_dataset: 5",
          "P3", "input_dataset: 5", "convert", "input_dataset", "is data"),
    Fault("a word for data", "input_dataset: ${{parent.inputs.photos}}", "input_dataset: photos",
          "P3", "input_dataset: photos", "convert", "input_dataset", "is data"),
    Fault("a number input for data", "input_dataset: ${{parent.inputs.photos}}",
          "input_dataset: ${{parent.inputs.epochs}}", "P3", "input_dataset", "convert",
          "input_dataset", "the pipeline input epochs is the value 5"),
    Fault("0.7 for a whole number", "  epochs: 5\n", "  epochs: 0.7\n", "P2", "  epochs: 0.7",
          "train", "epochs", "a whole number is needed"),
    Fault("a text for a whole number", "batch_size: 16", "batch_size: many", "P2", "batch_size",
          "train", "batch_size", "a whole number is needed"),
    Fault("5 for true or false", "pretrained: false", "pretrained: 5", "P2", "pretrained: 5",
          "densenet", "pretrained", "true or false is needed"),
    Fault("a decimal comma", "fraction: 0.8", "fraction: '0,8'", "P2", "'0,8'", "split",
          "fraction", "Write 0.8, without quotes."),
    Fault("yes for true", "pretrained: false", "pretrained: no", "P2", "pretrained: no",
          "densenet", "pretrained", "Write false"),
    Fault("octal", "batch_size: 16", "batch_size: 0o17", "Y1", "0o17", "", "",
          "Write 15, or '0o17' in quotes"),
    Fault("leading zero", "batch_size: 16", "batch_size: 017", "Y1", "017", "", "", "017"),
    Fault("3.0 for a whole number", "batch_size: 16", "batch_size: 16.0", "P2", "16.0", "train",
          "batch_size", "a whole number is needed"),
    Fault("true for a whole number", "batch_size: 16", "batch_size: true", "P2", "true", "train",
          "batch_size", "a whole number is needed"),
    Fault("not a number", "fraction: 0.8", "fraction: .nan", "P2", ".nan", "split", "fraction",
          "finite"),
    Fault("infinity", "fraction: 0.8", "fraction: .inf", "P2", ".inf", "split", "fraction",
          "finite"),
    Fault("an output of another type", "${{parent.jobs.densenet.outputs.untrained_model}}",
          "${{parent.jobs.split.outputs.output_image_directory1}}", "T1", "untrained_model: ",
          "train", "untrained_model", "gives ImageDirectory"),
    Fault("an untrained model to score", "${{parent.jobs.train.outputs.trained_model}}",
          "${{parent.jobs.densenet.outputs.untrained_model}}", "T1",
          "trained_model: ${{parent.jobs.d", "score", "trained_model",
          "gives UntrainedModelDirectory"),
    Fault("an output for a value", "batch_size: 16",
          "batch_size: ${{parent.jobs.split.outputs.output_image_directory1}}", "P3", "batch_size",
          "train", "batch_size", "is a value"),
    Fault("data for a value", EPOCHS, "epochs: ${{parent.inputs.photos}}", "P3",
          "epochs: ${{parent.inputs.photos", "train", "epochs", "is data"),
]  # fmt: skip

RANGES = [
    Fault("above the range", "fraction: 0.8", "fraction: 7", "P2", "fraction: 7", "split",
          "fraction", "from 0 to 1"),
    Fault("below the range", "  epochs: 5\n", "  epochs: -5\n", "P2", "  epochs: -5", "train",
          "epochs", "1 or more"),
    Fault("not among the choices", "model_name: densenet121", "model_name: densenet1211", "P2",
          "densenet1211", "densenet", "model_name", "Did you mean densenet121?"),
    Fault("instance count", "    component: azureml:densenet:1\n",
          "    component: azureml:densenet:1\n    resources:\n      instance_count: -3\n", "K2",
          "instance_count: -3", "densenet", "instance_count", "1 or more"),
]  # fmt: skip

DOCUMENT = [
    Fault("input twice", "      batch_size: 16\n", "      batch_size: 16\n      batch_size: 9\n",
          "Y2", "batch_size: 9", "", "batch_size", "given twice"),
    Fault("jobs twice", "  evaluate:\n", "jobs:\n  evaluate:\n", "Y2", "jobs:\n  evaluate", "",
          "jobs", "given twice"),
    Fault("another schema", "pipelineJob.schema.json", "commandJob.schema.json", "K3", "$schema",
          "", "$schema", "no pipeline's"),
    Fault("unknown setting", "  default_compute: azureml:local",
          "  defalt_compute: azureml:local", "K1", "defalt_compute", "", "defalt_compute",
          "Did you mean default_compute?"),
    Fault("otputs", "    outputs:\n      trained_model:", "    otputs:\n      trained_model:",
          "K1", "otputs", "train", "otputs", "Did you mean outputs?"),
    Fault("environment_vars", "    component: azureml:densenet:1\n",
          "    component: azureml:densenet:1\n    environment_vars:\n      A: b\n", "K1",
          "environment_vars", "densenet", "environment_vars", "environment_variables"),
    Fault("a number as environment variable", "    component: azureml:densenet:1\n",
          "    component: azureml:densenet:1\n    environment_variables:\n      A: 5\n", "E1",
          "A: 5", "densenet", "A", "quotes: '5'"),
    Fault("a list as environment variable", "    component: azureml:densenet:1\n",
          "    component: azureml:densenet:1\n    environment_variables:\n      A: [x]\n", "E1",
          "A: [x]", "densenet", "A", "no text"),
    Fault("a secret", "    component: azureml:densenet:1\n",
          "    component: azureml:densenet:1\n    environment_variables:\n"
          "      AWS_SECRET_KEY: x\n",
          "E1", "AWS_SECRET_KEY", "densenet", "AWS_SECRET_KEY", "secret"),
    Fault("a variable that loads code", "    component: azureml:densenet:1\n",
          "    component: azureml:densenet:1\n    environment_variables:\n"
          "      LD_PRELOAD: ./x.so\n",
          "E1", "LD_PRELOAD", "densenet", "LD_PRELOAD", "which programs"),
    Fault("input and output of one name", "  epochs: 5\n", "  epochs: 5\n  trained_model: 1\n",
          "N1", "  trained_model:\n", "", "trained_model", "name of an input"),
    Fault("a word of Python", "  epochs: 5\n", "  epochs: 5\n  lambda: 1\n", "N1", "lambda", "",
          "lambda", "Did you mean lambda_?"),
    Fault("compute with a blank", "azureml:local", "azureml:my cluster", "S1", "my cluster", "",
          "default_compute", "without blanks"),
    Fault("data without a path", "\n    path: photos", "", "D1", "  photos:", "", "photos",
          "--set photos=FOLDER"),
    Fault("data that is not there", "path: photos", "path: fotos", "D1", "fotos", "", "photos",
          "does not exist"),
    Fault("no version", "azureml:densenet:1", "azureml:densenet", "O2", "azureml:densenet",
          "densenet", "component", "Write azureml:densenet:1.", "warning"),
    Fault("unknown version", "azureml:densenet:1", "azureml:densenet:9", "C2", "densenet:9",
          "densenet", "component", "has version 1 here"),
    Fault("names that differ in case", "  epochs: 5\n", "  epochs: 5\n  Epochs: 5\n", "N1",
          "  Epochs: 5", "", "Epochs", "differ only in case"),
    Fault("an address", "path: photos", "path: https://example.com/photos", "D1", "https", "",
          "photos", "no path on this machine"),
    Fault("registered data of Azure", "path: photos", "path: azureml:photos:1", "D1", "azureml:ph",
          "", "photos", "no path on this machine"),
    Fault("a path of this machine", "path: outputs/evaluation", "path: /tmp/evaluation", "D2",
          "/tmp/evaluation", "", "evaluation", "path of this machine", "warning"),
    Fault("variables in a path", "path: photos", "path: ${HOME}/photos", "B2", "${HOME}", "",
          "path", "looks like a binding"),
    Fault("stray braces", "mode: For training", "mode: '{{mode}}'", "B2", "{{mode}}",
          "apply_to_training", "mode", "looks like a binding"),
    Fault("unknown compute", "azureml:local", "azureml:gpu-cluster", "S1", "gpu-cluster", "",
          "default_compute", "visionloom targets add gpu-cluster", "warning"),
    Fault("a value that does not count", "      pretrained: false\n",
          "      pretrained: false\n      weights: x.pth\n", "P4", "weights: x.pth", "densenet",
          "weights", "counts only where pretrained is true", "warning"),
    Fault("an old name", "batch_size: 16", "batch_size: 16\n      warmup_step_number: 0", "P1",
          "warmup_step_number", "train", "warmup_step_number", "is called warmup_epochs",
          "warning"),
    Fault("the id of a run", "display_name: Canonical", "name: canonical", "K1",
          "name: canonical", "", "name", "id of a single run", "warning"),
]  # fmt: skip

LATE = [
    Fault("input with a dash", "  epochs: 5\n", "  epochs: 5\n  my-seed: 5\n", "N1", "my-seed", "",
          "my-seed", "Did you mean my_seed?"),
    Fault("inputs without parent", EPOCHS, "epochs: ${{inputs.epochs}}", "B1", "${{inputs",
          "train", "epochs", "must begin with parent"),
]  # fmt: skip

BADLY = [
    Fault("an empty step", "  densenet:\n    type: command\n    component: azureml:densenet:1\n"
          "    inputs:\n      model_name: densenet121\n      pretrained: false\n",
          "  densenet:\n", "K2", "  densenet:", "densenet", "densenet", "empty"),
    Fault("a date", "batch_size: 16", "batch_size: 2026-01-31", "P2", "2026-01-31", "train",
          "batch_size", "a whole number is needed"),
    Fault("inptus", "    inputs:\n      size: 256", "    inptus:\n      size: 256", "K1", "inptus",
          "transformation", "inptus", "Did you mean inputs?"),
    Fault("setings", "settings:", "setings:", "K1", "setings", "", "setings",
          "Did you mean settings?"),
    Fault("no component file", "azureml:densenet:1", "./densenet.yml", "C1", "./densenet.yml",
          "densenet", "component", "there is no file"),
    Fault("a folder for a file", "pretrained: false", "weights: photos", "D1", "weights: photos",
          "densenet", "weights", "is a folder; a file is needed"),
    Fault("another input type", "type: uri_folder\n    path: photos",
          "type: mltable\n    path: photos", "K3", "mltable", "", "type",
          "Azure knows it, Visionloom does not"),
    Fault("a required input missing", "      scored_dataset: ${{parent.jobs.score.outputs."
          "scored_dataset}}\n", "      scored_dataset_to_compare: ${{parent.jobs.score.outputs."
          "scored_dataset}}\n", "P1", "  evaluate:", "evaluate", "scored_dataset",
          "Bind it to ${{parent.jobs.score.outputs.scored_dataset}}."),
    Fault("a required parameter missing", "      mode: For training\n", "", "P1",
          "  apply_to_training:", "apply_to_training", "mode", "For training"),
    Fault("another step type", "  densenet:\n    type: command", "  densenet:\n    type: sweep",
          "K3", "sweep", "densenet", "type", "it runs steps of type command"),
    Fault("a bad mode", "type: uri_folder\n    path: photos",
          "type: uri_folder\n    mode: mount\n    path: photos", "K3", "mode: mount", "", "mode",
          "ro_mount"),
    Fault("a null parameter", "batch_size: 16", "batch_size:", "K2", "batch_size:", "train",
          "batch_size", "empty"),
    Fault("a list parameter", "batch_size: 16", "batch_size: [16]", "K2", "batch_size: [16]",
          "train", "batch_size", "a list"),
    Fault("no component", "    component: azureml:densenet:1\n", "", "K2", "  densenet:",
          "densenet", "component", "has no component"),
    Fault("unknown component", "azureml:densenet:1", "azureml:densnet:1", "C1", "densnet",
          "densenet", "component", "Did you mean densenet?"),
    Fault("a callable", "azureml:densenet:1", "os.system", "C1", "os.system", "densenet",
          "component", "names no component"),
    Fault("a component by an absolute path", "azureml:densenet:1", "/etc/densenet.yml", "C1",
          "/etc/densenet.yml", "densenet", "component", "relative to the pipeline's"),
    Fault("a component by an address", "azureml:densenet:1", "https://example.com/c", "C1",
          "https://example.com", "densenet", "component", "names no component"),
    Fault("unknown resource", "    component: azureml:densenet:1\n",
          "    component: azureml:densenet:1\n    resources:\n      gpu_count: 1\n", "K1",
          "gpu_count", "densenet", "gpu_count", "has no key gpu_count"),
    Fault("data inside a step", "input_dataset: ${{parent.inputs.photos}}",
          "input_dataset: {type: uri_folder, path: photos}", "K2", "input_dataset:", "convert",
          "input_dataset", "Declare the data as inputs.input_dataset"),
    Fault("a path in a step", "      trained_model: ${{parent.outputs.trained_model}}",
          "      trained_model: {type: uri_folder, path: model}", "K1", "path: model", "train",
          "trained_model", "path of its own"),
    Fault("another kind of file", "type: pipeline", "type: command", "K3", "type: command", "",
          "type", "a pipeline has type: pipeline"),
    Fault("no type", "type: pipeline\n", "", "K2", "# the canonical", "",
          "type", "Write type: pipeline"),
]  # fmt: skip

FAULTS = [*WIRING, *TYPES, *RANGES, *DOCUMENT, *LATE, *BADLY]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    photos_at(tmp_path / "photos")
    return tmp_path


def test_the_canonical_pipeline_has_no_problem(folder: Path) -> None:
    assert check(CANONICAL, folder) == []


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_every_known_fault_is_reported_alone_with_its_place(fault: Fault, folder: Path) -> None:
    text = broken(fault.old, fault.new)
    found = [p for p in check(text, folder) if (p.code, p.severity) == (fault.code, fault.severity)]
    others = [str(p) for p in check(text, folder) if p not in found]
    allowed = _ALSO.get(fault.name, set())
    assert len(found) == 1, check(text, folder)
    assert not [text for text in others if not any(word in text for word in allowed)]
    problem = found[0]
    assert problem.place.file == "pipeline.yml"
    assert fault.at.splitlines()[0] in text.splitlines()[problem.place.line - 1]
    assert (problem.step, problem.name) == (fault.step, fault.about)
    assert fault.says in str(problem)
    assert str(problem).startswith(f"pipeline.yml:{problem.place.line}:{problem.place.column}: ")


# what is said beside it, since it is true too
_ALSO = {
    "a number for data": {"No step uses the pipeline input photos"},
    "a word for data": {"No step uses the pipeline input photos"},
    "a number input for data": {"No step uses the pipeline input photos"},
    "an output of another type": {"Nothing takes what the step densenet gives"},
    "data for a value": {"No step uses the pipeline input epochs"},
    "0.7 for a whole number": set(),
    "loop of steps": {"Nothing takes what the step convert gives"},
    "input and output of one name": {"No step uses the pipeline input trained_model"},
    "a word of Python": {"No step uses"},
    "names that differ in case": {"No step uses"},
    "input with a dash": {"No step uses"},
    "an output for a value": {"No step uses the pipeline input epochs"},
}


def test_a_step_that_is_there_twice_is_one_fault(folder: Path) -> None:
    text = CANONICAL + CANONICAL[CANONICAL.index("  densenet:\n") : CANONICAL.index("  train:\n")]
    (problem,) = check(text, folder)
    assert (problem.code, problem.name) == ("Y2", "densenet")
    first = line_of(text, "  densenet:")
    assert f"in line {first} and here, in line {problem.place.line}" in problem.message


def test_a_bad_step_name_is_one_fault_though_other_steps_are_bound_to_it(folder: Path) -> None:
    text = CANONICAL.replace("  split:\n", "  Split-1:\n").replace("jobs.split.", "jobs.Split-1.")
    (problem,) = check(text, folder)
    assert (problem.code, problem.step, problem.nearest) == ("N1", "Split-1", "split_1")


def test_empty_jobs_and_an_empty_file_are_named(folder: Path) -> None:
    head = CANONICAL[: CANONICAL.index("jobs:")].replace("  trained_model:\n", "")
    head = head[: head.index("outputs:")]
    for text in (head + "jobs: {}\n", head + "jobs:\n", head):
        errors = errors_among(check(text, folder))
        assert [p.code for p in errors] == ["K2"]
        assert errors[0].name == "jobs"
    (problem,) = check("", folder)
    assert (problem.code, problem.place.line) == ("K2", 1)
    (problem,) = check("- a\n- b\n", folder)
    assert (problem.code, problem.place.line) == ("K2", 1)


def test_two_writers_of_one_output_name_both_places(folder: Path) -> None:
    text = broken("${{parent.outputs.evaluation}}", "${{parent.outputs.trained_model}}")
    codes = {(p.code, p.name): p for p in check(text, folder)}
    assert set(codes) == {("O1", "evaluation_results"), ("O1", "evaluation")}
    line = line_of(text, "trained_model: ${{parent.outputs.trained_model}}")
    message = codes["O1", "evaluation_results"].message
    assert f"written by train.trained_model in line {line} already" in message


def test_outputs_are_not_written_into_the_data_or_into_one_another(folder: Path) -> None:
    (problem,) = check(broken("path: outputs/evaluation", "path: photos/evaluation"), folder)
    assert (problem.code, problem.name) == ("O1", "evaluation")
    assert "in the data of the input photos" in problem.message
    text = broken("  trained_model:\n", "  trained_model:\n    path: outputs\n")
    (problem,) = check(text, folder)
    assert (problem.code, problem.name) == ("O1", "evaluation")
    assert "where the output trained_model goes too" in problem.message


@pytest.mark.parametrize(
    "other", ["outputs/evaluation", "./outputs/evaluation/", "outputs", "outputs/evaluation/a"]
)
def test_no_output_is_written_over_another(other: str, folder: Path) -> None:
    text = broken(
        "  trained_model:\n", f"  trained_model:\n    type: uri_folder\n    path: {other}\n"
    )
    codes = [p.code for p in check(text, folder) if p.name in {"trained_model", "evaluation"}]
    assert "O1" in codes


def test_a_loop_names_its_steps_and_lines(folder: Path) -> None:
    text = broken(
        "input_image_directory: ${{parent.jobs.convert.outputs.output_image_directory}}",
        "input_image_directory: ${{parent.jobs.apply_to_training.outputs.output_image_directory}}",
    )
    (problem,) = [p for p in check(text, folder) if p.code == "B4"]
    lines = [line_of(text, "input_image_directory: ${{parent.jobs.apply_to_training")]
    lines.append(line_of(text, SPLIT_BINDING))
    assert problem.found == "split -> apply_to_training -> split"
    assert set(problem.message.rpartition("lines ")[2].rstrip(").").split(", ")) == {
        str(line) for line in lines
    }


def test_several_faults_are_reported_together_in_the_order_of_the_file(folder: Path) -> None:
    text = CANONICAL
    for old, new in (
        ("azureml:local", "azureml:gpu cluster"), ("  epochs: 5\n", "  epochs: 0\n"),
        ("fraction: 0.8", "fractoin: 0.8"), ("size: 256", "size: many"),
        (SPLIT_BINDING, "${{parent.jobs.spilt.outputs.output_image_directory1}}"),
        ("model_name: densenet121", "model_name: densenet"), ("batch_size: 16", "batch_size: [1]"),
        ("azureml:score_image_model:1", "azureml:score_image_model:3"),
        ("      evaluation_results:", "      evaluation_result:"),
    ):  # fmt: skip
        text = broken(old, new, text)
    problems = check(text, folder)
    assert [p.code for p in problems] == ["S1", "P2", "P1", "P2", "B3", "P2", "K2", "C2", "P1"]
    assert problems == sorted(problems, key=lambda p: p.place)
    wanted = (
        "gpu cluster", "  epochs: 0", "fractoin", "size: many", "spilt", "densenet\n",
        "batch_size: [1]", "model:3", "evaluation_result:",
    )  # fmt: skip
    lines = [line_of(text + "\n", part.strip("\n")) for part in wanted]
    assert [p.place.line for p in problems][:5] == lines[:5]
    assert [p.place.line for p in problems][6:] == lines[6:]


def test_a_pipeline_with_faults_is_never_resolved(folder: Path) -> None:
    for fault in FAULTS:
        read = pipeline_from_text(broken(fault.old, fault.new), folder, "pipeline.yml")
        resolved, found = resolve(
            read.pipeline,
            REGISTRY,
            values={},
            target=None,
            targets=Targets(),
            settings=settings_of(folder),
            gpus=lambda: 0,
        )
        faulty = bool(errors_among([*read.problems, *found]))
        assert faulty == (fault.severity == "error")
        # a fault of the text that leaves the meaning clear is the reader's alone
        assert (resolved is None) >= bool(errors_among(found))


def test_what_a_shell_would_take_for_more_stays_a_text(folder: Path) -> None:
    """Parameters reach processes as values, never through a shell, so nothing is refused."""
    words = "$(touch hacked); `id` | cat > x && rm -rf ~ 'quoted' \\\\"
    text = broken(
        "      input_dataset", f"      group_by: {scalar_text(words)}\n      input_dataset"
    )
    read = pipeline_from_text(text, folder, "pipeline.yml")
    resolved, found = resolve(
        read.pipeline,
        REGISTRY,
        values={},
        target=None,
        targets=Targets(),
        settings=settings_of(folder),
        gpus=lambda: 0,
    )
    assert resolved is not None, found
    assert resolved.step("convert").parameters["group_by"] == words


def test_problems_have_a_json_form(folder: Path) -> None:
    (problem,) = check(broken("fraction: 0.8", "fractoin: 0.8"), folder)
    value = problem.to_json()
    assert value["code"] == "P1"
    assert value["line"] == line_of(broken("fraction: 0.8", "fractoin: 0.8"), "fractoin")
    assert value["nearest"] == "fraction"
    assert all(isinstance(item, str | int) for item in value.values())
