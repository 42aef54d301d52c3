"""A folder as a zip archive that is written while it is sent: stored, never whole in memory."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, cast
from urllib.parse import quote

from fastapi.responses import StreamingResponse

from visionloom.artifacts.manifest import MANIFEST_NAME, Manifest
from visionloom.settings import MIB

_LONG_AGO = (1980, 1, 1, 0, 0, 0)


def zip_of(folder: Path, manifest: Manifest, name: str) -> StreamingResponse:
    """The files of an artifact, and its manifest, as ``name``.zip."""
    sizes = {entry: file.bytes for entry, file in manifest.files.items()}
    sizes[MANIFEST_NAME] = (folder / MANIFEST_NAME).stat().st_size
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in name)
    headers = {
        "Content-Disposition": (
            f"attachment; filename=\"{plain}.zip\"; filename*=UTF-8''{quote(name, safe='')}.zip"
        )
    }
    pieces = zip_pieces(folder, sizes, name)
    return StreamingResponse(pieces, media_type="application/zip", headers=headers)


def zip_pieces(folder: Path, sizes: Mapping[str, int], top: str) -> Iterator[bytes]:
    """The bytes of an archive of some files of a folder, below one folder ``top``."""
    sink = _Sink()
    with zipfile.ZipFile(cast("IO[bytes]", sink), "w", zipfile.ZIP_STORED) as archive:
        for name, size in sorted(sizes.items()):
            entry = zipfile.ZipInfo(f"{top}/{name}", _LONG_AGO)
            entry.file_size = size
            entry.external_attr = 0o644 << 16
            with open(folder / name, "rb") as source, archive.open(entry, "w") as member:
                while chunk := source.read(MIB):
                    member.write(chunk)
                    yield sink.taken()
            yield sink.taken()
    yield sink.taken()


class _Sink:
    """What a zip archive is written to when there is no going back."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._place = 0

    def write(self, data: bytes) -> int:
        """Take some bytes."""
        self._held += data
        self._place += len(data)
        return len(data)

    def tell(self) -> int:
        """How many there were."""
        return self._place

    def flush(self) -> None:
        """Nothing waits here."""

    def taken(self) -> bytes:
        """What came since the last time."""
        data = bytes(self._held)
        self._held.clear()
        return data
