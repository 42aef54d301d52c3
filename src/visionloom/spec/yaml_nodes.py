"""What a YAML text is made of: nodes with their places, and values with one meaning."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from visionloom.spec.problems import Place

Literal = bool | int | float | str


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value.

    Attributes:
        value: Typed by the core schema of YAML 1.2; None for null.
        text: As the parser gives it, before typing.
        plain: Whether it stands without quotes.
        place: Where it begins.
        start, end: Offsets in the text, quotes included.
    """

    value: Literal | None
    text: str
    plain: bool
    place: Place
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A key of a map with its value; ``start`` and ``end`` are the key's."""

    key: str
    place: Place
    start: int
    end: int
    node: Node


@dataclass(frozen=True, slots=True)
class Map:
    """A map; ``flow`` when written with braces."""

    entries: Mapping[str, Entry]
    flow: bool
    place: Place
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Items:
    """A list; ``flow`` when written with brackets."""

    nodes: tuple[Node, ...]
    flow: bool
    place: Place
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Refused:
    """What stands where an alias or a tagged value was: its fault is reported already."""

    place: Place
    start: int
    end: int


Node = Scalar | Map | Items | Refused


_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_INTEGER = re.compile(r"[-+]?[0-9]+")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
MAXIMUM_DIGITS = 300
AMBIGUOUS = re.compile(r"[-+]?0(o?[0-7]+|x[0-9a-fA-F]+|b[01]+|[0-9]+)")
"""Whole numbers that are octal, hexadecimal, decimal or a text, depending on who reads them."""


def core_value(text: str) -> Literal | None:
    """A value without quotes, typed by the core schema of YAML 1.2."""
    if text in _NULL:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if len(text) > MAXIMUM_DIGITS:
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text):
        return float(text)
    if _SPECIAL.fullmatch(text):
        return float(text.replace(".", "", 1).lower())
    return text


def meant_number(text: str) -> int:
    """The number an ambiguous one most likely stands for."""
    sign = -1 if text.startswith("-") else 1
    digits = text.lstrip("+-").lower()
    if digits.startswith(("0x", "0o", "0b")):
        return sign * int(digits[2:], {"x": 16, "o": 8, "b": 2}[digits[1]])
    return sign * int(digits)


def shown(text: str, limit: int = 60) -> str:
    """A stranger's text for a message: on one line, shortened."""
    flat = " ".join(text.split()) or repr(text)
    return flat if len(flat) <= limit else f"{flat[: limit - 3]}..."


def plain_data(node: Node | None) -> Any:
    """A node as Python values: dict, list, scalars; what was refused becomes None."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Map):
        return {key: plain_data(entry.node) for key, entry in node.entries.items()}
    if isinstance(node, Items):
        return [plain_data(item) for item in node.nodes]
    return None
