"""Pipeline files: read, written in one order, and edited without touching the rest."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engine.pipelines import CANONICAL
from visionloom.errors import InvalidPipelineError
from visionloom.settings import Limits
from visionloom.spec.pipeline import (
    ComponentReference,
    Data,
    InputBinding,
    Pipeline,
    PipelineOutput,
    Step,
    StepBinding,
)
from visionloom.spec.pipeline_document import PipelineDocument
from visionloom.spec.pipeline_file import (
    pipeline_from_text,
    read_pipeline,
    write_pipeline,
)

HERE = Path("/nowhere")

COMMENTED = """\
# how we tell cats from dogs
type:   pipeline   # always
display_name: "Cats and dogs"
tags: {owner: ada, 'team': "vision"}
inputs:
    photos: {type: uri_folder, path: photos}   # two folders
    epochs:   5
outputs:
    model:

# the steps
jobs:

    convert:
        component: azureml:convert_to_image_directory:1
        inputs: {input_dataset: "${{ parent.inputs.photos }}"}

    # trains
    # for long
    train:
        component: azureml:train_pytorch_model:1
        comment: >-
            folded
            text
        inputs:
            training_dataset: ${{parent.jobs.convert.outputs.output_image_directory}}
            epochs: ${{parent.inputs.epochs}}   # from above

            batch_size: 16 # small
        outputs: {trained_model: "${{parent.outputs.model}}"}
    # the end
