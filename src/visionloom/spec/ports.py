"""Ports and parameters as a component's signature declares them, and the checking of values."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from visionloom.artifacts.types import Artifact
from visionloom.errors import (
    GreaterThanOrEqualToError,
    LessThanOrEqualToError,
    NotInRangeValueError,
    ParameterRangeError,
)

ParameterKind = Literal["boolean", "integer", "number", "string"]
Group = Literal["basic", "advanced"]
Value = bool | int | float | str | None


@dataclass(frozen=True)
class Input:
    """Annotation of an input port: title as shown, one sentence of help."""

    title: str
    help: str = ""


@dataclass(frozen=True)
class Output:
    """Annotation of an output port."""

    title: str
    help: str = ""


@dataclass(frozen=True)
class InputPort:
    """An input of a component: Python name, title, artifact type, whether it may be left open."""

    name: str
    title: str
    type: type[Artifact]
    optional: bool
    help: str


@dataclass(frozen=True)
class OutputPort:
    """An output of a component."""

    name: str
    title: str
    type: type[Artifact]
    help: str


@dataclass(frozen=True)
class Setting:
    """Annotation of a parameter in a component's signature.

    Attributes:
        title: As shown in forms and on reference pages.
        help: One sentence.
        explanation: The longer text; may be empty.
        minimum, maximum: Inclusive bounds.
        above: Exclusive lower bound.
        choices: The values allowed; a string parameter only.
        open_choices: Whether other values than ``choices`` are allowed.
        shown_when: (parameter, value): shown and used only when that parameter has that value.
        group: ``basic`` parameters are the original's; ours are ``advanced``.
        affects_result: False for what changes speed only (decode threads, caches).
        aliases: Other names under which it is accepted, e.g. the original's.
        preset_default: What a value that is not set stands for, where another parameter decides
            it: the default preset's value, shown in forms and on reference pages.
        file: ``always`` when the value names a file, ``if-there`` when it does where such a file
            exists: relative to the pipeline's file, and its content decides reuse, not its name.
        draws_when_empty: Whether no value means that one is drawn, so that two runs differ.
    """

    title: str
    help: str
    explanation: str = ""
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    choices: tuple[str, ...] = ()
    open_choices: bool = False
    shown_when: tuple[str, Value] | None = None
    group: Group = "basic"
    affects_result: bool = True
    aliases: tuple[str, ...] = ()
    preset_default: Value = None
    file: Literal["", "always", "if-there"] = ""
    draws_when_empty: bool = False


@dataclass(frozen=True)
class Parameter:
    """A named, typed, ranged setting of a component.

    Attributes:
        name: Python name; ``kebab`` is the command line's.
        kind: Kind of value.
        default: Value when nothing is said; meaningless when ``required``.
        required: Whether the user must choose.
        nullable: Whether None (not set) is a value.
        setting: Title, help, range and so on.
    """

    name: str
    kind: ParameterKind
    default: Value
    required: bool
    nullable: bool
    setting: Setting

    @property
    def title(self) -> str:
        """Title as shown."""
        return self.setting.title

    @property
    def kebab(self) -> str:
        """Name as a command-line option, without dashes in front."""
        return self.name.replace("_", "-")

    @property
    def range_text(self) -> str:
        """The allowed values in words, or an empty string."""
        rule = self.setting
        if rule.choices and not rule.open_choices:
            return "one of " + ", ".join(rule.choices)
        if rule.minimum is not None and rule.maximum is not None:
            return f"from {_plain(rule.minimum)} to {_plain(rule.maximum)}"
        parts = []
        if rule.above is not None:
            parts.append(f"above {_plain(rule.above)}")
        if rule.minimum is not None:
            parts.append(f"{_plain(rule.minimum)} or more")
        if rule.maximum is not None:
            parts.append(f"at most {_plain(rule.maximum)}")
        return " and ".join(parts)

    def check(self, value: object) -> Value:
        """Return the value in its declared type (an integer becomes a float for a number).

        Raises:
            ParameterRangeError: Another type, not among the choices, or outside the range.
        """
        if value is None:
            if self.nullable:
                return None
            raise ParameterRangeError(f"{self.title} needs a value.", self._allowed())
        typed = self._typed(value)
        if isinstance(typed, bool):
            return typed
        if isinstance(typed, str):
            return self._among_choices(typed)
        self._within_range(typed)
        return typed

    def parse(self, text: str) -> Value:
        """Turn command-line text into a checked value; an empty text is None where allowed.

        Raises:
            ParameterRangeError: The text is no such value, or out of range.
        """
        if text == "" and self.nullable:
            return None
        try:
            if self.kind == "boolean":
                return {"true": True, "false": False}[text.lower()]
            if self.kind == "integer":
                return self.check(int(text))
            if self.kind == "number":
                return self.check(float(text))
        except (KeyError, ValueError):
            raise ParameterRangeError(
                f"{self.title} is {text!r}; {_ARTICLE[self.kind]} is needed.", self._allowed()
            ) from None
        return self.check(text)

    def _typed(self, value: object) -> bool | int | float | str:
        if self.kind == "boolean" and isinstance(value, bool):
            return value
        if self.kind == "string" and isinstance(value, str):
            return value
        if self.kind == "integer" and isinstance(value, int) and not isinstance(value, bool):
            return value
        if self.kind == "number" and isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        raise ParameterRangeError(
            f"{self.title} is {value!r}; {_ARTICLE[self.kind]} is needed.", self._allowed()
        )

    def _among_choices(self, value: str) -> str:
        rule = self.setting
        if not rule.choices or rule.open_choices or value in rule.choices:
            return value
        near = nearest(value, rule.choices)
        hint = f"Did you mean {near}? " if near else ""
        raise ParameterRangeError(
            f"{self.title} is {value!r}, which is not known.",
            f"{hint}Choose {self.range_text}.",
        )

    def _within_range(self, value: float) -> None:
        rule = self.setting
        if not math.isfinite(value):
            raise NotInRangeValueError(f"{self.title} is {value}; it must be finite.")
        too_low = (rule.minimum is not None and value < rule.minimum) or (
            rule.above is not None and value <= rule.above
        )
        too_high = rule.maximum is not None and value > rule.maximum
        if not too_low and not too_high:
            return
        message = f"{self.title} is {_plain(value)}; it must be {self.range_text}."
        if rule.maximum is not None and (rule.minimum is not None or rule.above is not None):
            raise NotInRangeValueError(message)
        raise (GreaterThanOrEqualToError if too_low else LessThanOrEqualToError)(message)

    def _allowed(self) -> str:
        return f"Allowed: {self.range_text}." if self.range_text else ""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word most like ``word``, or None when none is near."""
    lowered = {name.lower(): name for name in known}
    found = difflib.get_close_matches(word.lower(), lowered, n=1, cutoff=0.6)
    return lowered[found[0]] if found else None


_ARTICLE: dict[str, str] = {
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "string": "a text",
}


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
