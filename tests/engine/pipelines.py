"""The canonical pipeline as a text to break, and what a check says of the result."""

from __future__ import annotations

from pathlib import Path

from visionloom.engine.check import check_pipeline
from visionloom.engine.targets import Targets
from visionloom.settings import Settings
from visionloom.spec.pipeline_file import pipeline_from_text, read_pipeline
from visionloom.spec.problems import Problem
from visionloom.spec.registry import Registry
from visionloom.workspace import Workspace

REGISTRY: Registry = Workspace().registry

CANONICAL = """\
# the canonical pipeline
$schema: https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json
type: pipeline
display_name: Canonical
settings:
  default_compute: azureml:local

inputs:
  photos:
    type: uri_folder
    path: photos
  epochs: 5

outputs:
  trained_model:
  evaluation:
    type: uri_folder
    path: outputs/evaluation

jobs:
  convert:  # lists the photos
    type: command
    component: azureml:convert_to_image_directory:1
    inputs:
      input_dataset: ${{parent.inputs.photos}}

  split:
    type: command
    component: azureml:split_image_directory:1
    inputs:
      input_image_directory: ${{parent.jobs.convert.outputs.output_image_directory}}
      fraction: 0.8

  transformation:
    type: command
    component: azureml:init_image_transformation:1
    inputs:
      size: 256

  apply_to_training:
    type: command
    component: azureml:apply_image_transformation:1
    inputs:
      input_image_transformation: ${{parent.jobs.transformation.outputs.output_image_transformation}}
      input_image_directory: ${{parent.jobs.split.outputs.output_image_directory1}}
      mode: For training

  apply_to_validation:
    type: command
    component: azureml:apply_image_transformation:1
    inputs:
      input_image_transformation: ${{parent.jobs.transformation.outputs.output_image_transformation}}
      input_image_directory: ${{parent.jobs.split.outputs.output_image_directory2}}
      mode: For inference

  densenet:
    type: command
    component: azureml:densenet:1
    inputs:
      model_name: densenet121
      pretrained: false

  train:
    type: command
    component: azureml:train_pytorch_model:1
    inputs:
      untrained_model: ${{parent.jobs.densenet.outputs.untrained_model}}
      training_dataset: ${{parent.jobs.apply_to_training.outputs.output_image_directory}}
      validation_dataset: ${{parent.jobs.apply_to_validation.outputs.output_image_directory}}
      epochs: ${{parent.inputs.epochs}}
      batch_size: 16
    outputs:
      trained_model: ${{parent.outputs.trained_model}}

  score:
    type: command
    component: azureml:score_image_model:1
    inputs:
      trained_model: ${{parent.jobs.train.outputs.trained_model}}
      dataset: ${{parent.jobs.split.outputs.output_image_directory2}}

  evaluate:
    type: command
    component: azureml:evaluate_model:1
    inputs:
      scored_dataset: ${{parent.jobs.score.outputs.scored_dataset}}
    outputs:
      evaluation_results: ${{parent.outputs.evaluation}}
"""  # noqa: E501


def photos_at(folder: Path, *classes: str, count: int = 2) -> Path:
    """Empty files that are named like pictures, in class folders: a check opens none."""
    for name in classes or ("cat", "dog"):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            (folder / name / f"{number}.jpg").touch()
    return folder


def settings_of(folder: Path, *, offline: bool = True) -> Settings:
    """Settings with a home folder of the test's own."""
    return Settings(folder / "home", offline=offline)


def check(
    text: str,
    folder: Path,
    *,
    values: dict[str, bool | int | float | str] | None = None,
    target: str | None = None,
    targets: Targets | None = None,
    gpus: int = 0,
    offline: bool = True,
) -> list[Problem]:
    """All problems of a pipeline's text whose file lies in ``folder``."""
    return check_pipeline(
        pipeline_from_text(text, folder, "pipeline.yml"),
        REGISTRY,
        values=values,
        target=target,
        targets=targets or Targets(),
        settings=settings_of(folder, offline=offline),
        gpus=lambda: gpus,
    )


def check_file(path: Path) -> list[Problem]:
    """All problems of a pipeline file."""
    return check_pipeline(
        read_pipeline(path), REGISTRY, targets=Targets(), settings=settings_of(path.parent)
    )


def broken(old: str, new: str, text: str = CANONICAL) -> str:
    """The text with its one ``old`` replaced."""
    assert text.count(old) == 1, f"{text.count(old)} times {old!r}"
    return text.replace(old, new)


def line_of(text: str, part: str) -> int:
    """Number of the first line that holds ``part``."""
    return next(n for n, line in enumerate(text.splitlines(), 1) if part in line)
