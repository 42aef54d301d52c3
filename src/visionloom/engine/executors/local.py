"""Steps on this machine: forked from a server that has loaded what they need, or started anew.

Forking needs Linux; elsewhere, and for steps whose environment variables libraries read when they
load, a new interpreter is started. A step's limit on memory is watched here, over all of its
processes, rather than set as a limit of the kernel: those count address space (CUDA and thread
stacks reserve far more than they use) and one process at a time.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from visionloom.engine import process
from visionloom.engine.executors.base import (
    LOG_NAME,
    STOP_NAME,
    Ended,
    Job,
    run_marker,
)
from visionloom.engine.fork_client import ForkServer
from visionloom.errors import ProcessLostError
from visionloom.records.rows import ProcessIdentity

# read by libraries when they are used, not when they load; so good for a forked process too
_READ_LATE = frozenset({"CUDA_VISIBLE_DEVICES"})
_MEMORY_LOOK_SECONDS = 0.5


@dataclass
class _Running:
    """A process of ours.

    Attributes:
        identity: Who it is.
        server, token: Where it was forked.
        spawned: The process where it was started anew.
        ended: How it ended, once known.
        kills: Count of kills for lack of memory that the machine had made when it started.
        looked: When its memory was looked at, monotonic seconds.
        over: Whether it took more memory than it may.
        peak: Most memory seen, bytes.
    """

    identity: ProcessIdentity
    server: ForkServer | None = None
    token: int = 0
    spawned: subprocess.Popen[bytes] | None = None
    ended: Ended | None = None
    kills: int = 0
    looked: float = 0.0
    over: bool = False
    peak: int = 0


class LocalExecutor:
    """Runs steps on this machine.

    Args:
        runner: ``module:function`` that does the work of a job, given the job and a context.
        light: Modules that are quick to load; jobs that want no others are forked from a server
            that has only these, and need not wait for the heavy ones.
        heavy: Modules that take long to load.
        fork: Whether to fork where the system can.
    """

    def __init__(
        self,
        runner: str,
        *,
        light: Sequence[str] = (),
        heavy: Sequence[str] = (),
        fork: bool = True,
    ) -> None:
        self._runner = runner
        self._modules = {False: tuple(light), True: (*light, *heavy)}
        self._heavy = frozenset(heavy)
        self._fork = fork and sys.platform == "linux"
        self._servers: dict[bool, ForkServer] = {}
        self._running: dict[str, _Running] = {}
        self._is_woken = threading.Event()
        if sys.platform != "win32":
            self._woken, self._wake = os.pipe()
            for end in (self._woken, self._wake):
                os.set_blocking(end, False)

    def prepare(self, preload: Sequence[str]) -> None:
        """See `Executor.prepare`."""
        if self._fork:
            self._server(not self._heavy.isdisjoint(preload))

    def ready(self, job: Job) -> bool:
        """See `Executor.ready`."""
        if not self._forks(job):
            return True
        server = self._server(not self._heavy.isdisjoint(job.preload))
        server.pump()
        return server.ready

    def start(self, job: Job) -> ProcessIdentity:
        """See `Executor.start`."""
        # steps of a server that dies come to us
        process.become_subreaper()
        kills = _memory_kills()
        running = self._forked(job) if self._forks(job) else self._spawned(job)
        running.kills = kills
        self._running[job.folder] = running
        return running.identity

    def adopt(self, job: Job, process_: ProcessIdentity) -> bool:
        """See `Executor.adopt`."""
        self._running[job.folder] = _Running(process_, kills=_memory_kills())
        return process.is_alive(process_)

    def poll(self, job: Job) -> Ended | None:
        """See `Executor.poll`."""
        running = self._running[job.folder]
        if running.ended is None:
            running.ended = self._look(running)
            if running.ended is None:
                self._watch_memory(job, running)
        return running.ended

    def stop(self, job: Job, *, kill: bool) -> None:
        """See `Executor.stop`."""
        running = self._running.get(job.folder)
        leader = running.identity if running else None
        if kill:
            # the leader last: while it is there its descendants can be told
            left = process.remaining(leader, job.marker)
            for one in sorted(left, key=lambda one: one == leader):
                process.send_signal(one, process.KILL)
        elif sys.platform == "win32":
            with contextlib.suppress(OSError):
                (job.path / STOP_NAME).touch()
        elif leader is not None:
            process.send_signal(leader, signal.SIGTERM, group=True)

    def is_empty(self, job: Job) -> bool:
        """See `Executor.is_empty`."""
        running = self._running.get(job.folder)
        return not process.remaining(running.identity if running else None, job.marker)

    def dump(self, job: Job) -> None:
        """See `Executor.dump`."""
        if hasattr(signal, "SIGUSR1"):
            process.send_signal(self._running[job.folder].identity, signal.SIGUSR1)

    def wait(self, seconds: float) -> None:
        """See `Executor.wait`."""
        spawned = any(running.spawned for running in self._running.values() if not running.ended)
        # a new interpreter's end makes nothing readable
        limit = min(seconds, 0.05) if spawned else seconds
        if sys.platform == "win32":
            self._is_woken.wait(limit)
            self._is_woken.clear()
            return
        sources = [self._woken]
        sources += [server.fileno() for server in self._servers.values() if server.is_open]
        readable, _, _ = select.select(sources, [], [], max(limit, 0))
        if self._woken in readable:
            with contextlib.suppress(BlockingIOError):
                os.read(self._woken, 4096)

    def wake(self) -> None:
        """See `Executor.wake`."""
        self._is_woken.set()
        if sys.platform != "win32":
            with contextlib.suppress(BlockingIOError, OSError):
                os.write(self._wake, b"1")

    def close(self) -> None:
        """See `Executor.close`."""
        for server in self._servers.values():
            server.close()
        self._servers.clear()
        if sys.platform != "win32":
            for end in (self._woken, self._wake):
                with contextlib.suppress(OSError):
                    os.close(end)

    def _forks(self, job: Job) -> bool:
        return self._fork and _READ_LATE.issuperset(job.environment)

    def _server(self, heavy: bool) -> ForkServer:
        server = self._servers.get(heavy)
        if server is None or not server.is_open:
            server = self._servers[heavy] = ForkServer(self._modules[heavy])
        return server

    def _forked(self, job: Job) -> _Running:
        server = self._server(not self._heavy.isdisjoint(job.preload))
        token, identity = server.start(
            job.path,
            self._runner,
            job.path / LOG_NAME,
            _environment(job),
            marker=job.marker,
            owner=f"{run_marker(job.home, job.run)}fork-server",
        )
        return _Running(identity, server, token)

    def _spawned(self, job: Job) -> _Running:
        try:
            with open(job.path / LOG_NAME, "ab") as log:
                started = subprocess.Popen(
                    [
                        *(sys.executable, "-P", "-m", "visionloom.engine.step_process"),
                        *(job.folder, self._runner),
                    ],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env={**os.environ, **_environment(job), process.MARKER: job.marker},
                    start_new_session=True,
                )
            return _Running(process.identify(started.pid, dead=True), spawned=started)
        except OSError as error:
            raise ProcessLostError(f"The step's process did not begin: {error}.") from None

    def _look(self, running: _Running) -> Ended | None:
        ended: Ended | None = None
        if running.server is not None:
            running.server.pump()
            told = running.server.ended.pop(running.token, None)
            if told is None and running.server.is_open:
                return None
            ended = Ended(*told) if told else None
        elif running.spawned is not None:
            status = running.spawned.poll()
            if status is None:
                return None
            ended = Ended(status)
        if ended is None:
            # adopted, or its server died
            if process.is_alive(running.identity):
                return None
            if hasattr(os, "WNOHANG"):
                with contextlib.suppress(OSError):
                    os.waitpid(running.identity.pid, os.WNOHANG)
            ended = Ended(None)
        killed = ended.exit in (None, -process.KILL) and _memory_kills() > running.kills
        peak = max(ended.peak_bytes or 0, running.peak) or None
        return replace(ended, peak_bytes=peak, out_of_memory=running.over or killed)

    def _watch_memory(self, job: Job, running: _Running) -> None:
        now = time.monotonic()
        if job.memory_bytes is None or now - running.looked < _MEMORY_LOOK_SECONDS:
            return
        running.looked = now
        pids = {running.identity.pid} | {
            one.pid for one in process.descendants(running.identity.pid)
        }
        used = process.resident_bytes(pids)
        running.peak = max(running.peak, used)
        if used > job.memory_bytes:
            running.over = True
            self.stop(job, kill=True)


def device_variables(device: str) -> dict[str, str]:
    """The variables that keep a step to its target's device: ``auto``, ``cpu`` or ``cuda:N``.

    N counts the GPUs that this process may use.
    """
    if device == "cpu":
        return {"CUDA_VISIBLE_DEVICES": ""}
    kind, _, number = device.partition(":")
    if kind != "cuda" or not number:
        return {}
    words = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
    allowed = [word.strip() for word in words if word.strip()]
    index = int(number)
    return {"CUDA_VISIBLE_DEVICES": allowed[index] if index < len(allowed) else number}


def _environment(job: Job) -> Mapping[str, str]:
    return {
        **job.environment,
        "VISIONLOOM_HOME": job.home,
        "VISIONLOOM_OFFLINE": "1" if job.offline else "0",
    }


def _memory_kills() -> int:
    """How often this machine's kernel has ended a process for lack of memory."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/vmstat").read_text(encoding="ascii").splitlines():
            name, _, value = line.partition(" ")
            if name == "oom_kill":
                return int(value)
    return 0
