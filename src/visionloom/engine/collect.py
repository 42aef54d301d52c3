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
from visionloom.artifacts.objects import ObjectStore
from visionloom.artifacts.trees import newest, tree_bytes
from visionloom.errors import RecordsError
from visionloom.records.recorder import Recorder

DAY = 24 * 3600.0
# longer than it takes from the first file of an output to the commit that counts it
GRACE = DAY


@dataclass(frozen=True)
class Collected:
    """What was given back, or would be.

    Attributes:
        rows: Objects that the records knew and nobody needed.
        orphans: Objects that the records did not know.
        bytes: Size of all files removed.
    """

    rows: int
    orphans: int
    bytes: int


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
    size += sum(map(tree_bytes, left))
    if dry_run:
        size += sum(unneeded.values()) + sum(tree_bytes(store.path(i)) for i in orphans)
        return Collected(len(unneeded), len(orphans), size)
    dropped = recorder.drop_objects(unneeded, before)
    for object_id, used in dropped.items():
        size += store.remove(object_id, published_before=used)
    for object_id in orphans:
        size += store.remove(object_id, published_before=grace)
    for folder in left:
        remove_tree(folder)
    return Collected(len(dropped), len(orphans), size)


def _leftovers(
    scratch: Path | None, resumable: set[str], is_needed: Callable[[str], bool], grace: float
) -> Iterator[Path]:
    """Folders of keys from which no step goes on any more."""
    for folder in scratch.iterdir() if scratch is not None and scratch.is_dir() else ():
        wanted = folder.name in resumable or is_needed(folder.name)
        if folder.is_dir() and not wanted and newest(folder) < grace:
            yield folder
