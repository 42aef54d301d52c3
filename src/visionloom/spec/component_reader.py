"""Read component files (``type: command``) as strictly as pipeline files."""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from visionloom.settings import Limits
from visionloom.spec.form import Form
from visionloom.spec.names import fault_of_name, nearest_name
from visionloom.spec.pipeline import ComponentReference, KeyPath
from visionloom.spec.problems import Place, ProblemList
from visionloom.spec.yaml_reader import (
    Items,
    Literal,
    Map,
    Node,
    Scalar,
    plain_data,
    read_yaml,
    shown,
)

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
_PLACEHOLDER = re.compile(r"\$\{\{\s*(?P<inner>.*?)\s*\}\}", re.DOTALL)
_NAMED = re.compile(r"(?P<group>inputs|outputs)\.(?P<name>[A-Za-z0-9_]+)(\.path)?")
_OPTIONAL = re.compile(r"\$\[\[(?P<inner>.*?)\]\]", re.DOTALL)


class ComponentFiles:
    """The component files of one pipeline, each read once."""

    def __init__(self, folder: Path, problems: ProblemList, limits: Limits) -> None:
        self._folder = folder
        self._problems = problems
        self._limits = limits
        self._read: dict[Path, Mapping[str, Any] | None] = {}

    def from_file(self, text: str, form: Form, path: KeyPath) -> ComponentReference:
        """The component that a step names by a file."""
        unknown = ComponentReference("", None, text)
        relative = Path(text.removeprefix("file:"))
        if relative.is_absolute() or "\\" in text or text.startswith("~"):
            self._fault(form, path, text, "component files are named relative to the pipeline's")
            return unknown
        file = self._folder / relative
        if file not in self._read:
            try:
                # a pipe would be waited for without end
                data = _first_bytes(file, self._limits.yaml_bytes + 1) if file.is_file() else None
            except (OSError, ValueError) as error:
                reason = getattr(error, "strerror", None) or str(error)
                self._fault(form, path, text, f"{file} cannot be read ({reason})")
                return unknown
            if data is None:
                self._fault(form, path, text, f"there is no file {file}")
                return unknown
            self._read[file] = read_component(
                data, _shown_path(form.file, text), self._problems, self._limits
            )
        document = self._read[file]
        if document is None:
            form.unreadable.add(path)
            return unknown
        return _reference(document, text)

    def inline(self, node: Map, form: Form, path: KeyPath) -> ComponentReference:
        """The component that a step describes itself."""
        before = len(self._problems.items)
        document = _Component(form, path).read(node)
        if len(self._problems.items) > before:
            form.unreadable.add(path)
        return _reference(document, "")

    def refuse(self, text: str, form: Form, path: KeyPath) -> None:
        """Report a text that names no component."""
        self._problems.error(
            "C1",
            f"{shown(text)} names no component.",
            form.place(*path, value=True),
            step=path[1],
            name="component",
            found=text,
            expected="azureml:NAME:VERSION, ./FILE.yml or a map",
            remedy=_meant(text),
        )

    def _fault(self, form: Form, path: KeyPath, text: str, reason: str) -> None:
        self._problems.error(
            "C1",
            f"The component {shown(text)} is not there: {reason}.",
            form.place(*path, value=True),
            step=path[1],
            name="component",
            found=text,
            expected="a component file below the pipeline's folder",
            remedy="Correct the path, or name a component of the catalog: azureml:NAME:VERSION.",
        )
        form.unreadable.add(path)


def _first_bytes(file: Path, count: int) -> bytes:
    with open(file, "rb") as stream:
        return stream.read(count)


def read_component(
    data: bytes, file: str, problems: ProblemList, limits: Limits
) -> dict[str, Any] | None:
    """Read a component file.

    Returns:
        What it holds, or None when it has faults: they are added to ``problems``.
    """
    before = len(problems.items)
    source = read_yaml(data, file, limits)
    problems.items += source.problems.items
    form = Form(file, problems)
    if not source.readable:
        return None
    if not isinstance(source.root, Map):
        message = f"{file} is empty." if source.root is None else f"{file} is no map."
        problems.error("C1", message, Place(file, 1, 1), expected="a component (type: command)")
        return None
    document = _Component(form, ()).read(source.root)
    return document if len(problems.items) == before else None


def component_name(document: Mapping[str, Any]) -> str:
    """Name of the component that the command runs; empty when it runs something else."""
    command = _OPTIONAL.sub(" ", str(document.get("command", "")))
    try:
        words = shlex.split(_PLACEHOLDER.sub("value", command))
    except ValueError:
        return ""
    if words[:3] == ["python", "-m", "visionloom"]:
        words = ["visionloom", *words[3:]]
    if len(words) < 3 or words[:2] != ["visionloom", "component"]:
        return ""
    return words[2].replace("-", "_")


def _reference(document: Mapping[str, Any], text: str) -> ComponentReference:
    version = document.get("version")
    named = component_name(document) or str(document.get("name", ""))
    return ComponentReference(named, None if version is None else str(version), text, document)


class _Component:
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
        optional_spans = [match.span() for match in _OPTIONAL.finditer(text)]
        if text.count("$[[") != len(optional_spans):
            self._fault("The command has a $[[ without its ]].", path, name="command")
        used: set[tuple[str, str]] = set()
        for match in _PLACEHOLDER.finditer(text):
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


def _meant(text: str) -> str:
    name, _, version = text.strip().partition(":")
    if not fault_of_name(name.replace("-", "_")):
        return f"Write azureml:{name.replace('-', '_')}:{version or 'VERSION'}."
    return "Write azureml:NAME:VERSION, or ./FILE.yml."


def _shown_path(file: str, text: str) -> str:
    """A component file's name as the user would write it: beside the pipeline's."""
    return str(Path(file).parent / text.removeprefix("file:")) if file else text
