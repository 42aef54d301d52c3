"""What can be known of artifacts before they exist: the cheap data checks of a pipeline.

A component may foresee: from facts about its inputs, its parameters and a look at the user's data
(never at pixels) it says facts about its outputs, or raises the error it would raise when run.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from visionloom.errors import VisionloomError
from visionloom.settings import Settings
from visionloom.spec.ports import Value


@dataclass(frozen=True)
class Facts:
    """What is known of an artifact; None is "not known".

    Attributes:
        labelled: Whether its pictures have labels.
        classes: Class names in order.
        images: Number of pictures.
        random: Whether a random transformation is attached.
        trained: Whether a model is trained.
        weights: Whether an untrained model carries weights.
    """

    labelled: bool | None = None
    classes: tuple[str, ...] | None = None
    images: int | None = None
    random: bool | None = None
    trained: bool | None = None
    weights: bool | None = None


UNKNOWN = Facts()


def _unheard(text: str) -> None:
    """Drop a warning nobody asked for."""


@dataclass(frozen=True)
class Outlook:
    """What a component is shown to foresee from.

    Attributes:
        inputs: Input port -> facts; an optional port that is not connected is absent.
        data: Input port -> path of the user's data bound to it.
        parameters: Every parameter's value.
        settings: Home folder and limits.
        warn: Called with what should be known but keeps nothing from running.
    """

    inputs: Mapping[str, Facts]
    data: Mapping[str, Path]
    parameters: Mapping[str, Value]
    settings: Settings
    warn: Callable[[str], None] = _unheard


class AboutInput(Exception):  # noqa: N818 - carries the error
    """Raised by what foresees to name the input or parameter an error is about.

    Attributes:
        name: Of the port or parameter.
        error: What is wrong.
    """

    def __init__(self, name: str, error: VisionloomError) -> None:
        super().__init__(name, error)
        self.name = name
        self.error = error


Foresee = Callable[[Outlook], Mapping[str, Facts]]


def later(module: str, function: str) -> Callable[..., Any]:
    """A function of a module that is imported when it is first called: start-up stays quick."""

    def call(*arguments: Any) -> Any:
        return getattr(importlib.import_module(module), function)(*arguments)

    return call
