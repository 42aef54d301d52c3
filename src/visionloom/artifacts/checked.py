"""How the files of an object looked when they were last read and found right.

A file that still looks so is not read again. Objects are read-only and nobody else's, so that a
change that size, times and inode do not show is not to be feared as with the user's data.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from visionloom.artifacts.atomic import write_file
from visionloom.artifacts.digest import sha256_of_file
from visionloom.artifacts.manifest import MANIFEST_NAME, Manifest
from visionloom.errors import ArtifactError, VisionloomError

_FORMAT = 1
Stamp = tuple[int, int, int, int]


@dataclass(frozen=True)
class Record:
    """What was found.

    Attributes:
        manifest: SHA-256 of the manifest, which no other file vouches for.
        stamps: Relative name -> size, modification and change time (ns), inode; the manifest too.
    """

    manifest: str
    stamps: Mapping[str, Stamp]

    @property
    def sizes(self) -> dict[str, int]:
        """Relative name -> bytes, without the manifest."""
        return {name: stamp[0] for name, stamp in self.stamps.items() if name != MANIFEST_NAME}


def check(folder: Path, manifest: Manifest, before: Record | None) -> Record:
    """Compare the files of an artifact with its manifest; read those that ``before`` does not know.

    Raises:
        ArtifactError: A file is missing, too many, a link, or has other content; which one.
    """
    stamps = _look(folder)
    known = before.stamps if before is not None else {}
    wanted = {MANIFEST_NAME, *manifest.files}
    for name in sorted(wanted - stamps.keys()):
        raise ArtifactError(f"{folder / name} is missing: the artifact is not whole.")
    for name in sorted(stamps.keys() - wanted):
        raise ArtifactError(
            f"{folder / name} is in the artifact, and its manifest is silent of it."
        )
    for name, entry in manifest.files.items():
        size = stamps[name][0]
        if size != entry.bytes:
            raise ArtifactError(
                f"{folder / name} is damaged: {size} bytes instead of {entry.bytes}."
            )
        if known.get(name) != stamps[name] and sha256_of_file(folder / name) != entry.sha256:
            raise ArtifactError(f"{folder / name} is damaged: its SHA-256 is not the recorded one.")
    digest = sha256_of_file(folder / MANIFEST_NAME)
    if before is not None and before.manifest != digest:
        raise ArtifactError(
            f"{folder / MANIFEST_NAME} is damaged: its SHA-256 is not the recorded one."
        )
    return Record(digest, stamps)


def is_unchanged(folder: Path, record: Record) -> bool:
    """Whether the files look as they did."""
    return _look(folder) == dict(record.stamps)


def moved(record: Record, folder: Path) -> Record:
    """The record after modes were changed and the folder was moved; what else changed is left out.

    Change times differ then, nothing more.
    """
    with suppress(OSError, ArtifactError):
        now = _look(folder)
        kept = {n: s for n, s in record.stamps.items() if _but_change(now.get(n)) == _but_change(s)}
        return Record(record.manifest, {name: now[name] for name in kept})
    return Record(record.manifest, {})


def read(path: Path) -> Record | None:
    """Read a record; None when there is none of use."""
    try:
        value = json.loads(path.read_bytes())
        if value["format"] != _FORMAT:
            return None
        stamps = {str(name): _stamp_of(stamp) for name, stamp in value["stamps"].items()}
        return Record(str(value["manifest"]), stamps)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def write(path: Path, record: Record) -> None:
    """Keep a record, where that is possible: without it the files are read again."""
    value = {"format": _FORMAT, "manifest": record.manifest, "stamps": dict(record.stamps)}
    with suppress(VisionloomError):
        write_file(path, json.dumps(value).encode(), durable=False)


def _look(folder: Path) -> dict[str, Stamp]:
    stamps: dict[str, Stamp] = {}
    _look_into(str(folder), "", stamps)
    return stamps


def _look_into(folder: str, prefix: str, stamps: dict[str, Stamp]) -> None:
    with os.scandir(folder) as entries:
        for entry in entries:
            name = prefix + entry.name
            if entry.is_dir(follow_symlinks=False):
                _look_into(entry.path, f"{name}/", stamps)
            elif entry.is_file(follow_symlinks=False):
                status = entry.stat(follow_symlinks=False)
                stamps[name] = (
                    status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino,
                )  # fmt: skip
            else:
                raise ArtifactError(f"{entry.path} is no file: an artifact holds files only.")


def _stamp_of(value: list[int]) -> Stamp:
    size, modified, changed, inode = value
    return size, modified, changed, inode


def _but_change(stamp: Stamp | None) -> tuple[int, ...]:
    return () if stamp is None else (stamp[0], stamp[1], stamp[3])
