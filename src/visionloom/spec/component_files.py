"""Component files: found beside the pipeline, read once, known by what their command runs."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from visionloom.settings import Limits
from visionloom.spec.component_reader import OPTIONAL, PLACEHOLDER, ComponentReader
from visionloom.spec.form import Form
from visionloom.spec.names import fault_of_name
from visionloom.spec.pipeline import ComponentReference, KeyPath
from visionloom.spec.problems import Place, ProblemList
from visionloom.spec.yaml_nodes import Map, shown
from visionloom.spec.yaml_reader import read_yaml


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
        document = ComponentReader(form, path).read(node)
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
    document = ComponentReader(form, ()).read(source.root)
    return document if len(problems.items) == before else None


def component_name(document: Mapping[str, Any]) -> str:
    """Name of the component that the command runs; empty when it runs something else."""
    command = OPTIONAL.sub(" ", str(document.get("command", "")))
    try:
        words = shlex.split(PLACEHOLDER.sub("value", command))
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


def _meant(text: str) -> str:
    name, _, version = text.strip().partition(":")
    if not fault_of_name(name.replace("-", "_")):
        return f"Write azureml:{name.replace('-', '_')}:{version or 'VERSION'}."
    return "Write azureml:NAME:VERSION, or ./FILE.yml."


def _shown_path(file: str, text: str) -> str:
    """A component file's name as the user would write it: beside the pipeline's."""
    return str(Path(file).parent / text.removeprefix("file:")) if file else text
