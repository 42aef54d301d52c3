"""Paths that somebody wrote: made absolute and looked at without ever raising, whatever the text.

`os.path` is used on purpose: its questions answer "no" where those of `pathlib` raise.
"""

from __future__ import annotations

import os
from pathlib import Path


def absolute(text: str, base: Path) -> Path:
    """The path a text stands for, relative to ``base``; ``~`` is the user's home folder."""
    return Path(os.path.normpath(base / os.path.expanduser(text)))  # noqa: PTH111


def is_file(path: str | Path) -> bool:
    """Whether there is such a file."""
    return os.path.isfile(path)  # noqa: PTH113


def is_folder(path: str | Path) -> bool:
    """Whether there is such a folder."""
    return os.path.isdir(path)  # noqa: PTH112
