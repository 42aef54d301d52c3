"""Small things kept in memory up to a number of bytes, the longest unused going first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable


class Kept:
    """Bytes by key; safe to share between threads.

    Args:
        budget: Bytes it may hold.
    """

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._held = 0
        self._items: OrderedDict[Hashable, bytes] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def held_bytes(self) -> int:
        """Bytes it holds."""
        return self._held

    def get(self, key: Hashable) -> bytes | None:
        """What is kept under ``key``, or None."""
        with self._lock:
            found = self._items.get(key)
            if found is not None:
                self._items.move_to_end(key)
            return found

    def put(self, key: Hashable, data: bytes) -> None:
        """Keep something; the longest unused makes room."""
        with self._lock:
            if key in self._items or len(data) > self._budget:
                return
            self._items[key] = data
            self._held += len(data)
            while self._held > self._budget:
                self._held -= len(self._items.popitem(last=False)[1])

    def clear(self) -> int:
        """Forget everything; returns the bytes that were held."""
        with self._lock:
            held, self._held = self._held, 0
            self._items.clear()
            return held
