"""A component's parameters as a JSON Schema (draft 2020-12): the source of forms and checks."""

from __future__ import annotations

from typing import Any

from visionloom.spec.component import Component
from visionloom.spec.ports import Parameter


def parameters_schema(item: Component) -> dict[str, Any]:
    """JSON Schema of the parameters, with titles, ranges, choices, defaults, and our keys
    ``x-group``, ``x-shown-when``, ``x-aliases``, ``x-affects-result``, ``x-explanation``,
    ``x-preset-default``, ``x-file`` and ``x-draws-when-empty``."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": item.title,
        "description": item.summary,
        "type": "object",
        "additionalProperties": False,
        "properties": {p.name: _property(p) for p in item.parameters},
        "required": [p.name for p in item.parameters if p.required],
    }


def catalog_entry(item: Component) -> dict[str, Any]:
    """Everything a face shows of a component, as JSON values."""
    return {
        "name": item.name,
        "title": item.title,
        "category": item.category,
        "version": item.version,
        "summary": item.summary,
        "description": item.description,
        "aliases": list(item.aliases),
        "deterministic": item.deterministic,
        "differs_from_the_original": list(item.differs),
        "extra": item.extra,
        "inputs": [
            {
                "name": port.name,
                "title": port.title,
                "type": port.type.type_name,
                "optional": port.optional,
                "help": port.help,
            }
            for port in item.inputs
        ],
        "outputs": [
            {
                "name": port.name,
                "title": port.title,
                "type": port.type.type_name,
                "help": port.help,
            }
            for port in item.outputs
        ],
        "parameters": parameters_schema(item),
    }


def _property(parameter: Parameter) -> dict[str, Any]:
    rule = parameter.setting
    schema: dict[str, Any] = {
        "title": rule.title,
        "description": rule.help,
        "type": [parameter.kind, "null"] if parameter.nullable else parameter.kind,
    }
    if rule.choices and not rule.open_choices:
        choices: list[str | None] = list(rule.choices)
        schema["enum"] = [*choices, None] if parameter.nullable else choices
    elif rule.choices:
        schema["examples"] = list(rule.choices)
    bounds = {"minimum": rule.minimum, "maximum": rule.maximum, "exclusiveMinimum": rule.above}
    schema |= {key: bound for key, bound in bounds.items() if bound is not None}
    if not parameter.required:
        schema["default"] = parameter.default
    if rule.preset_default is not None:
        schema["x-preset-default"] = rule.preset_default
    schema["x-group"] = rule.group
    schema["x-affects-result"] = rule.affects_result
    if rule.shown_when is not None:
        schema["x-shown-when"] = {"parameter": rule.shown_when[0], "equals": rule.shown_when[1]}
    if rule.aliases:
        schema["x-aliases"] = list(rule.aliases)
    if rule.explanation:
        schema["x-explanation"] = rule.explanation
    if rule.file:
        schema["x-file"] = rule.file
    if rule.draws_when_empty:
        schema["x-draws-when-empty"] = True
    return schema
