"""The supervisor's end of a fork server."""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from visionloom.engine import process
from visionloom.errors import ProcessLostError
from visionloom.records.rows import ProcessIdentity

_START_SECONDS = 30.0


class ForkServer:
    """A fork server that is being started, or runs, or has ended.

    Args:
        modules: What it imports before it forks.

    Attributes:
        ended: Token -> how that step's process ended: exit status (None when it could not begin)
            and largest resident memory; take them out.
        failed: Module -> why it could not be imported.
    """

    def __init__(self, modules: Sequence[str]) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-P", "-m", "visionloom.engine.fork_server"),
                    *(str(theirs.fileno()), *modules),
                ],
                stdin=subprocess.DEVNULL,
                # it may outlive us: whoever reads our output must not wait for it
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                env={**os.environ, process.MARKER: " " * process.MARKER_ROOM},
                start_new_session=True,
            )
        ours.setblocking(False)
        self._socket = ours
        self._received = b""
        self._started: dict[int, ProcessIdentity] = {}
        self._tokens = 0
        self.ready = False
        self.is_open = True
        self.ended: dict[int, tuple[int | None, int | None]] = {}
        self.failed: dict[str, str] = {}

    def fileno(self) -> int:
        """Readable when there is something to `pump`."""
        return self._socket.fileno()

    def start(
        self,
        folder: Path,
        runner: str,
        log: Path,
        environment: Mapping[str, str],
        *,
        marker: str,
        owner: str,
    ) -> tuple[int, ProcessIdentity]:
        """Fork a process for the attempt in ``folder``; returns its token and who it is.

        Raises:
            ProcessLostError: The server, or the process before it began, is gone.
        """
        self._tokens += 1
        token = self._tokens
        request = {
            "start": token,
            "folder": str(folder),
            "runner": runner,
            "log": str(log),
            "environment": dict(environment),
            "marker": marker,
            "owner": owner,
        }
        until = time.monotonic() + _START_SECONDS
        try:
            self._socket.setblocking(True)
            self._socket.sendall(json.dumps(request).encode() + b"\n")
        except OSError:
            self.is_open = False
        finally:
            self._socket.setblocking(False)
        while token not in self._started:
            if not self.is_open or token in self.ended or time.monotonic() > until:
                self.ended.pop(token, None)
                raise ProcessLostError("The step's process ended before it began.")
            select.select([self._socket], [], [], 0.1)
            self.pump()
        return token, self._started.pop(token)

    def pump(self) -> None:
        """Take in what the server has said."""
        while self.is_open:
            try:
                data = self._socket.recv(65536)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self.is_open = self.ready = False
                return
            *lines, self._received = (self._received + data).split(b"\n")
            for line in lines:
                self._take(json.loads(line))

    def close(self) -> None:
        """Let go of it: it ends with the last of its steps."""
        self._socket.close()
        self.is_open = self.ready = False
        # reaped here if it has ended already; else by whoever inherits it
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)

    def _take(self, message: Mapping[str, Any]) -> None:
        if "ready" in message:
            self.ready = True
            self.failed = dict(message["failed"])
        elif "started" in message:
            self._started[message["started"]] = ProcessIdentity(**message["process"])
        else:
            self.ended[message["ended"]] = message["exit"], message["peak_bytes"]
