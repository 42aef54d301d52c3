"""A lock that one process holds for what it does under one key, and that dies with it.

The kernel keeps it, so it cannot be held by the dead. The file says who holds it, for people.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

# bytes beyond any text in the file: where locks keep others from reading, this one does not
_FAR = 1 << 30


class KeyLock:
    """A lock that is held; made by `take`. Closing the process lets go of it too."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor

    def release(self, *, remove: bool = False) -> None:
        """Let go; with ``remove`` the file goes as well."""
        if self._descriptor < 0:
            return
        if remove:
            # gone before it is free: who opened it meanwhile finds that out and opens a new one
            with contextlib.suppress(OSError):
                self._path.unlink()
        os.close(self._descriptor)
        self._descriptor = -1


def take(path: Path, holder: str) -> KeyLock | None:
    """Take the lock at ``path``, or return None when somebody has it.

    Args:
        path: The file; made when it is not there.
        holder: Who takes it, as `holder_of` tells others.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        if not _lock(descriptor):
            os.close(descriptor)
            return None
        if _is_at(path, descriptor):
            os.ftruncate(descriptor, 0)
            os.write(descriptor, holder.encode())
            return KeyLock(path, descriptor)
        os.close(descriptor)


def holder_of(path: Path) -> str:
    """Who took the lock last; empty when nobody is known."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _is_at(path: Path, descriptor: int) -> bool:
    if sys.platform == "win32":
        return True  # an open file cannot be removed there
    try:
        there = path.stat()
    except OSError:
        return False
    ours = os.fstat(descriptor)
    return (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> bool:
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        os.lseek(descriptor, 0, os.SEEK_SET)
        return True

else:
    import fcntl

    def _lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
