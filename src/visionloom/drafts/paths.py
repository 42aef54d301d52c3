"""Paths as a draft's file has them."""

from __future__ import annotations

import os
from pathlib import Path


def path_for(path: Path, file: Path, home: Path) -> str:
    """A path as a pipeline file is to have it.

    Relative where both can only move together: below the file's folder, in the same home folder,
    in the same checkout; absolute otherwise.

    Args:
        path: Absolute.
        file: The pipeline file.
        home: Visionloom's home folder.
    """
    folder = file.parent
    for top in (folder, home.absolute(), _checkout(folder)):
        if top is not None and path.is_relative_to(top) and folder.is_relative_to(top):
            return Path(os.path.relpath(path, folder)).as_posix()
    return str(path)


def _checkout(folder: Path) -> Path | None:
    for parent in (folder, *folder.parents):
        if (parent / ".git").exists():
            return parent
    return None
