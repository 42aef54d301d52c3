"""The journal of a run: one JSON line per event, for whoever follows it; states are the records'.

Every line has ``seq`` (grows), ``fence`` (of the supervisor that wrote it), ``at`` (seconds since
1970), ``kind`` and, where it is about one, ``step`` and ``attempt``. By kind:

- ``run``: ``state``, ``reason``
- ``step``: ``state``, ``reason``; of a failed one ``error`` (class, message, remedy, exit_status)
- ``decision``: as `visionloom.engine.reuse.Decision.to_json`
- ``log``: ``level``, ``text``
- ``progress``: ``stage``, ``done``, ``total``, ``unit``, ``figures``
- ``metrics``: ``row``; a later row of the same epoch takes the place of an earlier one
- ``output``: ``port``, ``object``, ``digest``, ``type``, ``bytes``; delivered: ``name``, ``path``

What a step told itself has ``offset``: where in its ``events.jsonl`` the next line begins.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, cast

from visionloom.spec.context import Event, Level, Log, Metrics, Progress

JOURNAL_NAME = "journal.jsonl"
_HEAD = re.compile(rb'\{"seq":(\d+),"fence":(\d+),')
_TAIL_BYTES = 64 * 1024


class LineFile:
    """An append-only file of JSON lines; a line is written by one call, whole.

    A torn last line, left by a killed writer or a full disk, is closed first, so that it spoils
    no later one.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        self._descriptor = os.open(path, flags, 0o644)
        self._torn = self._ends_torn()

    def write(self, line: Mapping[str, Any]) -> None:
        """Append a line."""
        text = json.dumps(line, ensure_ascii=False, separators=(",", ":"))
        # half a character, of a name that is no UTF-8, is written as JSON writes it
        data = text.encode(errors="backslashreplace") + b"\n"
        if self._torn:
            data = b"\n" + data
        self._torn = os.write(self._descriptor, data) != len(data)

    def sync(self) -> None:
        """Make what was written durable."""
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Close the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def tail(self) -> bytes:
        """The last bytes of the file."""
        size = os.fstat(self._descriptor).st_size
        os.lseek(self._descriptor, max(size - _TAIL_BYTES, 0), os.SEEK_SET)
        return os.read(self._descriptor, _TAIL_BYTES)

    def _ends_torn(self) -> bool:
        tail = self.tail()
        return bool(tail) and not tail.endswith(b"\n")


class Journal:
    """The writer; one at a time, told apart by its fence. A context manager.

    Args:
        path: The file; an existing one is continued.
        fence: Of the supervisor that writes.
        wall: Seconds since 1970.
    """

    def __init__(self, path: Path, fence: int, wall: Callable[[], float] = time.time) -> None:
        self._file = LineFile(path)
        self._fence = fence
        self._wall = wall
        self._last = _last_number(self._file.tail(), path)

    def write(self, kind: str, step: str = "", attempt: int = 0, **fields: object) -> None:
        """Append a line; a full disk drops it, since the records and not the journal decide."""
        line: dict[str, Any] = {"seq": self._last + 1, "fence": self._fence, "at": self._wall()}
        line["kind"] = kind
        if step:
            line["step"] = step
        if attempt:
            line["attempt"] = attempt
        with contextlib.suppress(OSError):
            self._file.write(line | finite(fields))
            self._last += 1

    def close(self) -> None:
        """Make the lines durable and close the file."""
        with contextlib.suppress(OSError):
            self._file.sync()
        self._file.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class LineReader:
    """Reads the whole lines that were added to a file since the last time.

    Attributes:
        offset: Where the next line begins, bytes.
    """

    def __init__(self, path: Path, offset: int = 0) -> None:
        self._path = path
        self.offset = offset

    def read(self) -> Iterator[bytes]:
        """The new lines, without their ends; a part of one waits for the rest."""
        try:
            if self._path.stat().st_size <= self.offset:
                return
            with open(self._path, "rb") as stream:
                stream.seek(self.offset)
                for line in stream:
                    if not line.endswith(b"\n"):
                        return
                    self.offset += len(line)
                    yield line[:-1]
        except FileNotFoundError:
            return


class JournalReader(LineReader):
    """Reads the lines of a journal that were added since the last time, each with its number.

    Lines of a supervisor whose run was taken over are left out from the first line of the one that
    took over.
    """

    def __init__(self, path: Path, offset: int = 0) -> None:
        super().__init__(path, offset)
        self._fence = 0

    def numbered(self) -> Iterator[tuple[int, bytes]]:
        """Number and text of the new lines."""
        for line in self.read():
            head = _HEAD.match(line)
            if head is None or int(head[2]) < self._fence:
                continue
            self._fence = int(head[2])
            yield int(head[1]), line


def follow(
    path: Path,
    after: int = 0,
    stop: Callable[[], bool] = lambda: False,
    *,
    pause: float = 0.1,
) -> Iterator[dict[str, Any]]:
    """The lines of a journal, those to come included; see `JournalReader`.

    Args:
        path: The journal; need not be there yet.
        after: Lines up to this ``seq`` are left out.
        stop: Asked when all lines so far are read; the iteration ends when it says so.
        pause: Seconds between two looks.
    """
    reader = JournalReader(path)
    while True:
        ending = stop()
        for number, line in reader.numbered():
            if number > after and (value := parse(line)) is not None:
                yield value
        if ending:
            return
        time.sleep(pause)


def parse(line: bytes) -> dict[str, Any] | None:
    """A line as a value, or None for a torn one."""
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def line_of(event: Event) -> dict[str, Any]:
    """What is written of an event; figures that are not finite become null, as in the records."""
    match event:
        case Log():
            return {"kind": "log", "level": event.level, "text": event.text}
        case Progress():
            return {"kind": "progress", **vars(event), "figures": dict(event.figures)}
        case Metrics():
            return {"kind": "metrics", "row": finite(event.row)}


def event_of(line: Mapping[str, Any]) -> Event | None:
    """The event a line tells of, or None for a line of another kind."""
    match line.get("kind"):
        case "log":
            return Log(str(line["text"]), cast("Level", line["level"]))
        case "progress":
            return Progress(
                str(line["stage"]), line["done"], line["total"], line["unit"], line["figures"]
            )
        case "metrics":
            return Metrics(line["row"])
    return None


def finite(value: Any) -> Any:
    """The value with null for each number JSON has no word for."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value


def _last_number(tail: bytes, path: Path) -> int:
    numbers = [int(head[1]) for line in tail.splitlines() if (head := _HEAD.match(line))]
    if numbers:
        return max(numbers)
    # no line begins in the last bytes: one longer than those, or none at all
    heads = (_HEAD.match(line) for line in LineReader(path).read())
    return max((int(head[1]) for head in heads if head), default=0)
