"""Pipeline files: read with all of their faults at once, and written in a fixed order.

Reading judges the text alone; whether steps, ports, values and data fit is
`visionloom.engine.check`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from visionloom.errors import InvalidPipelineError
from visionloom.settings import Limits
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
from visionloom.spec.pipeline_reader import SCHEMA, PipelineReader
from visionloom.spec.problems import Problem, in_order
from visionloom.spec.yaml_reader import read_yaml
from visionloom.spec.yaml_writer import write_yaml

if TYPE_CHECKING:
    from visionloom.spec.pipeline_document import PipelineDocument


@dataclass(frozen=True)
class ReadPipeline:
    """What a pipeline file says.

    Attributes:
        pipeline: As far as it could be read.
        problems: Faults of the text, in order.
        text: The text, without byte order mark.
        marked: Whether the file begins with a byte order mark.
    """

    pipeline: Pipeline
    problems: tuple[Problem, ...] = ()
    text: str = ""
    marked: bool = False

    @property
    def document(self) -> PipelineDocument:
        """The file, to be edited."""
        from visionloom.spec.pipeline_document import PipelineDocument

        return PipelineDocument(self.text, self.pipeline.folder, self.pipeline.file, self.marked)


def read_pipeline(path: Path, limits: Limits | None = None) -> ReadPipeline:
    """Read a pipeline file; its faults are in the result.

    Raises:
        InvalidPipelineError: There is no such file, or it cannot be opened.
    """
    allowed = limits or Limits()
    try:
        with open(path, "rb") as stream:
            data = stream.read(allowed.yaml_bytes + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidPipelineError(
            f"The pipeline file {path} cannot be read: {reason}.",
            "Name a pipeline file (YAML).",
        ) from error
    return _read(data, path.absolute().parent, str(path), allowed)


def pipeline_from_text(
    text: str, folder: Path, file: str = "", limits: Limits | None = None
) -> ReadPipeline:
    """Read a pipeline from a text.

    Args:
        text: The file's content.
        folder: What relative paths are relative to.
        file: Name for messages.
        limits: Size, depth and count allowed.
    """
    data = text.encode("utf-8", errors="surrogatepass")
    return _read(data, folder, file, limits or Limits())


def _read(data: bytes, folder: Path, file: str, limits: Limits) -> ReadPipeline:
    source = read_yaml(data, file, limits)
    reader = PipelineReader(folder, file, source.problems, limits)
    if source.readable:
        pipeline = reader.read(source.root)
    else:
        pipeline = Pipeline(folder=folder, file=file, unreadable=frozenset({()}))
    marked = data.startswith(b"\xef\xbb\xbf")
    return ReadPipeline(pipeline, tuple(in_order(source.problems)), source.text, marked)


def write_pipeline(pipeline: Pipeline) -> str:
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
