"""One upload: what was announced, what has arrived, and each file on its way."""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from visionloom.artifacts.atomic import explained
from visionloom.datasets.names import check_path, shown, twin
from visionloom.errors import NotThereError, UsageError
from visionloom.images.formats import MANIFEST_EXTENSIONS, archive_extension
from visionloom.settings import Limits


@dataclass
class Upload:
    """An upload in progress. May be used from several threads.

    Attributes:
        id: Not to be guessed.
        name: What the user calls the photos.
        announced_files, announced_bytes: How many are to come.
        folder: Where they are put.
        files, bytes: How many have arrived.
        touched_at: When somebody went on with it, seconds since 1970.
    """

    id: str
    name: str
    announced_files: int
    announced_bytes: int
    folder: Path
    files: int = 0
    bytes: int = 0
    touched_at: float = field(default_factory=time.time)
    _names: dict[str, str] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)
    _refused: set[str] = field(default_factory=set)
    _coming: int = 0
    _coming_bytes: int = 0
    _closed: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def arrived(self) -> Path:
        """The folder with the files that have arrived."""
        return self.folder / "files"

    @property
    def is_closed(self) -> bool:
        """Whether it was finished or dropped, or is about to be."""
        return self._closed

    def touch(self) -> None:
        """Somebody goes on with it."""
        self.touched_at = time.time()

    def receive(self, path: str, limits: Limits) -> Arrival:
        """Make ready for one file.

        Args:
            path: Relative, ``/`` between its parts.
            limits: What a file may cost.

        Raises:
            NotThereError: The upload was finished or dropped.
            UsageError: Its name is not taken, it is there already, or one more than announced.
            FailedToWriteOutputsError: No file can be made of it.
        """
        with self._lock:
            self._refuse_closed()
            others = self.files + self._coming + len(self._refused - {path})
            if others >= self.announced_files:
                raise UsageError(
                    f"More comes than the {self.announced_files} files that were announced.",
                    "Begin again.",
                )
            try:
                check_path(path, limits)
                self._reserve(path)
            except UsageError:
                self._refused.add(path)
                raise
            self._coming += 1
            self.touch()
        try:
            return Arrival(self, path, limits)
        except BaseException:
            self.release(path, 0)
            raise

    def expect(self, size: int) -> None:
        """Some more bytes of a file come.

        Raises:
            NotThereError: The upload was finished or dropped.
            UsageError: More than were announced.
        """
        with self._lock:
            self._refuse_closed()
            if self.bytes + self._coming_bytes + size > self.announced_bytes:
                raise UsageError(
                    f"More comes than the {self.announced_bytes} bytes that were announced.",
                    "Begin again.",
                )
            self._coming_bytes += size
            self.touch()

    def take(self, part: Path, path: str, size: int) -> None:
        """Put a file that has come whole in its place.

        Raises:
            NotThereError: The upload was finished or dropped.
            UsageError: No file can be made of its name.
            ModuleOutOfMemoryError: The disk is full.
        """
        target = self.arrived / path
        with self._lock:
            self._refuse_closed()
            try:
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                if target.exists():
                    raise FileExistsError
                part.rename(target)
            except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
                self._refused.add(path)
                raise UsageError(
                    f"The file {shown(path)!r} is not taken: something of that name is there.",
                    "Rename it, or leave it out.",
                ) from error
            except OSError:
                with explained(self.folder):
                    raise
            self._coming -= 1
            self._coming_bytes -= size
            self._refused.discard(path)
            self.files += 1
            self.bytes += size
            self.touch()

    def release(self, path: str, size: int) -> None:
        """A file did not arrive; its name is free again."""
        with self._lock:
            self._coming -= 1
            self._coming_bytes -= size
            self._taken.discard(twin(path))

    def refuse(self, path: str) -> None:
        """A file is larger than it may be."""
        with self._lock:
            self._refused.add(path)

    def close(self, *, complete: bool = False) -> None:
        """Let nothing more come, and nobody else finish or drop it.

        Args:
            complete: Whether everything that was announced must have arrived or been refused.

        Raises:
            NotThereError: Somebody else finished or dropped it.
            UsageError: How much is still to come, or that nothing came.
        """
        with self._lock:
            self._refuse_closed()
            if complete:
                self._check_complete()
            self._closed = True

    def reopen(self) -> None:
        """It could not be finished; it may be tried again."""
        self._closed = False

    def find_arrived(self) -> None:
        """Count what is on disk; for an upload that a server before this one began."""
        for parent, _, names in os.walk(self.arrived):
            for name in names:
                path = Path(parent, name)
                relative = path.relative_to(self.arrived).as_posix()
                with contextlib.suppress(UsageError):
                    self._reserve(relative)
                self.files += 1
                self.bytes += path.stat().st_size

    def _check_complete(self) -> None:
        if self._coming:
            raise UsageError(f"{self._coming} files are still arriving.", "Wait for them.")
        missing = self.announced_files - self.files - len(self._refused)
        if missing > 0:
            raise UsageError(
                f"{missing} of {self.announced_files} files have not arrived.",
                "Send them, or begin again.",
            )
        if not self.files:
            raise UsageError("No file arrived.", "Choose photos, a folder or a zip.")

    def _refuse_closed(self) -> None:
        if self._closed:
            raise no_upload()

    def _reserve(self, path: str) -> None:
        parts = path.split("/")
        new: dict[str, str] = {}
        for depth in range(1, len(parts) + 1):
            part = "/".join(parts[:depth])
            other = self._names.get(twin(part), part)
            if other != part:
                raise UsageError(
                    f"The file {shown(path)!r} is not taken: {shown(part)!r} differs from "
                    f"{shown(other)!r} in case or accents only.",
                    "Rename one of them, or leave it out.",
                )
            new[twin(part)] = part
        if twin(path) in self._taken:
            raise UsageError(f"The file {shown(path)!r} is here already.", "Leave it out.")
        self._names |= new
        self._taken.add(twin(path))


