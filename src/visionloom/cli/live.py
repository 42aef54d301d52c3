"""The live area at the bottom of a terminal, redrawn in place; other lines are printed above it."""

from __future__ import annotations

from typing import TextIO

from rich.console import Console as RichConsole
from rich.console import ConsoleOptions, RenderableType, RenderResult
from rich.live import Live
from rich.text import Text

from visionloom.cli import text
from visionloom.spec.context import Progress

_FULL, _EMPTY = "━", "─"


class LiveArea:
    """Draws something again and again until it is stopped."""

    def __init__(self, stream: TextIO, drawing: RenderableType) -> None:
        self.drawing = drawing
        self._console = RichConsole(file=stream, highlight=False, markup=False, emoji=False)
        self._live = Live(
            drawing,
            console=self._console,
            refresh_per_second=8,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            vertical_overflow="crop",
        )
        self._live.start()

    def print(self, line: str, style: str) -> None:
        """Print a line above."""
        self._console.print(Text(line, style=style), soft_wrap=True)

    def stop(self) -> None:
        """Take it away."""
        self._live.stop()


class ProgressLine:
    """The newest progress event on one line: stage, bar, figures."""

    def __init__(self, event: Progress | None = None) -> None:
        self.event = event

    def __rich_console__(self, console: RichConsole, options: ConsoleOptions) -> RenderResult:
        if self.event is not None:
            yield progress_text(self.event, options.max_width - 1)


def progress_text(event: Progress, width: int) -> Text:
    """A progress event as one line of at most ``width`` columns."""
    before, full, cells, after = text.progress_line(event, width)
    line = Text(before, no_wrap=True)
    if cells:
        line.append("  ")
        line.append(_FULL * full, style="green")
        line.append(_EMPTY * (cells - full), style="dim")
    line.append("  " + after, style="dim" if cells else "")
    return line
