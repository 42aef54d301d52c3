"""A file in the home folder that is given up when the disk is full, so that this can be recorded.

Records and a step's reports need little room, and they need it then most.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from visionloom.artifacts.atomic import write_file
from visionloom.artifacts.room import free_bytes
from visionloom.errors import VisionloomError
from visionloom.settings import Settings

RESERVE_NAME = "reserve"
_PLENTY = 4


def keep_reserve(settings: Settings) -> None:
    """Have the reserve, where there is plenty of room for it."""
    count, home = settings.limits.reserve_bytes, settings.home
    path = home / RESERVE_NAME
    with suppress(OSError, VisionloomError):
        if not home.is_dir() or (path.exists() and path.stat().st_size == count):
            return
        if free_bytes(home) >= _PLENTY * count:
            # random, since file systems make little of zeros
            write_file(path, os.urandom(count), durable=False)


def give_up_reserve(settings: Settings) -> bool:
    """Free the reserve if less than its size is free; whether it was there."""
    with suppress(OSError):
        if free_bytes(settings.home) < settings.limits.reserve_bytes:
            Path(settings.home, RESERVE_NAME).unlink()
            return True
    return False
