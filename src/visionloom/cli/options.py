"""A component's parameters as options of a command: made from its declaration."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer

from visionloom.spec.component import Component
from visionloom.spec.ports import Parameter, Value

_METAVARS = {"integer": "INTEGER", "number": "NUMBER", "string": "TEXT", "boolean": " "}


def with_parameters(
    function: Callable[..., None], component: Component, shown: Mapping[str, str] | None = None
) -> Callable[..., None]:
    """``function`` with an option for every parameter of ``component``.

    What was said arrives in its argument ``parameters``: Python name -> text, or a bool.

    Args:
        function: Has typer annotations, and the argument ``parameters``.
        component: Its parameters become ``--kebab-case`` options.
        shown: Python name -> default to show instead of the component's own.
    """
    names = {parameter.name for parameter in component.parameters}

    def call(**arguments: Any) -> None:
        said = {name: arguments.pop(name) for name in names & set(arguments)}
        given = {name: value for name, value in said.items() if value is not None}
        function(**arguments, parameters=given)

    own = inspect.signature(function, eval_str=True).parameters.values()
    options = [p for p in own if p.name != "parameters"]
    options += [_option(p, (shown or {}).get(p.name)) for p in component.parameters]
    keyword = inspect.Parameter.KEYWORD_ONLY
    options = [p.replace(kind=keyword) for p in options]
    call.__signature__ = inspect.Signature(options)  # type: ignore[attr-defined]
    call.__annotations__ = {p.name: p.annotation for p in options}
    call.__doc__ = function.__doc__
    call.__name__ = function.__name__
    return call


def parsed(component: Component, given: Mapping[str, str | bool]) -> dict[str, Value]:
    """Checked values of what was said.

    Raises:
        UsageError: An unknown name.
        ParameterRangeError: A value out of range, or of another kind.
    """
    values: dict[str, Value] = {}
    for name, said in given.items():
        parameter = component.parameter(name)
        values[parameter.name] = said if isinstance(said, bool) else parameter.parse(said)
    return values


def default_text(parameter: Parameter) -> str:
    """The default as shown to people; empty when there is none."""
    value = parameter.default
    if value is None:
        value = parameter.setting.preset_default
    if value is None or parameter.required:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _option(parameter: Parameter, shown: str | None) -> inspect.Parameter:
    rule = parameter.setting
    text = shown if shown is not None else default_text(parameter)
    sentences = [rule.help]
    if parameter.range_text and parameter.kind != "boolean":
        sentences.append(f"{parameter.range_text[0].upper()}{parameter.range_text[1:]}.")
    if parameter.required:
        sentences.append("Must be given.")
    elif text:
        sentences.append(f"Default {text}.")
    flag = f"--{parameter.kebab}"
    option = typer.Option(
        f"{flag}/--no-{parameter.kebab}" if parameter.kind == "boolean" else flag,
        help=" ".join(sentences),
        show_default=False,
        metavar=_METAVARS.get(parameter.kind),
        rich_help_panel="Parameters" if rule.group == "basic" else "Advanced parameters",
    )
    kind: Any = bool if parameter.kind == "boolean" else str
    return inspect.Parameter(
        parameter.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[kind | None, option],
    )
