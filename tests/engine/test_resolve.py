"""A checked pipeline: values put in, paths absolute, each step after what it needs."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.engine.pipelines import CANONICAL, REGISTRY, broken, check, photos_at, settings_of
from visionloom.engine.check_values import absolute_values
from visionloom.engine.resolve import resolve
from visionloom.engine.resolved import DataSource, ResolvedPipeline, StepSource
from visionloom.engine.targets import Target, Targets
from visionloom.spec.pipeline import (
    ComponentReference,
    Data,
    InputBinding,
    Literal,
    Pipeline,
    Step,
    StepBinding,
)
from visionloom.spec.pipeline_file import pipeline_from_text
from visionloom.spec.problems import Problem

TARGETS = Targets({"workstation": Target("workstation", device="cpu", slots=3)})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    photos_at(tmp_path / "photos")
    return tmp_path


def resolved(
    pipeline: str | Pipeline,
    folder: Path,
    *,
    values: dict[str, Literal] | None = None,
    target: str | None = None,
    gpus: int = 0,
) -> tuple[ResolvedPipeline | None, list[Problem]]:
    if isinstance(pipeline, str):
        pipeline = pipeline_from_text(pipeline, folder, "pipeline.yml").pipeline
    return resolve(
        pipeline, REGISTRY, values=values or {}, target=target, targets=TARGETS,
        settings=settings_of(folder), gpus=lambda: gpus,
    )  # fmt: skip


def whole(
    pipeline: str | Pipeline, folder: Path, values: dict[str, Literal] | None = None
) -> ResolvedPipeline:
    found, problems = resolved(pipeline, folder, values=values)
    assert found is not None, problems
    return found


def test_the_canonical_pipeline_is_ready_to_run(folder: Path) -> None:
    pipeline = whole(CANONICAL, folder)
    names = [step.name for step in pipeline.steps]
    assert names == [
        "convert", "split", "transformation", "apply_to_training", "apply_to_validation",
        "densenet", "train", "score", "evaluate",
    ]  # fmt: skip
    train = pipeline.step("train")
    assert train.inputs == {
        "untrained_model": StepSource("densenet", "untrained_model"),
        "training_dataset": StepSource("apply_to_training", "output_image_directory"),
        "validation_dataset": StepSource("apply_to_validation", "output_image_directory"),
    }
    assert (train.parameters["epochs"], train.parameters["batch_size"]) == (5, 16)
    assert set(train.parameters) == {p.name for p in train.component.parameters}
    assert train.target.name == "local"
    assert pipeline.step("convert").inputs == {
        "input_dataset": DataSource("photos", folder / "photos")
    }
    assert pipeline.before("train") == set(names[:6])
    assert pipeline.after("score") == {"evaluate"}
    deliveries = {d.name: (d.step, d.port, d.path) for d in pipeline.deliveries}
    assert deliveries == {
        "trained_model": ("train", "trained_model", None),
        "evaluation": ("evaluate", "evaluation_results", folder / "outputs" / "evaluation"),
    }


def test_steps_that_are_written_in_another_order_run_after_what_they_need(folder: Path) -> None:
    head, _, steps = CANONICAL.partition("jobs:\n")
    parts = [f"{part}\n" for part in steps.strip("\n").split("\n\n")]
    pipeline = whole(head + "jobs:\n" + "".join(reversed(parts)), folder)
    place = {step.name: number for number, step in enumerate(pipeline.steps)}
    for step in pipeline.steps:
        assert all(place[name] < place[step.name] for name in step.upstream)


def test_values_that_are_set_are_typed_and_checked_where_they_are_used(folder: Path) -> None:
    photos_at(folder / "other")
    pipeline = whole(CANONICAL, folder, {"epochs": "7", "photos": str(folder / "other")})
    assert pipeline.step("train").parameters["epochs"] == 7
    assert pipeline.step("convert").inputs["input_dataset"] == DataSource(
        "photos", folder / "other"
    )
    assert whole(CANONICAL, folder, {"epochs": 9}).step("train").parameters["epochs"] == 9
    for value, says in (("0", "1 or more"), ("many", "whole number"), ("1.5", "whole number")):
        _, (problem,) = resolved(CANONICAL, folder, values={"epochs": value})
        assert (problem.code, problem.step, problem.name) == ("P2", "train", "epochs")
        assert str(problem).startswith("--set epochs: error P2:")
        assert says in problem.message
    _, (problem,) = resolved(CANONICAL, folder, values={"ephocs": "1"})
    assert (problem.code, problem.nearest) == ("B3", "epochs")
    _, (problem,) = resolved(CANONICAL, folder, values={"photos": "nothing"})
    assert problem.code == "D1"
    assert str(problem).startswith("--set photos:")


def test_a_path_that_is_set_is_relative_to_where_the_user_is(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = folder / "elsewhere"
    photos_at(here / "mine")
    monkeypatch.chdir(here)
    found = whole(CANONICAL, folder, {"photos": "mine"}).step("convert").inputs["input_dataset"]
    assert found == DataSource("photos", here / "mine")
    pipeline = pipeline_from_text(CANONICAL, folder).pipeline
    kept = absolute_values(pipeline, REGISTRY, {"photos": "mine", "epochs": "3", "other": "mine"})
    assert kept == {"photos": str(here / "mine"), "epochs": "3", "other": "mine"}


def test_a_list_that_is_set_for_a_folder_is_taken_as_a_file(folder: Path) -> None:
    for name in ("a.jpg", "b.jpg"):
        (folder / name).touch()
    (folder / "photos.csv").write_text("path,label\na.jpg,cat\nb.jpg,dog\n")
    found = whole(CANONICAL, folder, {"photos": str(folder / "photos.csv")})
    assert found.step("convert").inputs["input_dataset"] == DataSource(
        "photos", folder / "photos.csv"
    )


def test_an_empty_text_means_not_set(folder: Path) -> None:
    text = broken("batch_size: 16", "batch_size: ''\n      random_seed: ''")
    train = whole(text, folder).step("train")
    assert train.parameters["batch_size"] is None
    assert train.parameters["random_seed"] is None
    text = broken(
        "    inputs:\n      input_dataset", "    inputs:\n      part: ''\n      input_dataset"
    )
    assert whole(text, folder).step("convert").parameters["part"] == ""


def test_an_empty_path_that_is_set_is_no_path_and_not_the_working_folder(folder: Path) -> None:
    _, (problem,) = resolved(CANONICAL, folder, values={"photos": ""})
    assert (problem.code, problem.name) == ("D1", "photos")
    assert "has no path" in problem.message


def test_a_text_input_keeps_its_text_though_it_looks_like_a_number(folder: Path) -> None:
    text = broken("  epochs: 5\n", "  epochs: 5\n  group: '1'\n").replace(
        "      input_dataset: ", "      group_by: ${{parent.inputs.group}}\n      input_dataset: "
    )
    assert whole(text, folder, {"group": "007"}).step("convert").parameters["group_by"] == "007"
    assert whole(text, folder, {"group": "true"}).step("convert").parameters["group_by"] == "true"


def test_yes_is_a_text_where_a_text_is_wanted(folder: Path) -> None:
    text = broken("      input_dataset", "      labelled: yes\n      input_dataset")
    assert whole(text, folder).step("convert").parameters["labelled"] == "yes"


def test_an_own_trained_model_may_be_trained_further(folder: Path) -> None:
    second = CANONICAL[CANONICAL.index("  train:\n") : CANONICAL.index("  score:\n")]
    second = second.replace("  train:\n", "  train_on:\n").replace(
        "jobs.densenet.outputs.untrained_model", "jobs.train.outputs.trained_model"
    )
    second = second[: second.index("    outputs:")]
    text = CANONICAL.replace("jobs.train.outputs", "jobs.train_on.outputs") + second
    assert whole(text, folder).step("train_on").inputs["untrained_model"] == StepSource(
        "train", "trained_model"
    )


def test_files_that_parameters_name_are_relative_to_the_pipeline(folder: Path) -> None:
    weights = folder / "w" / "a.safetensors"
    weights.parent.mkdir()
    text = broken("pretrained: false", "pretrained: true\n      weights: w/a.safetensors")
    (problem,) = check(text, folder)
    assert (problem.code, problem.step, problem.name) == ("D1", "densenet", "weights")
    weights.touch()
    assert whole(text, folder).step("densenet").parameters["weights"] == str(weights)
    (folder / "map.csv").write_text("old,new\ncat,feline\n")
    inputs = "    inputs:\n      input_dataset"
    named = broken(inputs, inputs.replace("inputs:", "inputs:\n      class_map: map.csv"))
    assert whole(named, folder).step("convert").parameters["class_map"] == str(folder / "map.csv")
    said = broken(inputs, inputs.replace("inputs:", "inputs:\n      class_map: cat=feline"))
    assert whole(said, folder).step("convert").parameters["class_map"] == "cat=feline"


def test_a_step_s_own_compute_wins_over_the_pipeline_s_and_the_command_s(folder: Path) -> None:
    text = broken(
        "    component: azureml:densenet:1\n",
        "    component: azureml:densenet:1\n    compute: azureml:workstation\n",
    )
    placed = {s.name: s.target.name for s in whole(text, folder).steps}
    assert (placed["densenet"], placed["train"]) == ("workstation", "local")
    found, _ = resolved(text, folder, target="cpu")
    assert found is not None
    placed = {s.name: s.target.name for s in found.steps}
    assert (placed["densenet"], placed["train"]) == ("workstation", "cpu")
    assert found.step("train").slots == found.step("train").target.slots
    assert found.step("split").slots == 1
    found, (problem,) = resolved(text, folder, target="work-station")
    assert found is None
    assert (problem.code, problem.nearest, str(problem.place)) == ("S1", "workstation", "--target")


def test_a_gpu_that_is_not_there_is_an_error_with_the_remedy(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("visionloom.engine.devices.torch_has_cuda", lambda: True)
    device = broken("batch_size: 16", "batch_size: 16\n      device: cuda:1")
    for gpus, says in ((0, "no NVIDIA GPU"), (1, "has 1 NVIDIA GPU")):
        _, (problem,) = resolved(device, folder, gpus=gpus)
        assert (problem.code, problem.step, problem.name) == ("S2", "train", "device")
        assert says in problem.message
        assert problem.remedy
    assert resolved(device, folder, gpus=2)[0] is not None
    compute = broken("azureml:local", "azureml:cuda:0")
    _, (problem,) = resolved(compute, folder)
    assert (problem.code, problem.name) == ("S2", "compute")
    assert problem.place.line == 6
    assert resolved(compute, folder, gpus=1)[0] is not None
    _, (problem,) = resolved(CANONICAL, folder, target="cuda:0")
    assert str(problem.place) == "--target"
    strange = broken("batch_size: 16", "batch_size: 16\n      device: gpu")
    _, (problem,) = resolved(strange, folder)
    assert (problem.code, problem.name) == ("P2", "device")
    against = broken("azureml:local", "azureml:cpu").replace(
        "batch_size: 16", "batch_size: 16\n      device: cuda"
    )
    _, (problem,) = resolved(against, folder, gpus=1)
    assert problem.code == "S2"
    assert "whose device is cpu" in problem.message


def test_a_torch_without_cuda_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visionloom.engine.devices.torch_has_cuda", lambda: False)
    device = broken("batch_size: 16", "batch_size: 16\n      device: cuda")
    _, (problem,) = resolved(device, folder, gpus=1)
    assert "built without CUDA" in problem.message


def test_a_pipeline_that_was_built_in_python_is_checked_the_same(folder: Path) -> None:
    reference = ComponentReference("convert_to_image_directory", "1")
    pipeline = Pipeline(
        {
            "convert": Step(reference, {"input_dataset": InputBinding("photos")}),
            "Split": Step(
                ComponentReference("split_image_directory", "1"),
                {"input_image_directory": StepBinding("convert", "nothing"), "fraction": 3},
                environment_variables={"MY_TOKEN": "x"},
            ),
        },
        {"photos": Data("photos")},
        folder=folder,
    )
    found, problems = resolved(pipeline, folder)
    assert found is None
    assert {p.code for p in problems if p.severity == "error"} == {"N1", "B3", "P2", "E1"}
    assert all(str(p).startswith("pipeline: ") for p in problems)


def test_a_thousand_steps_are_resolved_in_a_moment(folder: Path) -> None:
    steps = {
        "convert": Step(
            ComponentReference("convert_to_image_directory", "1"),
            {"input_dataset": InputBinding("photos")},
        )
    }
    for number in range(1000):
        before = (
            StepBinding(f"split_{number - 1}", "output_image_directory1")
            if number
            else StepBinding("convert", "output_image_directory")
        )
        steps[f"split_{number}"] = Step(
            ComponentReference("split_image_directory", "1"), {"input_image_directory": before}
        )
    pipeline = Pipeline(steps, {"photos": Data("photos")}, folder=folder)
    start = time.process_time()
    found, problems = resolved(pipeline, folder)
    assert found is not None, problems
    assert len(found.steps) == 1001
    assert time.process_time() - start < 20
