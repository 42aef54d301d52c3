"""Folders that may be used where they are: below roots that were named when the program began.

A folder goes by an id that only this home folder can make; a path never comes from outside. Hidden
entries are not shown, and a link that leads out of its root is not followed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from visionloom.artifacts.atomic import write_file
from visionloom.errors import NotThereError
from visionloom.images.formats import (
    MANIFEST_EXTENSIONS,
    archive_extension,
    is_hidden,
    is_picture_name,
)
from visionloom.settings import Settings
from visionloom.spec.names import is_text

Kind = Literal["folder", "archive", "list"]
ENTRIES_SHOWN = 1_000
_MARK = "f-"
_SIGN_BYTES = 12
_COUNT_SECONDS = 0.4
_COUNT_ENTRIES = 20_000
_ENTRY_COUNT_SECONDS = 0.3
_VAST_SECONDS = 2.0
_VAST_ENTRIES = 250_000


@dataclass(frozen=True)
class Entry:
    """Something below a root; ``pictures`` is None where counting would take long."""

    id: str
    name: str
    kind: Kind
    pictures: int | None


@dataclass(frozen=True)
class Folder:
    """A folder that may be used.

    Attributes:
        parent: Id of the folder above; empty at a root.
        pictures: Below it, counted for a moment only.
        more: Whether entries were left off.
    """

    id: str
    name: str
    path: Path
    parent: str
    pictures: int
    entries: tuple[Entry, ...]
    more: bool


class Folders:
    """What is below the roots.

    Args:
        settings: The home folder, which is never shown.
        roots: Folders that may be used.
    """

    def __init__(self, settings: Settings, roots: Sequence[Path]) -> None:
        self._roots = [Path(root).absolute() for root in roots]
        self._home = settings.home
        self._key_file = settings.datasets / ".key"
        self._key = b""

    def roots(self) -> list[Entry]:
        """The roots that are there."""
        clock = _Clock(_ENTRY_COUNT_SECONDS)
        return [
            Entry(self._id(number, ""), root.name or str(root), "folder", clock.count(root))
            for number, root in enumerate(self._roots)
            if root.is_dir() and is_text(str(root))
        ]

    def is_id(self, folder: str) -> bool:
        """Whether this looks like the id of a folder."""
        return folder.startswith(_MARK)

    def path_of(self, folder: str) -> Path:
        """The path of a folder, archive or list by its id.

        Raises:
            NotThereError: The id is not ours, or nothing that may be used is there.
        """
        return self._path(*self._read(folder))

    def get(self, folder: str) -> Folder:
        """A folder and what is in it.

        Raises:
            NotThereError: See `path_of`; or it is no folder.
        """
        number, below = self._read(folder)
        path = self._path(number, below)
        if not path.is_dir():
            raise _not_there()
        found, more = self._entries(number, below, path)
        parent = self._id(number, below.rpartition("/")[0]) if below else ""
        pictures = _Clock(_COUNT_SECONDS).count(path, at_most=True) or 0
        name = path.name or str(path)
        return Folder(folder, name, path, parent, pictures, found, more)

    @staticmethod
    def is_vast(path: Path) -> bool:
        """Whether a folder holds so many files that looking through it would take long."""
        return path.is_dir() and _Clock(_VAST_SECONDS, _VAST_ENTRIES).count(path) is None

    def _entries(self, number: int, below: str, path: Path) -> tuple[tuple[Entry, ...], bool]:
        names: list[tuple[str, Kind]] = []
        try:
            with os.scandir(path) as scanned:
                for entry in scanned:
                    kind = _kind(entry)
                    if kind is not None and not is_hidden(entry.name) and is_text(entry.name):
                        names.append((entry.name, kind))
        except OSError as error:
            raise NotThereError(f"{path} cannot be read: {error.strerror}.") from error
        names.sort(key=lambda pair: (pair[1] != "folder", pair[0].casefold(), pair[0]))
        clock = _Clock(_ENTRY_COUNT_SECONDS)
        entries = []
        for name, kind in names[:ENTRIES_SHOWN]:
            relative = f"{below}/{name}" if below else name
            with suppress(NotThereError):
                inside = self._path(number, relative)
                count = clock.count(inside) if kind == "folder" else None
                entries.append(Entry(self._id(number, relative), name, kind, count))
        return tuple(entries), len(names) > ENTRIES_SHOWN

    def _path(self, number: int, below: str) -> Path:
        if not 0 <= number < len(self._roots):
            raise _not_there()
        root = self._roots[number]
        path = root / below
        try:
            real = path.resolve(strict=True)
            inside = real.is_relative_to(root.resolve(strict=True))
        except (OSError, ValueError, RuntimeError) as error:
            raise _not_there() from error
        if not inside or is_hidden(below) or real.is_relative_to(self._home.resolve()):
            raise _not_there()
        return path

    def _id(self, number: int, below: str) -> str:
        said = json.dumps([number, str(self._roots[number]), below]).encode()
        signed = hmac.digest(self._secret(), said, hashlib.sha256)[:_SIGN_BYTES]
        body = json.dumps([number, below], ensure_ascii=False).encode()
        return _MARK + base64.urlsafe_b64encode(signed + body).rstrip(b"=").decode()

    def _read(self, folder: str) -> tuple[int, str]:
        try:
            text = folder.removeprefix(_MARK)
            data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            number, below = json.loads(data[_SIGN_BYTES:])
            genuine = isinstance(below, str) and hmac.compare_digest(
                self._id(int(number), below), folder
            )
        except (ValueError, TypeError, IndexError, RecursionError) as error:
            raise _not_there() from error
        if not genuine:
            raise _not_there()
        return int(number), below

    def _secret(self) -> bytes:
        if not self._key:
            with suppress(OSError):
                self._key = self._key_file.read_bytes()
        if len(self._key) != 32:
            self._key = secrets.token_bytes(32)
            write_file(self._key_file, self._key)
            self._key_file.chmod(0o600)
        return self._key


class _Clock:
    """Counts pictures until its time is over, or there were too many files."""

    def __init__(self, seconds: float, entries: int = _COUNT_ENTRIES) -> None:
        self._until = time.monotonic() + seconds
        self._entries = entries

    def count(self, folder: Path, *, at_most: bool = False) -> int | None:
        """Pictures below a folder, or None when there are too many to count in time.

        Args:
            folder: Where.
            at_most: Whether what was counted so far is given then.
        """
        pictures = 0
        for seen, name in enumerate(_names_below(folder)):
            if seen >= self._entries or time.monotonic() > self._until:
                return pictures if at_most else None
            pictures += is_picture_name(name)
        return pictures


def _names_below(folder: Path) -> Iterator[str]:
    open_ = [str(folder)]
    while open_:
        with suppress(OSError), os.scandir(open_.pop()) as scanned:
            for entry in scanned:
                if is_hidden(entry.name):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    open_.append(entry.path)
                yield entry.name


def _kind(entry: os.DirEntry[str]) -> Kind | None:
    try:
        if entry.is_dir():
            return "folder"
        if not entry.is_file():
            return None
    except OSError:
        return None
    if archive_extension(entry.name) is not None:
        return "archive"
    return "list" if entry.name.lower().endswith(MANIFEST_EXTENSIONS) else None


def _not_there() -> NotThereError:
    return NotThereError(
        "There is no such folder among those that may be used.", "Open the list of folders again."
    )
