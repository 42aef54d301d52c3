"""The members of a tar, header by header: files and folders only, and nothing after the end."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterator
from typing import IO, Self

from visionloom.settings import MIB, Limits

_EXTENDED = frozenset(
    {
        tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE,
        tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK,
    }
)  # fmt: skip
_FILES = frozenset({tarfile.REGTYPE, tarfile.AREGTYPE})
_BLOCK = 512


class TarRefusedError(Exception):
    """A tar that is refused; the message is the reason, without the file's name.

    Attributes:
        member: The name of the member it is refused for, or None.
    """

    def __init__(self, reason: str, member: str | None = None) -> None:
        super().__init__(reason)
        self.member = member


def header_class(limits: Limits) -> type[tarfile.TarInfo]:
    """Headers that are refused when they are damaged, where Python's own are taken for the end."""

    class Header(tarfile.TarInfo):
        @classmethod
        def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
            try:
                header = super().frombuf(buf, encoding, errors)
            except tarfile.HeaderError as error:
                # zeros, or nothing more, are an end
                if not any(buf):
                    raise
                raise TarRefusedError(f"a header in it is damaged ({error})") from error
            if header.size < 0:
                raise TarRefusedError("its size is negative", header.name)
            if header.type in _EXTENDED and header.size > limits.tar_header_bytes:
                raise TarRefusedError(
                    f"a header in it has {header.size} bytes, more than "
                    f"{limits.named('tar_header_bytes')}"
                )
            return header

    return Header


def checked_members(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """The files of a tar that was opened with `header_class`, up to the end of its data.

    Raises:
        TarRefusedError: A link, device or sparse file; bytes after the end.
    """
    for entry in archive:
        # once more: extended headers may have set it
        if entry.size < 0:
            raise TarRefusedError("its size is negative", entry.name)
        if entry.isdir():
            yield entry
            continue
        if entry.type not in _FILES or entry.sparse is not None:
            raise TarRefusedError("it is a link, a device or has holes", entry.name)
        yield entry
    _check_end(archive)


def _check_end(archive: tarfile.TarFile) -> None:
    """Read on to the end, where gzip keeps its checksum; only zeros may come."""
    stream: IO[bytes] = archive.fileobj  # type: ignore[assignment]
    if hasattr(stream, "seekable"):
        stream.seek(archive.offset, os.SEEK_SET)
    while chunk := stream.read(MIB):
        if any(chunk):
            raise TarRefusedError("bytes that belong to no member follow its end")