class Arrival:
    """One file that is arriving; `finish` or `abort` ends it."""

    def __init__(self, upload: Upload, path: str, limits: Limits) -> None:
        self._upload = upload
        self._path = path
        self._limits = limits
        self._limit = _file_limit(path)
        self._size = 0
        self._ended = False
        self._part = upload.folder / "parts" / secrets.token_hex(8)
        with explained(self._part):
            self._stream: BinaryIO = open(  # noqa: SIM115 - closed by finish and abort
                os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
            )

    def write(self, data: bytes) -> None:
        """Take some bytes.

        Raises:
            NotThereError: The upload was finished or dropped.
            UsageError: The file is larger than it may be.
            ModuleOutOfMemoryError: The disk is full.
        """
        if self._size + len(data) > getattr(self._limits, self._limit):
            self._upload.refuse(self._path)
            raise UsageError(
                f"The file {shown(self._path)!r} has more bytes than "
                f"{self._limits.named(self._limit)}.",
                "Leave it out.",
            )
        self._upload.expect(len(data))
        self._size += len(data)
        with explained(self._upload.folder):
            self._stream.write(data)

    def finish(self) -> None:
        """Put the file in its place.

        Raises:
            NotThereError: The upload was finished or dropped.
            UsageError: No file can be made of its name.
            ModuleOutOfMemoryError: The disk is full.
        """
        with explained(self._upload.folder):
            self._stream.close()
        self._upload.take(self._part, self._path, self._size)
        self._ended = True

    def abort(self) -> None:
        """Leave nothing of the file, unless it has arrived."""
        with contextlib.suppress(OSError):
            self._stream.close()
        if not self._ended:
            self._ended = True
            with contextlib.suppress(OSError):
                self._part.unlink(missing_ok=True)
            self._upload.release(self._path, self._size)


def no_upload() -> NotThereError:
    """The error for an upload that is not, or no longer, there."""
    return NotThereError("There is no such upload: it was finished or dropped.", "Begin again.")


def _file_limit(path: str) -> str:
    """The name of the limit for the size of a file."""
    if archive_extension(path) is not None:
        return "upload_bytes"
    return "manifest_bytes" if path.lower().endswith(MANIFEST_EXTENSIONS) else "image_bytes"
