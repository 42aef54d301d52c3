"""Names of new steps: short ones, as the examples have them, with a number where they are taken."""

from __future__ import annotations

import re
from collections.abc import Container

from visionloom.errors import UsageError
from visionloom.spec.component import Component
from visionloom.spec.names import MAXIMUM_LENGTH, fault_of_name, nearest_name

_WORD = re.compile(r"[A-Z][a-z0-9]*|[a-z0-9]+")


def step_name(component: Component, taken: Container[str]) -> str:
    """A name for a new step.

    What has no inputs, and what only writes for people, is called by what it gives (model,
    transformation, report); everything else by what it does, the first word of its name (convert,
    split, train, score, evaluate).
    """
    word = component.name.partition("_")[0]
    if component.outputs and (not component.inputs or component.category == "Output"):
        words = _WORD.findall(component.outputs[0].type.type_name.removesuffix("Directory"))
        word = words[-1].lower() if words else word
    return free_name(nearest_name(word) or "step", taken)


def free_name(wanted: str, taken: Container[str]) -> str:
    """The name, or with the first number from 2 on that is free."""
    if wanted not in taken:
        return wanted
    base = re.sub(r"_\d+$", "", wanted)
    number = 2
    while (name := f"{base[: MAXIMUM_LENGTH - len(f'_{number}')]}_{number}") in taken:
        number += 1
    return name


def good_name(name: str, what: str) -> str:
    """The name, if it may be one.

    Raises:
        UsageError: It may not; one that may is named.
    """
    fault = fault_of_name(name)
    if fault:
        near = nearest_name(name)
        raise UsageError(
            f"{name[:80]!r} cannot be the name of {what}: {fault}.",
            f"For example: {near}." if near and not fault_of_name(near) else "",
        )
    return name
