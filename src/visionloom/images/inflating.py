"""A compressed stream read under a budget: what comes out is counted, not what a header claims."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import BinaryIO, Protocol

from visionloom.settings import MIB

_PIECE = 64 * 1024
# xz -9 needs 65 MiB; the headers of a file may ask for 4 GiB
_XZ_MEMORY = 256 * MIB
_GZIP = 16 + zlib.MAX_WBITS


class _Decompressor(Protocol):
    """What the decompressors of bz2 and lzma have in common."""

    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...
    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...


class _Gunzip:
    """The decompressor of zlib with the manners of the others."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(_GZIP)
        self.needs_input = True

    def decompress(self, data: bytes, max_length: int = -1, /) -> bytes:
        made = self._inner.decompress(self._inner.unconsumed_tail + data, max_length)
        self.needs_input = not self._inner.unconsumed_tail and len(made) < max_length
        return made

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data


class Inflating:
    """Reads a gzip, bzip2 or xz file from its beginning to its end; checksums are compared.

    Args:
        stream: The compressed file.
        extension: As in `visionloom.images.formats.ARCHIVE_EXTENSIONS`.
        check: Called with the number of bytes that have come out so far; raises to stop.
    """

    def __init__(self, stream: BinaryIO, extension: str, check: Callable[[int], None]) -> None:
        self._stream = stream
        self._extension = extension
        self._check = check
        self._part: _Decompressor | None = None
        self._waiting = b""
        self._total = 0

    def read(self, size: int) -> bytes:
        """Exactly ``size`` bytes, fewer only at the end.

        Raises:
            EOFError, OSError, zlib.error, lzma.LZMAError: Cut off or damaged.
        """
        made = bytearray()
        while len(made) < size and (data := self._some(size - len(made))):
            made += data
        return bytes(made)

    def _some(self, most: int) -> bytes:
        while True:
            if self._part is None:
                # several streams may follow each other, and zeros the last
                self._waiting = (self._waiting or self._stream.read(_PIECE)).lstrip(b"\0")
                if not self._waiting:
                    if self._stream.read(1) == b"":
                        return b""
                    self._stream.seek(-1, 1)
                    continue
                self._part = self._new()
            if self._part.needs_input and not self._waiting:
                self._waiting = self._stream.read(_PIECE)
                if not self._waiting:
                    raise EOFError("it is cut off")
            given, self._waiting = self._waiting, b""
            data = self._part.decompress(given, min(most, MIB))
            if self._part.eof:
                self._waiting, self._part = self._part.unused_data, None
            if data:
                self._total += len(data)
                self._check(self._total)
                return data

    def _new(self) -> _Decompressor:
        if self._extension in {".tar.gz", ".tgz"}:
            return _Gunzip()
        if self._extension in {".tar.bz2", ".tbz2"}:
            return bz2.BZ2Decompressor()
        return lzma.LZMADecompressor(memlimit=_XZ_MEMORY)
