"""The process steps are forked from: it has imported what they need, and does nothing else.

No tensor, no database, no thread of ours. A step's process is ready in milliseconds, in a session
of its own. Orphans of a step come back here (subreaper) and are ended once the step has. When the
supervisor is gone, the server stays until the last of its steps has ended.

Messages are JSON lines over the socket whose number is the first argument. In: ``{"start": token,
"folder", "runner", "log", "environment", "marker", "owner"}``. Out: ``{"ready": true, "failed":
{module: why}}``, ``{"started": token, "process"}`` and ``{"ended": token, "exit", "peak_bytes"}``.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

from visionloom.engine import process, step_process

_SWEEP_SECONDS = 2.0
_PAUSE = 0.005


class Server:
    """Forks steps and waits for them.

    Args:
        connection: To the supervisor.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._open = True
        self._received = b""
        self._tokens: dict[int, int] = {}
        self._helpers: frozenset[int] = frozenset()
        self._woken, self._wake = os.pipe()

    def serve(self, modules: Sequence[str]) -> None:
        """Import the modules, then do as asked until nobody asks and nothing runs."""
        process.become_subreaper()
        process.set_title("vl:fork-server")
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        failed = _import(modules)
        self._helpers = frozenset(entry.pid for entry in process.children(os.getpid()))
        # what is there stays shared with the steps
        gc.collect()
        gc.freeze()
        os.set_blocking(self._wake, False)
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, _wake_up)
        self._send({"ready": True, "failed": failed})
        while self._open or self._tokens:
            sources: list[Any] = [self._woken, *([self._connection] if self._open else [])]
            readable, _, _ = select.select(sources, [], [])
            if self._woken in readable:
                os.read(self._woken, 4096)
                self._reap()
            if self._connection in readable:
                self._receive()

    def _receive(self) -> None:
        try:
            data = self._connection.recv(65536)
        except OSError:
            data = b""
        if not data:
            self._open = False
            return
        *lines, self._received = (self._received + data).split(b"\n")
        for line in lines:
            self._start(json.loads(line))

    def _send(self, message: Mapping[str, Any]) -> None:
        with contextlib.suppress(OSError):
            self._connection.sendall(json.dumps(message).encode() + b"\n")

    def _start(self, request: Mapping[str, Any]) -> None:
        process.mark(request["owner"])
        began, begin = os.pipe()
        try:
            pid = os.fork()
        except OSError:
            os.close(begin)
            os.close(began)
            self._send({"ended": request["start"], "exit": None, "peak_bytes": None})
            return
        if pid == 0:
            os.close(began)
            self._become_step(request, begin)
        self._tokens[pid] = request["start"]
        os.close(begin)
        os.read(began, 1)  # it leads its own session from here on
        os.close(began)
        # it may have ended by now; it keeps its number and start time until it is waited for
        identity = process.identify(pid, dead=True)
        self._send({"started": request["start"], "process": asdict(identity)})

    def _become_step(self, request: Mapping[str, Any], begin: int) -> NoReturn:
        status = 1
        try:
            os.setsid()
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self._connection.close()
            os.close(self._woken)
            os.close(self._wake)
            os.environ.update(request["environment"])
            process.mark(request["marker"])
            _redirect(Path(request["log"]))
            _reseed()
            gc.unfreeze()
            os.write(begin, b"1")
            os.close(begin)
            status = step_process.run(Path(request["folder"]), request["runner"])
        except BaseException:  # noqa: BLE001 - the process ends, and says why
            traceback.print_exc()
        finally:
            step_process.end(status)

    def _reap(self) -> None:
        while True:
            try:
                ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if ended is None:
                return
            token = self._tokens.get(ended.si_pid)
            if token is not None:
                # the dead leader still holds the number, so this can hit no stranger's group
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(ended.si_pid, signal.SIGKILL)
            _, status, usage = os.wait4(ended.si_pid, 0)
            if token is not None:
                del self._tokens[ended.si_pid]
                self._end_orphans()
                peak = usage.ru_maxrss * 1024
                exit_ = os.waitstatus_to_exitcode(status)
                self._send({"ended": token, "exit": exit_, "peak_bytes": peak})

    def _end_orphans(self) -> None:
        """End what steps that ended left behind: every child that is none of ours."""
        until = time.monotonic() + _SWEEP_SECONDS
        while time.monotonic() < until:
            orphans = [
                entry
                for entry in process.children(os.getpid())
                if entry.pid not in self._tokens and entry.pid not in self._helpers
            ]
            if not orphans:
                return
            for orphan in orphans:
                with contextlib.suppress(OSError):
                    os.kill(orphan.pid, signal.SIGKILL)
                    os.waitpid(orphan.pid, os.WNOHANG)
            time.sleep(_PAUSE)


def _wake_up(number: int, frame: object) -> None:
    """What a signal does beyond waking the server: nothing."""
    del number, frame


def _import(modules: Sequence[str]) -> dict[str, str]:
    failed = {}
    for name in modules:
        try:
            importlib.import_module(name)
        except Exception as error:  # noqa: BLE001 - a step that needs it will say so itself
            failed[name] = f"{type(error).__name__}: {error}"
    return failed


def _redirect(log: Path) -> None:
    """No input; output goes to the log."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for source, target in ((nothing, 0), (written, 1), (written, 2)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(written)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(line_buffering=True)


def _reseed() -> None:
    """Give generators that a library keeps a start of their own; Python's does it by itself."""
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()


if __name__ == "__main__":
    Server(socket.socket(fileno=int(sys.argv[1]))).serve(sys.argv[2:])
    step_process.end(0)
