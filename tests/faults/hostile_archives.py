"""Archives that nobody should unpack, made byte by byte."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import picture

WRITE = {".zip": "", ".tar": "w", ".tar.gz": "w:gz", ".tar.bz2": "w:bz2", ".tar.xz": "w:xz"}


def png(seed: int = 1) -> bytes:
    """A small picture."""
    stream = io.BytesIO()
    picture((8, 8), seed).save(stream, "PNG")
    return stream.getvalue()


def write(path: Path, members: Sequence[tuple[str, bytes]]) -> Path:
    """An archive with these members, names as they are; the extension says which."""
    kind = next(e for e in reversed(WRITE) if path.name.endswith(e))
    if kind == ".zip":
        path.write_bytes(zip_bytes([Entry(name.encode(), data) for name, data in members]))
        return path
    with tarfile.open(path, WRITE[kind]) as archive:  # type: ignore[call-overload]
        for name, data in members:
            header = tarfile.TarInfo(name)
            header.size = len(data)
            archive.addfile(header, io.BytesIO(data))
    return path


def write_tar(path: Path, headers: Sequence[tuple[tarfile.TarInfo, bytes]], mode: str) -> Path:
    """A tar of whatever headers."""
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for header, data in headers:
            header.size = len(data)
            archive.addfile(header, io.BytesIO(data))
    return path


def special(name: str, kind: bytes, link: str = "") -> tuple[tarfile.TarInfo, bytes]:
    """A member of a tar that is no file."""
    header = tarfile.TarInfo(name)
    header.type, header.linkname = kind, link
    return header, b""


@dataclass
class Entry:
    """A member of a zip, and what its own header says otherwise than the index."""

    name: bytes
    data: bytes
    method: int = 0
    local: Mapping[str, object] | None = None
    claimed: int | None = None
    gap: bytes = b""
    at: int | None = None
    mode: int = 0
    flags: int = 0x800


def zip_bytes(
    entries: Sequence[Entry],
    *,
    before: bytes = b"",
    comment: bytes = b"",
    after: bytes = b"",
    moved: bool = False,
    count: int | None = None,
) -> bytes:
    """A zip; ``moved`` counts what is before it into the places in its index."""
    body, index = bytearray(before), bytearray()
    shift = 0 if moved else len(before)
    for entry in entries:
        packed = entry.data
        if entry.method == zipfile.ZIP_DEFLATED:
            deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
            packed = deflate.compress(entry.data) + deflate.flush()
        size = len(entry.data) if entry.claimed is None else entry.claimed
        said = {
            "name": entry.name, "method": entry.method, "flags": entry.flags,
            "crc": zlib.crc32(entry.data), "packed": len(packed), "size": size,
        }  # fmt: skip
        place = entry.at if entry.at is not None else len(body) - shift
        if entry.at is None:
            own = {**said, **(entry.local or {})}
            name = own["name"]
            assert isinstance(name, bytes)
            body += struct.pack(
                "<4sHHHHHIIIHH", b"PK\3\4", 20, own["flags"], own["method"], 0, 33, own["crc"],
                own["packed"], own["size"], len(name), 0,
            )  # fmt: skip
            body += name + packed + entry.gap
        index += struct.pack(
            "<4sHHHHHHIIIHHHHHII", b"PK\1\2", 0x314, 20, said["flags"], said["method"], 0, 33,
            said["crc"], said["packed"], said["size"], len(entry.name), 0, 0, 0, 0,
            entry.mode << 16, place,
        )  # fmt: skip
        index += entry.name
    number = len(entries) if count is None else count
    end = struct.pack(
        "<4sHHHHIIH", b"PK\5\6", 0, 0, number, number, len(index), len(body) - shift, len(comment)
    )
    return bytes(body + index + end + comment + after)


def overlapping() -> bytes:
    """Two members, the second inside the data of the first."""
    inner = Entry(b"dog/1.png", png(2))
    hidden = zip_bytes([inner])
    hidden = hidden[: hidden.index(b"PK\1\2")]
    outer = Entry(b"cat/1.png", hidden)
    place = 30 + len(outer.name)
    return zip_bytes([outer, Entry(inner.name, inner.data, at=place)])


def disagreeing() -> dict[str, bytes]:
    """Zips that two readers see differently."""
    cat, dog = Entry(b"cat/1.png", png(1)), Entry(b"dog/1.png", png(2))

    def with_local(**local: object) -> bytes:
        return zip_bytes([cat, Entry(dog.name, dog.data, local=local)])

    whole = zip_bytes([cat, dog])
    return {
        "another name": with_local(name=b"dog/2.png"),
        "another size": with_local(size=7),
        "another packed size": with_local(packed=7),
        "another checksum": with_local(crc=7),
        "another method": with_local(method=8),
        "a password": with_local(flags=0x801),
        "data before": zip_bytes([cat, dog], before=b"#!/bin/sh\n"),
        "data before that is counted": zip_bytes([cat, dog], before=b"#!/bin/sh\n", moved=True),
        "a picture before": zip_bytes([cat, dog], before=png(3)),
        "data between": zip_bytes([Entry(cat.name, cat.data, gap=b"x" * 40), dog]),
        "data behind the members": zip_bytes([cat, Entry(dog.name, dog.data, gap=b"x" * 40)]),
        "data behind": zip_bytes([cat, dog], after=b"more"),
        "a second zip in the comment": zip_bytes([cat], comment=whole),
        "too many announced": zip_bytes([cat, dog], count=3),
        "too few announced": zip_bytes([cat, dog], count=1),
    }
