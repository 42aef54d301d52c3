"""Processes: who one is, whether it lives, and how to end it with all it started.

A process is known by its machine's boot, its number and its start time, never by its number
alone, since numbers are used again. On Linux all of this comes from ``/proc``; elsewhere from
psutil, where a process that left its group and hid its environment may be overlooked.
"""

from __future__ import annotations

import contextlib
import functools
import os
import platform
import signal
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from visionloom.records.rows import ProcessIdentity

MARKER = "VISIONLOOM_ATTEMPT"
# room for a marker in the first environment of a process that takes another one later
MARKER_ROOM = 480
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
_SUBREAPER = 36
_NAME = 15
_WHOLE_GROUP = 4
_LINUX = sys.platform == "linux"

Liveness = Literal["alive", "dead", "elsewhere"]


@dataclass(frozen=True)
class Entry:
    """A line of the process table.

    Attributes:
        pid, parent, group, session: Numbers; group and session are 0 where they are not known.
        started: See `ProcessIdentity`.
        dead: Whether only its exit status is left (a zombie).
    """

    pid: int
    parent: int
    group: int
    session: int
    started: int
    dead: bool


def boot_clock() -> float:
    """Seconds since the machine started, time asleep included where the system counts it."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


@functools.cache
def boot_id() -> str:
    """Which boot of the machine this is; empty where the system does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def identify(pid: int | None = None, *, dead: bool = False) -> ProcessIdentity:
    """Who the process of this number is now; this process by default.

    Args:
        pid: Its number.
        dead: Whether one counts of which only the exit status is left.

    Raises:
        ProcessLookupError: There is none.
    """
    number = os.getpid() if pid is None else pid
    entry = _entry(number)
    if entry is None or (entry.dead and not dead):
        raise ProcessLookupError(f"there is no process {number}")
    return _identity(entry)


def liveness(identity: ProcessIdentity) -> Liveness:
    """Whether a process lives; ``elsewhere`` when only another machine can tell.

    A process of an earlier boot of this machine is dead, and so is one whose number is somebody
    else's now.
    """
    if identity.boot != boot_id():
        return "dead" if identity.host == platform.node() else "elsewhere"
    entry = _entry(identity.pid)
    if entry is not None and entry.started == identity.started:
        return "dead" if entry.dead else "alive"
    # the same boot under another name: perhaps a container whose processes are not seen from here
    return "dead" if identity.host == platform.node() else "elsewhere"


def is_alive(identity: ProcessIdentity) -> bool:
    """Whether the process is known to live."""
    return liveness(identity) == "alive"


def send_signal(identity: ProcessIdentity, number: int, *, group: bool = False) -> bool:
    """Send a signal to the process, or to its group when it leads one.

    Nothing is sent to a stranger with the same number: the process is held by a descriptor while
    its start time is compared, where the system has them.

    Returns:
        False when the process is gone.
    """
    held = _hold(identity.pid)
    try:
        if not is_alive(identity):
            return False
        _send(held, identity.pid, number, group=group)
    except (ProcessLookupError, PermissionError):
        return False
    finally:
        if held is not None:
            os.close(held)
    return True


def become_subreaper() -> bool:
    """Let orphans among this process's descendants become its children; False where it cannot."""
    return _prctl(_SUBREAPER, 1)


def set_title(name: str) -> None:
    """Show this process under a name of up to 15 characters, where the system allows it."""
    import ctypes

    _prctl(_NAME, ctypes.create_string_buffer(name.encode()[:15]))


def mark(value: str) -> None:
    """Take another marker: in ``os.environ``, and where `find_marked` looks.

    The kernel shows the environment a process started with. A forked process has its parent's, so
    the marker is written over the room that was left for it there.
    """
    os.environ[MARKER] = value
    if not _LINUX:
        return
    with contextlib.suppress(OSError, ValueError, IndexError):
        numbers = Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        start, end = int(numbers[47]), int(numbers[48])
        with open("/proc/self/mem", "r+b", buffering=0) as memory:
            memory.seek(start)
            shown = memory.read(end - start)
            name = f"{MARKER}=".encode()
            at = shown.index(name) + len(name)
            room = shown.index(b"\0", at) - at
            memory.seek(start + at)
            memory.write(value.encode()[:room].ljust(room))


def find_marked(prefix: str) -> list[ProcessIdentity]:
    """Living processes of this user whose marker begins so."""
    return [
        _identity(entry)
        for entry in table().values()
        if not entry.dead and entry.pid != os.getpid() and marker_of(entry.pid).startswith(prefix)
    ]


def descendants(pid: int) -> list[ProcessIdentity]:
    """Living children of a process, their children, and so on."""
    entries = table()
    return [
        _identity(entries[found]) for found in _below(entries, {pid}) if not entries[found].dead
    ]


