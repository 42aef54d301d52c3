"""Names of files that come from outside: which are taken, and why another is not."""

from __future__ import annotations

import re
import unicodedata

from visionloom.errors import UsageError
from visionloom.images.formats import is_hidden
from visionloom.images.names import is_device, reason_refused, shown, twin
from visionloom.settings import Limits

__all__ = ["check_path", "folder_name", "shown", "twin"]

_NOT_IN_A_NAME = re.compile(r'[<>:"/\\|?*]')
_SHOWN = 120


def check_path(path: str, limits: Limits) -> None:
    """Check a relative path, with ``/`` between its parts, that is to become a file of ours.

    Raises:
        UsageError: Why it is not taken.
    """
    reason = _reason_refused(path, limits)
    if reason:
        raise UsageError(
            f"The file {shown(path)!r} is not taken: {reason}.", "Rename it, or leave it out."
        )


def folder_name(title: str) -> str:
    """A name for a folder that every file system takes, near to what the user called it."""
    text = unicodedata.normalize("NFC", title)
    kept = "".join(c if unicodedata.category(c)[0] not in "CZ" else " " for c in text)
    kept = _NOT_IN_A_NAME.sub(" ", kept)
    words = "-".join(kept.split()).strip(".-")
    while len(words.encode()) > _SHOWN:
        words = words[:-1]
    words = words.rstrip(".-")
    return "photos" if not words or is_device(words) else words


def _reason_refused(path: str, limits: Limits) -> str:
    if any("\ud800" <= character <= "\udfff" for character in path):
        return "its name is not UTF-8"
    reason = reason_refused(path, limits)
    return reason or ("it is hidden or belongs to the desktop" if is_hidden(path) else "")
