"""The one live line at the bottom of a terminal: stage, bar, figures."""

from __future__ import annotations

from typing import TextIO

from rich.console import Console as RichConsole
from rich.console import ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text

from visionloom.cli import text
from visionloom.spec.context import Progress

_FULL, _EMPTY = "━", "─"


class LiveLine:
    """Draws the newest progress event; other lines are printed above it."""

    def __init__(self, stream: TextIO) -> None:
        self._console = RichConsole(file=stream, highlight=False, markup=False, emoji=False)
        self._line = _Line()
        self._live = Live(
            self._line,
            console=self._console,
            refresh_per_second=8,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.start()

    def show(self, event: Progress) -> None:
        """Show this event from now on."""
        self._line.event = event

    def print(self, line: str, style: str) -> None:
        """Print a line above."""
        self._console.print(Text(line, style=style), soft_wrap=True)

    def stop(self) -> None:
        """Take the line away."""
        self._live.stop()


class _Line:
    def __init__(self) -> None:
        self.event: Progress | None = None

    def __rich_console__(self, console: RichConsole, options: ConsoleOptions) -> RenderResult:
        if self.event is None:
            return
        before, full, cells, after = text.progress_line(self.event, options.max_width - 1)
        line = Text(before, no_wrap=True)
        if cells:
            line.append("  ")
            line.append(_FULL * full, style="green")
            line.append(_EMPTY * (cells - full), style="dim")
        line.append("  " + after, style="dim" if cells else "")
        yield line
