"""What runs in the process of an attempt: the work, its events, and its result.

The first SIGTERM (or a file ``stop``) sets ``context.stop``: checkpoint, then `RunInterrupted`; the
second ends at once. SIGUSR1 writes the stacks of all threads to ``log.txt``. A file ``finish`` sets
``context.finish``. The result is written, durably, when everything else is; then the process ends.
Run as ``python -m visionloom.engine.step_process FOLDER RUNNER`` where it is not forked.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import faulthandler
import importlib
import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from visionloom.artifacts.atomic import remove_tree, write_file
from visionloom.artifacts.room import as_disk_full
from visionloom.artifacts.types import Artifact
from visionloom.engine import key_lock, process
from visionloom.engine.executors.base import (
    EVENTS_NAME,
    FINISH_NAME,
    HEARTBEAT_NAME,
    PROCESS_NAME,
    RESULT_NAME,
    STOP_NAME,
    Job,
    read_job,
    write_json,
)
from visionloom.engine.journal import LineFile, line_of
from visionloom.engine.timings import Timings
from visionloom.engine.waiting import RoomWaiter, write_when_there_is_room
from visionloom.errors import ModuleOutOfMemoryError, RunInterrupted, VisionloomError
from visionloom.settings import Settings, load_settings
from visionloom.spec.context import Context, Event, Log, Progress

Runner = Callable[[Job, Context], Mapping[str, Artifact]]
WAITING = "waiting"
"""Kind of the line in ``events.jsonl`` that tells, in ``reason``, what the step waits for."""
_PROGRESS_SECONDS = 0.25
_TERMINATED = 143
_LONGEST_MESSAGE = 2_000
_NO_MEMORY = ("can't allocate memory", "cannot allocate memory", "out of memory")


@dataclass(frozen=True)
class Failure:
    """An error as it crosses processes.

    Attributes:
        kind: Name of its class.
        message, remedy, number, exit_status: See `VisionloomError`.
    """

    kind: str
    message: str
    remedy: str = ""
    number: str | None = None
    exit_status: int = 1

    def to_json(self) -> dict[str, Any]:
        """As a JSON value, in ``result.json`` and in the journal."""
        return {
            "class": self.kind,
            "message": self.message,
            "remedy": self.remedy,
            "number": self.number,
            "exit_status": self.exit_status,
        }


@dataclass(frozen=True)
class Result:
    """What ``result.json`` holds; ``failure`` is ``error`` there.

    Attributes:
        state: ``succeeded``, ``failed``, ``interrupted``, or ``busy``: another process works under
            the same key.
        outputs: Output port -> folder, of a success.
        failure: What went wrong, or why it stopped.
        out_of_memory: Whether memory, not the disk, ran out.
        seconds: Time of the work itself.
        peak_bytes: Largest resident memory, or None.
        cut_short: Whether it ended early because it was asked to end with its best so far.
    """

    state: str
    outputs: Mapping[str, str] = field(default_factory=dict)
    failure: Failure | None = None
    out_of_memory: bool = False
    seconds: float = 0.0
    peak_bytes: int | None = None
    cut_short: bool = False

    def to_json(self) -> dict[str, Any]:
        """As a JSON value; `read_result` reads it."""
        value = {**vars(self), "outputs": dict(self.outputs)}
        failure = value.pop("failure")
        return {**value, "error": failure and failure.to_json()}


def read_result(folder: Path) -> Result | None:
    """The result in an attempt's folder, or None when there is none yet."""
    try:
        value = json.loads((folder / RESULT_NAME).read_bytes())
        error = value.pop("error")
        if error:
            value["failure"] = Failure(error.pop("class"), **error)
        return Result(**value)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def run(folder: Path, runner: str) -> int:
    """Do the work of the attempt in ``folder`` and leave its result there.

    Args:
        folder: The attempt's folder, with ``job.json``.
        runner: ``module:function`` that does the work.

    Returns:
        Exit status for the process.
    """
    process.become_subreaper()
    faulthandler.enable(sys.stderr)
    if hasattr(signal, "SIGUSR1"):
        faulthandler.register(signal.SIGUSR1, sys.stderr, all_threads=True)
    stop, finish = threading.Event(), _Request()
    _stop_on_signals(stop)
    job = read_job(folder)
    process.set_title(f"vl:{job.step}")

    def identify() -> None:
        write_json(folder / PROCESS_NAME, asdict(process.identify()))

    settings = load_settings(offline=job.offline)
    write_when_there_is_room(identify, folder, settings, stop)
    if job.finish:
        finish.set()
    lock = key_lock.take(Path(job.lock), f"{job.run} {job.step}") if job.lock else None
    if job.lock and lock is None:
        other = key_lock.holder_of(Path(job.lock)).partition(" ")[0]
        busy = Result("busy", failure=Failure("", f"the same step is running in {other}"))
        _leave(folder, busy, settings, stop)
        return 0
    events = _Events(folder, stop, finish)
    started = time.monotonic()
    result = _work(job, runner, _context(job, settings, events, stop, finish))
    events.close()
    seconds = time.monotonic() - started
    more = {"seconds": seconds, "peak_bytes": _peak(), "cut_short": finish.was_seen}
    _leave(folder, Result(**{**vars(result), **more}), settings, stop)
    return result.failure.exit_status if result.failure else 0


