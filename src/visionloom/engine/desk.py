"""Where a supervisor's slow work is done, one piece after the other, while it watches its steps.

Deciding digests the user's data, publishing reads whole results: seconds in which leases must be
renewed and ends noticed.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Desk:
    """One thread that does what it is given, in order.

    Args:
        tell: Called after each piece of work, from that thread.
    """

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell = tell
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        # a process that has to leave does not wait: all of this work can be cut off and done again
        self._thread = threading.Thread(target=self._serve, name="desk", daemon=True)
        self._thread.start()

    def do(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Have something done; what it returns or raises is in the future."""
        future: Future[R] = Future()

        def carry_out() -> None:
            try:
                future.set_result(work(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001 - raised where the future is read
                future.set_exception(error)

        self._work.put(carry_out)
        return future

    def close(self) -> None:
        """Take nothing more; what is being done goes on."""
        self._work.put(None)

    def _serve(self) -> None:
        while (work := self._work.get()) is not None:
            work()
            self._tell()
