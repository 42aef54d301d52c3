"""Zip and tar archives of pictures: checked whole, then read in place or unpacked once.

Plain zip and uncompressed tar are read in place. A compressed tar has no index, so it is unpacked
once into the cache folder, under the digest of the archive. An archive with one member that leaves
its folder, is a link, clashes with another or breaks a limit is refused whole.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import shutil
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from filelock import FileLock

from visionloom.artifacts.atomic import explained, new_folder
from visionloom.artifacts.digest import sha256_of_file
from visionloom.artifacts.zip_structure import (
    TooManyEntriesError,
    ZipStructureError,
    read_zip_index,
)
from visionloom.errors import InvalidZipFileError
from visionloom.images import names
from visionloom.images.below import leaves
from visionloom.images.formats import archive_extension
from visionloom.images.inflating import Inflating
from visionloom.images.tar_members import TarRefusedError, checked_members, header_class
from visionloom.settings import MIB, Limits, Settings

_CHUNK = MIB
_READ_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_NAMES_THAT_CANNOT_BE = (
    errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL,
)  # fmt: skip


@dataclass(frozen=True)
class Member:
    """A file in an archive: name (POSIX, relative) and unpacked size in bytes."""

    name: str
    bytes: int


@dataclass(frozen=True)
class OpenedArchive:
    """A checked archive.

    Attributes:
        kind: ``zip``, ``tar``, or ``folder`` for one that was unpacked into the cache.
        path: The archive, or the folder it was unpacked to.
        members: Its files, hidden ones included, in order of name.
    """

    kind: str
    path: Path
    members: tuple[Member, ...]


def open_archive(path: Path, settings: Settings) -> OpenedArchive:
    """Check an archive and make its members readable.

    Raises:
        InvalidZipFileError: No archive, damaged, encrypted, or with a member that is refused.
    """
    extension = archive_extension(path.name)
    if extension == ".zip":
        return OpenedArchive("zip", path, _zip_members(path, settings.limits))
    if extension == ".tar":
        with _opened_tar(path, settings.limits) as archive:
            return OpenedArchive("tar", path, _tar_members(path, archive, settings.limits))
    folder = _unpacked(path, settings)
    members = [
        Member(found.relative_to(folder).as_posix(), found.stat().st_size)
        for found in folder.rglob("*")
        if found.is_file()
    ]
    return OpenedArchive("folder", folder, tuple(sorted(members, key=lambda m: m.name)))


class _Gate:
    """Lets the members of one archive in, one after the other, or refuses the whole.

    Args:
        path: The archive.
        limits: What it may cost.
    """

    def __init__(self, path: Path, limits: Limits) -> None:
        self._path = path
        self._limits = limits
        self._clashes = names.Clashes()
        self._count = 0
        self._budget = Budget(path, limits)
        self.members: list[Member] = []

    def count(self) -> None:
        """One more member, of whatever kind."""
        self._count += 1
        if self._count > self._limits.archive_entries:
            raise _too_many(self._path, self._limits)

    def check_name(self, name: str) -> None:
        """The name of a file or folder."""
        reason = names.reason_refused(name, self._limits)
        if reason:
            raise _refused(self._path, name, reason)

    def admit(self, name: str, plain: str, size: int) -> None:
        """A file.

        Args:
            name: As the archive writes it.
            plain: Without ``./`` before it.
            size: Unpacked, bytes, as the archive says.
        """
        self.check_name(plain)
        reason = self._clashes.reason_refused(plain)
        if reason:
            raise _refused(self._path, name, reason)
        self._budget.take(size)
        self.members.append(Member(name, size))

    def sorted_members(self) -> tuple[Member, ...]:
        """Everything that was let in, in order of name."""
        return tuple(sorted(self.members, key=lambda m: m.name))


class Budget:
    """What an archive may unpack to; `take` and `check` raise InvalidZipFileError beyond it.

    Args:
        path: The archive.
        limits: Bytes, and how many times the size of the archive.
        room: Bytes there are on the disk for it; None when nothing is written.
    """

    def __init__(self, path: Path, limits: Limits, room: int | None = None) -> None:
        self._path = path
        self._limits = limits
        self._packed = max(1, path.stat().st_size)
        self._room = room
        self._total = 0

    def take(self, size: int) -> None:
        """Some more bytes."""
        self._total += size
        self.check(self._total)

    def check(self, total: int) -> None:
        """So many bytes in all."""
        limits = self._limits
        if total > limits.archive_bytes:
            raise InvalidZipFileError(
                f"{self._path} unpacks to {total} bytes or more, beyond "
                f"{limits.named('archive_bytes')}."
            )
        if total > limits.ratio_judged_above and total > limits.archive_ratio * self._packed:
            raise InvalidZipFileError(
                f"{self._path} unpacks to {total / self._packed:.0f} times its size or more, "
                f"beyond {limits.named('archive_ratio')}.",
                "If you trust it, unpack it yourself and give the folder.",
            )
        if self._room is not None and total > self._room:
            raise InvalidZipFileError(
                f"{self._path} unpacks to {total} bytes or more; the disk has room for "
                f"{max(0, self._room)}, with {limits.named('unpack_free_bytes')} and "
                f"{limits.named('unpack_free_share')} left free.",
                "Free some space, or unpack it yourself and give the folder.",
            )


def is_at_hand(path: Path, settings: Settings) -> bool:
    """Whether an archive can be read without being unpacked first."""
    if archive_extension(path.name) in {".zip", ".tar"}:
        return True
    facts = path.stat()
    digest = _digest(path, (facts.st_mtime_ns, facts.st_size, facts.st_ino))
    return (settings.cache / "archives" / digest).is_dir()


@functools.lru_cache(maxsize=64)
def _digest(path: Path, _stamp: tuple[int, int, int]) -> str:
    return sha256_of_file(path)


def _zip_members(path: Path, limits: Limits) -> tuple[Member, ...]:
    try:
        entries = read_zip_index(path, limits.archive_entries)
    except TooManyEntriesError as error:
        raise _too_many(path, limits) from error
    except ZipStructureError as error:
        raise InvalidZipFileError(
            f"{path} is refused: {error}.",
            "Unpack it yourself, look at it, and give the folder, or pack it again.",
        ) from error
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise InvalidZipFileError(
            f"{path} is not a readable zip file: {error}.", "Make or copy it again."
        ) from error
    gate = _Gate(path, limits)
    for entry in entries:
        gate.check_name(entry.orig_filename.removesuffix("/"))
        mode = entry.external_attr >> 16
        if mode and stat.S_IFMT(mode) not in {0, stat.S_IFREG, stat.S_IFDIR}:
            raise _refused(path, entry.filename, "it is a link or a device")
        if entry.flag_bits & 0x1:
            raise InvalidZipFileError(
                f"{path} is protected by a password.", "Unpack it and give the folder."
            )
        if entry.is_dir():
            continue
        ratio = entry.file_size / max(1, entry.compress_size)
        if entry.file_size > limits.ratio_judged_above and ratio > limits.archive_entry_ratio:
            raise _refused(
                path,
                entry.filename,
                f"it unpacks to {ratio:.0f} times its size, more than "
                f"{limits.named('archive_entry_ratio')}",
            )
        gate.admit(entry.filename, entry.filename, entry.file_size)
    return gate.sorted_members()


def _tar_members(path: Path, archive: tarfile.TarFile, limits: Limits) -> tuple[Member, ...]:
    gate = _Gate(path, limits)
    for entry in _each(path, archive):
        gate.count()
        plain = entry.name.removeprefix("./")
        if not entry.isdir():
            gate.admit(entry.name, plain, entry.size)
        elif plain not in {"", "."}:
            gate.check_name(plain.removesuffix("/"))
    return gate.sorted_members()


def _each(path: Path, archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    with _told(path):
        yield from checked_members(archive)


def read_member(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """The bytes of a member of a zip, no more than ``most``, whatever its header says.

    Raises:
        NotImplementedError, Exception: Each decompressor has errors of its own.
    """
    if archive.getinfo(name).compress_type not in _READ_METHODS:
        # the others give without measure whatever is asked for
        raise NotImplementedError
    with archive.open(name) as member:
        return member.read(most)


def _too_many(path: Path, limits: Limits) -> InvalidZipFileError:
    return InvalidZipFileError(f"{path} has more members than {limits.named('archive_entries')}.")


def _refused(path: Path, name: str, reason: str) -> InvalidZipFileError:
    return InvalidZipFileError(
        f"{path} is refused because of its member {names.shown(name)!r}: {reason}.",
        "Unpack it yourself, look at it, and give the folder.",
    )


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """Words for whatever a tar or a decompressor raises; each has errors of its own."""
    try:
        yield
    except InvalidZipFileError:
        raise
    except TarRefusedError as error:
        if error.member is not None:
            raise _refused(path, error.member, str(error)) from error
        raise InvalidZipFileError(
            f"{path} is refused: {error}.", "Make or copy it again."
        ) from error
    except Exception as error:
        # several lines are the failures of every compression that was tried
        reason = "it is none, or damaged" if "\n" in str(error) else str(error)
        raise InvalidZipFileError(
            f"{path} is no readable archive, or damaged: {reason}.", "Make or copy it again."
        ) from error


@contextlib.contextmanager
def _opened_tar(path: Path, limits: Limits) -> Iterator[tarfile.TarFile]:
    """A plain tar, which can be moved in."""
    with _told(path):
        archive = tarfile.open(path, "r:", tarinfo=header_class(limits))  # noqa: SIM115
    with archive:
        yield archive


@contextlib.contextmanager
def _inflated_tar(path: Path, budget: Budget, limits: Limits) -> Iterator[tarfile.TarFile]:
    """A compressed tar, read once from its beginning to its end."""
    extension = archive_extension(path.name) or ""
    with open(path, "rb") as packed:
        stream: IO[bytes] = Inflating(packed, extension, budget.check)  # type: ignore[assignment]
        with _told(path):
            kind = header_class(limits)
            archive = tarfile.open(fileobj=stream, mode="r|", tarinfo=kind)  # noqa: SIM115
        with archive:
            yield archive


def _unpacked(path: Path, settings: Settings) -> Path:
    """The folder a compressed tar is unpacked to; made once per content, by one at a time."""
    target = settings.cache / "archives" / sha256_of_file(path)
    if not target.is_dir():
        # refused before anything is written
        with _inflated_tar(path, Budget(path, settings.limits), settings.limits) as archive:
            _tar_members(path, archive, settings.limits)
        with explained(target):
            target.parent.mkdir(parents=True, exist_ok=True)
        lock = target.with_name(f"{target.name}.lock")
        with FileLock(lock, mode=0o600):
            try:
                if not target.is_dir():
                    _unpack(path, target, settings.limits)
            finally:
                # who waits for it finds the folder, or is refused in turn
                lock.unlink(missing_ok=True)
    # it is in use, which a clean-up goes by
    with contextlib.suppress(OSError):
        os.utime(target)
    return target


def _unpack(path: Path, target: Path, limits: Limits) -> None:
    with new_folder(target) as scratch:
        budget = Budget(path, limits, _room(scratch, limits))
        with _inflated_tar(path, budget, limits) as archive:
            for entry in _each(path, archive):
                source = archive.extractfile(entry) if entry.isreg() else None
                if source is not None:
                    with _new_member(path, scratch, entry.name) as stream:
                        _copy(path, source, stream)


def _copy(path: Path, source: IO[bytes], target: BinaryIO) -> None:
    while True:
        with _told(path):
            chunk = source.read(_CHUNK)
        if not chunk:
            return
        target.write(chunk)


def _room(folder: Path, limits: Limits) -> int:
    """Bytes that may be written."""
    disk = shutil.disk_usage(folder)
    return int(disk.free - max(limits.unpack_free_bytes, limits.unpack_free_share * disk.total))


def _new_member(path: Path, scratch: Path, name: str) -> BinaryIO:
    # once more, where it would be written
    if leaves(name):
        raise _refused(path, name, "it climbs out of the folder")
    place = scratch / name
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        return open(os.open(place, flags, 0o644), "wb")
    except OSError as error:
        if error.errno in _NAMES_THAT_CANNOT_BE:
            raise _refused(path, name, f"no file can be made of it ({error.strerror})") from error
        raise