"""


def read(text: str) -> Pipeline:
    found = pipeline_from_text(text, HERE, "x.yml")
    assert not found.problems, found.problems
    return found.pipeline


def changed(before: str, after: str) -> tuple[list[str], list[str]]:
    """Lines that went and lines that came."""
    lines = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    return [x[2:] for x in lines if x[0] == "-"], [x[2:] for x in lines if x[0] == "+"]


def document(text: str = COMMENTED) -> PipelineDocument:
    return PipelineDocument(text, HERE)


def test_what_a_file_says() -> None:
    pipeline = read(COMMENTED)
    assert pipeline.display_name == "Cats and dogs"
    assert pipeline.tags == {"owner": "ada", "team": "vision"}
    assert pipeline.inputs == {"photos": Data("photos"), "epochs": 5}
    assert pipeline.outputs == {"model": PipelineOutput()}
    assert list(pipeline.steps) == ["convert", "train"]
    train = pipeline.steps["train"]
    assert train.component == ComponentReference(
        "train_pytorch_model", "1", "azureml:train_pytorch_model:1"
    )
    assert train.inputs == {
        "training_dataset": StepBinding("convert", "output_image_directory"),
        "epochs": InputBinding("epochs"),
        "batch_size": 16,
    }
    assert train.outputs == {"trained_model": "model"}
    assert pipeline.place("jobs", "train", "inputs", "batch_size", value=True).line == 29
    assert pipeline.place("jobs", "train", "inputs", "momentum").line == 25


def test_a_missing_file_is_our_error_and_a_folder_too(tmp_path: Path) -> None:
    for path in (tmp_path / "x.yml", tmp_path, tmp_path / "\0"):
        with pytest.raises(InvalidPipelineError, match="cannot be read"):
            read_pipeline(path)


def test_an_unknown_component_or_version_opens_and_keeps_its_data() -> None:
    text = CANONICAL.replace("azureml:densenet:1", "azureml:of_a_later_day:99")
    pipeline = read(text)
    step = pipeline.steps["densenet"]
    assert (step.component.name, step.component.version) == ("of_a_later_day", "99")
    assert step.inputs == {"model_name": "densenet121", "pretrained": False}
    assert read(write_pipeline(pipeline)) == pipeline


def test_own_keys_are_allowed_and_kept() -> None:
    text = CANONICAL + "x-team: vision\n"
    found = pipeline_from_text(text, HERE, "x.yml")
    assert not found.problems
    edited = found.document.set_step_input("train", "batch_size", 8)
    assert edited.text.endswith("x-team: vision\n")


def test_an_untouched_file_is_written_as_it_was_read(tmp_path: Path) -> None:
    for text in (CANONICAL, COMMENTED, COMMENTED.replace("\n", "\r\n"), "\ufeff" + COMMENTED):
        path = tmp_path / "x.yml"
        path.write_bytes(text.encode())
        assert read_pipeline(path).document.to_bytes() == text.encode()


def test_what_is_written_is_read_back_and_written_the_same() -> None:
    for text in (CANONICAL, COMMENTED):
        pipeline = read(text)
        written = write_pipeline(pipeline)
        assert read(written) == pipeline
        assert write_pipeline(read(written)) == written


def test_a_text_that_looks_like_a_binding_is_written_so_that_it_is_none() -> None:
    step = Step(ComponentReference("x", "1"), {"a": "${b}", "c": "}}", "d": "it's {{x}}"})
    pipeline = Pipeline({"s": step}, inputs={"i": "${{parent.inputs.i}}"}, folder=HERE)
    written = write_pipeline(pipeline)
    assert "${{'${b}'}}" in written
    assert read(written).steps["s"].inputs == step.inputs
    assert read(written).inputs == pipeline.inputs


def test_edits_touch_only_their_lines() -> None:
    base = document()
    gone, came = changed(COMMENTED, base.set_step_input("train", "batch_size", 32).text)
    assert (gone, came) == (
        ["            batch_size: 16 # small"], ["            batch_size: 32 # small"],
    )  # fmt: skip
    gone, came = changed(COMMENTED, base.set_step_input("train", "momentum", 0.5).text)
    assert (gone, came) == ([], ["            momentum: 0.5"])
    gone, came = changed(COMMENTED, base.set_step_input("train", "batch_size", None).text)
    assert (gone, came) == (["            batch_size: 16 # small"], [])
    gone, came = changed(COMMENTED, base.set_step_input("convert", "part", "test").text)
    assert came == ['        inputs: {input_dataset: "${{ parent.inputs.photos }}", part: test}']
    gone, came = changed(COMMENTED, base.set_pipeline_input("epochs", 7).text)
    assert (gone, came) == (["    epochs:   5"], ["    epochs: 7"])
    gone, came = changed(COMMENTED, base.set_head("display_name", "Dogs").text)
    assert (gone, came) == (['display_name: "Cats and dogs"'], ['display_name: "Dogs"'])
    gone, came = changed(COMMENTED, base.set_pipeline_output("model", PipelineOutput("out")).text)
    assert (gone, came) == ([], ["        type: uri_folder", "        path: out"])


def test_a_step_is_added_renamed_and_removed() -> None:
    base = document()
    step = Step(ComponentReference("resnet", "1"), {"pretrained": False})
    added = base.add_step("resnet", step)
    gone, came = changed(COMMENTED, added.text)
    assert gone == []
    assert [line for line in came if line] == [
        "    resnet:", "        type: command", "        component: azureml:resnet:1",
        "        inputs:", "            pretrained: false",
    ]  # fmt: skip
    assert read(added.text).steps["resnet"].inputs == step.inputs
    gone, came = changed(COMMENTED, base.rename_step("convert", "list_photos").text)
    assert [line.strip() for line in came] == [
        "list_photos:",
        "training_dataset: ${{parent.jobs.list_photos.outputs.output_image_directory}}",
    ]
    without = base.remove_step("convert")
    gone, came = changed(COMMENTED, without.text)
    assert came == []
    assert "convert" not in without.text
    gone, came = changed(COMMENTED, base.remove_step("train").text)
    assert "    # trains" in gone
    assert "    # the end" not in gone


def test_a_name_that_is_taken_is_refused() -> None:
    base = document()
    with pytest.raises(InvalidPipelineError, match="already"):
        base.rename_step("convert", "train")
    with pytest.raises(InvalidPipelineError, match="already"):
        base.add_step("train", Step(ComponentReference("resnet")))
    with pytest.raises(InvalidPipelineError, match="already"):
        base.rename_pipeline_input("photos", "epochs")
    with pytest.raises(InvalidPipelineError, match="no jobs"):
        base.rename_step("nothing", "x")


def test_inputs_and_outputs_are_renamed_with_what_is_bound_to_them() -> None:
    edited = (
        document().rename_pipeline_input("epochs", "passes").rename_pipeline_output("model", "m")
    )
    pipeline = read(edited.text)
    assert list(pipeline.inputs) == ["photos", "passes"]
    assert pipeline.steps["train"].inputs["epochs"] == InputBinding("passes")
    assert pipeline.steps["train"].outputs == {"trained_model": "m"}


def test_a_file_with_a_fault_of_its_text_is_not_edited() -> None:
    with pytest.raises(InvalidPipelineError, match="given twice"):
        document("type: pipeline\ntype: pipeline\n").set_head("display_name", "x")


def test_a_file_in_an_unusual_form_is_edited_all_the_same() -> None:
    for text in (
        "{type: pipeline, jobs: {a: {component: azureml:resnet:1}}}\n",
        "? type\n: pipeline\njobs:\n  ? a\n  : component: azureml:resnet:1\n",
        "type: pipeline\njobs: {a: {component: 'azureml:resnet:1', inputs: {}}}",
        "---\ntype: pipeline\njobs:\n  a:\n    component: azureml:resnet:1\n...\n",
        "type: pipeline\r\njobs:\r\n  a:\r\n    component: azureml:resnet:1\r\n    inputs:\r\n"
        "      pretrained:\r\n        true\r\n",
        "'type': \"pipeline\"\n\"jobs\":\n  'a':\n      component: azureml:resnet:1 # x",
    ):
        edited = document(text).set_step_input("a", "pretrained", False)
        edited = edited.set_step_input("a", "model_name", "resnet18")
        edited = edited.add_step("b", Step(ComponentReference("densenet", "1"), {"x": 1}))
        edited = edited.rename_step("a", "c").set_setting("force_rerun", True)
        pipeline = read(edited.text)
        assert dict(pipeline.steps["c"].inputs) == {"pretrained": False, "model_name": "resnet18"}
        assert pipeline.steps["b"].inputs == {"x": 1}
        assert pipeline.force_rerun
        assert "\r" not in text or "\n" not in edited.text.replace("\r\n", "")


NAMES = st.sampled_from(["a", "b", "c", "epochs", "x1"])
LITERALS = (
    st.booleans() | st.integers(-5, 5) | st.floats(0, 1) | st.text("ab:#'\"{}$\n -", max_size=6)
)
EDITS = st.lists(
    st.tuples(st.just("input"), NAMES, NAMES, LITERALS | st.none())
    | st.tuples(st.just("pipeline_input"), NAMES, st.none(), LITERALS | st.none())
    | st.tuples(st.just("data"), NAMES, st.none(), st.sampled_from(["p", "./q r", None]))
    | st.tuples(st.just("output"), NAMES, NAMES, NAMES | st.none())
    | st.tuples(st.just("add"), NAMES, st.none(), LITERALS)
    | st.tuples(st.just("remove"), NAMES, st.none(), st.none())
    | st.tuples(st.just("rename"), NAMES, NAMES, st.none())
    | st.tuples(st.just("head"), st.sampled_from(["display_name", "description"]), st.none(),
                st.text("ab: #\n", max_size=6) | st.none()),
    max_size=8,
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=60)
@given(EDITS, st.sampled_from([CANONICAL, COMMENTED, COMMENTED.replace("\n", "\r\n")]))
def test_any_series_of_edits_means_what_it_says_and_keeps_comments(
    edits: list[tuple[str, str, str | None, object]], text: str
) -> None:
    here = document(text)
    kept = [line for line in text.splitlines() if line.startswith("#")]
    for kind, name, other, value in edits:
        steps = here.pipeline.steps
        step = name if name in steps else next(iter(steps), "")
        if kind == "input" and step:
            assert value is None or isinstance(value, bool | int | float | str)
            here = here.set_step_input(step, str(other), value)
            assert here.pipeline.steps[step].inputs.get(str(other)) == value
        elif kind == "pipeline_input":
            assert value is None or isinstance(value, bool | int | float | str)
            here = here.set_pipeline_input(name, value)
            assert here.pipeline.inputs.get(name) == value
        elif kind == "data":
            data = Data(None if value is None else str(value))
            here = here.set_pipeline_input(name, data)
            assert here.pipeline.inputs[name] == data
        elif kind == "output" and step:
            said = None if value is None else str(value)
            here = here.set_step_output(step, str(other), said)
            assert here.pipeline.steps[step].outputs.get(str(other)) == said
        elif kind == "add" and name not in steps:
            assert isinstance(value, bool | int | float | str)
            made = Step(ComponentReference("resnet", "1", "azureml:resnet:1"), {"v": value})
            here = here.add_step(name, made)
            assert here.pipeline.steps[name] == made
        elif kind == "remove" and len(steps) > 1:
            here = here.remove_step(step)
            assert step not in here.pipeline.steps
        elif kind == "rename" and step and other not in steps:
            here = here.rename_step(step, str(other))
            assert here.pipeline.steps[str(other)].component == steps[step].component
        elif kind == "head":
            here = here.set_head(name, None if value is None else str(value))
            assert (getattr(here.pipeline, name) or "") == (value or "")
    assert [line for line in here.text.splitlines() if line in kept][: len(kept)] == kept
    if "\r\n" in text:
        assert "\n" not in here.text.replace("\r\n", "")


def test_limits_come_from_the_settings(tmp_path: Path) -> None:
    path = tmp_path / "x.yml"
    path.write_text(CANONICAL)
    (problem,) = read_pipeline(path, Limits(yaml_bytes=100)).problems
    assert problem.code == "Y3"
    (problem,) = read_pipeline(path, Limits(yaml_nodes=20)).problems
    assert problem.code == "Y3"
