"""Give back the space of what no kept run needs: objects, and what interrupted work left behind.

An object is needed while a run in the records has it as an output, or a pin names it. The rows go
first, in one transaction that counts the needs again; then the files. An object that is published
once more in between stays, see `ObjectStore.remove`. What is stopped half-way is finished by the
next call: files without a row are orphans.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from visionloom.artifacts.atomic import remove_tree
from visionloom.artifacts.manifest import read_manifest
from visionloom.artifacts.objects import ObjectStore
from visionloom.artifacts.trees import newest, tree_bytes
from visionloom.errors import ArtifactError, RecordsError
from visionloom.records.recorder import Recorder

DAY = 24 * 3600.0
# longer than it takes from the first file of an output to the commit that counts it
GRACE = DAY


UNNEEDED = "no run needs it"
UNKNOWN = "no record knows it"
UNFINISHED = "left by a step that nothing goes on from"


@dataclass(frozen=True)
class Removed:
    """Something that was removed, or would be: its name, size in bytes, and why."""

    name: str
    bytes: int
    why: str


@dataclass(frozen=True)
class Collected:
    """What was given back, or would be.

    Attributes:
        removed: Objects of the store, and folders of steps.
        bytes: Size of all files removed, half-made outputs included.
    """

    removed: tuple[Removed, ...]
    bytes: int

    @property
    def rows(self) -> int:
        """Objects that the records knew and nobody needed."""
        return sum(one.why == UNNEEDED for one in self.removed)

    @property
    def orphans(self) -> int:
        """Objects that the records did not know."""
        return sum(one.why == UNKNOWN for one in self.removed)


def collect(
    recorder: Recorder,
    store: ObjectStore,
    *,
    older_than_days: float,
    dry_run: bool,
    scratch: Path | None = None,
    clock: Callable[[], float] = time.time,
) -> Collected:
    """Remove what nobody needs.

    Args:
        recorder: The records.
        store: Where the objects are.
        older_than_days: How long an object must not have been needed.
        dry_run: Whether to only count.
        scratch: The folder with a folder for each key.
        clock: Seconds since 1970.

    Raises:
        RecordsError: The records are damaged, so that what is needed is not known.
    """
    problem = recorder.problem()
    if problem:
        raise RecordsError(f"{problem} Nothing was removed.", "Run `visionloom runs rebuild`.")
    now = clock()
    before = now - older_than_days * DAY
    grace = min(before, now - GRACE)
    # what is published after this line is not looked at
    there = sorted(store.ids())
    known = recorder.known_objects()
    orphans = [i for i in there if i not in known and store.published_at(i) < grace]
    unneeded = recorder.sweepable(before)
    open_runs = [run.id for run in recorder.open_runs()]

    def is_needed(name: str) -> bool:
        return any(run in name for run in open_runs)

    left = list(_leftovers(scratch, {*recorder.resumable_keys()}, is_needed, grace))
    size = store.sweep_incoming(is_needed, grace, dry_run=dry_run)
    removed = [Removed(folder.name, tree_bytes(folder), UNFINISHED) for folder in left]
    if dry_run:
        removed += [Removed(_name(store, i), count, UNNEEDED) for i, count in unneeded.items()]
        removed += [Removed(_name(store, i), tree_bytes(store.path(i)), UNKNOWN) for i in orphans]
        return _collected(removed, size)
    names = {object_id: _name(store, object_id) for object_id in (*unneeded, *orphans)}
    for object_id, used in recorder.drop_objects(unneeded, before).items():
        freed = store.remove(object_id, published_before=used)
        removed.append(Removed(names[object_id], freed, UNNEEDED))
    for object_id in orphans:
        freed = store.remove(object_id, published_before=grace)
        removed.append(Removed(names[object_id], freed, UNKNOWN))
    for path in left:
        if path.is_file():
            path.unlink(missing_ok=True)
        else:
            remove_tree(path)
    return _collected(removed, size)


def _collected(removed: list[Removed], more: int) -> Collected:
    ordered = sorted(removed, key=lambda one: -one.bytes)
    return Collected(tuple(ordered), more + sum(one.bytes for one in ordered))


def _name(store: ObjectStore, object_id: str) -> str:
    """Type and beginning of the id."""
    try:
        return f"{read_manifest(store.path(object_id)).type} {object_id[:12]}"
    except ArtifactError:
        return object_id[:12]


def _leftovers(
    scratch: Path | None, resumable: set[str], is_needed: Callable[[str], bool], grace: float
) -> Iterator[Path]:
    """Folders of keys from which no step goes on any more."""
    for folder in scratch.iterdir() if scratch is not None and scratch.is_dir() else ():
        # a folder, and locks beside it, are named by the key and what tells steps of it apart
        wanted = folder.name.partition(".")[0] in resumable or is_needed(folder.name)
        if not wanted and newest(folder) < grace:
            yield folder
