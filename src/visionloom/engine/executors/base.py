"""What a place to run steps must be able to do. Ray and Slurm come as one file each beside this."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from visionloom.records.rows import ProcessIdentity
from visionloom.spec.ports import Value


@dataclass(frozen=True)
class Job:
    """Everything the process of one attempt needs; written as ``job.json`` in its folder.

    Attributes:
        run, step, attempt: Which.
        fence: Of the supervisor that started it.
        component: Name of the component.
        inputs: Input port -> folder (or the user's data).
        parameters: Every parameter's value.
        outputs: Output port -> folder to appear.
        scratch: Folder kept between attempts and runs of the same key.
        folder: Folder of the attempt: ``job.json``, ``events.jsonl``, ``log.txt``,
            ``result.json`` and ``finish``, whose appearance asks training to end with its best.
        home: Home folder.
        offline: Whether nothing may be fetched.
        environment: Environment variables on top of the supervisor's.
        preload: Modules worth importing before.
        finish: Whether training is to end with its best model so far.
    """

    run: str
    step: str
    attempt: int
    fence: int
    component: str
    inputs: Mapping[str, str]
    parameters: Mapping[str, Value]
    outputs: Mapping[str, str]
    scratch: str
    folder: str
    home: str
    offline: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    preload: tuple[str, ...] = ()
    finish: bool = False

    @property
    def path(self) -> Path:
        """The attempt's folder."""
        return Path(self.folder)

    def to_json(self) -> dict[str, Any]:
        """As a JSON value."""
        return asdict(self)


@dataclass(frozen=True)
class Ended:
    """How a process ended.

    Attributes:
        exit: Exit status, negative for a signal; None when it is gone and could not be waited for.
        peak_bytes: Largest resident memory, or None.
    """

    exit: int | None
    peak_bytes: int | None = None


class Executor(Protocol):
    """Starts and ends the processes of steps. The result of one is in its attempt's folder."""

    def start(self, job: Job) -> ProcessIdentity:
        """Start the job's process in a group of its own."""

    def adopt(self, job: Job, process: ProcessIdentity) -> bool:
        """Take over a process that an earlier supervisor started; False when it is gone."""

    def poll(self, job: Job) -> Ended | None:
        """How the job's process ended, or None while it is alive."""

    def stop(self, job: Job, *, kill: bool) -> None:
        """Ask the process to end (TERM), or end its whole group (KILL)."""

    def is_empty(self, job: Job) -> bool:
        """Whether no process of the job is left, descendants that left its group included."""

    def dump(self, job: Job) -> None:
        """Ask for the stacks of its threads in ``log.txt``."""

    def close(self) -> None:
        """Let go of what the executor itself holds; running jobs go on."""
