"""Ctrl-C and SIGTERM: the first asks the run to save its state, the second ends at once."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import FrameType

from visionloom.cli.console import Console

_PASSED_ON_SECONDS = 1.0


@dataclass
class Stop:
    """Whether somebody asked to stop.

    Attributes:
        event: Set by the first signal; components look at it.
        signal: The signal's number; 0 before.
        is_leaving: Whether a second one came.
    """

    event: threading.Event = field(default_factory=threading.Event)
    signal: int = 0
    is_leaving: bool = False

    @property
    def status(self) -> int:
        """Exit status: 130 for Ctrl-C, 143 for SIGTERM."""
        return 128 + (self.signal or signal.SIGINT)


@contextlib.contextmanager
def stopping(console: Console, saved: str) -> Iterator[Stop]:
    """Handle signals while the block runs.

    Args:
        console: Where the first signal is acknowledged.
        saved: What happens next, e.g. "the state is being saved".
    """
    stop = Stop()

    def leave(number: int) -> None:
        console.close()
        os._exit(128 + number)

    def handle(number: int, _frame: FrameType | None) -> None:
        if stop.is_leaving:
            os._exit(128 + number)
        if stop.event.is_set():
            # whoever follows a run must have passed the first one on, or the run would go on
            stop.is_leaving = True
            timer = threading.Timer(_PASSED_ON_SECONDS, leave, (number,))
            timer.daemon = True
            timer.start()
            return
        stop.signal = number
        stop.event.set()
        line = f"Stopping: {saved}. Once more to stop at once."
        # A thread prints, since the handler may have interrupted a write of this very stream.
        threading.Thread(target=console.say, args=(line, "yellow"), daemon=True).start()

    before = {number: signal.signal(number, handle) for number in _signals()}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _signals() -> list[signal.Signals]:
    if threading.current_thread() is not threading.main_thread():
        return []
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    return [getattr(signal, name) for name in names if hasattr(signal, name)]
