"""What a running component is handed: where to write, whom to tell, whether to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar

from visionloom.errors import DiskFullError
from visionloom.settings import Settings, load_settings

Level = Literal["info", "warning"]
T = TypeVar("T")


@dataclass(frozen=True)
class Log:
    """One line for the user. A warning is something the user should know before trusting it."""

    text: str
    level: Level = "info"


@dataclass(frozen=True)
class Progress:
    """How far one stage is.

    Attributes:
        stage: What is being done, e.g. "reading pictures".
        done, total: In ``unit``; ``total`` 0 while it is not known.
        unit: Plural noun, e.g. "images".
        figures: Further figures ready for display, e.g. {"loss": "0.412"}.
    """

    stage: str
    done: int
    total: int
    unit: str = "images"
    figures: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Metrics:
    """One row of figures of an epoch, named as in ``metrics.jsonl``."""

    row: Mapping[str, float | int | None]


Event = Log | Progress | Metrics
Listener = Callable[[Event], None]


def silent(event: Event) -> None:
    """The listener that drops everything."""


def refuse_to_wait(error: DiskFullError | None) -> None:
    """What is called about a full disk where nobody waits."""
    if error is not None:
        raise error


@dataclass(frozen=True)
class Context:
    """Handed to a component when it runs.

    Attributes:
        outputs: Output port name -> folder to write the artifact to (does not exist yet).
        scratch: A folder for the component's own use, kept between attempts (checkpoints).
        settings: Home folder and limits.
        listener: Receives every event.
        stop: Set when the run is to stop: checkpoint, then raise ``RunInterrupted``.
        finish: Set when training is to end and keep the best model so far.
        await_room: Called with a `DiskFullError`; returns when it may be tried again, or raises.
            Called with None when that went well.
    """

    outputs: Mapping[str, Path]
    scratch: Path
    settings: Settings = field(default_factory=load_settings)
    listener: Listener = silent
    stop: threading.Event = field(default_factory=threading.Event)
    finish: threading.Event = field(default_factory=threading.Event)

    await_room: Callable[[DiskFullError | None], None] = refuse_to_wait

    def when_there_is_room(self, work: Callable[[], T]) -> T:
        """Do what writes to the disk and leaves nothing when it fails; again, where that is full.

        Raises:
            DiskFullError: There is no room, and nobody waits.
            RunInterrupted: Stopped while it waited.
        """
        waited = False
        while True:
            try:
                result = work()
            except DiskFullError as error:
                waited = True
                self.await_room(error)
            else:
                if waited:
                    self.await_room(None)
                return result

    def output(self, name: str) -> Path:
        """Where the output port ``name`` is to be written."""
        return self.outputs[name]

    def log(self, text: str) -> None:
        """Tell the user one line."""
        self.listener(Log(text))

    def warn(self, text: str) -> None:
        """Tell the user something that limits what the result is worth."""
        self.listener(Log(text, "warning"))

    def progress(
        self, stage: str, done: int, total: int, unit: str = "images", **figures: str
    ) -> None:
        """Tell how far a stage is; cheap, may be called for every image."""
        self.listener(Progress(stage, done, total, unit, figures))

    def metrics(self, row: Mapping[str, float | int | None]) -> None:
        """Report one epoch's figures."""
        self.listener(Metrics(row))
