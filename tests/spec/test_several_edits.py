"""Several edits at once: what one after another gives, and the rest keeps every byte."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.drafts.conftest import COMMENTED
from visionloom.errors import InvalidPipelineError
from visionloom.spec.pipeline import ComponentReference, Step, StepBinding
from visionloom.spec.pipeline_document import PipelineDocument
from visionloom.spec.yaml_editor import add_keys, remove_key, remove_keys, set_value, set_values

MANY = COMMENTED + "".join(
    f"""
  # number {number}
  part_{number}:
    type: command   # as all
    component: azureml:split_image_directory:1
    inputs:
      input_image_directory: ${{{{parent.jobs.convert.outputs.output_image_directory}}}}
      random_seed: {number}   # its own
"""
    for number in range(4)
)


def step(port: str = "") -> Step:
    reference = "azureml:split_image_directory:1"
    bound = {"input_image_directory": StepBinding(port, "output_image_directory")} if port else {}
    return Step(ComponentReference("split_image_directory", "1", reference), inputs=bound)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_keys_that_are_added_leave_the_rest_as_it_is(newline: str) -> None:
    text = COMMENTED.replace("\n", newline)
    made = add_keys(text, ("jobs",), {"a": {"type": "command"}, "b": {"type": "command"}})
    assert made.startswith(text)
    lines = ["", "  a:", "    type: command", "", "  b:", "    type: command", ""]
    assert made[len(text) :] == newline.join(lines)


def test_keys_are_added_to_a_map_that_is_missing_empty_or_has_one_of_them() -> None:
    assert add_keys("a: 1\n", ("jobs",), {"x": 1, "z": 2}) == "a: 1\n\njobs:\n  x: 1\n\n  z: 2\n"
    assert set_value("jobs: {}\n", ("jobs", "x"), 1) == add_keys("jobs: {}\n", ("jobs",), {"x": 1})
    assert add_keys("jobs:\n  x: 5 # five\n", ("jobs",), {"z": 2, "x": 1}) == (
        "jobs:\n  x: 1 # five\n\n  z: 2\n"
    )


def test_nothing_is_added_to_a_text_with_a_fault() -> None:
    with pytest.raises(InvalidPipelineError):
        add_keys("jobs: [\n", ("jobs",), {"x": 1})
    with pytest.raises(InvalidPipelineError):
        add_keys("jobs: 5\n", ("jobs",), {"x": 1})


def test_keys_that_are_removed_leave_the_rest_as_it_is() -> None:
    made = remove_keys(
        MANY, [("jobs", "part_2"), ("jobs", "part_0"), ("jobs", "split", "inputs", "fraction")]
    )
    one_by_one = MANY
    for path in (("jobs", "part_0"), ("jobs", "part_2"), ("jobs", "split", "inputs", "fraction")):
        one_by_one = remove_key(one_by_one, path)
    assert made == one_by_one
    lines = made.splitlines()
    left = iter(MANY.splitlines())
    assert all(line in left for line in lines), "lines were taken away and none was changed"
    assert "# number 1" in made
    assert "# number 2" not in made


def test_keys_that_are_not_there_are_not_removed() -> None:
    assert remove_keys(MANY, [("jobs", "nobody"), ("nothing", "at", "all")]) == MANY


def test_values_set_at_once_are_those_set_one_by_one_to_the_byte() -> None:
    draw = random.Random(7)
    for _ in range(40):
        values: dict[tuple[str, ...], object] = {}
        for _ in range(draw.randint(1, 12)):
            name = draw.choice(["convert", "split", *(f"part_{n}" for n in range(4))])
            key = draw.choice(["random_seed", "fraction", "stratified", "labels", "input_dataset"])
            values["jobs", name, "inputs", key] = draw.choice([1, 0.5, True, "a: b", "x", ""])
        one_by_one = MANY
        for path, value in values.items():
            one_by_one = set_value(one_by_one, path, value)
        assert set_values(MANY, values) == one_by_one


def test_inputs_set_at_once_where_a_step_has_none_or_in_flow_form() -> None:
    bare = COMMENTED + "\n  bare:\n    component: azureml:x:1   # bare\n    compute: cpu\n"
    flow = bare + "  flow: {component: azureml:x:1, inputs: {a: 1}}\n"
    folder = Path("/nowhere")
    for text in (bare, flow):
        names = ["bare", "flow"] if text is flow else ["bare"]
        values = {(name, key): 3 for name in names for key in ("a", "b")}
        one_by_one = PipelineDocument(text, folder)
        for (name, key), value in values.items():
            one_by_one = one_by_one.set_step_input(name, key, value)
        at_once = PipelineDocument(text, folder).set_step_inputs(dict(values))
        assert at_once.text == one_by_one.text
        assert "# bare" in at_once.text


def test_inputs_are_taken_away_at_once_and_with_the_last_one_their_map() -> None:
    document = PipelineDocument(COMMENTED, Path("/nowhere"))
    keys = [("split", "input_image_directory"), ("split", "fraction"), ("convert", "nothing")]
    at_once = document.set_step_inputs(dict.fromkeys(keys))
    one_by_one = document
    for name, key in keys:
        one_by_one = one_by_one.set_step_input(name, key, None)
    assert at_once.text == one_by_one.text
    assert at_once.pipeline.steps["split"].inputs == {}


def test_steps_are_added_and_taken_away_and_the_rest_keeps_every_byte() -> None:
    document = PipelineDocument(COMMENTED, Path("/nowhere"))
    added = document.add_steps({"one": step("convert"), "two": step("one")})
    assert added.text.startswith(COMMENTED)
    assert list(added.pipeline.steps) == ["convert", "split", "one", "two"]
    assert added.remove_steps({"one", "two"}).text == COMMENTED
    without = added.remove_steps({"one"})
    assert without.pipeline.steps["two"].inputs == {}, "what was bound to it is open"
    assert without.text.startswith(COMMENTED)
    with pytest.raises(InvalidPipelineError, match="split"):
        document.add_steps({"new": step(), "split": step()})


def test_a_step_is_renamed_with_everything_that_is_bound_to_it_and_nothing_else_changes() -> None:
    folder = Path("/nowhere")
    document = PipelineDocument(MANY, folder)
    renamed = document.rename_step("convert", "read")
    wanted = MANY.replace("  convert:", "  read:").replace("jobs.convert.", "jobs.read.")
    assert renamed.text == wanted
    assert renamed.rename_step("read", "convert").text == MANY
    inputs = document.rename_pipeline_input("photos", "pictures")
    wanted = MANY.replace("  photos:", "  pictures:").replace("inputs.photos}", "inputs.pictures}")
    assert inputs.text == wanted
    loop = MANY.replace("jobs.convert.", "jobs.split.")
    itself = PipelineDocument(loop, folder).rename_step("split", "divide")
    assert itself.text == loop.replace("  split:", "  divide:").replace(
        "jobs.split.", "jobs.divide."
    )
    flow = (
        MANY
        + "\n  flow: {component: azureml:x:1, inputs: {a: '${{parent.jobs.split.outputs.b}}'}}\n"
    )
    made = PipelineDocument(flow, folder).rename_step("split", "divide")
    assert made.pipeline.steps["flow"].inputs["a"] == StepBinding("divide", "b")
    assert "# was 0.8" in made.text
    with pytest.raises(InvalidPipelineError, match="split"):
        document.rename_step("convert", "split")
