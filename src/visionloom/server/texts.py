"""Texts as they can be sent: a name of this machine may be no UTF-8, which nobody could read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from visionloom.server.models.base import ProblemView
from visionloom.spec.problems import Problem


def whole(text: str) -> str:
    """A text that can be sent: half characters, which no UTF-8 has, are replaced."""
    return text.encode("utf-8", "replace").decode()


def whole_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The same facts with texts that can be sent."""
    return {key: whole(value) if isinstance(value, str) else value for key, value in facts.items()}


def problem_views(problems: Iterable[Problem]) -> list[ProblemView]:
    """Faults as they go over the wire."""
    return [ProblemView(**whole_facts(problem.to_json())) for problem in problems]
