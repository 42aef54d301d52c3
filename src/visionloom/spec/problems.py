"""What is wrong with a pipeline: code, place, step, name, found, expected, remedy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["error", "warning"]


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


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """By place, then code; the same fault at the same place once."""
    return sorted(dict.fromkeys(problems), key=lambda p: (p.place, p.code, p.message))


def errors_among(problems: Iterable[Problem], *, strict: bool = False) -> list[Problem]:
    """What keeps the pipeline from running; with ``strict`` warnings too."""
    return [p for p in problems if strict or p.severity == "error"]
