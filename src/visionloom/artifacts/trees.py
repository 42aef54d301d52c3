"""What is done with whole folders of files of ours."""

from __future__ import annotations

import os
import stat
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
    total = 0
    for entry in [path, *path.rglob("*")]:
        with suppress(OSError):
            status = entry.lstat()
            total += status.st_size if stat.S_ISREG(status.st_mode) else 0
    return total


def newest(path: Path) -> float:
    """The latest change at and below a path, seconds since 1970."""
    times = [0.0]
    for entry in [path, *path.rglob("*")]:
        with suppress(OSError):
            times.append(entry.lstat().st_mtime)
    return max(times)
