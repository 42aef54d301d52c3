"""Pipelines and their parts as a file has them: keys in a fixed order, one a line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from visionloom.spec.names import OutputBinding, literal_text
from visionloom.spec.pipeline import (
    Bound,
    Data,
    InputBinding,
    Literal,
    Pipeline,
    PipelineOutput,
    Step,
    StepBinding,
)
from visionloom.spec.pipeline_reader import SCHEMA
from visionloom.spec.yaml_writer import write_yaml


def pipeline_text(pipeline: Pipeline) -> str:
    """A pipeline as the text of a file: keys in a fixed order, one a line."""
    settings = {
        "default_compute": pipeline.default_compute,
        "default_datastore": pipeline.default_datastore,
        "continue_on_step_failure": pipeline.continue_on_step_failure or None,
        "force_rerun": pipeline.force_rerun or None,
    }
    document = {
        "$schema": SCHEMA,
        "type": "pipeline",
        "display_name": pipeline.display_name,
        "experiment_name": pipeline.experiment_name,
        "description": pipeline.description,
        "tags": dict(pipeline.tags),
        "settings": _kept(settings),
        "inputs": {name: input_document(value) for name, value in pipeline.inputs.items()},
        "outputs": {name: output_document(value) for name, value in pipeline.outputs.items()},
    }
    steps = {name: step_document(step) for name, step in pipeline.steps.items()}
    return write_yaml({**_kept(document), "jobs": steps}, apart=("jobs",))


def input_document(value: Literal | Data) -> Any:
    """An input of a pipeline as the file has it."""
    if isinstance(value, Data):
        path = None if value.path is None else literal_text(value.path)
        return _kept({"type": value.type, "path": path, "mode": value.mode})
    return bound_document(value)


def output_document(value: PipelineOutput) -> Any:
    """An output of a pipeline as the file has it; None for one without a word."""
    if value == PipelineOutput():
        return None
    path = None if value.path is None else literal_text(value.path)
    return _kept({"type": value.type, "mode": value.mode, "path": path})


def bound_document(value: Bound) -> Literal:
    """What an input is bound to as the file has it."""
    if isinstance(value, InputBinding | StepBinding):
        return str(value)
    return literal_text(value) if isinstance(value, str) else value


def step_document(step: Step) -> dict[str, Any]:
    """A step as the file has it."""
    reference = step.component
    component: Any = reference.text or reference.document
    if not component and reference.name:
        version = f":{reference.version}" if reference.version is not None else ""
        component = f"azureml:{reference.name}{version}"
    bound = {port: str(OutputBinding(name)) for port, name in step.outputs.items()}
    forms = {
        port: output_document(form) or {"type": form.type}
        for port, form in step.output_forms.items()
    }
    return {
        "type": "command",
        **_kept(
            {
                "component": component,
                "display_name": step.display_name,
                "description": step.description,
                "comment": step.comment,
                "tags": dict(step.tags),
                "compute": step.compute,
                "resources": dict(step.resources),
                "environment_variables": dict(step.environment_variables),
                "inputs": {name: bound_document(value) for name, value in step.inputs.items()},
                "outputs": {**bound, **forms},
            }
        ),
    }


def _kept(values: Mapping[str, Any]) -> dict[str, Any]:
    """Without what says nothing."""
    return {k: v for k, v in values.items() if v is not None and v not in ("", {})}
