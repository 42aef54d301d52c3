"""Pages of what the steps of a run told and of what their processes printed.

A log may be larger than memory: files are read a line at a time, and where each thousandth line
begins is remembered, so that later pages need not be counted from the start.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from visionloom.engine.journal import JOURNAL_NAME, LineReader, parse
from visionloom.records.rows import RunRow
from visionloom.runs.history import log_files
from visionloom.spec.problems import printable
from visionloom.workspace import Workspace

Level = Literal["info", "warning", "error", "output"]

_LEVELS: dict[str, Level] = {"info": "info", "warning": "warning", "error": "error"}
_LONGEST_LINE = 64 * 1024
_SHOWN_CHARACTERS = 4_000
_STRIDE = 1_000
_REMEMBERED_FILES = 64
# what colours text or moves the cursor on a terminal
_ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[@-Z\\-_])")


@dataclass(frozen=True)
class LogLine:
    """A line of a log.

    Attributes:
        number: From 1, in the whole log; it stays the same whatever is searched for.
        step: Whose line.
        level: ``info``, ``warning``, or ``output`` of what was printed.
        text: Without characters that a terminal would obey.
    """

    number: int
    step: str
    level: Level
    text: str


@dataclass(frozen=True)
class LogPage:
    """Lines of a log; ``total`` counts all that match."""

    lines: tuple[LogLine, ...]
    total: int


def told(
    run: RunRow, step: str = "", search: str = "", offset: int = 0, limit: int = 500
) -> LogPage:
    """What the steps of a run told.

    Args:
        run: Which run.
        step: Only this step.
        search: Only lines with this in them, in any case.
        offset: How many matching lines are left out before the first.
        limit: How many at most.
    """
    return _page(_told_lines(run, step), search, offset, limit)


def printed(
    workspace: Workspace,
    run: RunRow,
    step: str = "",
    search: str = "",
    offset: int = 0,
    limit: int = 500,
) -> LogPage:
    """What the processes of a run's steps printed, one attempt after the other; see `told`.

    Raises:
        RunStateError: There is no such step.
    """
    files = [(name, path) for name, _, path in log_files(workspace, run, step)]
    if search:
        lines = (line for name, path in files for line in _printed_lines(name, path))
        numbered = (
            LogLine(number, line.step, line.level, line.text)
            for number, line in enumerate(lines, 1)
        )
        return _page(numbered, search, offset, limit)
    found: list[LogLine] = []
    total = 0
    for name, path in files:
        index = _index_of(path)
        count = index.count()
        first = max(offset - total, 0)
        wanted = limit - len(found)
        if wanted and first < count:
            found += [
                LogLine(total + first + place, name, "output", harmless(text))
                for place, text in enumerate(index.lines(first, wanted), 1)
            ]
        total += count
    return LogPage(tuple(found), total)


def harmless(text: str) -> str:
    """A line as it can be shown: what it came to look like on a terminal, and no more than fits."""
    last = _ESCAPES.sub("", text).rstrip("\r").rpartition("\r")[2]
    if len(last) > _SHOWN_CHARACTERS:
        last = f"{last[:_SHOWN_CHARACTERS]} ... ({len(last):,} characters)"
    return "\t".join(map(printable, last.split("\t")))


def _page(lines: Iterator[LogLine], search: str, offset: int, limit: int) -> LogPage:
    word = search.casefold()
    kept: list[LogLine] = []
    total = 0
    for line in lines:
        if word and word not in line.text.casefold():
            continue
        if offset <= total < offset + limit:
            kept.append(line)
        total += 1
    return LogPage(tuple(kept), total)


def _told_lines(run: RunRow, step: str) -> Iterator[LogLine]:
    number = 0
    for line in LineReader(Path(run.folder) / JOURNAL_NAME).read():
        # most lines tell of progress; they are not worth being taken apart
        if b'"kind":"log"' not in line:
            continue
        event = parse(line) or {}
        owner = str(event.get("step", ""))
        if event.get("kind") != "log" or (step and owner != step):
            continue
        number += 1
        text = harmless(str(event.get("text", "")))
        yield LogLine(number, owner, _LEVELS.get(str(event.get("level")), "info"), text)


def _printed_lines(step: str, path: Path) -> Iterator[LogLine]:
    try:
        with open(path, "rb") as stream:
            while data := stream.readline(_LONGEST_LINE):
                yield LogLine(0, step, "output", harmless(_text(data)))
    except FileNotFoundError:
        return


@dataclass
class _Index:
    """Where lines of a growing file begin.

    Attributes:
        path: The file.
        starts: Offset of every line whose number is a multiple of the stride.
        whole: Lines that are known, without a last one that has no end yet.
        offset: Where what is not known yet begins.
    """

    path: Path
    starts: list[int] = field(default_factory=lambda: [0])
    whole: int = 0
    offset: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self) -> int:
        """How many lines there are by now, a last one without an end included."""
        with self.lock:
            return self._count()

    def lines(self, first: int, limit: int) -> list[str]:
        """Lines from ``first`` (0 is the first one)."""
        with self.lock:
            place = min(first // _STRIDE, len(self.starts) - 1)
            start = self.starts[place]
        found: list[str] = []
        with open(self.path, "rb") as stream:
            stream.seek(start)
            number = place * _STRIDE
            while len(found) < limit and (data := stream.readline(_LONGEST_LINE)):
                if number >= first:
                    found.append(_text(data))
                number += 1
        return found

    def _count(self) -> int:
        try:
            size = self.path.stat().st_size
        except OSError:
            return 0
        if size < self.offset:
            self.starts, self.whole, self.offset = [0], 0, 0
        torn = 0
        if size > self.offset:
            with open(self.path, "rb") as stream:
                stream.seek(self.offset)
                while data := stream.readline(_LONGEST_LINE):
                    if not data.endswith(b"\n") and len(data) < _LONGEST_LINE:
                        torn = 1
                        break
                    self.whole += 1
                    self.offset += len(data)
                    if self.whole % _STRIDE == 0:
                        self.starts.append(self.offset)
        return self.whole + torn


_indices: dict[Path, _Index] = {}
_indices_lock = threading.Lock()


def _index_of(path: Path) -> _Index:
    with _indices_lock:
        index = _indices.pop(path, None) or _Index(path)
        _indices[path] = index
        while len(_indices) > _REMEMBERED_FILES:
            del _indices[next(iter(_indices))]
        return index


def _text(data: bytes) -> str:
    return data.decode("utf-8", errors="replace").rstrip("\n")
