"""Zip and tar archives of pictures: checked whole, then read in place or unpacked once.

Plain zip and uncompressed tar are read in place. A compressed tar has no index, so it is unpacked
once into the cache folder, under the digest of the archive. An archive with one member that leaves
its folder, is a link, or breaks a limit is refused whole.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import stat
import tarfile
import unicodedata
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from filelock import FileLock

from visionloom.artifacts.atomic import explained, new_folder
from visionloom.artifacts.digest import sha256_of_file
from visionloom.errors import InvalidZipFileError
from visionloom.images.formats import archive_extension, is_hidden
from visionloom.settings import MIB, Limits, Settings

_JUDGED_ABOVE = 16 * MIB
_CHUNK = MIB
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
        with _open_tar(path, "r:") as archive:
            return OpenedArchive("tar", path, _tar_members(path, archive, settings.limits))
    folder = _unpacked(path, settings)
    members = [
        Member(found.relative_to(folder).as_posix(), found.stat().st_size)
        for found in folder.rglob("*")
        if found.is_file()
    ]
    return OpenedArchive("folder", folder, tuple(sorted(members, key=lambda m: m.name)))


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
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise InvalidZipFileError(
            f"{path} is not a readable zip file: {error}.", "Make or copy it again."
        ) from error
    _check_count(path, len(entries), limits)
    members = []
    for entry in entries:
        if entry.is_dir():
            _check_name(path, entry.orig_filename.rstrip("/"), limits)
            continue
        _check_name(path, entry.orig_filename, limits)
        mode = entry.external_attr >> 16
        if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
            raise _refused(path, entry.filename, "it is a link or a device")
        if entry.flag_bits & 0x1:
            raise InvalidZipFileError(
                f"{path} is protected by a password.", "Unpack it and give the folder."
            )
        ratio = entry.file_size / max(1, entry.compress_size)
        if entry.file_size > _JUDGED_ABOVE and ratio > limits.archive_entry_ratio:
            raise _refused(
                path,
                entry.filename,
                f"it unpacks to {ratio:.0f} times its size, more than the limit "
                f"archive_entry_ratio of {limits.archive_entry_ratio:g}",
            )
        members.append(Member(entry.filename, entry.file_size))
    return _checked(path, members, limits)


def _tar_members(path: Path, archive: tarfile.TarFile, limits: Limits) -> tuple[Member, ...]:
    members = []
    try:
        for count, entry in enumerate(archive, 1):
            _check_count(path, count, limits)
            _check_name(path, entry.name.removeprefix("./") or ".", limits)
            if entry.isdir():
                continue
            if not entry.isreg():
                raise _refused(path, entry.name, "it is a link or a device")
            members.append(Member(entry.name, entry.size))
    except InvalidZipFileError:
        raise
    except Exception as error:
        raise _damaged(path, error) from error
    return _checked(path, members, limits)


def _checked(path: Path, members: list[Member], limits: Limits) -> tuple[Member, ...]:
    total = sum(member.bytes for member in members)
    if total > limits.archive_bytes:
        raise InvalidZipFileError(
            f"{path} unpacks to {total} bytes, more than the limit archive_bytes of "
            f"{limits.archive_bytes}."
        )
    seen: dict[str, str] = {}
    for member in members:
        plain = unicodedata.normalize("NFC", member.name).casefold()
        if is_hidden(member.name):
            continue
        if seen.setdefault(plain, member.name) != member.name:
            raise _refused(
                path, member.name, f"it differs from {seen[plain]!r} in case or accents only"
            )
    once: set[str] = set()
    for member in members:
        if member.name in once:
            raise _refused(path, member.name, "the name occurs twice")
        once.add(member.name)
    return tuple(sorted(members, key=lambda m: m.name))


def _check_count(path: Path, count: int, limits: Limits) -> None:
    if count > limits.archive_entries:
        raise InvalidZipFileError(
            f"{path} has {count} members or more, above the limit archive_entries of "
            f"{limits.archive_entries}."
        )


def _check_name(path: Path, name: str, limits: Limits) -> None:
    parts = name.split("/")
    if "\\" in name or "\0" in name:
        raise _refused(path, name, "its name holds a backslash or a null character")
    if name.startswith("/") or (len(name) > 1 and name[1] == ":"):
        raise _refused(path, name, "its path is absolute")
    if ".." in parts:
        raise _refused(path, name, "it climbs out of the folder")
    if len(name.encode("utf-8", "surrogateescape")) > limits.path_bytes:
        raise _refused(path, name, f"its name is longer than path_bytes, {limits.path_bytes}")
    if len(parts) > limits.path_depth:
        raise _refused(path, name, f"it lies deeper than path_depth, {limits.path_depth}")


def _refused(path: Path, name: str, reason: str) -> InvalidZipFileError:
    shown = name if len(name) <= 120 else name[:117] + "..."
    return InvalidZipFileError(
        f"{path} is refused because of its member {shown!r}: {reason}.",
        "Unpack it yourself, look at it, and give the folder.",
    )


def _damaged(path: Path, error: Exception) -> InvalidZipFileError:
    """For whatever a decompressor raises; each has errors of its own."""
    return InvalidZipFileError(f"{path} is damaged: {error}.", "Make or copy it again.")


def _open_tar(path: Path, mode: str) -> tarfile.TarFile:
    try:
        return tarfile.open(path, mode)  # type: ignore[call-overload,no-any-return]
    except Exception as error:
        # several lines are the failures of every compression that was tried
        reason = "it is none, or damaged" if "\n" in str(error) else str(error)
        raise InvalidZipFileError(
            f"{path} is not a readable tar file: {reason}.", "Make or copy it again."
        ) from error


def _unpacked(path: Path, settings: Settings) -> Path:
    """The folder a compressed tar is unpacked to; made once per content, by one at a time."""
    target = settings.cache / "archives" / sha256_of_file(path)
    if not target.is_dir():
        with explained(target):
            target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(target.with_name(f"{target.name}.lock"), mode=0o600):
            if not target.is_dir():
                _unpack(path, target, settings)
    # it is in use, which a clean-up goes by
    with contextlib.suppress(OSError):
        os.utime(target)
    return target


def _unpack(path: Path, target: Path, settings: Settings) -> None:
    with new_folder(target) as scratch, _open_tar(path, "r:*") as archive:
        members = {member.name for member in _tar_members(path, archive, settings.limits)}
        written = 0
        for entry in archive.getmembers():
            if entry.name not in members:
                continue
            source = archive.extractfile(entry)
            if source is None:
                continue
            with _new_member(path, scratch, entry.name) as stream:
                while chunk := _read(path, source):
                    written += len(chunk)
                    if written > settings.limits.archive_bytes:
                        raise _refused(path, entry.name, "the archive unpacks beyond its limit")
                    stream.write(chunk)
        _check_the_rest(path, archive, settings.limits.archive_bytes)


def _check_the_rest(path: Path, archive: tarfile.TarFile, allowed: int) -> None:
    """Read on to the end, where gzip keeps its checksum."""
    stream: IO[bytes] | None = archive.fileobj  # type: ignore[assignment]
    while stream is not None and (chunk := _read(path, stream)):
        allowed -= len(chunk)
        if allowed < 0:
            raise InvalidZipFileError(f"{path} unpacks beyond the limit archive_bytes.")


def _new_member(path: Path, scratch: Path, name: str) -> BinaryIO:
    place = scratch / name
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        return open(os.open(place, flags, 0o644), "wb")
    except OSError as error:
        if error.errno in _NAMES_THAT_CANNOT_BE:
            raise _refused(path, name, f"no file can be made of it ({error.strerror})") from error
        raise


def _read(path: Path, stream: IO[bytes]) -> bytes:
    try:
        return stream.read(_CHUNK)
    except Exception as error:
        raise _damaged(path, error) from error
