"""The first pictures of photos that nobody has converted yet, looked at in an isolated process."""

from __future__ import annotations

import os
import tarfile
import threading
import zipfile
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path

from visionloom.errors import DataError, NotThereError, UsageError
from visionloom.images.archives import is_at_hand, read_member
from visionloom.images.below import read_below
from visionloom.images.formats import archive_extension
from visionloom.images.kept import Kept
from visionloom.images.origin import PixelOrigin
from visionloom.images.sources import Candidate, find_pictures
from visionloom.images.thumbnails import thumbnail
from visionloom.images.worker import Worker
from visionloom.settings import MIB, Settings

SHOWN = 12
_IDLE_SECONDS = 60.0
_SETS_REMEMBERED = 64
_KEPT_BYTES = 8 * MIB


class FirstPictures:
    """Thumbnails of a few pictures of a folder or archive, spread over its classes.

    A stranger's file is decoded in an isolated process first, under limits of time and memory;
    only one that is found harmless there is decoded here.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._kept = Kept(_KEPT_BYTES)
        self._known: OrderedDict[tuple[Path, int], tuple[PixelOrigin, list[Candidate]]]
        self._known = OrderedDict()
        self._worker: Worker | None = None
        self._idle: threading.Timer | None = None
        self._lock = threading.Lock()
        self._closed = False

    def thumbnail(self, path: Path, number: int, side: int) -> bytes:
        """The picture of that number, from 0, as a small JPEG.

        Raises:
            NotThereError: There are fewer pictures, or this one cannot be shown.
        """
        origin, chosen = self._first(path)
        if not 0 <= number < len(chosen):
            raise NotThereError(f"{path.name} has no picture {number} to show.")
        key = (path, path.stat().st_mtime_ns, number, side)
        made = self._kept.get(key)
        if made is None:
            with self._lock:
                made = self._make(origin, chosen[number], side)
            self._kept.put(key, made)
        return made

    def knows(self, path: Path) -> bool:
        """Whether a folder or archive has been looked through, and not changed since."""
        with suppress(OSError):
            return (path, path.stat().st_mtime_ns) in self._known
        return False

    def close(self) -> None:
        """End the isolated process, also while it works."""
        self._closed = True
        worker = self._worker
        if worker is not None:
            worker.kill()
        self._rest()

    def _rest(self) -> None:
        """End the isolated process once it has nothing to do."""
        with self._lock:
            self._end()

    def _first(self, path: Path) -> tuple[PixelOrigin, list[Candidate]]:
        try:
            key = (path, path.stat().st_mtime_ns)
        except OSError as error:
            raise NotThereError(f"{path} is not there any more.") from error
        with self._lock:
            # an archive that was unpacked may have been cleaned away since
            if key in self._known and Path(self._known[key][0].path).exists():
                self._known.move_to_end(key)
                return self._known[key]
        try:
            if path.is_file() and archive_extension(path.name) and not self._is_at_hand(path):
                raise NotThereError(
                    f"{path.name} is not unpacked, so its pictures cannot be shown.",
                    "A training or conversion unpacks it.",
                )
            listing = find_pictures(path, self._settings)
        except (DataError, UsageError) as error:
            raise NotThereError(error.message, error.remedy) from error
        found = listing.origin, _spread(listing.candidates)
        with self._lock:
            self._known[key] = found
            if len(self._known) > _SETS_REMEMBERED:
                self._known.popitem(last=False)
        return found

    def _is_at_hand(self, path: Path) -> bool:
        """Whether an archive can be read as it is: none is unpacked for a look at it."""
        try:
            return is_at_hand(path, self._settings)
        except OSError as error:
            raise NotThereError(f"{path.name} cannot be read: {error.strerror}.") from error

    def _make(self, origin: PixelOrigin, candidate: Candidate, side: int) -> bytes:
        limits = self._settings.limits
        try:
            data = _bytes(origin, candidate.stored, limits.image_bytes + 1)
        except Exception as error:  # every decompressor has errors of its own
            raise NotThereError(f"{candidate.file} cannot be read ({error}).") from error
        if self._closed:
            raise NotThereError(f"{candidate.file} is not shown: the designer ends.")
        if self._idle is not None:
            self._idle.cancel()
        if self._worker is None:
            self._worker = Worker("image", full=True, limits=limits)
        finding = self._worker.examine(data)
        self._idle = threading.Timer(_IDLE_SECONDS, self._rest)
        self._idle.daemon = True
        self._idle.start()
        if finding.reason:
            raise NotThereError(f"{candidate.file} cannot be shown: {finding.reason}.")
        return thumbnail(data, side, intensity="image", limits=limits)

    def _end(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        if self._worker is not None:
            self._worker.close()
            self._worker = None


def _spread(candidates: list[Candidate]) -> list[Candidate]:
    """The first pictures, one of each class in turn."""
    by_class: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        by_class.setdefault(candidate.label or "", []).append(candidate)
    chosen: list[Candidate] = []
    for turn in range(SHOWN):
        for group in by_class.values():
            if turn < len(group) and len(chosen) < SHOWN:
                chosen.append(group[turn])
    return chosen


def _bytes(origin: PixelOrigin, stored: str, most: int) -> bytes:
    if origin.kind == "zip":
        with zipfile.ZipFile(origin.path) as archive:
            return read_member(archive, stored, most)
    if origin.kind == "tar":
        with tarfile.open(origin.path, "r:") as bundle:
            entry = bundle.extractfile(stored)
            return entry.read(most) if entry is not None else b""
    return read_below(os.path.realpath(origin.path), stored, most)
