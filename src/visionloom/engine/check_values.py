"""Rules P2 and P4, and the values of ``--set``: parameters have their type and range."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from visionloom.engine.checking import Checking, Declared, GivenValue
from visionloom.engine.paths import absolute, is_file, is_folder
from visionloom.errors import ParameterRangeError
from visionloom.spec.component_reader import has_kind
from visionloom.spec.pipeline import Data, InputBinding, Literal, Pipeline
from visionloom.spec.ports import Parameter, Value, nearest
from visionloom.spec.problems import Place
from visionloom.spec.registry import Registry
from visionloom.spec.yaml_nodes import core_value, shown


def put_in_values(state: Checking, values: Mapping[str, Literal]) -> None:
    """The inputs of the pipeline, with the values that were set on top."""
    pipeline = state.pipeline
    state.inputs = {
        k: v for k, v in pipeline.inputs.items() if not pipeline.is_unreadable("inputs", k)
    }
    for name, value in values.items():
        if name not in pipeline.inputs:
            known = list(pipeline.inputs)
            state.problems.error(
                "B3",
                f"The pipeline has no input {shown(name)} to set.",
                Place(f"--set {shown(name)}"),
                name=name,
                found=name,
                expected=", ".join(known) or "none",
                known=known,
                remedy="" if nearest(name, known) else f"It has: {', '.join(known) or 'none'}.",
            )
            continue
        state.set_names.add(name)
        declared = pipeline.inputs[name]
        if isinstance(declared, Data):
            state.inputs[name] = _set_data(declared, str(value))
        else:
            state.inputs[name] = _set_literal(state, name, declared, value)


def _set_data(declared: Data, path: str) -> Data:
    """Data set by hand: relative to the working folder, a file or a folder as it is there."""
    if not path:
        return replace(declared, path=None)
    place = absolute(path, Path.cwd())
    kind = declared.type
    if kind == "uri_folder" and is_file(place):
        kind = "uri_file"
    elif kind == "uri_file" and is_folder(place):
        kind = "uri_folder"
    return replace(declared, path=str(place), type=kind)


def _set_literal(state: Checking, name: str, declared: Literal, value: Literal) -> Literal:
    """A value set by hand, typed by the parameter it is bound to, or as it is declared."""
    if not isinstance(value, str):
        return value
    kind = _kind_of_use(state, name) or _kind_of(declared)
    if kind == "string":
        return value
    if kind == "boolean" and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    typed = core_value(value)
    return value if typed is None else typed


def _kind_of_use(state: Checking, name: str) -> str:
    for step_name, step in state.pipeline.steps.items():
        declared = state.declared.get(step_name)
        if declared is None:
            continue
        for key, bound in step.inputs.items():
            if isinstance(bound, InputBinding) and bound.input == name:
                for parameter in declared.parameters.values():
                    if key == parameter.name or key in parameter.setting.aliases:
                        return parameter.kind
    return ""


def _kind_of(value: Literal) -> str:
    if isinstance(value, str):
        return "string"
    return "boolean" if isinstance(value, bool) else "number"


def check_parameters(state: Checking) -> None:
    """Every step's parameters: the given ones are in range, the others take their defaults."""
    for name, declared in state.declared.items():
        given = state.given[name]
        values: dict[str, Value] = {}
        whole = True
        for parameter in declared.component.parameters:
            found = given.get(parameter.name)
            if found is None:
                whole &= _default(declared, parameter, values)
                continue
            value, fault = _checked(declared, parameter, found.value)
            if fault is None:
                values[parameter.name] = value
            else:
                whole = False
                _report(state, name, parameter, found, fault)
        if whole and not _is_open(state, name):
            state.parameters[name] = values
            _hidden(state, name, declared, values)


def _is_open(state: Checking, step: str) -> bool:
    """Whether an input of a step could not be read, or is bound to something that is not there."""
    pipeline = state.pipeline
    if pipeline.is_unreadable("jobs", step, "inputs"):
        return True
    parts = ("jobs", step, "inputs")
    if any(path[:3] == parts for path in pipeline.unreadable):
        return True
    return any(
        p.step == step and p.code in {"P1", "P3", "B3"} and p.severity == "error"
        for p in state.problems
    )


def _default(declared: Declared, parameter: Parameter, values: dict[str, Value]) -> bool:
    """Fill in a parameter that is not given; False when there is nothing to fill in."""
    said = declared.of_input(parameter.name)
    if "default" in said:
        value, fault = _checked(declared, parameter, said["default"])
        values[parameter.name] = value
        return fault is None
    if parameter.required:
        return False
    values[parameter.name] = parameter.default
    return True


