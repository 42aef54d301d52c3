"""Where output may be written: never among the user's pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from visionloom.errors import UsageError


def refuse_among_pictures(out: Path, sources: Sequence[str | Path | None]) -> None:
    """Refuse an output folder that is, or lies in, a folder of pictures.

    Raises:
        UsageError: It is.
    """
    target = out.expanduser().resolve()
    for source in sources:
        if source is None:
            continue
        folder = Path(source).expanduser().resolve()
        if folder.is_dir() and target.is_relative_to(folder):
            raise UsageError(
                f"{out} lies in {source}, the folder of the pictures, where nothing is written.",
                f"Choose an --out outside of it, e.g. {folder.parent / 'visionloom-run'}.",
            )
