"""A pipeline put into another folder: its relative paths lead to the same places."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from visionloom.engine.paths import is_file
from visionloom.settings import Limits
from visionloom.spec.pipeline import Data, InputBinding, Pipeline, Step, seen_from
from visionloom.spec.pipeline_file import pipeline_from_text
from visionloom.spec.registry import Registry


def moved(pipeline: Pipeline, folder: Path, registry: Registry) -> Pipeline:
    """A pipeline as it is to be written in a file of another folder.

    Args:
        pipeline: Its ``folder`` is what its paths are relative to now.
        folder: What they are to be relative to.
        registry: The catalog, which says what parameters name files.
    """
    before = pipeline.folder
    if before == folder:
        return pipeline
    inputs = dict(pipeline.inputs)
    for name, value in pipeline.inputs.items():
        if isinstance(value, Data) and value.path is not None:
            inputs[name] = replace(value, path=seen_from(folder, value.path, before))
    steps = {}
    for name, step in pipeline.steps.items():
        bound = dict(step.inputs)
        for key, text in _files(step, pipeline, registry):
            given, seen = bound[key], seen_from(folder, text, before)
            if isinstance(given, InputBinding):
                inputs[given.input] = seen
            else:
                bound[key] = seen
        reference = step.component
        if reference.text.startswith(("./", "../")):
            path = seen_from(folder, reference.text, before)
            path = path if path.startswith(("../", "/")) else f"./{path}"
            reference = replace(reference, text=path)
        steps[name] = replace(step, inputs=bound, component=reference)
    outputs = {
        name: output
        if output.path is None
        else replace(output, path=seen_from(folder, output.path, before))
        for name, output in pipeline.outputs.items()
    }
    return replace(pipeline, inputs=inputs, steps=steps, outputs=outputs, folder=folder)


def moved_text(text: str, before: Path, folder: Path, limits: Limits, registry: Registry) -> str:
    """The text of a file that stood in one folder, as it is to be in another; comments stay."""
    document = pipeline_from_text(text, before, "", limits).document
    pipeline = document.pipeline
    if before == folder or pipeline.is_unreadable():
        return text
    new = moved(pipeline, folder, registry)
    for name, value in new.inputs.items():
        if value != pipeline.inputs[name]:
            document = document.set_pipeline_input(name, value)
    for name, output in new.outputs.items():
        if output != pipeline.outputs[name]:
            document = document.set_pipeline_output(name, output)
    document = document.set_step_inputs(
        {
            (name, key): value
            for name, step in new.steps.items()
            for key, value in step.inputs.items()
            if value != pipeline.steps[name].inputs[key]
        }
    )
    for name, step in new.steps.items():
        if step.component.text != pipeline.steps[name].component.text:
            document = document.set_step(name, "component", step.component.text)
    return document.text


def _files(step: Step, pipeline: Pipeline, registry: Registry) -> Iterator[tuple[str, str]]:
    """Inputs of a step that name a file, by value or through an input of the pipeline."""
    component = registry.components.get(step.component.name)
    for parameter in component.parameters if component is not None else ():
        rule = parameter.setting.file
        for key in (parameter.name, *parameter.setting.aliases) if rule else ():
            given = step.inputs.get(key)
            value = pipeline.inputs.get(given.input) if isinstance(given, InputBinding) else given
            if not isinstance(value, str) or not value or "\0" in value:
                continue
            if rule == "always" or is_file(pipeline.folder / value):
                yield key, value
