"""Brings a database to the schema of this program: made whole when new, migrated when old.

A migration runs under a lock file, after a backup, in one transaction: the file has the old schema
or the new one, never something between.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy

from visionloom.artifacts.atomic import new_file, sync_folder
from visionloom.errors import RecordsError
from visionloom.records.database import REBUILD, Database
from visionloom.records.tables import HEAD, metadata

_MIGRATIONS = Path(__file__).parent / "migrations"
_VERSION_TABLE = "alembic_version"
_LOCK_SECONDS = 60.0


@dataclass(frozen=True)
class Schema:
    """Which schema is wanted.

    Attributes:
        head: Its version.
        folders: Where the migrations are.
    """

    head: str = HEAD
    folders: tuple[Path, ...] = (_MIGRATIONS / "versions",)


def prepare(database: Database, schema: Schema | None = None) -> None:
    """Make the tables, or migrate them; does nothing when they are as wanted.

    Raises:
        RecordsError: A newer schema, another program's file, a damaged file, or no permission.
    """
    wanted = schema or Schema()
    if database.path.exists():
        if database.is_on_network and not database.is_read_only:
            database.choose_journal()
        if _version(database, wanted) == wanted.head:
            return
    if database.is_read_only:
        raise RecordsError(
            f"{database.path} must be brought up to date and may not be written to.",
            "Allow writing in its folder.",
        )
    with alone(database):
        database.choose_journal()
        found = _version(database, wanted)
        if found is None:
            _create(database)
        elif found != wanted.head:
            _migrate(database, found, wanted)


def _version(database: Database, schema: Schema) -> str | None:
    """Version of the schema; None for a file without tables."""
    with database.read() as connection:
        tables = set(sqlalchemy.inspect(connection).get_table_names())
        if not tables:
            return None
        if _VERSION_TABLE not in tables:
            raise RecordsError(
                f"{database.path} is a database of another program.",
                "Move it away, or set VISIONLOOM_HOME to another folder.",
            )
        found = connection.exec_driver_sql(f"SELECT version_num FROM {_VERSION_TABLE}").scalar()  # noqa: S608
    if not isinstance(found, str) or not found.isdecimal():
        raise RecordsError(f"{database.path} is damaged: its version is missing.", REBUILD)
    if found > schema.head:
        raise RecordsError(
            f"{database.path} has version {found} of the records; this program knows versions up "
            f"to {schema.head}.",
            "Update Visionloom, or set VISIONLOOM_HOME to another folder.",
        )
    return found


@contextlib.contextmanager
def alone(database: Database) -> Iterator[None]:
    """Keep other processes from making, migrating or replacing the file.

    Raises:
        RecordsError: One does so for more than a minute, or the folder cannot be written to.
    """
    import filelock

    lock = filelock.FileLock(f"{database.path}.lock", timeout=_LOCK_SECONDS)
    try:
        database.path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except filelock.Timeout as error:
        raise RecordsError(
            f"{database.path} is being brought up to date by another process.", "Try again."
        ) from error
    except (OSError, NotImplementedError) as error:
        raise RecordsError(
            f"{database.path.parent} cannot be written to: {error}.",
            "Allow writing in it, or set VISIONLOOM_HOME to another folder.",
        ) from error
    try:
        yield
    finally:
        lock.release()


def _create(database: Database) -> None:
    with database.write() as connection:
        metadata.create_all(connection, checkfirst=False)
        connection.exec_driver_sql(
            f"CREATE TABLE {_VERSION_TABLE} (version_num VARCHAR(32) NOT NULL, "
            f"CONSTRAINT {_VERSION_TABLE}_pkc PRIMARY KEY (version_num))"
        )
        connection.exec_driver_sql(f"INSERT INTO {_VERSION_TABLE} VALUES ('{HEAD}')")  # noqa: S608
    database.checkpoint()  # the tables have their room, also when the disk is full later
    sync_folder(database.path.parent)


def _migrate(database: Database, found: str, schema: Schema) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    for option, value in {
        "script_location": str(_MIGRATIONS),
        "path_separator": "os",
        "version_locations": os.pathsep.join(map(str, schema.folders)),
    }.items():
        # the file format of this configuration gives % a meaning
        config.set_main_option(option, value.replace("%", "%%"))
    with database.migration() as connection:
        _back_up(database, found)
        config.attributes["connection"] = connection
        command.upgrade(config, schema.head)


def _back_up(database: Database, version: str) -> Path:
    """Copy the database beside itself; called while nobody can write."""
    target = database.path.with_name(f"{database.path.name}.{version}.backup")
    with (
        new_file(target) as temporary,
        contextlib.closing(database.connect()) as source,
        contextlib.closing(sqlite3.connect(temporary)) as copy,
    ):
        source.backup(copy)
        # a file without a log beside it, which may be copied as it is
        copy.execute("PRAGMA journal_mode=DELETE")
    return target
