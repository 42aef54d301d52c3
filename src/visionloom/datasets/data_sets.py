"""Data sets: photos that were brought here, a folder for each in the home folder."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from visionloom.artifacts.atomic import explained, remove_tree, sync_folder, sync_tree, write_file
from visionloom.artifacts.trees import tree_bytes
from visionloom.datasets.arrivals import Arrival
from visionloom.datasets.folders import Folders
from visionloom.datasets.names import folder_name
from visionloom.datasets.pictures import FirstPictures
from visionloom.datasets.uploads import Uploads
from visionloom.errors import (
    DataError,
    InvalidDatasetError,
    MachineError,
    NotThereError,
    OutputExistsError,
    UsageError,
    VisionloomError,
)
from visionloom.images.formats import MANIFEST_EXTENSIONS, archive_extension, is_hidden
from visionloom.images.sources import find_pictures
from visionloom.settings import MIB, Settings
from visionloom.spec.names import is_text
from visionloom.spec.ports import nearest

_MARK = "d-"
_NAMES_TRIED = 10_000
_TAKEN = (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR)


@dataclass(frozen=True)
class DataSet:
    """Photos that were brought here.

    Attributes:
        id: Opaque; serves where a folder's does.
        name: Name of its folder.
        path: What a pipeline names: the folder, or the one archive or list in it.
        files: How many pictures it holds.
        bytes: Size of all its files.
        created: Seconds since 1970.
    """

    id: str
    name: str
    path: Path
    files: int
    bytes: int
    created: float


class DataSets:
    """The data sets of a home folder, uploads to come, and folders that may be used.

    Args:
        settings: Home folder and limits.
        folders: Folders that may be used where they are.

    Attributes:
        uploads: Photos on their way in.
        folders: What is below the folders that may be used.
    """

    def __init__(self, settings: Settings, folders: Sequence[Path] = ()) -> None:
        self._settings = settings
        self._root = settings.datasets
        self._about = self._root / ".about"
        self._pictures = FirstPictures(settings)
        self._lock = threading.Lock()
        self.uploads = Uploads(settings)
        self.folders = Folders(settings, folders)

    def list(self) -> list[DataSet]:
        """All data sets, the newest first."""
        found = []
        for folder in self._root.iterdir() if self._root.is_dir() else ():
            shown = is_text(folder.name) and not folder.name.startswith(".")
            if shown and folder.is_dir() and not folder.is_symlink():
                with suppress(OSError):
                    found.append(self._describe(folder))
        return sorted(found, key=lambda one: (-one.created, one.name))

    def get(self, dataset: str) -> DataSet:
        """A data set by its id.

        Raises:
            NotThereError: There is none.
        """
        return self._describe(self._folder(dataset))

    def find(self, name: str) -> DataSet:
        """A data set by its name.

        Raises:
            NotThereError: There is none.
        """
        for found in self.list():
            if found.name == name:
                return found
        near = nearest(name, [found.name for found in self.list()])
        hint = f"Did you mean {near}?" if near else "`visionloom datasets list` shows them."
        raise NotThereError(f"There is no data set {name!r}.", hint)

    def path_of(self, folder: str) -> Path:
        """The path of a data set, or of a folder that may be used, by its id.

        Raises:
            NotThereError: There is none.
        """
        if self.folders.is_id(folder):
            return self.folders.path_of(folder)
        return _content(self._folder(folder))

    def delete(self, dataset: str) -> None:
        """Delete a data set.

        Raises:
            NotThereError: There is none.
        """
        folder = self._folder(dataset)
        with self._lock:
            # its name goes first, so that nobody finds half of it
            away = self._root / ".incoming" / f"{dataset.removeprefix(_MARK)}.deleted"
            with explained(folder):
                away.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                remove_tree(away)
                folder.rename(away)
            (self._about / f"{folder.name}.json").unlink(missing_ok=True)
        remove_tree(away)

    def finish(self, upload: str) -> DataSet:
        """Make a data set of an upload.

        Raises:
            NotThereError: There is no such upload.
            UsageError: Files are still to come, or none came.
            InvalidDatasetError: It holds no picture; the upload is gone.
            InvalidZipFileError: An archive that is refused; the upload is gone.
        """
        arriving = self.uploads.get(upload)
        arriving.close(complete=True)
        try:
            self._check_pictures(_content(arriving.arrived))
        except VisionloomError as error:
            self.uploads.remove(arriving)
            # where it lay for a moment tells nobody anything
            message = error.message.replace(f"{arriving.arrived}{os.sep}", "")
            raise type(error)(message, error.remedy) from error
        try:
            with explained(arriving.arrived):
                sync_tree(arriving.arrived)
            folder = self._publish(arriving.arrived, folder_name(_without_ending(arriving.name)))
        except BaseException:
            arriving.reopen()
            raise
        self.uploads.remove(arriving)
        return self._describe(folder)

    def add(
        self, source: Path, name: str = "", refused: Callable[[UsageError], None] | None = None
    ) -> DataSet:
        """Copy a folder, archive, list or picture in.

        Args:
            source: What to copy.
            name: What to call it.
            refused: Told why a file is left out.

        Raises:
            NotThereError: Nothing is there.
            UsageError, InvalidDatasetError, InvalidZipFileError: See `Uploads` and `finish`.
        """
        if not source.exists():
            raise NotThereError(f"{source} does not exist.", "Check the path.")
        files = _files_of(source, self._settings)
        size = sum(path.stat().st_size for path in files.values())
        upload = self.uploads.begin(name or source.absolute().name, max(1, len(files)), size)
        try:
            for relative, path in files.items():
                try:
                    _copy(path, upload.receive(relative, self._settings.limits))
                except UsageError as error:
                    upload.refuse(relative)
                    if refused is not None:
                        refused(error)
            return self.finish(upload.id)
        except BaseException:
            with suppress(NotThereError):
                self.uploads.drop(upload.id)
            raise

    def thumbnail(self, dataset: str, number: int, side: int) -> bytes:
        """One of the first pictures of a data set or folder, as a small JPEG.

        Raises:
            NotThereError: There is no such data set, or it has no such picture to show.
        """
        path = self.path_of(dataset)
        new = self.folders.is_id(dataset) and not self._pictures.knows(path)
        if new and self.folders.is_vast(path):
            raise NotThereError(f"{path.name} holds too many files to look for a picture first.")
        return self._pictures.thumbnail(path, number, side)

    def close(self) -> None:
        """End the process that looks at pictures."""
        self._pictures.close()

    def _folder(self, dataset: str) -> Path:
        for folder in self._root.iterdir() if self._root.is_dir() else ():
            if _id(folder.name) == dataset and not folder.name.startswith("."):
                return folder
        raise NotThereError("There is no such data set.", "Look at the list of data sets.")

    def _check_pictures(self, path: Path) -> None:
        listing = find_pictures(path, self._settings)
        if not listing.candidates:
            reasons = "; ".join(f"{s.file}: {s.reason}" for s in listing.skipped[:3])
            raise InvalidDatasetError(
                f"No picture was among the files{f' ({reasons})' if reasons else ''}.",
                "Choose a folder of photos, or a zip of one.",
            )

    def _publish(self, arrived: Path, name: str) -> Path:
        with self._lock, explained(self._root):
            for number in range(1, _NAMES_TRIED):
                folder = self._root / (name if number == 1 else f"{name}-{number}")
                if not folder.exists():
                    try:
                        arrived.rename(folder)
                    except OSError as error:
                        # a folder with something in it is not replaced, if another was quicker
                        if error.errno not in _TAKEN:
                            raise
                        continue
                    sync_folder(self._root)
                    return folder
        raise OutputExistsError(f"There are {_NAMES_TRIED} data sets of the name {name}.")

    def _describe(self, folder: Path) -> DataSet:
        """What is known of a data set; counted once."""
        path = _content(folder)
        file = self._about / f"{folder.name}.json"
        created = folder.stat().st_mtime
        with suppress(OSError, ValueError, KeyError, TypeError):
            about = json.loads(file.read_bytes())
            if about["at"] == created:
                return DataSet(
                    _id(folder.name), folder.name, path, int(about["files"]), int(about["bytes"]),
                    created,
                )  # fmt: skip
        try:
            pictures = len(find_pictures(path, self._settings).candidates)
        except (DataError, UsageError):
            pictures = 0
        size = tree_bytes(folder)
        text = json.dumps({"at": created, "files": pictures, "bytes": size}).encode()
        # a full disk keeps nobody from looking, nor from deleting
        with suppress(MachineError):
            write_file(file, text, durable=False)
        return DataSet(_id(folder.name), folder.name, path, pictures, size, created)


def _copy(path: Path, arrival: Arrival) -> None:
    try:
        with open(path, "rb") as stream:
            while chunk := stream.read(MIB):
                arrival.write(chunk)
        arrival.finish()
    except OSError as error:
        arrival.abort()
        raise UsageError(f"{path} cannot be read: {error.strerror}.", "Leave it out.") from error
    except BaseException:
        arrival.abort()
        raise


def _id(name: str) -> str:
    return _MARK + hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:24]


def _content(folder: Path) -> Path:
    """What conversion is to be given: the one archive or list in it, else the folder."""
    inside = [path for path in folder.iterdir() if not path.name.startswith(".")][:2]
    if len(inside) == 1 and inside[0].is_file() and archive_extension(inside[0].name) is not None:
        return inside[0]
    return folder


def _without_ending(name: str) -> str:
    ending = archive_extension(name)
    return name[: -len(ending)] if ending and len(name) > len(ending) else name


def _files_of(source: Path, settings: Settings) -> dict[str, Path]:
    """Relative name -> file that is copied: what is neither hidden nor a link."""
    if source.is_file():
        if source.suffix.lower() not in MANIFEST_EXTENSIONS:
            return {source.name: source}
        listing = find_pictures(source, settings)
        root = Path(listing.origin.path)
        named = {c.stored: root / c.stored for c in listing.candidates}
        return {**named, source.name: source}
    files = {}
    for parent, folders, names in os.walk(source):
        folders[:] = sorted(name for name in folders if not is_hidden(name))
        for name in sorted(names):
            path = Path(parent, name)
            if not is_hidden(name) and path.is_file() and not path.is_symlink():
                files[path.relative_to(source).as_posix()] = path
    return files