def _checked(
    declared: Declared, parameter: Parameter, value: Literal
) -> tuple[Value, ParameterRangeError | None]:
    """The value in its type, or what is wrong with it."""
    typed: Value = None if value == "" and parameter.nullable else value
    try:
        checked = parameter.check(typed)
        if typed is not None:
            _within_file(declared, parameter, typed)
    except ParameterRangeError as error:
        return None, error
    except (ArithmeticError, ValueError):
        return None, ParameterRangeError(f"{parameter.title} is {shown(str(value))}: out of range.")
    return checked, None


def _within_file(declared: Declared, parameter: Parameter, value: Any) -> None:
    """The narrower range that a component file may give."""
    said = declared.of_input(parameter.name)
    kind = said.get("type")
    low, high, choices = said.get("min"), said.get("max"), said.get("enum")
    if kind is not None and not has_kind(value, str(kind)):
        raise ParameterRangeError(f"{parameter.title} is {value!r}; {kind} is needed.")
    if (low is not None and value < low) or (high is not None and value > high):
        allowed = " and ".join(
            f"{word} {bound}" for word, bound in (("at least", low), ("at most", high))
            if bound is not None
        )  # fmt: skip
        raise ParameterRangeError(
            f"{parameter.title} is {value}; its component file allows {allowed}."
        )
    if choices and value not in choices:
        raise ParameterRangeError(
            f"{parameter.title} is {value!r}; its component file allows {', '.join(choices)}."
        )


def _report(
    state: Checking,
    step: str,
    parameter: Parameter,
    given: GivenValue,
    fault: ParameterRangeError,
) -> None:
    rule = parameter.setting
    expected = ", ".join(rule.choices) if rule.choices else parameter.range_text or parameter.kind
    near = ""
    remedy = fault.remedy
    if isinstance(given.value, str):
        if rule.choices and not rule.open_choices:
            near = nearest(given.value, rule.choices) or ""
            remedy = f"Choose {parameter.range_text}."
        else:
            remedy = _meant(parameter, given.value) or fault.remedy
    elif parameter.kind == "string":
        remedy = f"Put it in quotes if it is meant so: '{_plain(given.value)}'."
    state.problems.error(
        "P2",
        fault.message,
        given.place,
        step=step,
        name=given.name,
        found=_plain(given.value),
        expected=expected,
        remedy=remedy,
        nearest=near,
    )


def _meant(parameter: Parameter, text: str) -> str:
    """What a text that stands for a number or a truth value was most likely meant to be."""
    if parameter.kind == "boolean":
        word = text.strip().lower()
        if word in {"yes", "on", "y", "true", "no", "off", "n", "false"}:
            return f"Write {str(word in {'yes', 'on', 'y', 'true'}).lower()}, without quotes."
        return "Write true or false."
    if parameter.kind in {"integer", "number"}:
        plain = text.strip().replace("_", "").replace(",", ".")
        value = core_value(plain)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return f"Write {_plain(value)}, without quotes."
    return ""


def _hidden(state: Checking, step: str, declared: Declared, values: Mapping[str, Value]) -> None:
    component = declared.component
    for name, given in state.given[step].items():
        parameter = next(p for p in component.parameters if p.name == name)
        condition = parameter.setting.shown_when
        if condition is None or component.is_shown(parameter, values):
            continue
        if values[name] == parameter.default and not parameter.required:
            continue
        state.problems.warning(
            "P4",
            f"{parameter.title} is not used: it counts only where {condition[0]} is "
            f"{_plain(condition[1])}.",
            state.pipeline.place("jobs", step, "inputs", given.name),
            step=step,
            name=given.name,
            found=_plain(given.value),
            remedy=f"Leave it out, or set {condition[0]}: {_plain(condition[1])}.",
        )


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else shown(str(value))


def absolute_values(
    pipeline: Pipeline, registry: Registry, values: Mapping[str, Literal]
) -> dict[str, Literal]:
    """Values set by hand that hold from every working folder: paths become absolute.

    Args:
        pipeline: Whose inputs are set.
        registry: Tells which parameters name files.
        values: As they were said; unknown names stay.
    """
    return {
        name: str(absolute(value, Path.cwd()))
        if isinstance(value, str) and value and _names_a_path(pipeline, registry, name, value)
        else value
        for name, value in values.items()
    }


def _names_a_path(pipeline: Pipeline, registry: Registry, name: str, value: str) -> bool:
    if isinstance(pipeline.inputs.get(name), Data):
        return True
    for step in pipeline.steps.values():
        component = registry.components.get(step.component.name)
        for key, bound in step.inputs.items():
            if component is None or bound != InputBinding(name):
                continue
            for parameter in component.parameters:
                rule = parameter.setting.file
                if parameter.name == key and rule:
                    return rule == "always" or is_file(value)
    return False
