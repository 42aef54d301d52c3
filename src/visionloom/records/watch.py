"""Told cheaply whether anybody wrote to the records since one last asked."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from visionloom.records.database import Database


class Watch:
    """One connection that is asked for the number SQLite counts others' changes with.

    Args:
        database: Prepared.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._seen = -1

    def has_changed(self) -> bool:
        """Whether something was written since the last call; True at the first.

        Raises:
            RecordsError: The file cannot be read.
        """
        with self._lock, self._database.explained():
            if self._connection is None:
                self._connection = self._database.connect()
            number = int(self._connection.execute("PRAGMA data_version").fetchone()[0])
            before, self._seen = self._seen, number
            return before != number

    def close(self) -> None:
        """Close the connection."""
        with self._lock, contextlib.suppress(sqlite3.Error):
            if self._connection is not None:
                self._connection.close()
            self._connection = None
