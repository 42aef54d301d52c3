"""The only place that prints: progress on a terminal, plain lines elsewhere, JSON for machines."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import textwrap
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, TextIO

import typer

from visionloom.cli import text
from visionloom.errors import RunInterrupted, VisionloomError
from visionloom.spec.context import Event, Log, Metrics, Progress

if TYPE_CHECKING:
    from rich.console import RenderableType

    from visionloom.cli.live import LiveArea, ProgressLine

_SECONDS_BETWEEN_LINES = 30.0
_PLAIN_WIDTH = 100
REPORT_BUGS = (
    "This is a bug in Visionloom. Please report it with the lines above, the command and the "
    "output of `visionloom doctor`."
)


class Console:
    """What one command prints. A context manager that turns errors into an exit status.

    People's text goes to standard output; with ``as_json`` it goes to standard error and standard
    output holds one JSON document: the result, or ``{"error": ...}``.
    """

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json
        self._stream: TextIO = sys.stderr if as_json else sys.stdout
        self.is_terminal = self._stream.isatty() and os.environ.get("TERM", "") != "dumb"
        self._live: LiveArea | None = None
        self._line: ProgressLine | None = None
        self._lock = threading.RLock()
        self._stage = ""
        self._told = 0.0
        self._in_table = False

    def __enter__(self) -> Console:
        for stream in (sys.stdout, sys.stderr):
            reconfigure = getattr(stream, "reconfigure", None)
            if reconfigure is not None:
                reconfigure(errors="backslashreplace")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
        if isinstance(error, RunInterrupted):
            self._fail(error, error.status)
        if isinstance(error, VisionloomError):
            self._fail(error, error.exit_status)
        if isinstance(error, MemoryError):
            self._print_error("Memory ran out.", "Close other programs, or use smaller batches.")
            raise typer.Exit(5) from error
        if isinstance(error, Exception) and not isinstance(error, typer.Exit | typer.Abort):
            if type(error).__module__.startswith("typer."):
                return
            sys.stderr.write("".join(traceback.format_exception(error)))
            self._print_error(f"{type(error).__name__}: {error}", REPORT_BUGS)
            raise typer.Exit(1) from error

    def listener(self, event: Event) -> None:
        """Show an event of a running component."""
        with self._lock:
            if isinstance(event, Log):
                self._log(event)
            elif isinstance(event, Metrics):
                self._epoch(event)
            else:
                self._progress(event)

    def say(self, line: str = "", style: str = "", *, fitted: bool = False) -> None:
        """Print a line for people; ``style``: ``bold``, ``dim``, ``green``, ``yellow``, ``red``.

        A ``fitted`` line is broken between words where it is wider than the terminal.
        """
        with self._lock:
            shown = text.safe_lines(line)
            self._write(self._fitted(shown) if fitted else shown, style)

    def entry(self, name: str, words: str, width: int) -> None:
        """Print a name and what it is, wrapped beside it."""
        head = f"  {text.safe(name):{width}}  "
        self._wrapped(head, " " * len(head), words)

    def paragraph(self, words: str) -> None:
        """Print words wrapped to the width."""
        self._wrapped("", "", words)

    def _wrapped(self, first: str, rest: str, words: str) -> None:
        room = max(20, min(self._width(), _PLAIN_WIDTH) - len(rest))
        lines = textwrap.wrap(text.safe(words), room, break_on_hyphens=False) or [""]
        with self._lock:
            for number, line in enumerate(lines):
                self._write((first if number == 0 else rest) + line)

    def table(self, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print an aligned table."""
        width = self._width() if self.is_terminal else None
        first, *rest = text.table_lines(headings, rows, width)
        with self._lock:
            self._write(first, "bold")
            for line in rest:
                self._write(line)

    def result(self, value: Mapping[str, Any] | Sequence[Any]) -> None:
        """Print the JSON document when JSON was asked for; nothing otherwise."""
        if self.as_json:
            self.close()
            document = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
            with self._unbroken(sys.stdout):
                sys.stdout.write(document + "\n")
                sys.stdout.flush()

    def close(self) -> None:
        """Take the live line away."""
        with self._lock:
            if self._live is not None:
                self._live.stop()
                self._live = self._line = None

    def draw(self, drawing: RenderableType) -> None:
        """Draw something below the lines until `close`; nothing where there is no terminal."""
        if not self.is_terminal:
            return
        from visionloom.cli.live import LiveArea

        with self._lock:
            self.close()
            self._live = LiveArea(self._stream, drawing)

    def _log(self, event: Log) -> None:
        self._in_table = False
        done = self._line.event if self._line is not None else None
        if self._line is not None and done is not None and done.done >= done.total > 0:
            self._line.event = None
        note = event.level == "warning"
        line = f"Note: {text.safe(event.text)}" if note else text.safe(event.text)
        self._write(self._fitted(line), "yellow" if note else "")

    def _fitted(self, line: str) -> str:
        """The line broken between words where it is wider than the terminal."""
        if not self.is_terminal or text.cells_of(line) <= self._width():
            return line
        lines = textwrap.wrap(
            line, self._width(), break_on_hyphens=False, break_long_words=False,
            subsequent_indent="  ",
        )  # fmt: skip
        return "\n".join(lines)

    def _epoch(self, event: Metrics) -> None:
        width = self._width()
        heading, row = text.epoch_lines(event.row, width)
        if not self._in_table:
            self._write(heading, "bold")
        self._in_table = True
        self._write(row)

    def _progress(self, event: Progress) -> None:
        if self.is_terminal:
            if self._line is None:
                from visionloom.cli.live import ProgressLine

                line = ProgressLine()
                self.draw(line)
                self._line = line
            self._line.event = event
            return
        now = time.monotonic()
        if event.stage != self._stage:
            self._stage, self._told = event.stage, now
        elif now - self._told >= _SECONDS_BETWEEN_LINES:
            self._told = now
            self._in_table = False
            self._write(text.progress_text(event))

    def _width(self) -> int:
        if not self.is_terminal:
            return _PLAIN_WIDTH
        try:
            return os.get_terminal_size(self._stream.fileno()).columns
        except OSError:
            return 80

    def _write(self, line: str, style: str = "") -> None:
        with self._unbroken(self._stream):
            if self._live is not None:
                self._live.print(line, style)
                return
            self._stream.write(_styled(line, style, self._stream) + "\n")
            self._stream.flush()

    def _fail(self, error: VisionloomError, status: int) -> None:
        if self.as_json:
            self.result(
                {
                    "error": {
                        "name": type(error).__name__,
                        "number": error.number,
                        "message": error.message,
                        "remedy": error.remedy,
                        "exit_status": status,
                    }
                }
            )
        title = "" if isinstance(error, RunInterrupted) else error.title
        self._print_error(error.message, error.remedy, title)
        raise typer.Exit(status) from error

    def _print_error(self, message: str, remedy: str, title: str = "") -> None:
        with self._unbroken(sys.stderr):
            head = f"{title}: " if title else ""
            sys.stderr.write(_styled(head, "red", sys.stderr) if head else "")
            sys.stderr.write(text.safe_lines(message) + "\n")
            if remedy:
                sys.stderr.write(text.safe_lines(remedy) + "\n")
            sys.stderr.flush()

    @contextlib.contextmanager
    def _unbroken(self, stream: TextIO) -> Any:
        """Go on without output when the reader has gone: training must not die with ``| head``."""
        try:
            yield
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


_CODES = {"bold": "1", "dim": "2", "red": "31;1", "green": "32", "yellow": "33"}


def _styled(line: str, style: str, stream: TextIO) -> str:
    colour = stream.isatty() and not os.environ.get("NO_COLOR")
    if not colour or style not in _CODES or os.environ.get("TERM", "") == "dumb":
        return line
    return f"\x1b[{_CODES[style]}m{line}\x1b[0m"
