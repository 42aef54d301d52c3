"""What a zip file says of itself, read strictly: every byte belongs to one member or to the index.

Two readers of one zip must see the same. So the index at the end and the headers before the members
have to agree, and nothing may lie before, between, below or behind them.
"""

from __future__ import annotations

import os
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_END, _END_64, _LOCATOR, _CENTRAL, _LOCAL = (
    b"PK\5\6", b"PK\6\6", b"PK\6\7", b"PK\1\2", b"PK\3\4",
)  # fmt: skip
_END_BYTES, _LOCATOR_BYTES, _CENTRAL_BYTES, _LOCAL_BYTES = 22, 20, 46, 30
_LONGEST_COMMENT = 0xFFFF
_UNKNOWN_16, _UNKNOWN_32 = 0xFFFF, 0xFFFFFFFF
# protected by a password, sizes behind the data, name in UTF-8
_ENCRYPTED, _SIZES_BEHIND, _UTF8 = 0x1, 0x8, 0x800
_DESCRIPTOR_BYTES = frozenset({12, 16, 20, 24})


class ZipStructureError(Exception):
    """A zip whose parts disagree; the message is the reason, without the file's name."""


class TooManyEntriesError(Exception):
    """A zip with more members than are allowed."""


@dataclass(frozen=True)
class _Index:
    """Where the index lies: offset and size in bytes, and how many members it claims."""

    offset: int
    bytes: int
    entries: int


def read_zip_index(path: Path, most_entries: int) -> list[zipfile.ZipInfo]:
    """The members of a zip, in the order of the index, after everything was found to agree.

    Members are counted before memory is taken for them.

    Raises:
        TooManyEntriesError: More than ``most_entries``.
        ZipStructureError: Why it is refused; both members are named where two clash.
        zipfile.BadZipFile, OSError, ValueError, NotImplementedError: No readable zip.
    """
    with open(path, "rb") as stream:
        index = _find_index(stream)
        _count(stream, index, most_entries)
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
        _check_places(stream, index, entries)
    return entries


def _find_index(stream: BinaryIO) -> _Index:
    size = stream.seek(0, os.SEEK_END)
    start = max(0, size - _END_BYTES - _LONGEST_COMMENT)
    stream.seek(start)
    tail = stream.read()
    place = tail.rfind(_END)
    if place < 0 or place + _END_BYTES > len(tail):
        raise zipfile.BadZipFile("it has no index at its end")
    disk, first, here, entries, length, offset, comment = struct.unpack(
        "<HHHHIIH", tail[place + 4 : place + _END_BYTES]
    )
    if place + _END_BYTES + comment != len(tail):
        raise ZipStructureError("bytes that belong to nothing follow its index")
    if disk or first or here != entries:
        raise ZipStructureError("it is one part of several")
    ends = start + place
    if entries == _UNKNOWN_16 or _UNKNOWN_32 in {length, offset}:
        ends, index = _find_index_64(stream, ends)
    else:
        index = _Index(offset, length, entries)
        if tail[max(0, place - _LOCATOR_BYTES) : place].startswith(_LOCATOR):
            ends, large = _find_index_64(stream, ends)
            if large != index:
                raise ZipStructureError("it has two indexes that disagree")
    if index.offset + index.bytes != ends:
        raise ZipStructureError("its index is not where it says: data was put before or into it")
    return index


def _find_index_64(stream: BinaryIO, end: int) -> tuple[int, _Index]:
    if end < _LOCATOR_BYTES:
        raise ZipStructureError("its index for large files is missing")
    stream.seek(end - _LOCATOR_BYTES)
    mark, disk, place, disks = struct.unpack("<4sIQI", stream.read(_LOCATOR_BYTES))
    if mark != _LOCATOR or disk or disks > 1 or place > end:
        raise ZipStructureError("its index for large files is missing")
    stream.seek(place)
    record = stream.read(56)
    if len(record) < 56 or record[:4] != _END_64:
        raise ZipStructureError("its index for large files is missing")
    length, _, _, first, second, here, entries, size, offset = struct.unpack(
        "<QHHIIQQQQ", record[4:]
    )
    if first or second or here != entries or place + 12 + length != end - _LOCATOR_BYTES:
        raise ZipStructureError("its index for large files is damaged")
    return place, _Index(offset, size, entries)