def _context(
    job: Job, settings: Settings, events: _Events, stop: threading.Event, finish: threading.Event
) -> Context:
    scratch = Path(job.scratch)

    def make_scratch() -> None:
        scratch.mkdir(parents=True, exist_ok=True)

    write_when_there_is_room(make_scratch, scratch, settings, stop)
    context = Context(
        outputs={port: Path(path) for port, path in job.outputs.items()},
        scratch=scratch,
        settings=settings,
        listener=events,
        stop=stop,
        finish=finish,
    )
    waiter = RoomWaiter(settings, events.wait_for, context.warn, stop)
    return dataclasses.replace(context, await_room=waiter)


def _work(job: Job, runner: str, context: Context) -> Result:
    """Call the runner; whatever it raises becomes a result."""
    try:
        module, _, name = runner.partition(":")
        work: Runner = getattr(importlib.import_module(module), name)
        produced = context.when_there_is_room(lambda: _attempt(work, job, context))
        return Result(
            "succeeded", {port: str(artifact.path) for port, artifact in produced.items()}
        )
    except RunInterrupted as error:
        return Result("interrupted", failure=_failure(error, _TERMINATED))
    except VisionloomError as error:
        sys.stderr.write(f"{error.title}: {error}\n")
        full = as_disk_full(error, job.path)
        memory = isinstance(error, ModuleOutOfMemoryError) and full is None
        return Result("failed", failure=_failure(error, error.exit_status), out_of_memory=memory)
    except BaseException as error:  # noqa: BLE001 - the process ends, and says why
        traceback.print_exc()
        if is_out_of_memory(error):
            failure = _failure(
                ModuleOutOfMemoryError(
                    f"The step ran out of memory: {str(error) or 'nothing was left'}.",
                    "Use a smaller batch or smaller pictures, or close other programs.",
                ),
                ModuleOutOfMemoryError.exit_status,
            )
            return Result("failed", failure=failure, out_of_memory=True)
        message = _shortened(f"{type(error).__name__}: {_words(error)}".rstrip(": "))
        return Result("failed", failure=Failure(type(error).__name__, message))


def _attempt(work: Runner, job: Job, context: Context) -> Mapping[str, Artifact]:
    """Do the work; where the disk is full, leave nothing of it, so that it can be done again."""
    try:
        return work(job, context)
    except Exception as error:
        full = as_disk_full(error, Path(next(iter(job.outputs.values()), job.folder)))
        if full is None:
            raise
        for path in job.outputs.values():
            remove_tree(Path(path))
        if full is error:
            raise
        raise full from error


class _Request(threading.Event):
    """A request that remembers whether the work took note of it.

    Attributes:
        was_seen: Whether somebody looked while it was made.
    """

    was_seen = False

    def is_set(self) -> bool:
        """Whether it was made."""
        made = super().is_set()
        self.was_seen = self.was_seen or made
        return made


