"""``@component``: a typed function becomes a Component, the one definition every face reads.

Inputs are positional and annotated ``Annotated[ImageDirectory, Input("Training dataset")]`` (an
optional one: ``Annotated[Scores | None, Input(...)] = None``); parameters are keyword-only and
annotated ``Annotated[int, Setting("Epochs", ...)]``; ``context: Context`` comes last. The return
annotation is ``Annotated[TrainedModel, Output("Trained model")]`` (port name: the title in snake
case) or a NamedTuple whose fields are annotated so.
"""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

from visionloom.artifacts.types import Artifact
from visionloom.errors import UsageError
from visionloom.spec.context import Context
from visionloom.spec.foresight import Facts, Foresee
from visionloom.spec.ports import (
    Input,
    InputPort,
    Output,
    OutputPort,
    Parameter,
    ParameterKind,
    Setting,
    Value,
    nearest,
)

Effective = Callable[[Mapping[str, Value], Mapping[str, Facts]], Mapping[str, Any]]
Note = TypeVar("Note", Input, Output, Setting)


@dataclass(frozen=True)
class Component:
    """A typed, versioned operation with ports and parameters.

    Attributes:
        name: Python name, unique in the catalog, e.g. ``train_pytorch_model``.
        title: As shown, e.g. "Train PyTorch Model".
        category: Heading in the catalog.
        version: Grows when the result for the same inputs and parameters changes.
        summary: One sentence.
        description: The longer text (Markdown).
        aliases: Other names under which it is found: the original's modules.
        deterministic: Equal inputs and parameters give equal outputs.
        differs: What is different from the original, one sentence each.
        extra: The optional dependency it needs, e.g. ``timm``; empty for none.
        computes: Whether its numbers depend on device, precision, layout, threads and torch; it has
            the parameters ``device`` and ``precision``, and takes a whole processor for itself.
        preload: Modules worth importing before its process is started.
        foresee: What can be said before it runs; see `visionloom.spec.foresight`.
        effective: The parameters that decide the result, from all of them and what is known of the
            inputs before the run: presets resolved.
        version_only: Whether its version alone says that its code gives other results; otherwise
            the code of a component from another package counts too.
        inputs, outputs, parameters: In order of declaration.
        function: The code.
    """

    name: str
    title: str
    category: str
    version: str
    summary: str
    description: str
    aliases: tuple[str, ...]
    deterministic: bool
    differs: tuple[str, ...]
    extra: str
    computes: bool
    preload: tuple[str, ...]
    foresee: Foresee | None
    effective: Effective | None
    version_only: bool
    inputs: tuple[InputPort, ...]
    outputs: tuple[OutputPort, ...]
    parameters: tuple[Parameter, ...]
    function: Callable[..., Any]

    @property
    def kebab(self) -> str:
        """Name on the command line."""
        return self.name.replace("_", "-")

    def parameter(self, name: str) -> Parameter:
        """The parameter of this name, alias, or kebab-case name.

        Raises:
            UsageError: There is none; the nearest name is given.
        """
        wanted = name.replace("-", "_")
        for parameter in self.parameters:
            if wanted in (
                parameter.name,
                *(a.replace("-", "_") for a in parameter.setting.aliases),
            ):
                return parameter
        known = [parameter.name for parameter in self.parameters]
        near = nearest(wanted, known)
        hint = f"Did you mean {near}?" if near else f"It has: {', '.join(known) or 'none'}."
        raise UsageError(f"{self.title} has no parameter {name!r}.", hint)

    def resolve(self, given: Mapping[str, object]) -> dict[str, Value]:
        """Every parameter's checked value: given ones, else defaults.

        Raises:
            UsageError: An unknown name, a name given twice (by alias), a required one left out.
            ParameterRangeError: A value out of range.
        """
        values: dict[str, Value] = {}
        for name, value in given.items():
            parameter = self.parameter(name)
            if parameter.name in values:
                raise UsageError(f"{self.title}: {parameter.title} is given twice.")
            values[parameter.name] = parameter.check(value)
        for parameter in self.parameters:
            if parameter.name not in values:
                if parameter.required:
                    raise UsageError(
                        f"{self.title}: {parameter.title} must be chosen.",
                        f"Allowed: {parameter.range_text}." if parameter.range_text else "",
                    )
                values[parameter.name] = parameter.default
        return {parameter.name: values[parameter.name] for parameter in self.parameters}

    def is_shown(self, parameter: Parameter, values: Mapping[str, Value]) -> bool:
        """Whether the parameter counts under these values (conditional visibility)."""
        condition = parameter.setting.shown_when
        return condition is None or values.get(condition[0]) == condition[1]

    def run(
        self,
        inputs: Mapping[str, Path | Artifact],
        parameters: Mapping[str, object],
        context: Context,
    ) -> dict[str, Artifact]:
        """Run the component on artifact folders; returns output port name -> artifact.

        Raises:
            UsageError: An unknown or missing input, or a wrong parameter.
            VisionloomError: Whatever the component raises.
        """
        ports = {port.name: port for port in self.inputs}
        unknown = sorted(set(inputs) - set(ports))
        if unknown:
            near = nearest(unknown[0], ports)
            raise UsageError(
                f"{self.title} has no input {unknown[0]!r}.",
                f"Did you mean {near}?" if near else f"It has: {', '.join(ports) or 'none'}.",
            )
        given: dict[str, Artifact | None] = {}
        for port in self.inputs:
            value = inputs.get(port.name)
            if value is None:
                if not port.optional:
                    raise UsageError(f"{self.title}: the input {port.title} is not connected.")
                given[port.name] = None
            else:
                path = value.path if isinstance(value, Artifact) else Path(value)
                given[port.name] = port.type(path)
        result = self.function(*given.values(), context=context, **self.resolve(parameters))
        produced = result if isinstance(result, tuple) else (result,)
        return {port.name: artifact for port, artifact in zip(self.outputs, produced, strict=True)}


