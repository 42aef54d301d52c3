"""What a run's journal says, without following it: its newest lines, some of it, the errors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from visionloom.engine.journal import JOURNAL_NAME, JournalReader, LineReader, parse
from visionloom.records.rows import RunRow

# half a character, of a name that is no UTF-8, can be sent to nobody
_HALVES = re.compile(rb"\\ud[89a-f][0-9a-f]{2}", re.IGNORECASE)
_TAIL_BYTES = 512 * 1024


@dataclass(frozen=True)
class Newest:
    """Where a journal is at.

    Attributes:
        sequence: Number of its newest line; 0 before the first.
        progress: Step -> the newest line that tells how far it is.
    """

    sequence: int = 0
    progress: dict[str, dict[str, Any]] = field(default_factory=dict)


def newest(run: RunRow) -> Newest:
    """Where the journal of a run is at; a step that was silent for long is left out."""
    path = Path(run.folder) / JOURNAL_NAME
    sequence = 0
    progress: dict[str, dict[str, Any]] = {}
    for number, line in _numbered(path, _beginning_of_tail(path)):
        sequence = max(sequence, number)
        if b'"kind":"progress"' in line:
            event = parse(line) or {}
            progress[str(event.get("step", ""))] = event
    return Newest(sequence, progress)


def lines_after(run: RunRow, after: int, limit: int) -> list[dict[str, Any]]:
    """Lines of a run's journal after a number, in order; those of a supervisor that was taken
    over from are left out from the first line of the one that took over."""
    path = Path(run.folder) / JOURNAL_NAME
    start = _beginning_of_tail(path)
    first = next(_numbered(path, start), None)
    if first is None or first[0] > after + 1:
        start = 0
    found = []
    for number, line in _numbered(path, start):
        if number > after and (event := parse(_HALVES.sub(rb"\\ufffd", line))) is not None:
            found.append(event)
            if len(found) == limit:
                break
    return found


def errors(run: RunRow) -> dict[str, dict[str, Any]]:
    """Step -> the error it ended with (class, message, remedy), as its supervisor told it."""
    found = {}
    for line in LineReader(Path(run.folder) / JOURNAL_NAME).read():
        # most lines tell of progress; they are not worth being taken apart
        if b'"kind":"step"' not in line or b'"error":{' not in line:
            continue
        event = parse(line) or {}
        if event.get("kind") == "step" and isinstance(event.get("error"), dict):
            found[str(event.get("step", ""))] = dict(event["error"])
    return found


def _numbered(path: Path, offset: int) -> Iterator[tuple[int, bytes]]:
    """Number and text of the lines from an offset on, or from the line that begins after it."""
    return JournalReader(path, offset).numbered()


def _beginning_of_tail(path: Path) -> int:
    try:
        return max(path.stat().st_size - _TAIL_BYTES, 0)
    except OSError:
        return 0
