"""From a finished training to a pipeline that scores new photos with its model.

The model, and the transformation its pictures carried, are copied out of the store to
``HOME/models/RUN``, where no collection takes them and the file names them by their paths.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from visionloom.artifacts.manifest import MANIFEST_NAME
from visionloom.artifacts.types import TrainedModel
from visionloom.engine.difference import Difference, differences
from visionloom.errors import RunStateError
from visionloom.records.rows import OutputRow, RunRow
from visionloom.runs.stopping import trains
from visionloom.spec.builder import Handle, PipelineBuilder
from visionloom.spec.pipeline import InputBinding, Literal, Pipeline, Step, StepBinding
from visionloom.spec.pipeline_file import pipeline_from_text
from visionloom.workspace import Workspace

_CONVERT = "convert_to_image_directory"
_APPLY = "apply_image_transformation"
_SCORE = "score_image_model"
_PICTURES = "training_dataset"
_TRANSFORMATION = "input_image_transformation"
# how pictures of more than 8 bits are read; whether new ones have labels is another matter
_KEPT_OF_CONVERT = ("intensity",)
_KEPT_OF_SCORE = ("device", "precision")
_MADE = frozenset({"succeeded", "reused"})


@dataclass(frozen=True)
class ScoringPipeline:
    """A scoring pipeline.

    Attributes:
        pipeline: What scores; its photos are still to be chosen.
        training: The step whose model it is.
        replaced: In what it differs from the pipeline of the training.
    """

    pipeline: Pipeline
    training: str
    replaced: tuple[Difference, ...]


def scoring_pipeline(
    workspace: Workspace, run: RunRow, folder: Path, *, step: str = "", scores: str | None = None
) -> ScoringPipeline:
    """Make the scoring pipeline of a run, and deliver what it needs.

    Args:
        workspace: Whose run.
        run: With a training that has finished.
        folder: Where the pipeline's file is to stand.
        step: Which training; empty for the last.
        scores: Where the scores are to be delivered; None keeps them in the store.

    Raises:
        RunStateError: The run has no finished training.
        VisionloomError: The model is gone, or cannot be copied.
    """
    old = _pipeline(workspace, run)
    model = _model(workspace, run, step)
    training = old.steps.get(model.step)
    before = list(_upstream(old, training)) if training is not None else []
    converts = [(n, s) for n, s in before if s.component.name == _CONVERT]
    applies = [(n, s) for n, s in before if s.component.name == _APPLY]
    scoring = next(((n, s) for n, s in old.steps.items() if s.component.name == _SCORE), None)
    made = PipelineBuilder(f"Score with {old.display_name or run.name}", folder=folder)
    find = workspace.registry.find

    trained = made.data("model", _delivered(workspace, run, model, "model", folder))
    name, convert = converts[0] if converts else ("convert", None)
    (images,) = made.add(
        find(_CONVERT),
        {"input_dataset": made.data("photos")},
        {"labelled": "no", **_kept(old, convert, _KEPT_OF_CONVERT)},
        step=name,
    )
    if applies:
        name, apply = applies[0]
        images = _transformed(workspace, run, folder, made, images, name, apply)
    name, score = scoring if scoring is not None else ("score", None)
    (scored,) = made.add(
        find(_SCORE),
        {"trained_model": trained, "dataset": images},
        _kept(old, score, _KEPT_OF_SCORE),
        step=name,
    )
    made.output("scores", scored, scores)
    new = made.pipeline
    return ScoringPipeline(new, model.step, tuple(differences(old, new)))


def _transformed(
    workspace: Workspace,
    run: RunRow,
    folder: Path,
    made: PipelineBuilder,
    images: Handle,
    name: str,
    apply: Step,
) -> Handle:
    """The pictures with the inference side of the transformation of the training."""
    bound = apply.inputs.get(_TRANSFORMATION)
    if not isinstance(bound, StepBinding):
        return images  # the model carries it too
    outputs = workspace.records.outputs(run.id, bound.step)
    output = next((o for o in outputs if o.port == bound.port), None)
    if output is None:
        return images
    path = _delivered(workspace, run, output, "transformation", folder)
    (seen,) = made.add(
        workspace.registry.find(_APPLY),
        {_TRANSFORMATION: made.data("transformation", path), "input_image_directory": images},
        {"mode": "For inference"},
        step=name,
    )
    return seen


def _pipeline(workspace: Workspace, run: RunRow) -> Pipeline:
    folder = Path(str(run.options.get("folder", "")))
    limits = workspace.settings.limits
    return pipeline_from_text(run.pipeline, folder, run.file, limits).pipeline


def _model(workspace: Workspace, run: RunRow, step: str) -> OutputRow:
    """The trained model of a step, or of the last that has one."""
    steps = [row for row in workspace.records.steps(run.id) if row.state in _MADE]
    names = [row.name for row in steps if trains(workspace, row) and step in {"", row.name}]
    for name in reversed(names):
        for output in workspace.records.outputs(run.id, name):
            if output.type == TrainedModel.type_name:
                return output
    what = f"no finished training {step!r}" if step else "no finished training"
    raise RunStateError(f"Run {run.id} has {what}.", "Choose a run that trained a model.")


def _upstream(pipeline: Pipeline, training: Step) -> Iterator[tuple[str, Step]]:
    """The steps that the training's pictures come through, the nearest first."""
    seen: set[str] = set()
    bound = training.inputs.get(_PICTURES)
    waiting = [bound.step] if isinstance(bound, StepBinding) else []
    while waiting:
        name = waiting.pop(0)
        if name in seen or name not in pipeline.steps:
            continue
        seen.add(name)
        step = pipeline.steps[name]
        yield name, step
        waiting += [b.step for b in step.inputs.values() if isinstance(b, StepBinding)]


def _kept(pipeline: Pipeline, step: Step | None, names: tuple[str, ...]) -> dict[str, object]:
    """Parameters that are as they were."""
    kept: dict[str, object] = {}
    for name in names if step is not None else ():
        bound = step.inputs.get(name) if step is not None else None
        value = pipeline.inputs.get(bound.input) if isinstance(bound, InputBinding) else bound
        if isinstance(value, Literal):
            kept[name] = value
    return kept


def _delivered(
    workspace: Workspace, run: RunRow, output: OutputRow, name: str, folder: Path
) -> Path:
    """A copy outside the store, and its path as the pipeline's file is to have it."""
    home = workspace.settings.home.absolute()
    target = home / "models" / run.id / f"{output.step}-{name}"
    if not (target / MANIFEST_NAME).is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        workspace.store.deliver(output.object, target, replace=True)
    if folder.absolute().is_relative_to(home):
        # both can only move together
        return Path(os.path.relpath(target, folder.absolute()))
    return target
