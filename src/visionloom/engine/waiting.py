"""A step's process on a full disk: it says so, and goes on when there is room."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from visionloom.artifacts.room import as_disk_full, free_bytes, waiting_for
from visionloom.engine.reserve import give_up_reserve
from visionloom.errors import DiskFullError, RunInterrupted
from visionloom.settings import Settings

LOOK_SECONDS = 1.0


class RoomWaiter:
    """Waits for room on the disk.

    Args:
        settings: Whose home folder has the reserve.
        tell: Told why the step waits, again and again as long as it does; then an empty text.
        warn: Told once, for the user.
        stop: Set when the step is to end.
    """

    def __init__(
        self,
        settings: Settings,
        tell: Callable[[str], None],
        warn: Callable[[str], None],
        stop: threading.Event,
    ) -> None:
        self._settings = settings
        self._tell, self._warn = tell, warn
        self._stop = stop
        self._waits = False

    def __call__(self, error: DiskFullError | None) -> None:
        """Return when what failed may be tried again; called with None when it went well then.

        Raises:
            RunInterrupted: The step is to end.
        """
        if error is None:
            self._waits = False
            self._tell("")
            return
        give_up_reserve(self._settings)
        if not self._waits:
            self._warn(f"{error.message} The step waits until there is room, or it is cancelled.")
        self._waits = True
        while True:
            self._tell(waiting_for(error))
            if self._stop.wait(LOOK_SECONDS):
                raise RunInterrupted(
                    f"Stopped while it waited for room: {error.message} What was saved before is "
                    "kept."
                )
            if _has_room(error):
                return


def write_when_there_is_room(
    write: Callable[[], object], place: Path, settings: Settings, stop: threading.Event
) -> None:
    """Write what the supervisor has to find; given up only when the step is to end.

    Raises:
        VisionloomError, OSError: It cannot be written for another reason than a full disk.
    """
    while True:
        try:
            write()
            return
        except Exception as error:
            if as_disk_full(error, place) is None or stop.is_set():
                raise
        give_up_reserve(settings)
        stop.wait(LOOK_SECONDS)


def _has_room(error: DiskFullError) -> bool:
    """Whether what is needed is free; where that is not known, or a quota rules, it is tried."""
    with suppress(OSError):
        return error.place is None or free_bytes(error.place) >= error.needed
    return True
