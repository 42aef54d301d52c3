"""Names of files that come from outside: which are taken, and why another is not."""

from __future__ import annotations

import re
import unicodedata

from visionloom.settings import Limits

_DEVICES = re.compile(r"con|prn|aux|nul|(com|lpt)[0-9\u00b9\u00b2\u00b3]", re.IGNORECASE)
_SHOWN = 120
# a folder's icon on a Mac; it is left out as every hidden file is
_NOT_SEEN_BUT_HARMLESS = "Icon\r"


def reason_refused(path: str, limits: Limits) -> str:
    """Why a relative path, with ``/`` between its parts, is not taken; empty when it is.

    A name that is no UTF-8 (it holds lone surrogates) is left to the caller.
    """
    parts = path.split("/")
    if unseen(path.removesuffix(_NOT_SEEN_BUT_HARMLESS)):
        return "its name holds a character that cannot be seen"
    if "\\" in path:
        return "its name holds a backslash"
    if path.startswith("/") or re.match(r"[A-Za-z]:", path):
        return "its path is absolute"
    if ".." in parts:
        return "it climbs out of the folder"
    if "" in parts or "." in parts:
        return "its path has an empty part"
    if len(_bytes(path)) > limits.path_bytes:
        return f"its name has more bytes than {limits.named('path_bytes')}"
    if any(len(_bytes(part)) > limits.path_part_bytes for part in parts):
        return f"a part of its name has more bytes than {limits.named('path_part_bytes')}"
    if len(parts) > limits.path_depth:
        return f"it lies deeper than {limits.named('path_depth')}"
    if any(is_device(part) for part in parts):
        return "Windows keeps that name for a device"
    if any(part.endswith((".", " ")) for part in parts):
        return "a part of its path ends in a dot or a space"
    return ""


def twin(path: str) -> str:
    """The same for paths that differ in case or in how accents are written only."""
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def shown(path: str) -> str:
    """A path for a message: short, and without characters that could pretend."""
    surrogates = any("\ud800" <= c <= "\udfff" for c in path)
    hidden = surrogates or unseen(path)
    plain = path.encode("unicode_escape").decode("ascii") if hidden else path
    return plain if len(plain) <= _SHOWN else plain[: _SHOWN - 3] + "..."


def is_device(part: str) -> bool:
    """Whether Windows keeps a name for a device."""
    return _DEVICES.fullmatch(part.partition(".")[0].rstrip()) is not None


def unseen(path: str) -> bool:
    """Whether a control, direction or format character is in it; joiners inside emoji are not."""
    return not path.isprintable() and any(
        unicodedata.category(c) in {"Cc", "Cf", "Zl", "Zp"} and c not in "\u200c\u200d"
        for c in path
    )


class Clashes:
    """Files whose names could not all stand beside each other on every disk."""

    def __init__(self) -> None:
        self._files: dict[str, str] = {}
        self._folders: dict[str, tuple[str, str]] = {}

    def reason_refused(self, path: str) -> str:
        """Why a file cannot stand beside those before it, naming the other; empty when it can."""
        plain = twin(path)
        if plain in self._files:
            other = self._files[plain]
            if other == path:
                return f"{shown(path)!r} is in it twice"
            return f"it differs from {shown(other)!r} in case or accents only"
        if plain in self._folders:
            return f"{shown(self._folders[plain][1])!r} lies in a folder of that name"
        self._files[plain] = path
        folder = path.rpartition("/")[0]
        while folder:
            known = self._folders.setdefault(twin(folder), (folder, path))
            if known[0] != folder:
                return (
                    f"its folder differs from that of {shown(known[1])!r} in case or accents only"
                )
            if twin(folder) in self._files:
                return f"its folder is the file {shown(self._files[twin(folder)])!r}"
            if known[1] != path:
                return ""
            folder = folder.rpartition("/")[0]
        return ""


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
