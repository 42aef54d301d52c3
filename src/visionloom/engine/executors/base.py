"""What a place to run steps must be able to do. Ray and Slurm come as one file each beside this."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from visionloom.artifacts.digest import sha256_of_bytes
from visionloom.artifacts.room import disk_full, is_disk_full
from visionloom.errors import FailedToWriteOutputsError
from visionloom.records.rows import ProcessIdentity
from visionloom.spec.ports import Value

# the files in an attempt's folder
JOB_NAME = "job.json"
PROCESS_NAME = "process.json"
EVENTS_NAME = "events.jsonl"
LOG_NAME = "log.txt"
RESULT_NAME = "result.json"
HEARTBEAT_NAME = "heartbeat"
# their appearance asks for something
FINISH_NAME = "finish"
STOP_NAME = "stop"


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
        folder: Folder of the attempt: ``job.json``, ``process.json`` (who it is), ``events.jsonl``,
            ``log.txt``, ``heartbeat``, ``result.json``; and ``finish``, whose appearance asks
            training to end with its best, and ``stop``, whose appearance asks it to end.
        home: Home folder.
        offline: Whether nothing may be fetched.
        environment: Environment variables on top of the supervisor's.
        preload: Modules worth importing before.
        finish: Whether training is to end with its best model so far.
        lock: File the process locks while it works on ``scratch``; empty for none.
        memory_bytes: Memory its processes may take together; None for no limit.
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
    lock: str = ""
    memory_bytes: int | None = None

    @property
    def path(self) -> Path:
        """The attempt's folder."""
        return Path(self.folder)

    @property
    def marker(self) -> str:
        """What its processes carry in their environment; begins with `run_marker`."""
        return f"{run_marker(self.home, self.run)}{self.step}.{self.attempt}"

    def to_json(self) -> dict[str, Any]:
        """As a JSON value; `read_job` reads it."""
        return asdict(self)


def run_marker(home: str, run: str) -> str:
    """How the markers of a run's processes begin; of no other run in any home folder."""
    return f"{sha256_of_bytes(home.encode())[:12]}.{run}."


def write_json(path: Path, value: object) -> None:
    """Replace a file of an attempt's folder: the old content or the new.

    It does not wait for the disk: nothing of an attempt goes on after a power cut.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(json.dumps(value), encoding="utf-8")
    os.replace(beside, path)


def write_job(job: Job) -> None:
    """Write the job where its process reads it.

    Raises:
        DiskFullError, FailedToWriteOutputsError: It cannot be written.
    """
    try:
        job.path.mkdir(parents=True, exist_ok=True)
        write_json(job.path / JOB_NAME, job.to_json())
    except OSError as error:
        if is_disk_full(error):
            raise disk_full(job.path) from error
        reason = error.strerror or str(error)
        raise FailedToWriteOutputsError(f"{job.path} could not be written: {reason}.") from error


def read_job(folder: Path) -> Job:
    """The job of an attempt's folder.

    Raises:
        OSError, ValueError, TypeError: There is none, or it is of another program version.
    """
    value = json.loads((folder / JOB_NAME).read_bytes())
    return Job(**{**value, "preload": tuple(value["preload"])})


@dataclass(frozen=True)
class Ended:
    """How a process ended.

    Attributes:
        exit: Exit status, negative for a signal; None when it is gone and was not waited for.
        peak_bytes: Largest resident memory, or None.
        out_of_memory: Whether it was ended for lack of memory, the machine's or its own.
    """

    exit: int | None
    peak_bytes: int | None = None
    out_of_memory: bool = False


class Executor(Protocol):
    """Starts and ends the processes of steps. The result of one is in its attempt's folder."""

    def prepare(self, preload: Sequence[str]) -> None:
        """Get ready for a job with this preload; returns at once."""

    def ready(self, job: Job) -> bool:
        """Whether `start` would start the job without waiting for libraries to load."""

    def start(self, job: Job) -> ProcessIdentity:
        """Start the job's process in a group of its own.

        Raises:
            ProcessLostError: It ended before it began.
        """

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

    def wait(self, seconds: float) -> None:
        """Sleep until something may have happened: a job's end, a `wake`, or the time is over."""

    def wake(self) -> None:
        """End a `wait`; from any thread or signal handler."""

    def close(self) -> None:
        """Let go of what the executor itself holds; running jobs go on."""
