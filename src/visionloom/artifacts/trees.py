"""What is done with whole folders of files of ours."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def make_read_only(folder: Path) -> None:
    """Let nobody write below a folder; it could not be moved if that held for itself."""
    for parent, _, names in os.walk(folder, topdown=False):
        for name in names:
            Path(parent, name).chmod(0o444)
        if Path(parent) != folder:
            Path(parent).chmod(0o555)


def tree_bytes(path: Path) -> int:
    """Size of the files at and below a path; what vanishes meanwhile does not count."""
    return sum(s.st_size for s in _statuses(path) if stat.S_ISREG(s.st_mode))


def newest(path: Path) -> float:
    """The latest change at and below a path, seconds since 1970."""
    return max((s.st_mtime for s in _statuses(path)), default=0.0)


def _statuses(path: Path) -> Iterator[os.stat_result]:
    with suppress(OSError):
        yield path.lstat()
    # a folder that vanishes while it is walked is left out
    for parent, folders, names in os.walk(path):
        for name in (*folders, *names):
            with suppress(OSError):
                yield Path(parent, name).lstat()
