"""The journal of a draft on disk: append-only JSON lines, durable before an answer goes out."""

from __future__ import annotations

import contextlib
import errno
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from visionloom.artifacts.atomic import explained, write_file
from visionloom.engine.journal import parse

_BLOCK = 64 * 1024


class DraftJournal:
    """The journal's file; whoever writes holds the draft's lock.

    Args:
        path: The file; need not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def stamp(self) -> tuple[int, int]:
        """Which file it is, and its size: the same as long as nobody wrote."""
        try:
            facts = self.path.stat()
        except FileNotFoundError:
            return (0, 0)
        return (facts.st_ino, facts.st_size)

    def lines(self, start: int = 0) -> Iterator[dict[str, Any]]:
        """The lines from an offset on; a torn one, left by a kill, was never answered."""
        with open(self.path, "rb") as stream:
            stream.seek(start)
            for line in stream:
                value = parse(line)
                if value is not None and line.endswith(b"\n"):
                    yield value

    def append(self, line: Mapping[str, Any], *, durable: bool = True) -> int:
        """Append a line; returns where it begins, for `take_back`.

        Raises:
            ModuleOutOfMemoryError: The disk is full; nothing was added.
            FailedToWriteOutputsError: The folder cannot be written to.
        """
        data = _text(line)
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        with explained(self.path):
            descriptor = os.open(self.path, flags, 0o600)
            try:
                start = _cut_off_torn(descriptor)
                try:
                    if os.write(descriptor, data) != len(data):
                        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                    if durable:
                        os.fsync(descriptor)
                except OSError:
                    with contextlib.suppress(OSError):
                        os.ftruncate(descriptor, start)
                    raise
            finally:
                os.close(descriptor)
        return start

    def take_back(self, start: int) -> None:
        """Remove what was appended from there on: it could not be carried out."""
        with contextlib.suppress(OSError):
            os.truncate(self.path, start)

    def replace(self, line: Mapping[str, Any]) -> None:
        """Put one line, a snapshot, in the place of all.

        Raises:
            ModuleOutOfMemoryError: The disk is full; the journal is as before.
            FailedToWriteOutputsError: The folder cannot be written to.
        """
        write_file(self.path, _text(line))


def _cut_off_torn(descriptor: int) -> int:
    """Remove a last line without an end, which was never answered; returns the size then."""
    size = end = os.fstat(descriptor).st_size
    while end:
        begin = max(0, end - _BLOCK)
        os.lseek(descriptor, begin, os.SEEK_SET)
        place = os.read(descriptor, end - begin).rfind(b"\n")
        end = begin + place + 1
        if place >= 0:
            break
    if end < size:
        os.ftruncate(descriptor, end)
    return end


def _text(line: Mapping[str, Any]) -> bytes:
    text = json.dumps(line, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # half a character has no UTF-8; it is written as JSON writes it
    return text.encode(errors="backslashreplace") + b"\n"
