"""Photos on their way in: each file streamed to a private folder, the whole published at once.

    datasets/.incoming/ID/upload.json   what was announced
    datasets/.incoming/ID/parts/        files that are arriving
    datasets/.incoming/ID/files/        files that have arrived, at their relative paths

Nothing is ever overwritten, and what is not finished is no data set.
"""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import shutil
import threading
import time
from pathlib import Path

from visionloom.artifacts.atomic import explained, remove_tree, write_file
from visionloom.artifacts.trees import newest
from visionloom.datasets.arrivals import Upload, no_upload
from visionloom.errors import ModuleOutOfMemoryError, NotThereError, UsageError
from visionloom.settings import Settings

_ID = re.compile(r"[0-9a-f]{32}")
_KEPT_SECONDS = 24 * 3600.0
_GOES_ON_WITHIN = 600.0
_FOLDERS_LOOKED_AT_EVERY = 3600.0


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
        self._looked_at = -_FOLDERS_LOOKED_AT_EVERY

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
        self.sweep()
        with self._lock:
            going_on = self._going_on()
            if len(going_on) >= limits.uploads_open:
                raise UsageError(
                    f"{len(going_on)} uploads are open, as many as {limits.named('uploads_open')}"
                    " allows.",
                    "Finish or drop one.",
                )
            with explained(self._root):
                self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._check_room(size, going_on)
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
            if upload in self._open and not self._open[upload].is_closed:
                return self._open[upload]
        raise no_upload()

    def drop(self, upload: str) -> None:
        """Throw an upload away.

        Raises:
            NotThereError: There is none of this id.
        """
        found = self.get(upload)
        found.close()
        self.remove(found)

    def remove(self, closed: Upload) -> None:
        """Remove what is left of an upload that was closed."""
        # its name goes first, so that nobody takes half of it up
        away = self._root / f"{closed.id}.deleted"
        with contextlib.suppress(OSError):
            closed.folder.rename(away)
        with self._lock:
            self._open.pop(closed.id, None)
        remove_tree(away)

    def sweep(self) -> None:
        """Remove uploads that nobody has gone on with for a day."""
        with self._lock:
            before = time.time() - _KEPT_SECONDS
            old = [upload for upload in self._open.values() if upload.touched_at < before]
            known = {upload.id for upload in self._open.values()}
            due = time.monotonic() - self._looked_at >= _FOLDERS_LOOKED_AT_EVERY
            if due:
                self._looked_at = time.monotonic()
        for upload in old:
            with contextlib.suppress(NotThereError):
                upload.close()
                self.remove(upload)
        if due:
            with contextlib.suppress(OSError):
                for folder in self._root.iterdir():
                    if folder.name not in known and newest(folder) < before:
                        remove_tree(folder)

    def _going_on(self) -> list[Upload]:
        """Those whose page is still there, as far as can be told."""
        since = time.time() - _GOES_ON_WITHIN
        return [upload for upload in self._open.values() if upload.touched_at >= since]

    def _check_room(self, size: int, going_on: list[Upload]) -> None:
        coming = sum(upload.announced_bytes - upload.bytes for upload in going_on)
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
