"""Pipelines written in Python: calling components inside ``with`` adds steps instead of running.

The result is the same `visionloom.spec.pipeline.Pipeline` that a file gives.
"""

from __future__ import annotations

import contextvars
import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from visionloom.artifacts.types import Artifact
from visionloom.errors import UsageError
from visionloom.spec.component import Component
from visionloom.spec.pipeline import (
    Bound,
    ComponentReference,
    Data,
    InputBinding,
    Literal,
    Pipeline,
    PipelineOutput,
    Step,
    StepBinding,
)

_current: contextvars.ContextVar[PipelineBuilder | None] = contextvars.ContextVar(
    "pipeline", default=None
)


@dataclass(frozen=True)
class Handle:
    """What a component called inside a pipeline returns: an output port of the step it added.

    Attributes:
        binding: The port.
        type: Its artifact type.
        owner: Id of the pipeline it belongs to.
    """

    binding: StepBinding
    type: type[Artifact]
    owner: int


@dataclass(frozen=True)
class Given:
    """An input of a pipeline, to be handed to its steps."""

    binding: InputBinding
    owner: int


class PipelineBuilder:
    """Collects steps. A context manager: components called inside the block are added.

    Args:
        name: Display name.
        description: For people.
        default_compute: Target of steps that name none; None for the machine's.
        folder: What relative data paths are relative to (default: the working folder).
    """

    def __init__(
        self,
        name: str = "",
        *,
        description: str = "",
        default_compute: str | None = None,
        folder: str | Path = ".",
    ) -> None:
        self._pipeline = Pipeline(
            display_name=name,
            description=description,
            default_compute=default_compute,
            folder=Path(folder).absolute(),
        )
        self._steps: dict[str, Step] = {}
        self._inputs: dict[str, Literal | Data] = {}
        self._outputs: dict[str, PipelineOutput] = {}
        self._token: contextvars.Token[PipelineBuilder | None] | None = None

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline as it stands."""
        return dataclasses.replace(
            self._pipeline,
            steps=dict(self._steps),
            inputs=dict(self._inputs),
            outputs=dict(self._outputs),
        )

    def __enter__(self) -> Self:
        if _current.get() is not None:
            raise UsageError("A pipeline cannot be written inside another one.")
        self._token = _current.set(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._token is not None:
            _current.reset(self._token)
            self._token = None

    def data(self, name: str, path: str | Path | None = None) -> Given:
        """An input of the pipeline that is the user's data; without a path it must be set to run.

        Raises:
            UsageError: The name is taken.
        """
        kind = "uri_file" if path is not None and self._resolved(path).is_file() else "uri_folder"
        return self._input(name, Data(None if path is None else str(path), kind))

    def parameter(self, name: str, value: Literal) -> Given:
        """An input of the pipeline that is a value.

        Raises:
            UsageError: The name is taken.
        """
        return self._input(name, value)

    def output(self, name: str, handle: Handle, path: str | Path | None = None) -> None:
        """Deliver what a step gives as an output of the pipeline, into ``path`` if one is given.

        Raises:
            UsageError: The name is taken, or the handle is of another pipeline.
        """
        if name in self._outputs:
            raise UsageError(f"The pipeline has an output {name!r} already.")
        binding = self._binding(handle)
        step = self._steps[binding.step]
        if binding.port in step.outputs:
            raise UsageError(
                f"{binding.step}.{binding.port} is delivered already, as "
                f"{step.outputs[binding.port]}."
            )
        self._outputs[name] = PipelineOutput(None if path is None else str(path))
        self._steps[binding.step] = dataclasses.replace(
            step, outputs={**step.outputs, binding.port: name}
        )

    def add(
        self,
        component: Component,
        inputs: Mapping[str, object],
        parameters: Mapping[str, object],
        *,
        step: str | None = None,
        compute: str | None = None,
        comment: str = "",
    ) -> tuple[Handle, ...]:
        """Add a step; returns a handle for each output port.

        Args:
            component: What runs.
            inputs: Input port -> handle, pipeline input, artifact or path; a path becomes an input
                of the pipeline.
            parameters: Name or alias -> value or pipeline input. None leaves it out.
            step: Name of the step; made from the component's name by default.
            compute: Target, or None for the default.
            comment: For people.

        Raises:
            UsageError: A name that is taken or unknown, a handle of another pipeline.
            ParameterRangeError: A value out of range.
        """
        name = step or self._free(component.name, self._steps)
        if name in self._steps:
            raise UsageError(f"The pipeline has a step {name!r} already.")
        bound: dict[str, Bound] = {}
        for port, value in inputs.items():
            if value is not None:
                bound[port] = self._bound(port, value)
        for key, value in parameters.items():
            parameter = component.parameter(key)
            if parameter.name in bound:
                raise UsageError(f"{component.title}: {parameter.title} is given twice.")
            if isinstance(value, Given):
                bound[parameter.name] = self._owned(value).binding
            else:
                checked = parameter.check(value)
                if checked is not None:
                    bound[parameter.name] = checked
                elif parameter.default is not None:
                    bound[parameter.name] = ""
        reference = ComponentReference(
            component.name, component.version, f"azureml:{component.name}:{component.version}"
        )
        self._steps[name] = Step(reference, bound, compute=compute, comment=comment)
        return tuple(
            Handle(StepBinding(name, port.name), port.type, id(self)) for port in component.outputs
        )

    def _input(self, name: str, value: Literal | Data) -> Given:
        if name in self._inputs:
            raise UsageError(f"The pipeline has an input {name!r} already.")
        self._inputs[name] = value
        return Given(InputBinding(name), id(self))

    def _bound(self, port: str, value: object) -> Bound:
        if isinstance(value, Handle):
            return self._binding(value)
        if isinstance(value, Given):
            return self._owned(value).binding
        if not isinstance(value, str | Path | Artifact):
            raise UsageError(f"{port}: an output of a step, a pipeline input or a path is needed.")
        path = str(value.path if isinstance(value, Artifact) else value)
        for name, known in self._inputs.items():
            if isinstance(known, Data) and known.path == path:
                return InputBinding(name)
        return self.data(self._free(port, self._inputs), path).binding

    def _binding(self, handle: Handle) -> StepBinding:
        if handle.owner != id(self):
            raise UsageError(f"{handle.binding} belongs to another pipeline.")
        return handle.binding

    def _owned(self, given: Given) -> Given:
        if given.owner != id(self):
            raise UsageError(f"{given.binding} belongs to another pipeline.")
        return given

    def _resolved(self, path: str | Path) -> Path:
        return self._pipeline.folder / Path(path).expanduser()

    @staticmethod
    def _free(wanted: str, taken: Mapping[str, object]) -> str:
        base = re.sub(r"[^a-z0-9_]+", "_", wanted.lower()).strip("_") or "step"
        name, number = base, 1
        while name in taken:
            number += 1
            name = f"{base}_{number}"
        return name


def current_pipeline() -> PipelineBuilder | None:
    """The pipeline whose block we are in, or None."""
    return _current.get()
