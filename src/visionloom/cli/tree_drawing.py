"""The live list of steps, drawn with rich; loaded on a terminal only."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import Console as RichConsole
from rich.console import ConsoleOptions, RenderResult
from rich.text import Text

from visionloom.cli.live import progress_text
from visionloom.cli.text import cells_of
from visionloom.spec.context import Progress

Row = tuple[str, str, str, str, Progress | None]


class TreeDrawing:
    """A line for every step: mark, name, state, and progress while it runs.

    Args:
        rows: Asked at each drawing.
        width: Of the longest name, columns.
    """

    def __init__(self, rows: Callable[[], Sequence[Row]], width: int) -> None:
        self._rows = rows
        self._width = width

    def __rich_console__(self, console: RichConsole, options: ConsoleOptions) -> RenderResult:
        for mark, style, name, words, progress in self._rows():
            line = Text(f"{mark} {name}{' ' * (self._width - cells_of(name))}  ", style=style)
            line.no_wrap = True
            if progress is None:
                line.append(words, style="dim" if style == "dim" else style)
            else:
                room = options.max_width - 1 - cells_of(line.plain)
                line.append_text(progress_text(progress, max(room, 12)))
            line.truncate(options.max_width - 1, overflow="ellipsis")
            yield line
