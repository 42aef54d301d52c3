"""Power cuts: what a disk may hold after one, made from what was synced and what was not.

A writer runs for real in a folder. At each ``fsync`` and at its end the folder may be cut: a clone
is made of it in which a file has the content it had when it was last synced, or zeros, a part, or
all of what came later; and a name that its folder had not when that was last synced is there or
not, one that was taken away since is gone or still there.
"""

from __future__ import annotations

import os
import random
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock


@dataclass
class Disk:
    """What is durable of a folder.

    Attributes:
        root: The folder.
        contents: Inode -> bytes of a file when it was last synced.
        names: Inode -> (name -> inode) of a folder when it was last synced.
    """

    root: Path
    contents: dict[int, bytes] = field(default_factory=dict)
    names: dict[int, dict[str, int]] = field(default_factory=dict)
    # an inode's number must not be given to another file while it is remembered
    _held: list[int] = field(default_factory=list)

    def settle(self) -> None:
        """Everything that is there is durable."""
        for parent, _, files in os.walk(self.root):
            for path in (Path(parent), *(Path(parent, name) for name in files)):
                descriptor = os.open(path, os.O_RDONLY)
                self.synced(descriptor)
                os.close(descriptor)

    def synced(self, descriptor: int) -> None:
        """A file or folder was synced."""
        status = os.fstat(descriptor)
        path = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        self._held.append(os.open(path, os.O_RDONLY))
        if stat.S_ISDIR(status.st_mode):
            self.names[status.st_ino] = {e.name: e.inode() for e in os.scandir(path)}
        else:
            self.contents[status.st_ino] = path.read_bytes()

    def clone(self, target: Path, draws: random.Random) -> None:
        """What may be there after a cut now."""
        living = {p.lstat().st_ino: p for p in (self.root, *self.root.rglob("*"))}
        self._clone(self.root.lstat().st_ino, living, target, draws)

    def close(self) -> None:
        """Let go of what was remembered."""
        for descriptor in self._held:
            os.close(descriptor)

    def _clone(
        self, inode: int, living: dict[int, Path], target: Path, draws: random.Random
    ) -> None:
        path = living.get(inode)
        if inode in self.names or (path is not None and path.is_dir()):
            target.mkdir()
            before = self.names.get(inode, {})
            now = {e.name: e.inode() for e in os.scandir(path)} if path is not None else before
            for name in sorted({*before, *now}):
                choices = [before.get(name), now.get(name)]
                chosen = choices[0] if choices[0] == choices[1] else draws.choice(choices)
                if chosen is not None:
                    self._clone(chosen, living, target / name, draws)
            return
        durable = self.contents.get(inode)
        now_there = path.read_bytes() if path is not None else durable or b""
        target.touch(stat.S_IMODE(path.stat().st_mode) if path is not None else 0o600)
        target.chmod(target.stat().st_mode | stat.S_IWUSR)
        if durable == now_there:
            target.write_bytes(now_there)
            return
        kept = draws.randrange(len(now_there) + 1)
        lost = (durable or b"", bytes(len(now_there)), now_there[:kept], now_there)
        target.write_bytes(draws.choice(lost))


@contextmanager
def recorded(root: Path, cut: Callable[[Disk], None]) -> Iterator[Disk]:
    """Watch what is synced in a folder; ``cut`` is called just before and after each sync."""
    disk, sync = Disk(root), os.fsync
    disk.settle()

    def watched(descriptor: int) -> None:
        cut(disk)
        sync(descriptor)
        disk.synced(descriptor)
        cut(disk)

    try:
        with mock.patch.object(os, "fsync", watched):
            yield disk
    finally:
        disk.close()
