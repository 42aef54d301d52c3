"""The content-addressed store: every artifact once, read-only, under the digest of what it is.

    objects/ab/abcdef.../   an artifact
    checked/ab/abcdef....json   how its files looked when they were last read and found right
    incoming/   what is being made, or on its way in or out

An object appears by one rename and is whole from then on. Its id says everything about it but where
it came from, so equal artifacts made by different runs are one object.
"""

from __future__ import annotations

import errno
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path

from visionloom.artifacts import checked
from visionloom.artifacts.atomic import (
    TEMPORARY_PREFIX,
    explained,
    is_abandoned,
    new_folder,
    remove_temporary,
    remove_tree,
    sync_folder,
    sync_tree,
    temporary_beside,
)
from visionloom.artifacts.copying import copy_artifact
from visionloom.artifacts.digest import sha256_of_json
from visionloom.artifacts.manifest import Manifest, read_manifest
from visionloom.artifacts.trees import make_read_only, newest, tree_bytes
from visionloom.errors import ArtifactError

_ID = re.compile(r"[0-9a-f]{64}")
_OCCUPIED = (errno.EEXIST, errno.ENOTEMPTY)
_TRIES = 100


@dataclass(frozen=True)
class StoredObject:
    """An artifact in the store.

    Attributes:
        id: SHA-256 of type, format version, logical digest, files and paths outside.
        digest: Logical digest.
        type: Type name.
        bytes: Size of its files.
        files: Relative name -> bytes, without the manifest.
        refers_to: Paths outside that it needs.
    """

    id: str
    digest: str
    type: str
    bytes: int
    files: Mapping[str, int]
    refers_to: tuple[str, ...]


def is_object_id(text: str) -> bool:
    """Whether this has the shape of an object's id."""
    return _ID.fullmatch(text) is not None


class ObjectStore:
    """A folder of objects.

    Args:
        root: The folder; made when first written to.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._objects = root / "objects"
        self._incoming = root / "incoming"
        self._checked = root / "checked"

    def incoming(self, name: str) -> Path:
        """A private folder on the store's file system for outputs that are being made.

        Args:
            name: Holds the id of the run it belongs to, so that it is kept while that is open.
        """
        folder = self._incoming / name
        with explained(folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    def path(self, object_id: str) -> Path:
        """Folder of an object, whether it is there or not."""
        if not is_object_id(object_id):
            raise ArtifactError(f"{object_id!r} is no id of an object.")
        return self._objects / object_id[:2] / object_id

    def ids(self) -> Iterator[str]:
        """Ids of all objects."""
        for folder in sorted(self._objects.glob("??")):
            for path in sorted(folder.iterdir()):
                if _ID.fullmatch(path.name):
                    yield path.name

    def identify(self, folder: Path) -> StoredObject:
        """What an artifact is as an object, whether or not it is in the store.

        Raises:
            ArtifactError: No artifact.
        """
        return _describe(read_manifest(folder))

    def publish(
        self, folder: Path, *, claim: Callable[[str], object] | None = None
    ) -> StoredObject:
        """Move an artifact in: verified, read-only, durable. ``folder`` is gone afterwards.

        When an equal one is there already, ours is dropped; one there that is damaged is replaced.

        Args:
            folder: The artifact.
            claim: Called with the id before: pins it in the records, so that an equal object that
                nobody else needs is not removed between here and the commit that needs it.

        Raises:
            ArtifactError: No whole artifact; ``folder`` is left as it is.
            ModuleOutOfMemoryError, FailedToWriteOutputsError: The store cannot be written to.
        """
        manifest = read_manifest(folder)
        stored = _describe(manifest)
        if claim is not None:
            claim(stored.id)
        with explained(self.root):
            self._incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
            far = folder.stat().st_dev != self._incoming.stat().st_dev
            ours = self._bring_in(folder, manifest) if far else folder
            try:
                record = checked.check(ours, manifest, None)
                sync_tree(ours)
                make_read_only(ours)
                if self._move_in(ours, stored.id):
                    record = checked.moved(record, self.path(stored.id))
                    checked.write(self._record(stored.id), record)
            except BaseException:
                if far:
                    remove_tree(ours)
                raise
            for rest in (folder, ours):
                remove_tree(rest)
        return stored

    def is_whole(self, object_id: str, files: Mapping[str, int] | None = None) -> str:
        """Empty when an object is there and as it was published; else what is wrong.

        Files whose size, times and inode are as when they were last read are not read again.

        Args:
            object_id: The object.
            files: What it must hold: relative name -> bytes.
        """
        try:
            self._ensure_whole(object_id, files)
        except ArtifactError as error:
            return error.message
        return ""

    def verify(self, object_id: str) -> None:
        """Read every file of an object.

        Raises:
            ArtifactError: It is missing or damaged; which file.
        """
        place = self.path(object_id)
        before = checked.read(self._record(object_id))
        forgetful = None if before is None else checked.Record(before.manifest, {})
        self._read_again(place, object_id, forgetful)

    def deliver(self, object_id: str, target: Path, *, replace: bool) -> None:
        """Write a copy of an object to ``target``: verified, and whole or not at all.

        Raises:
            ArtifactError: The object is missing or damaged.
            OutputExistsError: ``target`` exists and ``replace`` is false.
            ModuleOutOfMemoryError, FailedToWriteOutputsError: ``target`` cannot be written.
        """
        place = self.path(object_id)
        self._ensure_whole(object_id, None)
        manifest = read_manifest(place)
        with new_folder(target, replace=replace) as scratch, explained(target):
            copy_artifact(place, manifest, scratch)

    def remove(self, object_id: str, published_before: float = float("inf")) -> int:
        """Remove an object; returns the bytes freed.

        Args:
            object_id: The object.
            published_before: Seconds since 1970; an object that was published again since then
                stays, since whoever did so is about to record it.
        """
        place = self.path(object_id)
        away = temporary_beside(self._incoming / object_id[:12])
        with explained(self.root):
            self._incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                with self._lock():
                    if place.stat().st_mtime > published_before:
                        return 0
                    _move_away(place, away)
            except FileNotFoundError:
                return 0
            size = tree_bytes(away)
            remove_tree(away)
            self._record(object_id).unlink(missing_ok=True)
        return size

    def sweep_incoming(
        self, is_needed: Callable[[str], bool], older_than: float, *, dry_run: bool
    ) -> int:
        """Remove what interrupted work left on its way in; returns the bytes freed.

        Args:
            is_needed: Whether the owner of a folder of this name may still go on.
            older_than: Seconds since 1970; what changed since then stays.
            dry_run: Whether to only count.
        """
        freed = 0
        for path in self._incoming.iterdir() if self._incoming.is_dir() else ():
            left = is_abandoned(path) or not (
                path.name.startswith(".") or is_needed(path.name) or newest(path) >= older_than
            )
            if left:
                freed += tree_bytes(path)
                if not dry_run:
                    remove_temporary(path)
        for path in self._checked.glob(f"??/{TEMPORARY_PREFIX}*"):
            if is_abandoned(path):
                freed += tree_bytes(path)
                if not dry_run:
                    remove_temporary(path)
        return freed

    def published_at(self, object_id: str) -> float:
        """When an object was last published, seconds since 1970; 0 when it is not there."""
        with suppress(OSError):
            return self.path(object_id).stat().st_mtime
        return 0.0

    def _record(self, object_id: str) -> Path:
        return self._checked / object_id[:2] / f"{object_id}.json"

    def _bring_in(self, folder: Path, manifest: Manifest) -> Path:
        """A copy on the store's file system."""
        ours = temporary_beside(self._incoming / "arriving")
        ours.mkdir(mode=0o700)
        try:
            copy_artifact(folder, manifest, ours)
        except BaseException:
            remove_tree(ours)
            raise
        return ours

    def _move_in(self, ours: Path, object_id: str) -> bool:
        """Whether ours is the object now, and not an equal one that was there."""
        place = self.path(object_id)
        if not place.parent.is_dir():
            place.parent.mkdir(parents=True, exist_ok=True)
            sync_folder(self._objects)
            sync_folder(self.root)
            sync_folder(self.root.parent)
        for _ in range(_TRIES):
            # before the move, so that a sweeper never meets it with an older time
            _mark_published(ours)
            moved = self._rename(ours, place)
            if not moved and not self._use(place, object_id):
                continue
            with suppress(FileNotFoundError):
                place.chmod(0o555)
            sync_folder(place.parent)
            return moved
        raise ArtifactError(f"{place} is removed and made again by others all the time.")

    @staticmethod
    def _rename(ours: Path, place: Path) -> bool:
        """False when an object is there already."""
        try:
            ours.rename(place)
        except FileNotFoundError:
            # a network file system may repeat a request that it has carried out
            if ours.exists() or not place.is_dir():
                raise
        except OSError as error:
            if error.errno not in _OCCUPIED and not place.is_dir():
                raise
            return False
        return True

    def _use(self, place: Path, object_id: str) -> bool:
        """Use the object that is there already; False when it is gone, or was damaged and is now.

        Its time tells a sweeper that it is wanted again; see `remove`.
        """
        is_damaged = self.is_whole(object_id) != ""
        away = temporary_beside(self._incoming / object_id[:12])
        try:
            with self._lock():
                if is_damaged:
                    _move_away(place, away)
                else:
                    _mark_published(place)
        except FileNotFoundError:
            return False
        remove_tree(away)
        return not is_damaged

    def _lock(self) -> AbstractContextManager[object]:
        """Held while an object is told from one that is to go; never for longer than that."""
        import filelock

        return filelock.FileLock(self.root / "lock")

    def _ensure_whole(self, object_id: str, files: Mapping[str, int] | None) -> None:
        place = self.path(object_id)
        if not place.is_dir():
            raise ArtifactError(f"{object_id[:12]} is not in the store.")
        before = checked.read(self._record(object_id))
        try:
            if before is not None and checked.is_unchanged(place, before):
                held = before.sizes
            else:
                held = self._read_again(place, object_id, before)
        except OSError as error:
            raise ArtifactError(f"{error.filename or place}: {error.strerror}.") from error
        if files and dict(files) != held:
            raise ArtifactError(f"{place} holds other files than were recorded.")

    def _read_again(
        self, place: Path, object_id: str, before: checked.Record | None
    ) -> dict[str, int]:
        manifest = read_manifest(place)
        if _describe(manifest).id != object_id:
            raise ArtifactError(f"{place} is damaged: its manifest is of another object.")
        record = checked.check(place, manifest, before)
        checked.write(self._record(object_id), record)
        return record.sizes


def _describe(manifest: Manifest) -> StoredObject:
    identity = {
        "type": manifest.type,
        "format_version": manifest.format_version,
        "digest": manifest.digest,
        "files": {n: {"bytes": f.bytes, "sha256": f.sha256} for n, f in manifest.files.items()},
        "refers_to": list(manifest.refers_to),
    }
    sizes = {name: entry.bytes for name, entry in manifest.files.items()}
    return StoredObject(
        id=sha256_of_json(identity),
        digest=manifest.digest,
        type=manifest.type,
        bytes=sum(sizes.values()),
        files=sizes,
        refers_to=manifest.refers_to,
    )


def _move_away(place: Path, away: Path) -> None:
    # only a folder that may be written to can be moved to another one
    place.chmod(0o755)
    place.rename(away)


def _mark_published(place: Path) -> None:
    now = time.time_ns()
    os.utime(place, ns=(now, now))
