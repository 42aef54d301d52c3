"""Digest of the user's own data, without reading again what has not changed.

What counts is names below the folder and contents; not times, owners or the folder's place. Hidden
files and what desktops leave behind do not count. A link counts by the content of the file inside
the folder that it leads to; one that leads out, or to a folder, is not followed and counts as such.

A file is taken as unchanged when its size, both times and its inode are as when it was read, and it
was older than two seconds then: a younger one could be changed again without its times showing it.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import starmap
from pathlib import Path

from visionloom.artifacts.atomic import write_file
from visionloom.artifacts.digest import sha256_of_bytes
from visionloom.errors import InvalidDatasetError, VisionloomError

_FORMAT = 1
_COLUMNS = ("sizes", "mtimes", "ctimes", "inodes")
_SETTLED_NS = 2_000_000_000
_BLOCK = 1024 * 1024
_BATCH = 64
_THREADS = 4
# without blocks of text as Windows has them, and without waiting for a pipe that took the place
_OPEN = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
_DESKTOP = frozenset(
    {"thumbs.db", "desktop.ini", "ehthumbs.db", "icon\r"}
    | {"__macosx", "$recycle.bin", "system volume information"}
)

Stamp = tuple[int, int, int, int]


@dataclass(frozen=True)
class SourceDigest:
    """What the user's data is.

    Attributes:
        digest: SHA-256 of names and contents, hexadecimal.
        files: How many files count.
        bytes: Their size.
    """

    digest: str
    files: int
    bytes: int


@dataclass
class _Listing:
    """Files to be digested, and what counts without being read."""

    files: dict[str, tuple[str, Stamp]] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)


class DigestMemo:
    """Remembers digests of files between processes.

    Args:
        folder: Where to remember, a file for each source; made when first written to.
        clock_ns: Nanoseconds since 1970.
    """

    def __init__(self, folder: Path, *, clock_ns: Callable[[], int] = time.time_ns) -> None:
        self._folder = folder
        self._clock_ns = clock_ns

    def digest(self, source: Path, further: Sequence[Path] = ()) -> SourceDigest:
        """Digest a file's content, or the files of a folder.

        Args:
            source: A file or a folder.
            further: Files that belong to it, such as those that a list names.

        Raises:
            InvalidDatasetError: A file cannot be read, changes while it is read, or vanishes.
        """
        root = str(source.absolute())
        listing = _list(root, further)
        place = self._folder / f"{sha256_of_bytes(os.fsencode(root))[:32]}.json"
        known = _read_memo(place)
        digests: dict[str, str] = {}
        unread: list[tuple[str, str, Stamp]] = []
        for name, (path, stamp) in listing.files.items():
            before = known.get(name)
            if before is not None and before[0] == stamp:
                digests[name] = before[1]
            else:
                unread.append((name, path, stamp))
        settled = dict(digests)
        now = self._clock_ns()
        for (name, _, stamp), digest in zip(unread, _read_all(unread), strict=True):
            digests[name] = digest
            if now - max(stamp[1], stamp[2]) > _SETTLED_NS:
                settled[name] = digest
        if settled.keys() != known.keys() or any(name in settled for name, _, _ in unread):
            # without a place to remember in, the files are read again the next time
            with suppress(VisionloomError):
                write_file(place, _to_json(root, listing.files, settled), durable=False)
        return SourceDigest(
            _combine({**digests, **listing.marks}),
            len(digests),
            sum(stamp[0] for _, stamp in listing.files.values()),
        )


def _list(root: str, further: Iterable[Path]) -> _Listing:
    listing = _Listing()
    try:
        status = Path(root).stat()
        base = Path(root)
        if stat.S_ISDIR(status.st_mode):
            _walk(root, "", base.resolve(), listing)
        else:
            base = base.parent
            _add(listing, "", root, status)
        for path in further:
            name = os.path.relpath(path, base).replace(os.sep, "/")
            _add(listing, name, str(path.absolute()), path.stat())
    except OSError as error:
        raise _unusable(error) from error
    return listing


def _walk(folder: str, prefix: str, inside: Path, listing: _Listing) -> None:
    try:
        entries = list(os.scandir(folder))
    except PermissionError:
        if not prefix:
            raise
        listing.marks[prefix] = "a folder that cannot be read"
        return
    for entry in entries:
        if entry.name.startswith(".") or entry.name.lower() in _DESKTOP:
            continue
        name = prefix + entry.name
        if entry.is_symlink():
            _follow(entry, name, inside, listing)
        elif entry.is_dir(follow_symlinks=False):
            _walk(entry.path, f"{name}/", inside, listing)
        else:
            _add(listing, name, entry.path, entry.stat(follow_symlinks=False))


def _follow(entry: os.DirEntry[str], name: str, inside: Path, listing: _Listing) -> None:
    target = Path(os.path.realpath(entry.path))
    if not target.exists():
        listing.marks[name] = "a link to nothing"
    elif not target.is_relative_to(inside):
        listing.marks[name] = "a link out of the folder"
    elif target.is_dir():
        listing.marks[name] = "a link to a folder"
    else:
        _add(listing, name, str(target), target.stat())


def _add(listing: _Listing, name: str, path: str, status: os.stat_result) -> None:
    if stat.S_ISREG(status.st_mode):
        listing.files[name] = (path, _stamp(status))
    else:
        # a pipe would be waited for without end
        listing.marks[name] = "no file"


def _read_all(unread: Sequence[tuple[str, str, Stamp]]) -> Iterator[str]:
    """Digests of files in their order."""
    if len(unread) < _BATCH:
        yield from starmap(_read, unread)
        return
    batches = [unread[i : i + _BATCH] for i in range(0, len(unread), _BATCH)]
    with ThreadPoolExecutor(min(_THREADS, os.cpu_count() or 1)) as pool:
        try:
            for digests in pool.map(_read_batch, batches):
                yield from digests
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _read_batch(batch: Sequence[tuple[str, str, Stamp]]) -> list[str]:
    return list(starmap(_read, batch))


def _read(_name: str, path: str, stamp: Stamp) -> str:
    try:
        descriptor = os.open(path, _OPEN)
        try:
            digest = hashlib.sha256()
            left = stamp[0]
            while block := os.read(descriptor, min(left, _BLOCK) + 1):
                digest.update(block)
                left -= len(block)
            after = _stamp(os.fstat(descriptor))
        finally:
            os.close(descriptor)
    except OSError as error:
        raise _unusable(error) from error
    if left or after != stamp:
        raise InvalidDatasetError(
            f"{path} changed while it was read.", "Wait until nothing writes to it, and try again."
        )
    return digest.hexdigest()


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _unusable(error: OSError) -> InvalidDatasetError:
    if isinstance(error, FileNotFoundError):
        return InvalidDatasetError(
            f"{error.filename} is not there (any more).",
            "Check the path, and that nothing moves it.",
        )
    return InvalidDatasetError(f"{error.filename} cannot be read: {error.strerror}.")


def _combine(contents: Mapping[str, str]) -> str:
    whole = hashlib.sha256()
    for name in sorted(contents):
        whole.update(b"%b\0%b\n" % (os.fsencode(name), contents[name].encode()))
    return whole.hexdigest()


def _read_memo(place: Path) -> dict[str, tuple[Stamp, str]]:
    """Name -> stamp and digest; empty when there is no memo, or none of use."""
    try:
        value = json.loads(place.read_bytes())
        if value["format"] != _FORMAT:
            return {}
        stamps = zip(*(value[column] for column in _COLUMNS), strict=True)
        return dict(zip(value["names"], zip(stamps, value["digests"], strict=True), strict=True))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}


def _to_json(
    root: str, files: Mapping[str, tuple[str, Stamp]], settled: Mapping[str, str]
) -> bytes:
    stamps = [files[name][1] for name in settled]
    value = {
        "format": _FORMAT,
        "source": root,
        "names": list(settled),
        "digests": list(settled.values()),
        **{column: [stamp[i] for stamp in stamps] for i, column in enumerate(_COLUMNS)},
    }
    return json.dumps(value).encode()
