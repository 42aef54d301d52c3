"""A program that makes or migrates a database and is killed before each statement in turn.

Libraries are loaded once; each try is a forked child.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sqlite3
import sys
from pathlib import Path
from typing import Any

import alembic.command  # noqa: F401 - loaded before the forks
import sqlalchemy
from sqlalchemy import event

from visionloom.records import schema
from visionloom.records.database import Database

LATER = Path(__file__).parent / "later_migrations"
NEXT = schema.Schema("0003", (*schema.Schema().folders, LATER))


def described(path: Path) -> dict[str, Any]:
    """Version, tables and contents of a database, seen by SQLite alone."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        # a table that is made anew may list its constraints in another order
        tables = {
            name: sorted(re.split(r"[\s,()]+", sql or ""))
            for name, sql in connection.execute("SELECT name, sql FROM sqlite_master")
        }
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        if "alembic_version" not in tables:
            return {"version": None, "tables": tables, "rows": {}}
        version = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        names = [name for name in tables if not name.startswith(("ix_", "sqlite_", "alembic"))]
        rows = {n: connection.execute(f"SELECT * FROM {n} ORDER BY 1, 2").fetchall() for n in names}
    return {"version": version[0], "tables": tables, "rows": rows}


def prepare_and_kill(path: Path, statement: int, wanted: schema.Schema) -> bool:
    """Whether a child was killed before its N-th statement, and did not run through."""
    child = os.fork()
    if child == 0:
        left = statement

        def count(*_: object) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                os._exit(9)

        event.listen(sqlalchemy.Engine, "before_cursor_execute", count)
        event.listen(sqlalchemy.Engine, "commit", count)
        status = 1
        with contextlib.suppress(BaseException):
            schema.prepare(Database(f"sqlite:///{path}"), wanted)
            status = 0
        os._exit(status)
    exited = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert exited in {0, 9}
    return exited == 9


def main(folder: Path, wanted: schema.Schema) -> int:
    """How many statements there were, after each of which the database was as it must be.

    Args:
        folder: Holds ``r.sqlite`` where an old database is to be migrated.
        wanted: The schema to come to.
    """
    old, copy = folder / "r.sqlite", folder / "copy.sqlite"

    def start() -> dict[str, Any]:
        for path in folder.glob("copy.sqlite*"):
            path.unlink()
        if old.exists():
            shutil.copy(old, copy)
            return described(copy)
        return {"version": None, "tables": {}, "rows": {}}

    before = start()
    assert not prepare_and_kill(copy, 10_000, wanted)
    after = described(copy)
    for statement in range(1, 1000):
        start()
        if not prepare_and_kill(copy, statement, wanted):
            return statement
        assert not copy.exists() or described(copy) in (before, after), statement
        assert not prepare_and_kill(copy, 10_000, wanted), "the next one runs through"
        assert described(copy) == after, statement
    raise AssertionError


if __name__ == "__main__":
    print(main(Path(sys.argv[1]), NEXT if sys.argv[2] == "next" else schema.Schema()))
