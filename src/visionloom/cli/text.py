"""Words for the terminal: safe names, progress lines that fit the width, aligned tables."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Mapping, Sequence

from visionloom.spec.context import Progress

_BAR = 24
_SMALLEST_BAR = 6
_NARROWEST_COLUMN = 16


def safe(text: str) -> str:
    """The text with control and direction characters made visible, on one line.

    A file or class name could otherwise move the cursor, recolour the screen or fake a line.
    Lone surrogates (bytes that are no UTF-8) become escapes too.
    """
    return "".join(_visible(character) for character in text)


def safe_lines(text: str) -> str:
    """As `safe`, but line feeds stay: for messages that are lists."""
    return "\n".join(safe(line) for line in text.split("\n"))


def _visible(character: str) -> str:
    if character == "\n":
        return "\\n"
    if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
        if character in {"\u200d", "\u200c", "\ufeff"}:
            return character
        return character.encode("unicode_escape").decode("ascii")
    return character


def figures_text(figures: Mapping[str, str]) -> list[str]:
    """The figures of a progress event in words, the least important first."""
    known = {
        "waited_for_data": "waiting for data {}",
        "images_per_second": "{} images/s",
        "loss": "loss {}",
        "time_left": "{} left",
    }
    words = [
        f"{name.replace('_', ' ')} {text}" for name, text in figures.items() if name not in known
    ]
    return words + [form.format(figures[name]) for name, form in known.items() if name in figures]


def progress_line(event: Progress, width: int) -> tuple[str, int, int, str]:
    """A progress line that fits into ``width`` columns.

    Returns:
        Text before the bar, cells of the bar that are full, cells of the bar, text after it.
    """
    words = figures_text(event.figures)
    count = f"{event.done}/{event.total}" if event.total else str(event.done)
    before = safe(event.stage)
    for unit in (f" {event.unit}", ""):
        shown = list(words)
        while True:
            after = ", ".join([count + unit, *shown])
            room = width - len(before) - len(after) - 4
            if room >= _SMALLEST_BAR:
                cells = min(_BAR, room)
                full = cells * event.done // event.total if event.total else 0
                return before, min(full, cells), cells, after
            if not shown or unit:
                break
            shown.pop(0)
    return before[: max(0, width - len(count) - 1)], 0, 0, count


def progress_text(event: Progress) -> str:
    """A progress event as a plain line."""
    count = f"{event.done}/{event.total}" if event.total else str(event.done)
    return ", ".join(
        [f"{safe(event.stage)}: {count} {event.unit}", *reversed(figures_text(event.figures))]
    )


_EPOCH_COLUMNS = (
    ("epoch", 5, "epoch", "d"),
    ("learning rate", 13, "learning_rate", ".3g"),
    ("train loss", 10, "train_loss", ".4f"),
    ("valid loss", 10, "valid_loss", ".4f"),
    ("accuracy", 8, "top1_accuracy", ".1%"),
    ("macro F1", 8, "macro_f1", ".1%"),
    ("images/s", 8, "train_images_per_second", ".1f"),
    ("waiting", 7, "waited_for_data", ".0%"),
    ("seconds", 7, "seconds", ".1f"),
)
_LEAVE_OUT = ("learning_rate", "macro_f1", "waited_for_data", "train_images_per_second")


def epoch_lines(row: Mapping[str, float | int | None], width: int) -> tuple[str, str]:
    """Heading and row of the table of epochs, in the columns that fit into ``width``."""
    columns = list(_EPOCH_COLUMNS)
    for name in _LEAVE_OUT:
        if sum(column[1] + 2 for column in columns) - 2 <= width:
            break
        columns = [column for column in columns if column[2] != name]
    heading = "  ".join(f"{title:>{size}}" for title, size, _, _ in columns)
    cells = "  ".join(_cell(row.get(name), size, form) for _, size, name, form in columns)
    return heading, cells


def _cell(value: float | int | None, size: int, form: str) -> str:
    text = "" if value is None else format(value, form)
    return f"{text:>{size}}"


def table_lines(
    headings: Sequence[str], rows: Sequence[Sequence[str]], width: int | None = None
) -> list[str]:
    """Aligned columns: text to the left, columns of numbers to the right.

    With a ``width``, a last column that does not fit is wrapped below itself, or stands on lines
    of its own where little room is left.
    """
    shown = [[safe(cell) for cell in row] for row in rows]
    columns = range(len(headings))
    widths = [max(cells_of(row[i]) for row in (headings, *shown)) for i in columns]
    numeric = [bool(shown) and all(_is_number(row[i]) for row in shown) for i in columns]

    def line(cells: Sequence[str]) -> str:
        parts = []
        for cell, size, right in zip(cells, widths, numeric, strict=True):
            blank = " " * (size - cells_of(cell))
            parts.append(blank + cell if right else cell + blank)
        return "  ".join(parts).rstrip()

    before = sum(widths[:-1]) + 2 * (len(widths) - 1)
    if width is None or before + widths[-1] <= width:
        return [line(headings), *map(line, shown)]
    beside = width - before >= _NARROWEST_COLUMN
    indent = " " * (before if beside else 2)
    lines = [line(headings if beside else [*headings[:-1], ""])]
    for *cells, last in shown:
        parts = textwrap.wrap(last, max(1, width - len(indent)), break_on_hyphens=False)
        lines.append(line([*cells, parts.pop(0) if beside and parts else ""]))
        lines += [indent + part for part in parts]
    return lines


def cells_of(text: str) -> int:
    """Columns a text takes on a terminal: two for wide East Asian characters, none for marks."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def _is_number(cell: str) -> bool:
    return cell == "" or cell.strip().rstrip("%").strip().replace(".", "", 1).lstrip("-").isdigit()


def duration(seconds: float) -> str:
    """``0.4 s``, ``45 s``, ``3 min 20 s`` or ``2 h 5 min``."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def size_text(count: float) -> str:
    """Bytes as ``512 bytes``, ``4.7 MB`` or ``1.2 GB`` (powers of 1000)."""
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count:.0f} bytes"
