"""A component as an Azure Machine Learning component file: ``type: command``.

Its command is `visionloom component NAME`, so what runs there is what runs here. Azure knows no
narrower types than folders; ours stay under ``tags``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from visionloom.spec.component import Component
from visionloom.spec.component_reader import SCHEMA
from visionloom.spec.ports import InputPort, OutputPort, Parameter, Value
from visionloom.spec.yaml_writer import write_yaml

INPUT_TAG = "visionloom.input."
OUTPUT_TAG = "visionloom.output."


def component_document(
    item: Component, *, environment: str | Mapping[str, Any], code: str | None = None
) -> dict[str, Any]:
    """What the component's file holds, keys in the usual order.

    Args:
        item: The component.
        environment: Where its command runs: ``azureml:NAME:VERSION``, or a map with ``image`` and
            ``conda_file`` or ``build``.
        code: Folder to send along, relative to the file; None for none.
    """
    document: dict[str, Any] = {
        "$schema": SCHEMA,
        "type": "command",
        "name": item.name,
        "version": item.version,
        "display_name": item.title,
        "description": item.summary,
        "tags": _tags(item),
        "is_deterministic": item.deterministic,
        "inputs": {
            **{port.name: _port(port) for port in item.inputs},
            **{parameter.name: _parameter(parameter) for parameter in item.parameters},
        },
        "outputs": {port.name: _output(port) for port in item.outputs},
        "code": code,
        "environment": environment,
        "command": _command(item),
    }
    return {key: value for key, value in document.items() if value is not None and value != {}}


def write_component(
    item: Component, *, environment: str | Mapping[str, Any], code: str | None = None
) -> str:
    """The component's file as a text; arguments as for `component_document`."""
    return write_yaml(component_document(item, environment=environment, code=code))


def is_optional(parameter: Parameter) -> bool:
    """Whether a parameter may be without a value, and so stands in ``$[[ ]]``."""
    return not parameter.required and _default(parameter) is None


def _tags(item: Component) -> dict[str, str]:
    inputs = {f"{INPUT_TAG}{port.name}": port.type.type_name for port in item.inputs}
    return inputs | {f"{OUTPUT_TAG}{port.name}": port.type.type_name for port in item.outputs}


def _port(port: InputPort) -> dict[str, Any]:
    entry: dict[str, Any] = {"type": "uri_folder"}
    if port.optional:
        entry["optional"] = True
    return entry | {"description": _words(port.title, port.help)}


def _output(port: OutputPort) -> dict[str, Any]:
    return {"type": "uri_folder", "description": _words(port.title, port.help)}


def _parameter(parameter: Parameter) -> dict[str, Any]:
    rule = parameter.setting
    entry: dict[str, Any] = {"type": parameter.kind}
    if is_optional(parameter):
        entry["optional"] = True
    elif not parameter.required:
        entry["default"] = _default(parameter)
    number = parameter.kind in {"integer", "number"}
    if number and rule.minimum is not None:
        entry["min"] = _bound(parameter, rule.minimum)
    if number and rule.maximum is not None:
        entry["max"] = _bound(parameter, rule.maximum)
    choices = [choice for choice in rule.choices if choice]
    if choices and not rule.open_choices:
        entry["enum"] = choices
    return entry | {"description": _words(parameter.title, rule.help)}


def _default(parameter: Parameter) -> Value:
    """The default as Azure can have it: an empty text there means that nothing was said."""
    value = parameter.default
    if value == "" and isinstance(value, str):
        return None
    if parameter.kind == "number" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value


def _bound(parameter: Parameter, bound: float) -> int | float:
    return int(bound) if parameter.kind == "integer" else float(bound)


def _words(title: str, help_text: str) -> str:
    return f"{title}. {help_text}".strip() if help_text else f"{title}."


def _command(item: Component) -> str:
    """The command, a line for each option; optional ones in ``$[[ ]]``.

    Values go through ``--set``, the one form that takes every kind; in quotes, since texts may hold
    blanks.
    """
    parts = [f"visionloom component {item.kebab}"]
    for port in item.inputs:
        part = f"--input '{port.name}=${{{{inputs.{port.name}}}}}'"
        parts.append(f"$[[{part}]]" if port.optional else part)
    for parameter in item.parameters:
        part = f"--set '{parameter.name}=${{{{inputs.{parameter.name}}}}}'"
        parts.append(f"$[[{part}]]" if is_optional(parameter) else part)
    parts += [f"--output '{port.name}=${{{{outputs.{port.name}}}}}'" for port in item.outputs]
    return " \\\n  ".join(parts)
