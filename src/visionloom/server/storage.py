"""What the home folder holds, in bytes, and what can be given back of it.

Data sets, drafts and weights are the user's and never given back here; results are as
``visionloom gc`` does it.
"""

from __future__ import annotations

import os
import shutil
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from visionloom.artifacts.atomic import remove_tree
from visionloom.artifacts.manifest import MANIFEST_NAME, read_manifest
from visionloom.artifacts.trees import newest, tree_bytes
from visionloom.engine.collect import DAY, collect
from visionloom.errors import ArtifactError
from visionloom.server.desk import Desk
from visionloom.server.models.machine import CleanItem, CleanView, StoragePart, StorageView

_PARTS = (
    ("store", "Results of steps"),
    ("runs", "Logs of runs"),
    ("scratch", "State to go on from"),
    ("cache", "What can be made again"),
    ("datasets", "Data sets"),
    ("drafts", "Drafts"),
    ("weights", "Pretrained weights"),
    ("models", "Models that scoring pipelines name"),
    ("artifacts", "Results of single commands"),
)
_OTHER = ("records", "Records of runs, and settings")
_HOLDS_SECONDS = 30.0
_KEPT_DAYS = 14.0
_UNUSED = "an unpacked archive that no result refers to"
_lock = threading.Lock()
_counted: dict[Path, tuple[float, list[StoragePart]]] = {}


def storage(desk: Desk) -> StorageView:
    """The parts of the home folder; counted at most twice a minute."""
    home = desk.workspace.settings.home
    with _lock:
        at, parts = _counted.get(home, (0.0, []))
        if not parts or time.monotonic() - at > _HOLDS_SECONDS:
            parts = _count(home)
            _counted[home] = time.monotonic(), parts
    there = next(path for path in (home, *home.parents) if path.is_dir())
    return StorageView(home=str(home), free=shutil.disk_usage(there).free, parts=parts)


def clean(desk: Desk, *, apply: bool) -> CleanView:
    """Give back what no kept run needs; without ``apply`` only said.

    Raises:
        RecordsError: The records are damaged, so that what is needed is not known.
    """
    workspace = desk.workspace
    found = collect(
        workspace.records,
        workspace.store,
        older_than_days=_KEPT_DAYS,
        dry_run=not apply,
        scratch=workspace.settings.scratch,
    )
    items = [CleanItem(what=one.name, why=one.why, bytes=one.bytes) for one in found.removed]
    total = found.bytes
    for folder in _unused_archives(desk):
        size = tree_bytes(folder)
        items.append(CleanItem(what=f"Archive {folder.name[:12]}", why=_UNUSED, bytes=size))
        total += size
        if apply:
            remove_tree(folder)
    if apply:
        desk.looking.images.forget()
        with _lock:
            _counted.pop(workspace.settings.home, None)
    return CleanView(applied=apply, bytes=total, items=items)


def _count(home: Path) -> list[StoragePart]:
    parts = [_part(name, title, [home / name]) for name, title in _PARTS]
    others = [path for path in _inside(home) if path.name not in {name for name, _ in _PARTS}]
    return [*parts, _part(*_OTHER, others)]


def _part(name: str, title: str, paths: list[Path]) -> StoragePart:
    sizes = [size for path in paths for size in _sizes(path)]
    return StoragePart(name=name, title=title, bytes=sum(sizes), files=len(sizes))


def _sizes(path: Path) -> Iterator[int]:
    """Sizes of the files at and below a path; links are not followed."""
    if path.is_file() and not path.is_symlink():
        with suppress(OSError):
            yield path.stat().st_size
    for parent, _, names in os.walk(path):
        for name in names:
            with suppress(OSError):
                found = Path(parent, name).lstat()
                if stat.S_ISREG(found.st_mode):
                    yield found.st_size


def _unused_archives(desk: Desk) -> Iterator[Path]:
    """Unpacked archives that no result and no recent step needs; none while a run is open."""
    store, settings = desk.workspace.store, desk.workspace.settings
    needed: set[Path] = set()
    results = [store.path(object_id) for object_id in store.ids()]
    results += [file.parent for file in settings.artifacts.rglob(MANIFEST_NAME)]
    for result in results:
        with suppress(ArtifactError):
            needed |= {Path(path) for path in read_manifest(result).refers_to}
    for folder in _inside(settings.cache / "archives"):
        unused = folder.is_dir() and folder not in needed and newest(folder) < time.time() - DAY
        # one that has just begun may read any of them
        if unused and not desk.workspace.records.open_runs():
            yield folder


def _inside(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []
