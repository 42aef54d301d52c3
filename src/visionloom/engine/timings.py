"""The times execution goes by, in one place, and the clocks they are measured with."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from visionloom.engine.process import boot_clock


@dataclass(frozen=True)
class Timings:
    """Seconds, unless it says otherwise.

    Attributes:
        heartbeat: Between two signs of life of a step, and two renewals of a lease.
        lease: How long a lease holds without renewal.
        lease_margin: A supervisor that could not renew for this long touches nothing more until it
            can: well before another may take the run over.
        give_up: A supervisor that could not renew for this long leaves, its steps running.
        grace: From asking a step to end to ending it.
        no_progress: A step that tells nothing new for this long hangs.
        dump: From asking a hanging step for its stacks to asking it to end.
        look: Between two looks at whether the run is to be cancelled, or a lock or slot is free.
        tick: Longest sleep of a supervisor: a killed step is noticed within it.
        room: On a full disk, between two tries to go on.
        backoff: Before the first retry; doubled for each further one.
        lost_attempts: Times a step is tried whose process is lost (a count).
        memory_attempts: Times a step is tried that runs out of memory (a count).
    """

    heartbeat: float = 5.0
    lease: float = 30.0
    lease_margin: float = 20.0
    give_up: float = 600.0
    grace: float = 10.0
    no_progress: float = 1800.0
    dump: float = 2.0
    look: float = 0.25
    tick: float = 0.25
    room: float = 2.0
    backoff: float = 1.0
    lost_attempts: int = 3
    memory_attempts: int = 2


@dataclass(frozen=True)
class Clock:
    """Where times come from.

    Attributes:
        boot: Seconds since the machine started; leases and durations.
        wall: Seconds since 1970; shown, decides nothing.
    """

    boot: Callable[[], float] = boot_clock
    wall: Callable[[], float] = time.time


class Attention:
    """Time in which somebody watched: it does not run on while the watcher itself is stopped.

    A step cannot have been idle, or overdue, in a time in which its supervisor slept too.
    """

    def __init__(self, clock: Clock, longest: float = 2.0) -> None:
        self._clock = clock
        self._longest = longest
        self._last = clock.boot()
        self.now = 0.0

    def look(self) -> float:
        """Take note that somebody watches; returns the time watched so far, seconds."""
        moment = self._clock.boot()
        self.now += min(max(moment - self._last, 0.0), self._longest)
        self._last = moment
        return self.now
