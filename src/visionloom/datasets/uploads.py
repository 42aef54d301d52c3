"""Photos on their way in: each file streamed to a private folder, the whole published at once.

    datasets/.incoming/ID/upload.json   what was announced
    datasets/.incoming/ID/parts/        files that are arriving
    datasets/.incoming/ID/files/        files that have arrived, at their relative paths

Nothing is ever overwritten, and what is not finished is no data set.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from visionloom.artifacts.atomic import explained, remove_tree, write_file
from visionloom.artifacts.trees import newest
from visionloom.datasets.names import check_path, shown, twin
from visionloom.errors import ModuleOutOfMemoryError, NotThereError, UsageError
from visionloom.images.formats import MANIFEST_EXTENSIONS, archive_extension
from visionloom.settings import Limits, Settings

_ID = re.compile(r"[0-9a-f]{32}")
_KEPT_SECONDS = 24 * 3600.0


@dataclass
class Upload:
    """An upload in progress.

    Attributes:
        id: Not to be guessed.
        name: What the user calls the photos.
        announced_files, announced_bytes: How many are to come.
        folder: Where they are put.
        files, bytes: How many have arrived.
    """

    id: str
    name: str
    announced_files: int
    announced_bytes: int
    folder: Path
    files: int = 0
    bytes: int = 0
    _names: dict[str, str] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)
    _refused: set[str] = field(default_factory=set)
    _coming: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def arrived(self) -> Path:
        """The folder with the files that have arrived."""
        return self.folder / "files"

    def receive(self, path: str, limits: Limits) -> Arrival:
        """Make ready for one file.

        Args:
            path: Relative, ``/`` between its parts.
            limits: What a file may cost.

        Raises:
            UsageError: Its name is not taken, or it is there already.
            FailedToWriteOutputsError: No file can be made of it.
        """
        with self._lock:
            try:
                check_path(path, limits)
                self._reserve(path)
            except UsageError:
                self._refused.add(path)
                raise
            self._coming += 1
        try:
            return Arrival(self, path, limits)
        except BaseException:
            self.release(path)
            raise

    def took(self, path: str, size: int) -> None:
        """A file has arrived whole."""
        with self._lock:
            self._coming -= 1
            self._refused.discard(path)
            self.files += 1
            self.bytes += size

    def release(self, path: str) -> None:
        """A file did not arrive; its name is free again."""
        with self._lock:
            self._coming -= 1
            self._taken.discard(twin(path))

    def refuse(self, path: str) -> None:
        """A file is larger than it may be."""
        with self._lock:
            self._refused.add(path)

    def check_complete(self) -> None:
        """Check that everything that was announced arrived or was refused.

        Raises:
            UsageError: How much is still to come, or that nothing came.
        """
        with self._lock:
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
        self._part = upload.folder / "parts" / secrets.token_hex(8)
        with explained(self._part):
            self._stream: BinaryIO = open(  # noqa: SIM115 - closed by finish and abort
                os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
            )

    def write(self, data: bytes) -> None:
        """Take some bytes.

        Raises:
            UsageError: The file is larger than it may be.
            ModuleOutOfMemoryError: The disk is full.
        """
        self._size += len(data)
        if self._size > getattr(self._limits, self._limit):
            self._upload.refuse(self._path)
            raise UsageError(
                f"The file {shown(self._path)!r} has more bytes than "
                f"{self._limits.named(self._limit)}.",
                "Leave it out.",
            )
        if self._upload.bytes + self._size > self._upload.announced_bytes:
            raise UsageError(
                f"More comes than the {self._upload.announced_bytes} bytes that were announced.",
                "Begin again.",
            )
        with explained(self._upload.folder):
            self._stream.write(data)

    def finish(self) -> None:
        """Put the file in its place.

        Raises:
            UsageError: No file can be made of its name.
            ModuleOutOfMemoryError: The disk is full.
        """
        target = self._upload.arrived / self._path
        with explained(self._upload.folder):
            self._stream.close()
        try:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if target.exists():
                raise FileExistsError
            self._part.rename(target)
        except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
            self._upload.refuse(self._path)
            raise UsageError(
                f"The file {shown(self._path)!r} is not taken: something of that name is there.",
                "Rename it, or leave it out.",
            ) from error
        except OSError:
            with explained(self._upload.folder):
                raise
        self._upload.took(self._path, self._size)

    def abort(self) -> None:
        """Leave nothing of the file."""
        with contextlib.suppress(OSError):
            self._stream.close()
        self._part.unlink(missing_ok=True)
        self._upload.release(self._path)


class Uploads:
    """The uploads of one home folder.

    Args:
        settings: Where data sets are; limits.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._root = settings.datasets / ".incoming"
        self._open: dict[str, Upload] = {}
        self._lock = threading.Lock()
        self._swept = False

    def begin(self, name: str, files: int, size: int) -> Upload:
        """Begin an upload.

        Raises:
            UsageError: More than the limits allow, or too many at once.
            ModuleOutOfMemoryError: The disk has no room for it.
        """
        limits = self._settings.limits
        if files > limits.upload_files:
            raise UsageError(f"{files} files are more than {limits.named('upload_files')}.")
        if size > limits.upload_bytes:
            raise UsageError(f"{size} bytes are more than {limits.named('upload_bytes')}.")
        self._sweep_once()
        with self._lock:
            if len(self._open) >= limits.uploads_open:
                raise UsageError(
                    f"{len(self._open)} uploads are open, as many as {limits.named('uploads_open')}"
                    " allows.",
                    "Finish or drop one.",
                )
            with explained(self._root):
                self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._check_room(size)
            upload = Upload(secrets.token_hex(16), name, files, size, Path())
            upload.folder = self._root / upload.id
            with explained(upload.folder):
                for folder in (upload.folder, upload.arrived, upload.folder / "parts"):
                    folder.mkdir(mode=0o700)
            about = {"name": name, "files": files, "bytes": size}
            write_file(upload.folder / "upload.json", json.dumps(about).encode(), durable=False)
            self._open[upload.id] = upload
        return upload

    def get(self, upload: str) -> Upload:
        """An open upload.

        Raises:
            NotThereError: There is none of this id.
        """
        with self._lock:
            if upload not in self._open and _ID.fullmatch(upload):
                found = self._read(upload)
                if found is not None:
                    self._open[upload] = found
            if upload in self._open:
                return self._open[upload]
        raise NotThereError("There is no such upload: it was finished or dropped.", "Begin again.")

    def drop(self, upload: str) -> None:
        """Throw an upload away.

        Raises:
            NotThereError: There is none of this id.
        """
        found = self.get(upload)
        with self._lock:
            self._open.pop(found.id, None)
        remove_tree(found.folder)

    def _sweep_once(self) -> None:
        """Remove, once per process, uploads that nobody has touched for a day."""
        if self._swept:
            return
        self._swept = True
        with contextlib.suppress(OSError):
            for folder in self._root.iterdir():
                if newest(folder) < time.time() - _KEPT_SECONDS:
                    remove_tree(folder)

    def _check_room(self, size: int) -> None:
        coming = sum(u.announced_bytes - u.bytes for u in self._open.values())
        free = shutil.disk_usage(self._root).free - self._settings.limits.upload_free_bytes - coming
        if size > free:
            raise ModuleOutOfMemoryError(
                f"The disk has room for {max(0, free)} more bytes; the photos need {size}.",
                "Free some space, or use the photos where they are.",
            )

    def _read(self, upload: str) -> Upload | None:
        folder = self._root / upload
        try:
            about = json.loads((folder / "upload.json").read_bytes())
            found = Upload(
                upload, str(about["name"]), int(about["files"]), int(about["bytes"]), folder
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None
        remove_tree(folder / "parts")
        (folder / "parts").mkdir(mode=0o700)
        found.find_arrived()
        return found


def _file_limit(path: str) -> str:
    """The name of the limit for the size of a file."""
    if archive_extension(path) is not None:
        return "upload_bytes"
    return "manifest_bytes" if path.lower().endswith(MANIFEST_EXTENSIONS) else "image_bytes"