def component(
    *,
    title: str,
    category: str,
    version: str = "1",
    aliases: tuple[str, ...] = (),
    deterministic: bool = True,
    differs: tuple[str, ...] = (),
    extra: str = "",
    computes: bool = False,
    preload: tuple[str, ...] = (),
    foresee: Foresee | None = None,
    effective: Effective | None = None,
    version_only: bool = False,
) -> Callable[[Callable[..., Any]], Component]:
    """Declare a component; see the module's docstring for the signature's form.

    The function's docstring gives the summary (first paragraph) and the description (the rest).

    Raises:
        TypeError: The signature does not follow the form.
    """

    def declare(function: Callable[..., Any]) -> Component:
        hints = get_type_hints(function, include_extras=True)
        signature = inspect.signature(function)
        inputs: list[InputPort] = []
        parameters: list[Parameter] = []
        for argument in signature.parameters.values():
            if argument.name == "context":
                continue
            hint = hints.get(argument.name)
            if argument.kind is inspect.Parameter.KEYWORD_ONLY:
                parameters.append(_parameter(argument, hint))
            else:
                inputs.append(_input(argument, hint))
        _check_conditions(function.__name__, parameters)
        summary, _, description = inspect.cleandoc(function.__doc__ or "").partition("\n\n")
        if not summary:
            raise TypeError(f"{function.__name__} has no docstring")
        return Component(
            name=function.__name__,
            title=title,
            category=category,
            version=version,
            summary=" ".join(summary.split()),
            description=description,
            aliases=aliases,
            deterministic=deterministic,
            differs=differs,
            extra=extra,
            computes=computes,
            preload=preload,
            foresee=foresee,
            effective=effective,
            version_only=version_only,
            inputs=tuple(inputs),
            outputs=_outputs(function.__name__, hints.get("return")),
            parameters=tuple(parameters),
            function=function,
        )

    return declare


def _input(argument: inspect.Parameter, hint: object) -> InputPort:
    base, note = _annotation(argument.name, hint, Input)
    base, nullable = _without_none(base)
    if not (isinstance(base, type) and issubclass(base, Artifact)):
        raise TypeError(f"{argument.name}: an input port needs an artifact type")
    optional = argument.default is None
    if optional != nullable:
        raise TypeError(f"{argument.name}: an optional input is `Type | None` with default None")
    return InputPort(argument.name, note.title, base, optional, note.help)


def _outputs(name: str, hint: object) -> tuple[OutputPort, ...]:
    if isinstance(hint, type) and issubclass(hint, tuple) and hasattr(hint, "_fields"):
        fields = get_type_hints(hint, include_extras=True)
        return tuple(_output(field, fields[field]) for field in hint._fields)
    _, note = _annotation(f"{name} -> return", hint, Output)
    return (_output(re.sub(r"\W+", "_", note.title.lower()), hint),)


def _output(name: str, hint: object) -> OutputPort:
    base, note = _annotation(name, hint, Output)
    if not (isinstance(base, type) and issubclass(base, Artifact)):
        raise TypeError(f"{name}: an output port needs an artifact type")
    return OutputPort(name, note.title, base, note.help)


_KINDS: dict[object, ParameterKind] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
}


def _parameter(argument: inspect.Parameter, hint: object) -> Parameter:
    base, setting = _annotation(argument.name, hint, Setting)
    base, nullable = _without_none(base)
    if base not in _KINDS:
        raise TypeError(f"{argument.name}: a parameter is bool, int, float or str")
    required = argument.default is inspect.Parameter.empty
    parameter = Parameter(
        argument.name,
        _KINDS[base],
        None if required else argument.default,
        required,
        nullable,
        setting,
    )
    if not required:
        parameter.check(argument.default)
    return parameter


def _check_conditions(name: str, parameters: list[Parameter]) -> None:
    known = {parameter.name for parameter in parameters}
    for parameter in parameters:
        condition = parameter.setting.shown_when
        if condition is not None and condition[0] not in known:
            raise TypeError(f"{name}: {parameter.name} is shown when unknown {condition[0]}")


def _annotation(name: str, hint: object, kind: type[Note]) -> tuple[Any, Note]:
    if get_origin(hint) is Annotated:
        base, *notes = get_args(hint)
        for note in notes:
            if isinstance(note, kind):
                return base, note
    raise TypeError(f"{name} is not annotated with {kind.__name__}(...)")


def _without_none(base: Any) -> tuple[Any, bool]:
    if get_origin(base) in (typing.Union, types.UnionType):
        parts = [part for part in get_args(base) if part is not type(None)]
        if len(parts) == 1:
            return parts[0], True
    return base, False