class _Events:
    """The listener of a step: appends to ``events.jsonl``, of each stage at most four times a
    second; a thread of it also gives signs of life and looks for requests.
    """

    def __init__(self, folder: Path, stop: threading.Event, finish: threading.Event) -> None:
        self._folder = folder
        self._requests = {STOP_NAME: stop, FINISH_NAME: finish}
        self._made: set[str] = set()
        self._file = LineFile(folder / EVENTS_NAME)
        self._lock = threading.Lock()
        self._waiting: dict[str, Progress] = {}
        self._written = 0.0
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="events", daemon=True)
        self._thread.start()

    def __call__(self, event: Event) -> None:
        with self._lock:
            if isinstance(event, Progress):
                self._waiting[event.stage] = event
                if time.monotonic() - self._written >= _PROGRESS_SECONDS:
                    self._flush()
                return
            if isinstance(event, Log):
                sys.stdout.write(f"{event.text}\n")
                sys.stdout.flush()
            self._write(event)

    def wait_for(self, reason: str) -> None:
        """Tell what the step waits for; nothing when it goes on."""
        with self._lock, contextlib.suppress(OSError):
            self._file.write({"at": time.time(), "kind": WAITING, "reason": reason})

    def close(self) -> None:
        """Write what waits, and end the thread."""
        self._closing.set()
        self._thread.join()
        with self._lock:
            self._flush()
            self._file.close()

    def _watch(self) -> None:
        beat = -Timings.heartbeat
        while not self._closing.wait(_PROGRESS_SECONDS):
            for name, request in self._requests.items():
                if name not in self._made and (self._folder / name).exists():
                    self._made.add(name)
                    request.set()
            now = time.monotonic()
            if now - beat >= Timings.heartbeat:
                beat = now
                with contextlib.suppress(OSError):
                    (self._folder / HEARTBEAT_NAME).touch()
            with self._lock:
                self._flush()

    def _flush(self) -> None:
        for event in self._waiting.values():
            self._write(event)
        if self._waiting:
            self._written = time.monotonic()
            self._waiting.clear()

    def _write(self, event: Event) -> None:
        # a full disk must not end the work by way of its reports
        with contextlib.suppress(OSError):
            self._file.write({"at": time.time(), **line_of(event)})


def _stop_on_signals(stop: threading.Event) -> None:
    asked = False

    def ask(number: int, frame: object) -> None:
        nonlocal asked
        del number, frame
        if asked:
            os._exit(_TERMINATED)
        asked = True
        stop.set()

    signal.signal(signal.SIGTERM, ask)
    # Ctrl-C is for whoever follows the run, and a terminal that closes concerns no step
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


def _leave(folder: Path, result: Result, settings: Settings, stop: threading.Event) -> None:
    path, data = folder / RESULT_NAME, json.dumps(result.to_json()).encode()
    write_when_there_is_room(lambda: write_file(path, data), path, settings, stop)


def _failure(error: VisionloomError, status: int) -> Failure:
    return Failure(type(error).__name__, error.message, error.remedy, error.number, status)


def _words(error: BaseException) -> str:
    """What an error says; nothing where it cannot say it."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - somebody else's code
        return ""


def _shortened(message: str) -> str:
    """A message that can be shown and recorded; the whole of it is in the step's output."""
    if len(message) <= _LONGEST_MESSAGE:
        return message
    return f"{message[:_LONGEST_MESSAGE]} ... ({len(message):,} characters)"


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out; tensor libraries have their own ways to say so."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    return isinstance(error, RuntimeError) and any(w in str(error).lower() for w in _NO_MEMORY)


def _peak() -> int | None:
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def end(status: int) -> NoReturn:
    """End the process at once: no thread that is left keeps it, no library's clean-up fails it."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


def main(folder: str, runner: str) -> None:
    """What ``python -m`` calls."""
    status = 1
    try:
        status = run(Path(folder), runner)
    except BaseException:  # noqa: BLE001 - the process ends, and says why
        traceback.print_exc()
    finally:
        end(status)


if __name__ == "__main__":
    main(*sys.argv[1:])
