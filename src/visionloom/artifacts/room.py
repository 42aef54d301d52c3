"""Room on a disk: how much is free, how much a writer needs, and the error when that is more."""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import suppress
from pathlib import Path

from visionloom.errors import DiskFullError

MARGIN_BYTES = 1024 * 1024
"""What a writer that knows its size leaves free for records and reports."""

WAITING_FOR_ROOM = "waiting: disk full"
_FULL = (errno.ENOSPC, errno.EDQUOT)
_REMEDY = "Free some space and try again."


def free_bytes(path: Path) -> int:
    """Bytes free for this user on the disk that holds, or would hold, ``path``.

    Raises:
        OSError: It cannot be asked.
    """
    while not path.exists() and path.parent != path:
        path = path.parent
    return shutil.disk_usage(path).free


def ensure_room(path: Path, count: int) -> None:
    """See that ``count`` bytes can be written at ``path`` and the margin still stays free.

    Raises:
        DiskFullError: They cannot; how many are needed and free.
    """
    wanted = count + MARGIN_BYTES
    with suppress(OSError):
        if free_bytes(path) < wanted:
            raise disk_full(path, wanted)


def disk_full(path: Path, needed: int = 0) -> DiskFullError:
    """The error that says so, with what is free and what is needed, where known (bytes)."""
    wanted = ""
    with suppress(OSError):
        if needed:
            free = in_words(free_bytes(path))
            wanted = f"; {in_words(needed)} must be free there, {free} are"
    error = DiskFullError(f"The disk is full: {path} could not be written{wanted}.", _REMEDY)
    error.place, error.needed = path, needed
    return error


def waiting_for(error: DiskFullError) -> str:
    """What a step waits for, as its reason."""
    where = f" at {error.place}" if error.place else ""
    what = f"{in_words(error.needed)} must be free" if error.needed else "more room is needed"
    return f"{WAITING_FOR_ROOM}: {what}{where}"


def as_disk_full(error: BaseException, path: Path) -> DiskFullError | None:
    """The error as one about a full disk, also where it was wrapped; None when it is another."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, DiskFullError):
            return cause
        if is_disk_full(cause):
            return disk_full(path)
        cause = cause.__cause__
    return None


def is_disk_full(error: BaseException) -> bool:
    """Whether a writer, ours or a library's with errors of its own, found no room."""
    return any(says(error, number) for number in _FULL)


def says(error: BaseException, number: int) -> bool:
    """Whether an error is of this number, or says in its words what the number stands for."""
    if isinstance(error, OSError) and error.errno == number:
        return True
    try:
        return os.strerror(number) in str(error)
    except Exception:  # noqa: BLE001 - somebody else's error, which cannot say what it is
        return False


def in_words(count: int) -> str:
    """A number of bytes for people, rounded up."""
    for unit, size in (("GiB", 1024**3), ("MiB", 1024**2)):
        if count >= size:
            return f"{-(-count * 10 // size) / 10:.1f} {unit}"
    return f"{-(-count // 1024)} KiB"
