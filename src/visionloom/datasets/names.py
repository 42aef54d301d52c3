"""Names of files that come from outside: which are taken, and why another is not."""

from __future__ import annotations

import re
import unicodedata

from visionloom.errors import UsageError
from visionloom.images.formats import is_hidden
from visionloom.settings import Limits

_PART_BYTES = 255
_DEVICES = re.compile(r"con|prn|aux|nul|(com|lpt)[0-9\u00b9\u00b2\u00b3]", re.IGNORECASE)
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


def twin(path: str) -> str:
    """The same for paths that differ in case or in how accents are written only."""
    return unicodedata.normalize("NFC", path).casefold()


def folder_name(title: str) -> str:
    """A name for a folder that every file system takes, near to what the user called it."""
    text = unicodedata.normalize("NFC", title)
    kept = "".join(c if unicodedata.category(c)[0] not in "CZ" else " " for c in text)
    kept = _NOT_IN_A_NAME.sub(" ", kept)
    words = "-".join(kept.split()).strip(".-")
    while len(words.encode()) > _SHOWN:
        words = words[:-1]
    words = words.rstrip(".-")
    return "photos" if not words or _is_device(words) else words


def shown(path: str) -> str:
    """A path for a message: short, and without characters that could pretend."""
    plain = path.encode("unicode_escape").decode("ascii") if _unseen(path) else path
    return plain if len(plain) <= _SHOWN else plain[: _SHOWN - 3] + "..."


def _reason_refused(path: str, limits: Limits) -> str:
    parts = path.split("/")
    try:
        size = len(path.encode())
    except UnicodeEncodeError:
        return "its name is not UTF-8"
    if _unseen(path):
        return "its name holds a character that cannot be seen"
    if "\\" in path:
        return "its name holds a backslash"
    if path.startswith("/") or re.match(r"[A-Za-z]:", path):
        return "its path is absolute"
    if ".." in parts:
        return "it climbs out of the folder"
    if "" in parts or "." in parts:
        return "its path has an empty part"
    if size > limits.path_bytes or any(len(part.encode()) > _PART_BYTES for part in parts):
        return f"its name is longer than path_bytes, {limits.path_bytes}, or {_PART_BYTES} a part"
    if len(parts) > limits.path_depth:
        return f"it lies deeper than path_depth, {limits.path_depth}"
    if any(_is_device(part) for part in parts):
        return "Windows keeps that name for a device"
    if any(part.endswith((".", " ")) for part in parts):
        return "a part of its path ends in a dot or a space"
    return "it is hidden or belongs to the desktop" if is_hidden(path) else ""


def _is_device(part: str) -> bool:
    return _DEVICES.fullmatch(part.partition(".")[0].rstrip()) is not None


def _unseen(path: str) -> bool:
    """Whether a control, direction or format character is in it; joiners inside emoji are not."""
    return any(
        unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and c not in "\u200c\u200d"
        for c in path
    )
