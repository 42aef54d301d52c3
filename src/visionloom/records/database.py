"""The database behind the records: SQLite's settings, transactions, and errors in plain words.

Every write is one short transaction that takes the write lock at its start. Readers see one
consistent state and hold nobody up. Nothing is kept open between calls but pooled connections,
which a forked child leaves to its parent.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sqlite3
import sys
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy
from sqlalchemy import event, exc

from visionloom.artifacts.room import free_bytes
from visionloom.errors import RecordsError
from visionloom.records.filesystem import is_network_file_system

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

BUSY_SECONDS = 10.0
_SCHEME = "sqlite:///"
_CACHE_KIB = 16 * 1024
_CHECKPOINT_BYTES = 4 * 1024 * 1024
_KEPT_LOG_BYTES = 1024 * 1024
_SHARED_BYTES = 32 * 1024
_LONG_LOG_BYTES = 64 * 1024 * 1024
REBUILD = (
    "Run `visionloom runs rebuild`: the damaged file is kept beside, and the list of runs is made "
    "again from the folders of the runs."
)
_log = logging.getLogger(__name__)
_open_databases: weakref.WeakSet[Database] = weakref.WeakSet()
# what a forked child must neither use nor close
_left_to_the_parent: list[object] = []


class Database:
    """One SQLite file.

    Args:
        url: ``sqlite:///PATH``.
        clock: Seconds since 1970.
        busy_seconds: How long a writer waits for another one.

    Raises:
        RecordsError: Another kind of database.

    Attributes:
        path: The file.
        clock: As given.
        is_read_only: Whether the file or its folder may not be written to.
    """

    def __init__(
        self,
        url: str,
        *,
        clock: Callable[[], float] = time.time,
        busy_seconds: float = BUSY_SECONDS,
    ) -> None:
        place = url.removeprefix(_SCHEME)
        if place in {url, ""}:
            # what follows the scheme may hold a password
            raise RecordsError(
                f"{url.partition(':')[0]}: is no SQLite file.",
                f"Records are kept in SQLite: {_SCHEME}PATH.",
            )
        self.path = Path(place).absolute()
        self.clock = clock
        self._busy_seconds = busy_seconds
        self.is_read_only = self.path.exists() and not (
            os.access(self.path, os.W_OK) and os.access(self.path.parent, os.W_OK)
        )
        self._next_checkpoint = _CHECKPOINT_BYTES
        self._warned = False
        self._engine = self._make_engine()
        _open_databases.add(self)

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent view for the length of the block.

        Raises:
            RecordsError: The file cannot be read.
        """
        engine = self._frozen if self._lacks_room() else self._engine
        with self.explained(), engine.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction that holds the write lock; an error undoes all of it.

        Raises:
            RecordsError: The lock is not to be had in time, or the file cannot be written.
        """
        if self.is_read_only:
            raise RecordsError(
                f"{self.path} may not be written to.",
                "Allow writing in its folder, or set VISIONLOOM_HOME to another one.",
            )
        with self.explained(), self._writer.begin() as connection:
            yield connection
        self._keep_log_short()

    @contextlib.contextmanager
    def migration(self) -> Iterator[Connection]:
        """A transaction in which tables may be made anew; references are checked at its end.

        Raises:
            RecordsError: The lock is not to be had in time, or rows are left without what they
                refer to.
        """
        with self.explained(), self._writer.connect() as connection:
            driver: Any = connection.connection.driver_connection
            # dropping a table would empty those that refer to it; a transaction ignores the setting
            driver.execute("PRAGMA foreign_keys=OFF").close()
            try:
                with connection.begin():
                    yield connection
                    lost = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
                    if lost is not None:
                        raise RecordsError(f"{self.path}: rows of {lost[0]} refer to nothing.")
            finally:
                driver.execute("PRAGMA foreign_keys=ON").close()

    def connect(self, busy_seconds: float | None = None) -> sqlite3.Connection:
        """A plain connection, set up as all are."""
        return self._connect(self._busy_seconds if busy_seconds is None else busy_seconds)

    def _connect(self, wait: float, *, frozen: bool = False) -> sqlite3.Connection:
        uri = self.path.as_uri()
        if self.is_read_only:
            # without a log to read there is nothing to share, and nothing must be created
            log = self._log_bytes()
            uri += "?mode=ro" if log else "?mode=ro&immutable=1"
        elif frozen:
            uri += "?mode=ro&immutable=1"
        connection = sqlite3.connect(
            uri, uri=True, timeout=wait, isolation_level=None, check_same_thread=False
        )
        for setting in (
            "foreign_keys=ON",
            "synchronous=FULL",
            "trusted_schema=OFF",
            f"cache_size=-{_CACHE_KIB}",
            # see `checkpoint`
            "wal_autocheckpoint=0",
            f"journal_size_limit={_KEPT_LOG_BYTES}",
            *(("fullfsync=1", "checkpoint_fullfsync=1") if sys.platform == "darwin" else ()),
        ):
            connection.execute(f"PRAGMA {setting}").close()
        return connection

    @property
    def is_on_network(self) -> bool:
        """Whether the file is where processes cannot share memory, which a log needs."""
        return is_network_file_system(self.path)

    def choose_journal(self) -> None:
        """Keep a write-ahead log, or a plain journal on a network file system."""
        mode = "DELETE" if self.is_on_network else "WAL"
        with self.explained(), contextlib.closing(self.connect()) as connection:
            connection.execute(f"PRAGMA journal_mode={mode}").close()

    def checkpoint(self) -> None:
        """Move the write-ahead log's content to the main file, as far as readers allow.

        Done while holding the write lock, through a second connection: up to 3.51.2 SQLite can lose
        a commit that restarts the log at the moment a checkpoint begins. For the same reason SQLite
        does none by itself. Does nothing while another one writes.
        """
        with (
            contextlib.suppress(sqlite3.OperationalError),
            contextlib.closing(self.connect(0.0)) as holder,
            contextlib.closing(self.connect(0.0)) as mover,
        ):
            holder.execute("BEGIN IMMEDIATE")
            mover.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            holder.execute("ROLLBACK")

    def problem(self) -> str:
        """Empty when every page of the file is sound; else what is wrong."""
        try:
            with self.read() as connection:
                found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
        except RecordsError as error:
            return error.message
        return "" if found == "ok" else f"{self.path} is damaged: {found}"

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    @contextlib.contextmanager
    def explained(self) -> Iterator[None]:
        """Turn errors of the database into ours."""
        try:
            yield
        except json.JSONDecodeError as error:
            raise RecordsError(f"{self.path} is damaged: {error}.", REBUILD) from error
        except (exc.DBAPIError, sqlite3.DatabaseError) as error:
            cause = error.orig if isinstance(error, exc.DBAPIError) else error
            explanation = self._explain(cause)
            if explanation is None:
                raise
            raise explanation from error

    def _explain(self, cause: BaseException | None) -> RecordsError | None:
        match _code_of(cause):
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                return RecordsError(
                    f"{self.path} is busy: another process has been writing to it for more than "
                    f"{self._busy_seconds:g} seconds.",
                    "Try again; end the process that holds it if it hangs.",
                )
            case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
                return RecordsError(f"{self.path} is damaged: {cause}.", REBUILD)
            case sqlite3.SQLITE_FULL:
                return RecordsError(
                    f"The disk is full: {self.path} could not be written.",
                    "Free some space and try again.",
                )
            case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_IOERR:
                return RecordsError(
                    f"{self.path} could not be opened or written: {cause}.",
                    "Check the folder, or set VISIONLOOM_HOME to another one.",
                )
        if "decode to UTF-8" in str(cause):
            return RecordsError(f"{self.path} is damaged: {cause}.", REBUILD)
        return None

    def _make_engine(self) -> Engine:
        engine = sqlalchemy.create_engine(
            "sqlite://",
            creator=self.connect,
            poolclass=sqlalchemy.QueuePool,
            json_serializer=_to_json,
        )
        event.listen(engine, "begin", _begin)
        # not kept: such a connection sees no later change
        self._frozen = sqlalchemy.create_engine(
            "sqlite://",
            creator=lambda: self._connect(0.0, frozen=True),
            poolclass=sqlalchemy.NullPool,
        )
        self._writer = engine.execution_options(visionloom_begin="BEGIN IMMEDIATE")
        return engine

    def _leave_to_the_parent(self) -> None:
        _left_to_the_parent.extend((self._engine, self._writer))
        self._engine = self._make_engine()

    def _keep_log_short(self) -> None:
        size = self._log_bytes()
        if size < _CHECKPOINT_BYTES:
            self._next_checkpoint = _CHECKPOINT_BYTES
        elif size >= self._next_checkpoint:
            self._next_checkpoint = size + _CHECKPOINT_BYTES
            self.checkpoint()
        if size > _LONG_LOG_BYTES and not self._warned:
            self._warned = True
            _log.warning(
                "%s-wal has grown to %d MiB: a process has been reading the records for long.",
                self.path, size // 1024**2,
            )  # fmt: skip

    def _lacks_room(self) -> bool:
        """Whether the disk has no room for the memory that readers and writers of a log share.

        Nobody can be writing then, and without a log the file itself says all.
        """
        with contextlib.suppress(OSError):
            if Path(f"{self.path}-shm").stat().st_size >= _SHARED_BYTES:
                return False
        with contextlib.suppress(OSError):
            full = free_bytes(self.path.parent) < 2 * _SHARED_BYTES
            return full and self._log_bytes() == 0 and self.path.exists()
        return False

    def _log_bytes(self) -> int:
        try:
            return Path(f"{self.path}-wal").stat().st_size
        except OSError:
            return 0


def is_full(error: RecordsError) -> bool:
    """Whether the disk has no room for a change."""
    return _code_of(error.__cause__) == sqlite3.SQLITE_FULL


def _code_of(error: BaseException | None) -> int:
    """SQLite's primary result code of an error; 0 when there is none."""
    cause = error.orig if isinstance(error, exc.DBAPIError) else error
    return int(getattr(cause, "sqlite_errorcode", 0)) & 0xFF


def _begin(connection: Connection) -> None:
    options: dict[str, Any] = dict(connection.get_execution_options())
    connection.exec_driver_sql(options.get("visionloom_begin", "BEGIN"))


def _to_json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _after_fork() -> None:
    for database in list(_open_databases):
        database._leave_to_the_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
