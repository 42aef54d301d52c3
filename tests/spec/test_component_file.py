"""Component files: ours are right, say what the catalog says, and every fault has a place."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.engine.pipelines import CANONICAL, REGISTRY, broken, check, photos_at
from visionloom.cli.component import _all_parameters
from visionloom.settings import Limits
from visionloom.spec.component import Component
from visionloom.spec.component_file import component_document, is_optional, write_component
from visionloom.spec.component_files import component_name, read_component
from visionloom.spec.problems import Problem, ProblemList

ENVIRONMENT = "azureml:visionloom:1"
DENSENET = write_component(REGISTRY.components["densenet"], environment=ENVIRONMENT)
SPLIT = write_component(REGISTRY.components["split_image_directory"], environment=ENVIRONMENT)


def faults(text: str) -> list[Problem]:
    problems = ProblemList()
    read_component(text.encode(), "c.yml", problems, Limits())
    return problems.items


@pytest.mark.parametrize("item", list(REGISTRY), ids=lambda item: item.name)
def test_every_component_has_a_file_without_fault_that_says_what_the_catalog_says(
    item: Component,
) -> None:
    text = write_component(item, environment=ENVIRONMENT, code="../code")
    problems = ProblemList()
    document = read_component(text.encode(), "c.yml", problems, Limits())
    assert problems.items == []
    assert document == component_document(item, environment=ENVIRONMENT, code="../code")
    assert document is not None
    assert component_name(document) == item.name
    assert list(document["inputs"]) == [
        *(port.name for port in item.inputs), *(p.name for p in item.parameters),
    ]  # fmt: skip
    assert document["tags"] == {
        **{f"visionloom.input.{port.name}": port.type.type_name for port in item.inputs},
        **{f"visionloom.output.{port.name}": port.type.type_name for port in item.outputs},
    }
    assert f"version: '{item.version}'" in text


@pytest.mark.parametrize("item", list(REGISTRY), ids=lambda item: item.name)
def test_the_command_is_understood_by_the_command_line(item: Component) -> None:
    """As Azure fills it in: defaults in, optional parts without a value left out."""
    command = component_document(item, environment=ENVIRONMENT)["command"]
    values = {}
    for parameter in item.parameters:
        if is_optional(parameter):
            command = command.replace(
                f"$[[--set '{parameter.name}=${{{{inputs.{parameter.name}}}}}']]", ""
            )
            continue
        value = parameter.default if not parameter.required else _some(parameter.setting.choices)
        values[parameter.name] = value
        # Azure writes True and False
        command = command.replace(f"${{{{inputs.{parameter.name}}}}}", str(value))
    for port in item.inputs:
        optional = f"$[[--input '{port.name}=${{{{inputs.{port.name}}}}}']]"
        command = command.replace(optional, "").replace(
            f"${{{{inputs.{port.name}}}}}", f"/mnt/my data/{port.name}"
        )
    for out in item.outputs:
        command = command.replace(f"${{{{outputs.{out.name}}}}}", f"/mnt/{out.name}")
    assert "${{" not in command
    assert "$[[" not in command
    words = shlex.split(command)
    assert words[:3] == ["visionloom", "component", item.kebab]
    settings = [words[i + 1] for i, word in enumerate(words) if word == "--set"]
    assert _all_parameters(item, {}, settings) == values
    inputs = [words[i + 1] for i, word in enumerate(words) if word == "--input"]
    assert inputs == [f"{p.name}=/mnt/my data/{p.name}" for p in item.inputs if not p.optional]


def _some(choices: tuple[str, ...]) -> str:
    return choices[0] if choices else "resnet18"


@pytest.mark.parametrize(
    ("old", "new", "code", "line", "says"),
    [
        ("default: 0.9", "default: 1.5", "C1", "default: 1.5", "outside min and max"),
        ("max: 1.0", "max: -1.0", "C1", "min: 0.0", "above max"),
        ("default: 42", "default: '42'", "C1", "default: '42'", "a whole number is needed"),
        ("default: 42", "default: 4.5", "C1", "default: 4.5", "a whole number is needed"),
        ("type: integer", "type: int", "K3", "type: int", "Did you mean integer?"),
        ("    default: 42\n", "    default: 42\n    enum: [a]\n", "C1", "enum", "means nothing"),
        ("    default: 42\n", "    defualt: 42\n", "K1", "defualt", "Did you mean default?"),
        ("version: '1'", "version: 'one two'", "C1", "one two", "other characters"),
        ("version: '1'", "version: 1", "K2", "version: 1", "Put it in quotes: '1'."),
        ("name: split_image_directory", "name: Split", "C1", "name: Split", "small letters"),
        ("environment: azureml:visionloom:1\n", "", "K2", "$schema", "has no environment"),
        ("type: command", "type: pipeline", "K3", "type: pipeline", "Azure knows it"),
        ("${{inputs.fraction}}", "${{inputs.fractoin}}", "C1", "command", "fractoin"),
        ("${{inputs.fraction}}", "${{input.fraction}}", "C1", "command", "neither"),
        ("    --set 'random_seed=${{inputs.random_seed}}' \\\n", "", "C1", "  random_seed:",
         "does not use inputs.random_seed"),
        ("  output_image_directory1:\n", "  fraction:\n", "N1", "  fraction:", "is taken"),
        ("  random_seed:\n", "  Random-Seed:\n", "N1", "  Random-Seed:", "not allowed"),
        ("type: integer\n    default: 42", "type: integer\n    optional: true", "C1", "command",
         "outside $[[ ]]"),
        ("commandComponent.schema", "pipelineJob.schema", "K3", "$schema", "no command component"),
        ("is_deterministic: true", "is_deterministic: yes", "K2", "is_deterministic", "true or"),
    ],
)  # fmt: skip
def test_every_fault_of_a_component_file_has_a_place(
    old: str, new: str, code: str, line: str, says: str
) -> None:
    text = broken(old, new, SPLIT)
    found = [p for p in faults(text) if p.code == code]
    assert found, faults(text)
    assert line in text.splitlines()[found[0].place.line - 1]
    assert says in str(found[0])


def test_a_default_that_is_not_among_the_choices_is_a_fault() -> None:
    (problem,) = faults(broken("default: densenet201", "default: densenet200", DENSENET))
    assert (problem.code, problem.nearest) == ("C1", "densenet201")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    photos_at(tmp_path / "photos")
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "densenet.yml").write_text(DENSENET)
    return tmp_path


NAMED = broken("azureml:densenet:1", "./c/densenet.yml")


def test_a_step_may_name_a_component_file(folder: Path) -> None:
    assert check(NAMED, folder) == []


def test_a_fault_of_a_component_file_is_named_with_its_line(folder: Path) -> None:
    (folder / "c" / "densenet.yml").write_text(
        broken("default: densenet201", "default: vgg", DENSENET)
    )
    (problem,) = check(NAMED, folder)
    assert problem.place.file == str(Path("c") / "densenet.yml")
    assert problem.code == "C1"


def test_the_defaults_and_ranges_of_a_component_file_hold(folder: Path) -> None:
    narrow = SPLIT.replace("max: 1.0", "max: 0.5").replace("default: 0.9", "default: 0.3")
    (folder / "split.yml").write_text(narrow)
    text = broken("azureml:split_image_directory:1", "./split.yml")
    (problem,) = check(text, folder)
    assert (problem.code, problem.name) == ("P2", "fraction")
    assert "at most 0.5" in problem.message


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("visionloom component densenet", "python train.py", "does not run a component"),
        ("visionloom component densenet", "rm -rf / ; visionloom component densenet",
         "does not run a component"),
        ("visionloom component densenet", "visionloom component vgg", "no component vgg"),
        ("version: '1'", "version: '2'", "has version 1 here"),
        ("  memory_efficient:\n", "  memory_saving:\n", "memory_saving"),
    ],
)  # fmt: skip
def test_a_component_file_of_something_else_is_refused(
    old: str, new: str, says: str, folder: Path
) -> None:
    text = broken(old, new, DENSENET).replace("memory_efficient=", "memory_efficient=")
    if "memory_saving" in new:
        text = text.replace("inputs.memory_efficient", "inputs.memory_saving")
    (folder / "c" / "densenet.yml").write_text(text)
    problems = [p for p in check(NAMED, folder) if p.severity == "error"]
    assert len(problems) == 1, problems
    assert says in str(problems[0])


def test_a_component_may_stand_in_the_pipeline_itself(folder: Path) -> None:
    indented = "".join(f"      {line}\n" if line else "\n" for line in DENSENET.splitlines())
    text = broken("    component: azureml:densenet:1\n", f"    component:\n{indented}")
    assert check(text, folder) == []
    text = text.replace("default: densenet201", "default: vgg")
    (problem,) = check(text, folder)
    assert (problem.code, problem.step) == ("C1", "densenet")
    assert "default: vgg" in text.splitlines()[problem.place.line - 1]


def test_a_pipe_or_a_folder_is_no_component_file(folder: Path) -> None:
    import os

    os.mkfifo(folder / "pipe.yml")
    (folder / "folder.yml").mkdir()
    for name in ("./pipe.yml", "./folder.yml"):
        (problem,) = check(broken("azureml:densenet:1", name), folder)
        assert "there is no file" in problem.message


def test_the_file_of_the_whole_pipeline_is_not_its_component(folder: Path) -> None:
    (folder / "pipeline.yml").write_text(CANONICAL)
    problems = check(broken("azureml:densenet:1", "./pipeline.yml"), folder)
    assert {p.place.file for p in problems} == {"pipeline.yml"}
    assert any(p.code in {"K1", "K3"} for p in problems)
