"""The one atomic writer: a file or a folder appears complete, or not at all.

Order of work: write beside the target, sync every file, sync the folders bottom-up, rename,
sync the parent. After a failure or a kill the target is as it was before; what may be left is a
folder or file with the prefix ``.visionloom-tmp-`` that the next writer to the same target removes
once its owner is gone.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from visionloom.artifacts.room import MARGIN_BYTES, disk_full, is_disk_full, says
from visionloom.artifacts.trees import tree_bytes
from visionloom.errors import (
    FailedToWriteOutputsError,
    ModuleOutOfMemoryError,
    OutputExistsError,
    VisionloomError,
)

TEMPORARY_PREFIX = ".visionloom-tmp-"


def write_file(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Replace the file at ``path`` by ``data``: the old content or the new, never a part.

    Args:
        path: The file.
        data: Its new content.
        durable: Whether to wait until the disk has it; not needed for what can be made again.

    Raises:
        DiskFullError, ModuleOutOfMemoryError: The disk is full; the file may not be so large.
        FailedToWriteOutputsError: The folder cannot be written to.
    """
    with new_file(path, durable=durable) as temporary, open(temporary, "xb") as stream:
        stream.write(data)


@contextlib.contextmanager
def new_file(path: Path, *, durable: bool = True) -> Iterator[Path]:
    """Yield the name of a file to be made, which replaces ``path`` when the block ends well.

    Raises:
        DiskFullError, ModuleOutOfMemoryError: The disk is full; the file may not be so large.
        FailedToWriteOutputsError: The folder cannot be written to.
    """
    temporary = temporary_beside(path)
    with explained(path):
        _make_folder(path.parent, durable=durable)
        remove_abandoned(path)
        try:
            yield temporary
            if durable:
                _sync_file(temporary)
            _replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        if durable:
            sync_folder(path.parent)


@contextlib.contextmanager
def new_folder(target: Path, *, replace: bool = False) -> Iterator[Path]:
    """Yield an empty scratch folder that becomes ``target`` when the block ends without an error.

    Args:
        target: Where the folder appears.
        replace: Whether an existing folder at ``target`` is replaced; otherwise it is an error.

    Raises:
        OutputExistsError: ``target`` exists and ``replace`` is false.
        DiskFullError, ModuleOutOfMemoryError: The disk is full; the file may not be so large.
        FailedToWriteOutputsError: The place cannot be written to.
    """
    if not replace and target.exists():
        raise OutputExistsError(f"{target} exists already.", "Choose another folder or remove it.")
    with explained(target):
        _make_folder(target.parent, durable=True)
        remove_abandoned(target)
        scratch = temporary_beside(target)
        scratch.mkdir(mode=0o700)
    try:
        yield scratch
        with explained(target):
            sync_tree(scratch)
            _publish(scratch, target, replace=replace)
    except BaseException as error:
        written = tree_bytes(scratch)
        remove_tree(scratch)
        if not isinstance(error, VisionloomError):
            _raise_no_room(error, target, written)
            _raise_broken(error, target)
        raise


def remove_tree(folder: Path) -> None:
    """Remove a folder of ours, read-only files included; nothing happens when it is not there."""
    if not folder.exists() or folder.is_symlink():
        return
    for parent, _, _ in os.walk(folder):
        with contextlib.suppress(OSError):
            os.chmod(parent, stat.S_IRWXU)
    shutil.rmtree(folder, ignore_errors=True)


