"""Reads a component (``type: command``) as strictly as a pipeline."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from visionloom.spec.form import Form
from visionloom.spec.names import fault_of_name, nearest_name
from visionloom.spec.pipeline import KeyPath
from visionloom.spec.yaml_nodes import Items, Literal, Map, Node, Scalar, plain_data, shown

SCHEMA = "https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json"
PARAMETER_TYPES = ("integer", "number", "boolean", "string")
DATA_TYPES = ("uri_folder", "uri_file", "custom_model", "mltable", "mlflow_model")
_OTHER_KINDS = dict.fromkeys(
    ("pipeline", "parallel", "sweep", "spark", "automl", "import", "data_transfer"),
    "Azure knows it, Visionloom does not: its components have type: command.",
)
_KEYS = (
    "$schema", "name", "version", "type", "display_name", "description", "tags",
    "is_deterministic", "inputs", "outputs", "code", "environment", "command", "resources",
    "distribution",
)  # fmt: skip
_INPUT_KEYS = ("type", "default", "optional", "min", "max", "enum", "description", "mode", "path")
_OUTPUT_KEYS = ("type", "mode", "description")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
PLACEHOLDER = re.compile(r"\$\{\{\s*(?P<inner>.*?)\s*\}\}", re.DOTALL)
_NAMED = re.compile(r"(?P<group>inputs|outputs)\.(?P<name>[A-Za-z0-9_]+)(\.path)?")
OPTIONAL = re.compile(r"\$\[\[(?P<inner>.*?)\]\]", re.DOTALL)


class ComponentReader:
    """Checks one component document, in a file of its own or inside a pipeline."""

    def __init__(self, form: Form, path: KeyPath) -> None:
        self._form = form
        self._path = path
        self._step = path[1] if path else ""

    def read(self, node: Map) -> dict[str, Any]:
        """What it holds; its faults are noted."""
        form, path = self._form, self._path
        found = form.known(node, path, _KEYS, "A component")
        required = ("name", "command", "environment") if not path else ("command", "environment")
        for key in ("type", *required):
            if key not in found and (*path, key) not in form.unreadable:
                form.missing((*path, key), "The component", _EXPECTED[key], "")
        if "type" in found:
            form.choice(found["type"], (*path, "type"), ("command",), _OTHER_KINDS)
        self._head(found)
        inputs = self._section(found, "inputs")
        outputs = self._section(found, "outputs")
        for name, (entry, here) in inputs.items():
            self._input(name, entry, here)
        for name, (entry, here) in outputs.items():
            said = form.known(entry, here, _OUTPUT_KEYS, f"The output {name}")
            self._type(said, here, DATA_TYPES)
        self._names(inputs, outputs)
        if "command" in found:
            self._command(found["command"], inputs, outputs)
        document = plain_data(node)
        return document if isinstance(document, dict) else {}

    def _fault(self, message: str, path: KeyPath, **facts: Any) -> None:
        self._form.problems.error(
            "C1", message, self._form.place(*path, value=True), step=self._step, **facts
        )

    def _head(self, found: Mapping[str, Node]) -> None:
        form, path = self._form, self._path
        for key in ("name", "version", "display_name", "description", "$schema"):
            text = form.text(found[key], (*path, key)) if key in found else None
            if text is None:
                continue
            if key == "name" and fault_of_name(text):
                self._fault(
                    f"The component's name {shown(text)}: {fault_of_name(text)}.",
                    (*path, key),
                    name=key,
                    found=text,
                    nearest=nearest_name(text),
                )
            if key == "version" and not _VERSION.fullmatch(text):
                self._fault(
                    f"The component's version {shown(text)} has other characters than letters, "
                    "digits, dots and dashes.",
                    (*path, key),
                    name=key,
                    found=text,
                )
            if key == "$schema" and not text.endswith("/commandComponent.schema.json"):
                form.problems.error(
                    "K3",
                    f"$schema is {shown(text)}: that is no command component's.",
                    form.place(*path, key, value=True),
                    step=self._step,
                    name=key,
                    found=text,
                    expected=SCHEMA,
                )
        if "tags" in found:
            form.texts(found["tags"], (*path, "tags"))
        if "is_deterministic" in found:
            form.boolean(found["is_deterministic"], (*path, "is_deterministic"))

    def _section(self, found: Mapping[str, Node], section: str) -> dict[str, tuple[Map, KeyPath]]:
        form, path = self._form, (*self._path, section)
        table = form.map(found[section], path) if section in found else None
        entries: dict[str, tuple[Map, KeyPath]] = {}
        for name, node, here in form.entries(table, path) if table else ():
            entry = form.map(node, here)
            if entry is not None:
                entries[name] = (entry, here)
        return entries

    def _type(
        self, said: Mapping[str, Node], path: KeyPath, allowed: tuple[str, ...]
    ) -> str | None:
        if "type" in said:
            return self._form.choice(said["type"], (*path, "type"), allowed, {})
        if (*path, "type") not in self._form.unreadable:
            self._form.missing((*path, "type"), path[-1], ", ".join(allowed), "")
        return None

    def _input(self, name: str, node: Map, path: KeyPath) -> None:
        form = self._form
        said = form.known(node, path, _INPUT_KEYS, f"The input {name}")
        kind = self._type(said, path, (*PARAMETER_TYPES, *DATA_TYPES))
        if "optional" in said:
            form.boolean(said["optional"], (*path, "optional"))
        if "description" in said:
            form.text(said["description"], (*path, "description"))
        if kind is None:
            return
        allowed = {
            "integer": ("default", "min", "max"),
            "number": ("default", "min", "max"),
            "string": ("default", "enum"),
            "boolean": ("default",),
        }.get(kind, ("path", "mode"))
        for key in ("default", "min", "max", "enum", "path", "mode"):
            if key in said and key not in allowed:
                self._fault(
                    f"The input {name} is of type {kind}: {key} means nothing there.",
                    (*path, key),
                    name=name,
                )
        if kind in PARAMETER_TYPES:
            self._range(name, kind, said, path)

    def _range(self, name: str, kind: str, said: Mapping[str, Node], path: KeyPath) -> None:
        values: dict[str, Literal] = {}
        for key in ("min", "max", "default"):
            if key not in said:
                continue
            value = self._form.literal(said[key], (*path, key), _KIND_WORDS[kind])
            if value is None:
                continue
            if not has_kind(value, kind):
                self._fault(
                    f"{key} of the input {name} is {value!r}; {_KIND_WORDS[kind]} is needed.",
                    (*path, key),
                    name=name,
                    found=str(value),
                    expected=_KIND_WORDS[kind],
                )
                continue
            values[key] = value
        low, high = _number(values.get("min")), _number(values.get("max"))
        if low is not None and high is not None and low > high:
            self._fault(
                f"min of the input {name} is {low:g}, above max, which is {high:g}.",
                (*path, "min"),
                name=name,
                found=f"{low:g}",
                expected=f"at most {high:g}",
            )
            return
        default = _number(values.get("default"))
        if default is not None and (
            (low is not None and default < low) or (high is not None and default > high)
        ):
            self._fault(
                f"default of the input {name} is {default:g}, outside min and max.",
                (*path, "default"),
                name=name,
                found=f"{default:g}",
            )
        if "enum" in said:
            self._enum(name, said["enum"], values.get("default"), path)

    def _enum(self, name: str, node: Node, default: Literal | None, path: KeyPath) -> None:
        here = (*path, "enum")
        if not isinstance(node, Items) or not node.nodes:
            self._form.wrong(node, here, "a list of texts")
            return
        choices: list[str] = []
        for item in node.nodes:
            if not isinstance(item, Scalar) or not isinstance(item.value, str):
                self._form.wrong(item, here, "a list of texts")
                return
            choices.append(item.value)
        if default is not None and default not in choices:
            self._fault(
                f"default of the input {name} is {shown(str(default))}, which is not in enum.",
                (*path, "default"),
                name=name,
                found=str(default),
                expected=", ".join(choices),
                known=choices,
            )

    def _names(
        self,
        inputs: Mapping[str, tuple[Map, KeyPath]],
        outputs: Mapping[str, tuple[Map, KeyPath]],
    ) -> None:
        taken: dict[str, str] = {}
        for name, (_, path) in (*inputs.items(), *outputs.items()):
            place = self._form.place(*path)
            fault = fault_of_name(name)
            if fault:
                self._form.problems.error(
                    "N1",
                    f"The name {shown(name)} is not allowed: {fault}.",
                    place,
                    step=self._step,
                    name=name,
                    found=name,
                    nearest=nearest_name(name),
                )
            other = taken.setdefault(name.lower(), name)
            if other != name or (name in inputs and name in outputs and path[-2] == "outputs"):
                self._form.problems.error(
                    "N1",
                    f"The name {shown(name)} is taken by {other}.",
                    place,
                    step=self._step,
                    name=name,
                    found=name,
                    remedy="Inputs and outputs need names that differ in more than case.",
                )

    def _command(
        self,
        node: Node,
        inputs: Mapping[str, tuple[Map, KeyPath]],
        outputs: Mapping[str, tuple[Map, KeyPath]],
    ) -> None:
        path = (*self._path, "command")
        text = self._form.text(node, path)
        if text is None:
            return
        declared = {"inputs": inputs, "outputs": outputs}
        optional_spans = [match.span() for match in OPTIONAL.finditer(text)]
        if text.count("$[[") != len(optional_spans):
            self._fault("The command has a $[[ without its ]].", path, name="command")
        used: set[tuple[str, str]] = set()
        for match in PLACEHOLDER.finditer(text):
            named = _NAMED.fullmatch(match["inner"])
            if named is None:
                self._fault(
                    f"The command holds {shown(match[0])}, which is neither "
                    "${{inputs.NAME}} nor ${{outputs.NAME}}.",
                    path,
                    name="command",
                )
                continue
            group, name = named["group"], named["name"]
            used.add((group, name))
            if name not in declared[group]:
                self._fault(
                    f"The command uses {group}.{name}, which is not declared.",
                    path,
                    name=name,
                    found=name,
                    known=declared[group],
                )
            elif group == "inputs" and self._is_optional(inputs[name][0]):
                inside = any(a <= match.start() < b for a, b in optional_spans)
                if not inside:
                    self._fault(
                        f"The optional input {name} stands in the command outside $[[ ]].",
                        path,
                        name=name,
                        remedy=f"Write $[[... ${{{{inputs.{name}}}}}]].",
                    )
        for group, entries in declared.items():
            for name, (_, here) in entries.items():
                if (group, name) not in used:
                    self._form.problems.error(
                        "C1",
                        f"The command does not use {group}.{name}.",
                        self._form.place(*here),
                        step=self._step,
                        name=name,
                        remedy="Use it, or do not declare it.",
                    )

    @staticmethod
    def _is_optional(node: Map) -> bool:
        entry = node.entries.get("optional")
        return entry is not None and isinstance(entry.node, Scalar) and entry.node.value is True


_EXPECTED = {
    "type": "command", "name": "a name", "command": "visionloom component NAME ...",
    "environment": "azureml:NAME:VERSION, or a map",
}  # fmt: skip
_KIND_WORDS = {
    "integer": "a whole number", "number": "a number", "boolean": "true or false",
    "string": "a text",
}  # fmt: skip


def has_kind(value: object, kind: str) -> bool:
    """Whether a value is of a parameter's kind; an integer is a number too."""
    if isinstance(value, bool):
        return kind == "boolean"
    if isinstance(value, int):
        return kind in {"integer", "number"}
    if isinstance(value, float):
        return kind == "number" and math.isfinite(value)
    return isinstance(value, str) and kind == "string"


def _number(value: Literal | None) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
