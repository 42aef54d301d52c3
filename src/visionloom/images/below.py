"""Files below a folder, read without leaving it and without waiting for a pipe."""

from __future__ import annotations

import os
import stat
from pathlib import Path, PurePosixPath


class OutsideError(OSError):
    """A name or link that leads out of the folder, or to what is no file."""


def leaves(name: str) -> bool:
    """Whether a relative POSIX name, as it is written, leads out of the folder it is meant for."""
    pure = PurePosixPath(name)
    drive = os.name == "nt" and ":" in name
    return not name or pure.is_absolute() or ".." in pure.parts or drive or "\0" in name


def read_below(root: str, name: str, most: int) -> bytes:
    """The bytes of a file below a folder, no more than ``most``.

    What was opened is looked at, not what the name led to before.

    Args:
        root: The folder, without links: `os.path.realpath` of it.
        name: Relative to it; a link is followed while it stays inside.
        most: Bytes.

    Raises:
        OutsideError: It lies elsewhere, or is no file.
        OSError: It cannot be read.
    """
    path = f"{root}{os.sep}{name}"
    if leaves(name):
        raise OutsideError(f"{name!r} leads out of the folder")
    wait = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    with open(os.open(path, os.O_RDONLY | wait), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise OutsideError(f"{name!r} is no file")
        if not _place(stream.fileno(), path).is_relative_to(root):
            raise OutsideError(f"{name!r} is a link out of the folder")
        return stream.read(most)


def _place(descriptor: int, path: str) -> Path:
    """Where an open file lies."""
    try:
        return Path(f"/proc/self/fd/{descriptor}").readlink()
    except OSError:
        return Path(os.path.realpath(path))