def _count(stream: BinaryIO, index: _Index, most: int) -> None:
    """Walk the index without keeping anything of it."""
    if index.entries > most:
        raise TooManyEntriesError
    stream.seek(index.offset)
    count, left = 0, index.bytes
    while left > 0:
        head = stream.read(_CENTRAL_BYTES)
        if len(head) < _CENTRAL_BYTES or head[:4] != _CENTRAL:
            raise ZipStructureError("its index is damaged")
        count += 1
        if count > most:
            raise TooManyEntriesError
        rest = sum(struct.unpack("<HHH", head[28:34]))
        stream.seek(rest, os.SEEK_CUR)
        left -= _CENTRAL_BYTES + rest
    if left or count != index.entries:
        raise ZipStructureError(
            f"its index says that it has {index.entries} members and lists {count}"
        )


def _check_places(stream: BinaryIO, index: _Index, entries: list[zipfile.ZipInfo]) -> None:
    """Compare each member with the header before it, and see that they fill the file."""
    at = 0
    before: zipfile.ZipInfo | None = None
    for entry in sorted(entries, key=lambda e: e.header_offset):
        gap = entry.header_offset - at
        if gap < 0 and before is not None:
            raise ZipStructureError(
                f"its members {before.orig_filename!r} and {entry.orig_filename!r} overlap"
            )
        _check_gap(gap, before)
        at = entry.header_offset + _check_header(stream, entry) + entry.compress_size
        before = entry
    if at > index.offset:
        raise ZipStructureError(f"its member {_name(before)} reaches into the index")
    _check_gap(index.offset - at, before)


def _check_gap(gap: int, before: zipfile.ZipInfo | None) -> None:
    if gap == 0:
        return
    if before is None:
        raise ZipStructureError("bytes that belong to no member come first")
    if not (before.flag_bits & _SIZES_BEHIND and gap in _DESCRIPTOR_BYTES):
        raise ZipStructureError(f"bytes that belong to no member follow {_name(before)}")


def _check_header(stream: BinaryIO, entry: zipfile.ZipInfo) -> int:
    """Bytes before the data of a member, whose own header must say what the index says."""
    stream.seek(entry.header_offset)
    head = stream.read(_LOCAL_BYTES)
    if len(head) < _LOCAL_BYTES or head[:4] != _LOCAL:
        raise ZipStructureError(f"its member {_name(entry)} is not where the index says")
    _, flags, method, _, _, crc, packed, size, name_bytes, extra_bytes = struct.unpack(
        "<HHHHHIIIHH", head[4:]
    )
    name = stream.read(name_bytes).decode("utf-8" if flags & _UTF8 else "cp437", "replace")
    if name != entry.orig_filename:
        raise ZipStructureError(
            f"its index has a member {_name(entry)} that calls itself {name[:120]!r}"
        )
    said, listed = (crc, packed, size), (entry.CRC, entry.compress_size, entry.file_size)
    if _UNKNOWN_32 in {packed, size}:
        said = (crc, *_large_sizes(stream.read(extra_bytes), packed, size))
    behind = bool(flags & _SIZES_BEHIND)
    same = said == listed or (
        behind and all(s in {0, t} for s, t in zip(said, listed, strict=True))
    )
    kinds = _ENCRYPTED | _SIZES_BEHIND
    if not same or method != entry.compress_type or (flags ^ entry.flag_bits) & kinds:
        raise ZipStructureError(f"its index and the header of its member {_name(entry)} disagree")
    return _LOCAL_BYTES + int(name_bytes) + int(extra_bytes)


def _large_sizes(extra: bytes, packed: int, size: int) -> tuple[int, int]:
    for kind, data in _fields(extra):
        if kind == 1:
            numbers = iter(struct.unpack(f"<{len(data) // 8}Q", data[: len(data) // 8 * 8]))
            size = next(numbers, size) if size == _UNKNOWN_32 else size
            packed = next(numbers, packed) if packed == _UNKNOWN_32 else packed
    return packed, size


def _fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    while len(extra) >= 4:
        kind, length = struct.unpack("<HH", extra[:4])
        yield kind, extra[4 : 4 + length]
        extra = extra[4 + length :]


def _name(entry: zipfile.ZipInfo | None) -> str:
    return repr(entry.orig_filename[:120]) if entry is not None else "''"
