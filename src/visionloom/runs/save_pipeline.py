"""A training written as a pipeline file, with every value resolved."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path

from visionloom.artifacts.atomic import write_file
from visionloom.engine.resolved import ResolvedPipeline, ResolvedStep
from visionloom.errors import OutputExistsError
from visionloom.runs.pipeline_run import checked
from visionloom.runs.train_pipeline import train_pipeline
from visionloom.runs.train_request import TrainRequest
from visionloom.spec.context import Listener
from visionloom.spec.pipeline import Bound, Pipeline, PipelineOutput
from visionloom.spec.pipeline_file import write_pipeline
from visionloom.workspace import Workspace


def save_train_pipeline(
    workspace: Workspace, request: TrainRequest, out: Path, file: Path, listener: Listener
) -> None:
    """Write the pipeline of a training to ``file``.

    Paths below the file's folder are written relative to it.

    Raises:
        OutputExistsError: The file exists.
        VisionloomError: What `train_pipeline` raises.
    """
    if file.exists():
        raise OutputExistsError(f"{file} exists already.", "Choose another name or remove it.")
    folder = file.absolute().parent
    pipeline = train_pipeline(workspace, request, out.absolute(), folder=folder, listener=listener)
    resolved = checked(workspace, pipeline)
    write_file(file, write_pipeline(_portable(_with_values(pipeline, resolved), folder)).encode())


def _with_values(pipeline: Pipeline, resolved: ResolvedPipeline) -> Pipeline:
    """The same pipeline with every parameter that counts written out, presets resolved."""
    steps = {
        step.name: dataclasses.replace(
            pipeline.steps[step.name], inputs=_complete(step, pipeline.steps[step.name].inputs)
        )
        for step in resolved.steps
    }
    return dataclasses.replace(pipeline, steps={name: steps[name] for name in pipeline.steps})


def _complete(step: ResolvedStep, given: Mapping[str, Bound]) -> dict[str, Bound]:
    bound: dict[str, Bound] = dict(given)
    component, values = step.component, dict(step.parameters)
    if component.effective is not None:
        decided = component.effective(values, step.facts)
        values |= {name: value for name, value in decided.items() if name in values}
    for parameter in component.parameters:
        value = values[parameter.name]
        if (
            parameter.name not in bound
            and component.is_shown(parameter, values)
            and value is not None
        ):
            bound[parameter.name] = value
    return bound


def _portable(pipeline: Pipeline, folder: Path) -> Pipeline:
    outputs = {}
    for name, output in pipeline.outputs.items():
        path = None if output.path is None else Path(output.path)
        if path is not None and path.is_relative_to(folder):
            path = Path(os.path.relpath(path, folder))
        outputs[name] = PipelineOutput(
            None if path is None else path.as_posix(), output.type, output.mode
        )
    return dataclasses.replace(pipeline, outputs=outputs)
