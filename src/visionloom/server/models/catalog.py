"""The catalog of components, as palette and forms show it."""

from __future__ import annotations

from typing import Any

from visionloom.server.models.base import Model


class InputPortView(Model):
    """An input port of a component."""

    name: str
    title: str
    type: str
    optional: bool
    help: str


class OutputPortView(Model):
    """An output port of a component."""

    name: str
    title: str
    type: str
    help: str


class ComponentView(Model):
    """A component; ``parameters`` is the JSON Schema of `visionloom.spec.schema`."""

    name: str
    title: str
    category: str
    version: str
    summary: str
    description: str
    aliases: list[str]
    deterministic: bool
    differs_from_the_original: list[str]
    extra: str
    inputs: list[InputPortView]
    outputs: list[OutputPortView]
    parameters: dict[str, Any]


class CatalogView(Model):
    """All components, in order, and their headings.

    Attributes:
        presets: Preset -> parameter -> the value it stands for.
    """

    version: str
    categories: list[str]
    components: list[ComponentView]
    presets: dict[str, dict[str, Any]]
    problems: list[str]
