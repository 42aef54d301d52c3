"""Where output may be written: never among the user's pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from visionloom.errors import UsageError


def user_path(text: str | Path) -> Path:
    """A path as the user wrote it, ``~`` put in.

    Raises:
        UsageError: It begins with the ``~`` of somebody who is not known here, or cannot be a path.
    """
    try:
        path = Path(text).expanduser()
        path.exists()
    except RuntimeError:
        raise UsageError(
            f"{text}: there is no such user's home folder.", "Check the path."
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{str(text)[:80]} cannot be a path: {reason}.", "Check it.") from None
    return path


def refuse_among_pictures(out: Path, sources: Sequence[str | Path | None]) -> None:
    """Refuse an output folder that is, or lies in, a folder of pictures.

    Raises:
        UsageError: It is.
    """
    target = user_path(out).resolve()
    for source in sources:
        if source is None:
            continue
        folder = user_path(source).resolve()
        if folder.is_dir() and target.is_relative_to(folder):
            raise UsageError(
                f"{out} lies in {source}, the folder of the pictures, where nothing is written.",
                f"Choose an --out outside of it, e.g. {folder.parent / 'visionloom-run'}.",
            )