def _make_folder(folder: Path, *, durable: bool) -> None:
    """Make a folder and those above it; their names are durable too where that is wanted."""
    missing = []
    above = folder
    while not above.exists():
        missing.append(above)
        above = above.parent
    folder.mkdir(parents=True, exist_ok=True)
    for made in reversed(missing if durable else []):
        sync_folder(made.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in ``folder`` durable; does nothing where folders cannot be synced."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        _sync(descriptor)
    finally:
        os.close(descriptor)


def _publish(scratch: Path, target: Path, *, replace: bool) -> None:
    old: Path | None = None
    if target.exists():
        if not replace:
            raise OutputExistsError(f"{target} appeared while it was being written.")
        old = temporary_beside(target)
        _replace(target, old)
    try:
        os.chmod(scratch, 0o777 & ~_umask())
        _replace(scratch, target)
    except OSError:
        if old is not None:
            _replace(old, target)
        raise
    sync_folder(target.parent)
    if old is not None:
        remove_tree(old)


def _umask() -> int:
    current = os.umask(0o077)
    os.umask(current)
    return current


def sync_tree(folder: Path) -> None:
    """Make the files below ``folder``, and their names, durable."""
    for parent, _, names in os.walk(folder, topdown=False):
        for name in names:
            path = Path(parent, name)
            if path.is_symlink():
                continue
            _sync_file(path)
        sync_folder(Path(parent))


def _sync_file(path: Path) -> None:
    # Windows syncs only what is open for writing, which elsewhere a read-only file must not be
    with open(path, "rb+" if os.name == "nt" else "rb") as stream:
        _sync(stream.fileno())


def _sync(descriptor: int) -> None:
    if sys.platform == "darwin":
        import fcntl

        # fsync leaves the data in the drive's own memory there
        with contextlib.suppress(OSError):
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
            return
    os.fsync(descriptor)


def temporary_beside(target: Path) -> Path:
    """A name beside ``target`` for what this process is making, or removing."""
    owner = f"{os.getpid()}-{secrets.token_hex(4)}"
    return target.parent / f"{TEMPORARY_PREFIX}{target.name[:80]}-{owner}"


def is_abandoned(path: Path) -> bool:
    """Whether this is a temporary file or folder of ours whose process is gone."""
    import psutil

    name, _, token = path.name.rpartition("-")
    name, _, process = name.rpartition("-")
    ours = name.startswith(TEMPORARY_PREFIX) and process.isdigit() and len(token) == 8
    return ours and not psutil.pid_exists(int(process))


def remove_abandoned(target: Path) -> None:
    """Remove what earlier writers to the same target left whose process is gone."""
    prefix = f"{TEMPORARY_PREFIX}{target.name[:80]}-"
    with os.scandir(target.parent) as entries:
        # the rest is process and token, else it belongs to a target with a longer name
        left = [
            Path(entry.path)
            for entry in entries
            if entry.name.startswith(prefix) and entry.name[len(prefix) :].count("-") == 1
        ]
    for path in filter(is_abandoned, left):
        remove_temporary(path)


def remove_temporary(path: Path) -> None:
    """Remove a temporary file or folder of ours."""
    if path.is_dir() and not path.is_symlink():
        remove_tree(path)
    else:
        with contextlib.suppress(OSError):
            path.unlink()


def _replace(source: Path, target: Path) -> None:
    """``os.replace``, patient for two seconds with scanners that hold files open on Windows."""
    deadline = time.monotonic() + 2.0
    while True:
        try:
            os.replace(source, target)
            return
        except PermissionError:
            if os.name != "nt" or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Say of a failure to write what the user can do about it.

    Raises:
        DiskFullError, ModuleOutOfMemoryError: The disk is full; the file may not be so large.
        FailedToWriteOutputsError: The place cannot be written to.
    """
    try:
        yield
    except OSError as error:
        _raise_no_room(error, path)
        reason = error.strerror or str(error)
        raise FailedToWriteOutputsError(
            f"{path} could not be written: {reason}.", "Choose a folder you may write to."
        ) from error


def _raise_broken(error: BaseException, target: Path) -> None:
    """Raise what an error means when the disk failed a writer, ours or a library's."""
    for number in (errno.EIO, errno.EROFS):
        if says(error, number):
            place = getattr(error, "filename", None) or target
            raise FailedToWriteOutputsError(
                f"{target} could not be made: {place}: {os.strerror(number)}.", "Check the disk."
            ) from error


def _raise_no_room(error: BaseException, path: Path, written: int = 0) -> None:
    """Raise what an error means when a writer, ours or a library's, found no room.

    ``written`` bytes had found some: they, at least, need it again.
    """
    if is_disk_full(error):
        raise disk_full(path, written + MARGIN_BYTES if written else 0) from error
    if says(error, errno.EFBIG):
        raise ModuleOutOfMemoryError(
            f"A limit on the size of files is reached: {path} could not be written.",
            "Allow larger files (ulimit -f), or use another disk.",
        ) from error