def remaining(leader: ProcessIdentity | None, marker: str) -> list[ProcessIdentity]:
    """What is left of a process that leads a session: itself, its group, its session, its
    descendants, and whatever carries its marker; with the descendants of all of these.

    Once the leader is gone only the marker counts: its number may be another session's by now.
    """
    entries = table()
    holder = entries.get(leader.pid) if leader else None
    found: set[int] = set()
    if leader and holder and _identity(holder) == leader:
        found = {e.pid for e in entries.values() if leader.pid in (e.pid, e.group, e.session)}
    if marker:
        found |= {e.pid for e in entries.values() if marker_of(e.pid) == marker}
    found |= _below(entries, found)
    return [_identity(entries[pid]) for pid in sorted(found) if not entries[pid].dead]


def children(pid: int) -> list[Entry]:
    """The children of a process, dead ones included."""
    return [entry for entry in table().values() if entry.parent == pid]


def table() -> dict[int, Entry]:
    """All processes by number."""
    if _LINUX:
        numbers = (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit())
    else:
        import psutil

        numbers = iter(psutil.pids())
    return {pid: entry for pid in numbers if (entry := _entry(pid)) is not None}


def marker_of(pid: int) -> str:
    """The marker of a process; empty when it has none, or is another user's."""
    if not _LINUX:
        import psutil

        with contextlib.suppress(psutil.Error, OSError):
            return str(psutil.Process(pid).environ().get(MARKER, "")).strip()
        return ""
    name = f"{MARKER}=".encode()
    with contextlib.suppress(OSError):
        for variable in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
            if variable.startswith(name):
                return variable[len(name) :].decode("utf-8", "replace").strip()
    return ""


def resident_bytes(pids: Iterable[int]) -> int:
    """Memory the processes take, without what is backed by files."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError, ValueError, IndexError):
            total += _resident(pid)
    return total


def _resident(pid: int) -> int:
    if not _LINUX:
        import psutil

        with contextlib.suppress(psutil.Error):
            return int(psutil.Process(pid).memory_info().rss)
        return 0
    fields = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()
    # resident, less what is backed by files
    return (int(fields[1]) - int(fields[2])) * os.sysconf("SC_PAGE_SIZE")


def _entry(pid: int) -> Entry | None:
    if not _LINUX:
        return _foreign_entry(pid)
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stream:
            # the name in brackets may hold anything, closing brackets too
            fields = stream.read().rpartition(")")[2].split()
    except OSError:
        return None
    return Entry(
        pid,
        parent=int(fields[1]),
        group=int(fields[2]),
        session=int(fields[3]),
        started=int(fields[19]),
        dead=fields[0] in "ZXx",
    )


def _foreign_entry(pid: int) -> Entry | None:
    import psutil

    try:
        process = psutil.Process(pid)
        with process.oneshot():
            parent, started = process.ppid(), int(process.create_time() * 1000)
            dead = process.status() == psutil.STATUS_ZOMBIE
    except (psutil.Error, OSError):
        return None
    group = session = 0
    if sys.platform != "win32":
        with contextlib.suppress(OSError):
            group, session = os.getpgid(pid), os.getsid(pid)
    return Entry(pid, parent, group, session, started, dead)


def _identity(entry: Entry) -> ProcessIdentity:
    return ProcessIdentity(platform.node(), boot_id(), entry.pid, entry.started)


def _below(entries: Mapping[int, Entry], roots: set[int]) -> set[int]:
    below: dict[int, list[int]] = {}
    for entry in entries.values():
        below.setdefault(entry.parent, []).append(entry.pid)
    found: set[int] = set()
    open_ = list(roots)
    while open_:
        for child in below.get(open_.pop(), ()):
            if child not in found:
                found.add(child)
                open_.append(child)
    return found


def _hold(pid: int) -> int | None:
    """A descriptor of the process, or None where there are none, or there is no such process."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            return os.pidfd_open(pid)
    return None


def _send(held: int | None, pid: int, number: int, *, group: bool) -> None:
    if sys.platform == "linux" and held is not None:
        try:
            signal.pidfd_send_signal(held, number, None, _WHOLE_GROUP if group else 0)
            return
        except OSError as error:
            # kernels before 6.9 know of no groups here
            if not group or isinstance(error, ProcessLookupError):
                raise
    if group and sys.platform != "win32":
        os.killpg(pid, number)
    else:
        os.kill(pid, number)


def _prctl(option: int, value: object) -> bool:
    if not _LINUX:
        return False
    import ctypes

    given = ctypes.c_ulong(value) if isinstance(value, int) else value
    nothing = ctypes.c_ulong(0)
    return bool(ctypes.CDLL(None).prctl(option, given, nothing, nothing, nothing) == 0)
