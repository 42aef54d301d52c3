"""A training written as a pipeline file, with every value resolved."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path

from visionloom.artifacts.atomic import write_file
from visionloom.errors import OutputExistsError
from visionloom.runs.train_pipeline import train_pipeline
from visionloom.runs.train_request import TrainRequest
from visionloom.spec.component import Component
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
    text = write_pipeline(_portable(resolved_values(pipeline, workspace), folder))
    write_file(file, text.encode())


def resolved_values(pipeline: Pipeline, workspace: Workspace) -> Pipeline:
    """The same pipeline with every parameter that counts written out, presets resolved."""
    steps = {}
    for name, step in pipeline.steps.items():
        component = workspace.registry.find(step.component.name)
        steps[name] = dataclasses.replace(step, inputs=_complete(component, step.inputs))
    return dataclasses.replace(pipeline, steps=steps)


def _complete(component: Component, given: Mapping[str, Bound]) -> dict[str, Bound]:
    bound: dict[str, Bound] = dict(given)
    values = component.resolve(
        {p.name: bound[p.name] for p in component.parameters if p.name in bound}
    )
    if component.effective is not None:
        decided = component.effective(values)
        values = {**values, **{k: v for k, v in decided.items() if k in values}}
    for parameter in component.parameters:
        value = values[parameter.name]
        shown = component.is_shown(parameter, values)
        if parameter.name not in bound and shown and value is not None:
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
