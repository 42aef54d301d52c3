"""What is wrong with a pipeline: code, place, step, name, found, expected, remedy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from visionloom.errors import VisionloomError
from visionloom.spec.ports import nearest

Severity = Literal["error", "warning"]

RULES: Mapping[str, str] = {
    "Y1": "UTF-8 text, one document, YAML 1.2 without ambiguous numbers",
    "Y2": "no key twice",
    "Y3": "no anchors, aliases, merge keys, tags, directives; size and depth within the limits",
    "K1": "only known keys, and keys that begin with x-",
    "K2": "required keys present, every value of the right kind",
    "K3": "only types, modes and schemas that Visionloom knows",
    "N1": "names of steps, inputs and outputs",
    "B1": "a binding is the whole value, in one of its three forms",
    "B2": "no stray ${, {{ or }} in a text",
    "B3": "a binding leads to something that is there",
    "B4": "no loop",
    "P1": "only declared ports and parameters; what is required is given",
    "P2": "a parameter's value has its type and is in its range",
    "P3": "data for ports, values for parameters",
    "P4": "a value for a parameter that is not used",
    "T1": "types of both ends match",
    "O1": "each pipeline output is written by one step, to a folder of its own",
    "O2": "nothing unused, no component without a version",
    "C1": "the component is known and its file right",
    "C2": "the component's version is known",
    "D1": "the data is there and of the declared kind",
    "D2": "paths hold on other machines too",
    "D3": "the data suits the steps",
    "S1": "the compute is known",
    "S2": "the device is there",
    "E1": "environment variables are texts, without secrets",
}
"""Code -> rule in a few words; ``docs/pipelines.md`` explains each."""


@dataclass(frozen=True, order=True)
class Place:
    """Where in a file.

    Attributes:
        file: As the user named it; empty for a pipeline that was built in Python.
        line, column: From 1; 0 when not known.
    """

    file: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        parts = [self.file or "pipeline"]
        if self.line:
            parts += [str(self.line), str(self.column or 1)]
        return ":".join(parts)


NOWHERE = Place()


@dataclass(frozen=True)
class Problem:
    """One fault of a pipeline.

    Attributes:
        code: Stable code of the rule, e.g. ``B3``; ``docs/pipelines.md`` lists them.
        severity: An error keeps the pipeline from running; a warning counts with ``--strict``.
        message: What is wrong, one sentence.
        place: Where.
        step: Name of the step, or empty.
        name: The port, parameter or key, or empty.
        found, expected: What stands there and what could; empty where it makes no sense.
        remedy: What to do, one sentence; may be empty.
        nearest: The known name most like the one found, or empty.
        cause: The error the step would raise when run, of a fault that was foreseen.
    """

    code: str
    severity: Severity
    message: str
    place: Place = field(default=NOWHERE)
    step: str = ""
    name: str = ""
    found: str = ""
    expected: str = ""
    remedy: str = ""
    nearest: str = ""
    cause: VisionloomError | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        hints = [self.message]
        if self.nearest:
            hints.append(f"Did you mean {self.nearest}?")
        if self.remedy:
            hints.append(self.remedy)
        return f"{self.place}: {self.severity} {self.code}: {' '.join(hints)}"

    def to_json(self) -> dict[str, Any]:
        """As a JSON value, for editors and ``--json``."""
        return {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "file": self.place.file,
            "line": self.place.line,
            "column": self.place.column,
            "step": self.step,
            "name": self.name,
            "found": self.found,
            "expected": self.expected,
            "remedy": self.remedy,
            "nearest": self.nearest,
        }


def printable(text: str) -> str:
    """The text on one line, with characters that cannot be seen as escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


@dataclass
class ProblemList:
    """Collects problems while a pipeline is read and checked."""

    items: list[Problem] = field(default_factory=list)

    def __iter__(self) -> Iterator[Problem]:
        return iter(self.items)

    def error(self, code: str, message: str, place: Place, **facts: Any) -> None:
        """Add an error; ``facts`` are further attributes of `Problem`."""
        self._add(code, "error", message, place, facts)

    def warning(self, code: str, message: str, place: Place, **facts: Any) -> None:
        """Add a warning."""
        self._add(code, "warning", message, place, facts)

    def _add(
        self, code: str, severity: Severity, message: str, place: Place, facts: dict[str, Any]
    ) -> None:
        if code not in RULES:
            raise ValueError(f"no rule has the code {code}")
        known = facts.pop("known", None)
        if known is not None:
            facts["nearest"] = nearest(str(facts.get("found", "")), known) or ""
        facts["remedy"] = printable(facts.get("remedy", ""))
        self.items.append(Problem(code, severity, printable(message), place, **facts))


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """By place, then code; the same fault at the same place once."""
    return sorted(dict.fromkeys(problems), key=lambda p: (p.place, p.code, p.message))


def errors_among(problems: Iterable[Problem], *, strict: bool = False) -> list[Problem]:
    """What keeps the pipeline from running; with ``strict`` warnings too."""
    return [p for p in problems if strict or p.severity == "error"]
