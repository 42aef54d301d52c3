"""Asks the process that tries models; starts it when needed and lets it rest when not."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from visionloom import errors
from visionloom.errors import MachineError, VisionloomError
from visionloom.settings import Settings

_SECONDS = 30.0
_IDLE_SECONDS = 300.0
_WAITING = 8


class TrierCrashedError(VisionloomError):
    """A bug in the process that tries models; the message is its traceback."""

    exit_status = 1


class ModelTrier:
    """One process for all questions, asked one after the other. Safe to share between threads.

    Args:
        settings: Home folder, whether fetching is allowed.
        seconds: Time for one question, waiting included.
        idle_seconds: After how long without a question the process ends.
    """

    def __init__(
        self, settings: Settings, *, seconds: float = _SECONDS, idle_seconds: float = _IDLE_SECONDS
    ) -> None:
        self._settings = settings
        self._seconds = seconds
        self._idle_seconds = idle_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._idle: threading.Timer | None = None
        self._places = threading.BoundedSemaphore(_WAITING)
        self._turn = threading.Lock()

    @property
    def pid(self) -> int | None:
        """Number of the process, or None while there is none."""
        process = self._process
        return None if process is None else process.pid

    def try_model(self, model: Path, data: bytes) -> dict[str, Any]:
        """What a model says of a picture; see `visionloom.runs.try_model`.

        Raises:
            InvalidDatasetError, InvalidModelDirectoryError: No usable picture or model.
            MachineError: Busy, too slow, out of memory, or the process was lost.
            TrierCrashedError: A bug.
        """
        return self._ask({"model": str(model), "bytes": len(data)}, data, self._seconds)

    def add_weights(self, model: str, file: Path) -> None:
        """Take a weights file in; see `visionloom.workspace.Workspace.add_weights`."""
        self._ask({"weights": model, "file": str(file)}, b"", 10 * self._seconds)

    def close(self) -> None:
        """End the process, also while it works."""
        self._kill()
        with self._turn:
            self._end()

    def _ask(self, request: dict[str, Any], data: bytes, seconds: float) -> dict[str, Any]:
        until = time.monotonic() + seconds
        if not self._places.acquire(blocking=False):
            raise MachineError("Too many pictures are waiting to be tried.", "Try again soon.")
        try:
            if not self._turn.acquire(timeout=seconds):
                raise _too_slow(seconds)
            try:
                return self._answer(request, data, until, seconds)
            finally:
                self._rest()
                self._turn.release()
        finally:
            self._places.release()

    def _answer(
        self, request: dict[str, Any], data: bytes, until: float, seconds: float
    ) -> dict[str, Any]:
        process = self._running()
        timed_out = threading.Event()

        def give_up() -> None:
            timed_out.set()
            process.kill()

        timer = threading.Timer(max(0.0, until - time.monotonic()), give_up)
        timer.daemon = True
        timer.start()
        line = b""
        try:
            with contextlib.suppress(OSError, ValueError):
                assert process.stdin is not None  # noqa: S101 - made with pipes
                assert process.stdout is not None  # noqa: S101
                process.stdin.write(json.dumps(request).encode() + b"\n" + data)
                process.stdin.flush()
                line = process.stdout.readline()
        finally:
            timer.cancel()
        if not line.endswith(b"\n"):
            self._end()
            if timed_out.is_set():
                raise _too_slow(seconds)
            raise MachineError(
                "The process that tries models ended without an answer; it may have run out of "
                "memory.",
                "Try again, or a smaller picture.",
            )
        answer = json.loads(line)
        if "bug" in answer:
            raise TrierCrashedError(str(answer["bug"]))
        if "error" in answer:
            kind = getattr(errors, str(answer["error"]), VisionloomError)
            raise kind(answer["message"], answer["remedy"])
        return dict(answer)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._idle is not None:
            self._idle.cancel()
        if self._process is None or self._process.poll() is not None:
            self._end()
            home = {"VISIONLOOM_HOME": str(self._settings.home)}
            offline = {"VISIONLOOM_OFFLINE": "1"} if self._settings.offline else {}
            self._process = subprocess.Popen(
                # -P: what lies in the working folder is not imported
                [sys.executable, "-P", "-m", "visionloom.runs.try_model"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                env={**os.environ, **home, **offline},
            )
        return self._process

    def _rest(self) -> None:
        """Let the process end when nobody asks for long."""
        if self._idle is not None:
            self._idle.cancel()
        if self._process is not None:
            self._idle = threading.Timer(self._idle_seconds, self._end_if_idle)
            self._idle.daemon = True
            self._idle.start()

    def _end_if_idle(self) -> None:
        if self._turn.acquire(blocking=False):
            try:
                self._end()
            finally:
                self._turn.release()

    def _kill(self) -> None:
        process = self._process
        if process is not None:
            with contextlib.suppress(OSError):
                process.kill()

    def _end(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()
            self._process = None


def _too_slow(seconds: float) -> MachineError:
    return MachineError(
        f"No answer came within {seconds:g} seconds.", "Try again when less is running."
    )
