"""A database is made whole, migrated whole after a backup, or refused: never something between."""

from __future__ import annotations

import contextlib
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from tests.records.work import finished_run, reusing_run, url
from visionloom.errors import RecordsError
from visionloom.records import schema
from visionloom.records.database import Database
from visionloom.records.recorder import open_records
from visionloom.records.tables import HEAD, metadata

LATER = Path(__file__).parent / "later_migrations"
NEXT = schema.Schema("0002", (*schema.Schema().folders, LATER))

# ends without cleaning up before the N-th statement; exits with 0 when there were fewer
_KILLED = """
import os, sys
import sqlalchemy
from sqlalchemy import event
from tests.records.test_migrations import NEXT
from visionloom.records import schema
from visionloom.records.database import Database

path, left, which = sys.argv[1], int(sys.argv[2]), sys.argv[3]

@event.listens_for(sqlalchemy.Engine, "before_cursor_execute")
@event.listens_for(sqlalchemy.Engine, "commit")
def count(*_):
    global left
    left -= 1
    if left == 0:
        os._exit(9)

schema.prepare(Database(f"sqlite:///{path}"), NEXT if which == "next" else None)
"""


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
        version = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        names = [name for name in tables if not name.startswith(("ix_", "sqlite_", "alembic"))]
        rows = {n: connection.execute(f"SELECT * FROM {n} ORDER BY 1, 2").fetchall() for n in names}
    return {"version": version[0], "tables": tables, "rows": rows}


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A database of the first version with two runs."""
    path = tmp_path / "r.sqlite"
    with open_records(url(path)) as recorder:
        finished_run(recorder, "a")
        assert reusing_run(recorder, "b")
        recorder.note("a", "a note")
    return path


def test_the_migrations_from_nothing_and_the_tables_made_whole_are_the_same(
    tmp_path: Path,
) -> None:
    engine = sqlalchemy.create_engine(url(tmp_path / "migrated.sqlite"))
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]
    open_records(url(tmp_path / "made.sqlite")).close()
    assert described(tmp_path / "made.sqlite") == described(tmp_path / "migrated.sqlite")


def test_every_constraint_and_index_has_a_name_in_lower_case() -> None:
    for table in metadata.tables.values():
        names = [str(item.name) for item in table.constraints]
        names += [str(item.name) for item in table.indexes]
        assert all(name != "None" and name == name.lower() for name in names)


def test_a_migration_keeps_the_rows_and_leaves_a_backup(old: Path) -> None:
    before = described(old)
    with contextlib.closing(Database(url(old))) as database:
        schema.prepare(database, NEXT)
    after = described(old)
    assert after["version"] == "0002"
    assert {n: r for n, r in after["rows"].items() if n not in {"runs", "owners"}} == {
        n: r for n, r in before["rows"].items() if n != "runs"
    }
    assert [row[:3] for row in after["rows"]["runs"]] == [row[:3] for row in before["rows"]["runs"]]
    backup = old.with_name("r.sqlite.0001.backup")
    assert described(backup) == before
    assert not Path(f"{backup}-wal").exists()


def test_a_migration_that_leaves_rows_without_what_they_refer_to_is_undone(
    old: Path, tmp_path: Path
) -> None:
    text = (LATER / "v0002.py").read_text()
    (tmp_path / "v0002.py").write_text(
        text.replace("UPDATE runs SET reason = 'moved'", "DELETE FROM runs")
    )
    before = described(old)
    broken = schema.Schema("0002", (*schema.Schema().folders, tmp_path))
    with (
        contextlib.closing(Database(url(old))) as database,
        pytest.raises(RecordsError, match="refer to nothing"),
    ):
        schema.prepare(database, broken)
    assert described(old) == before


def test_r20_a_newer_database_is_refused_naming_both_versions_and_left_alone(old: Path) -> None:
    with contextlib.closing(Database(url(old))) as database:
        schema.prepare(database, NEXT)
    before = old.read_bytes()
    with pytest.raises(RecordsError, match=r"has version 0002 .* up to 0001\. Update Visionloom"):
        open_records(url(old))
    assert old.read_bytes() == before


def run_and_kill(path: Path, statement: int, which: str) -> bool:
    """Whether the process was killed, and did not run through before."""
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, str(path), str(statement), which],
        cwd=Path(__file__).parents[2], check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode in {0, 9}, done.stderr
    return done.returncode == 9


@pytest.mark.slow
def test_r20_killed_at_any_statement_a_migration_leaves_the_old_schema_or_the_new(
    old: Path, tmp_path: Path
) -> None:
    kill_at_every_statement(old, tmp_path, step=1)


def test_r20_killed_at_some_statements_a_migration_leaves_the_old_schema_or_the_new(
    old: Path, tmp_path: Path
) -> None:
    kill_at_every_statement(old, tmp_path, step=23)


def kill_at_every_statement(old: Path, tmp_path: Path, step: int) -> None:
    before = described(old)
    wanted = tmp_path / "wanted.sqlite"
    shutil.copy(old, wanted)
    assert not run_and_kill(wanted, 10_000, "next")
    after = described(wanted)
    copy = tmp_path / "copy.sqlite"
    for statement in range(1, 1000, step):
        shutil.copy(old, copy)
        killed = run_and_kill(copy, statement, "next")
        assert described(copy) in (before, after)
        if not killed:
            break
        assert not run_and_kill(copy, 10_000, "next"), "the next one runs through"
        assert described(copy) == after
    assert statement > 20


def test_r20_killed_while_it_is_made_a_database_is_whole_or_made_again(tmp_path: Path) -> None:
    path = tmp_path / "r.sqlite"
    for statement in range(1, 1000, 9):
        path.unlink(missing_ok=True)
        if not run_and_kill(path, statement, "first"):
            break
        with open_records(url(path)) as recorder:
            finished_run(recorder, "a")
            assert recorder.get_run("a").state == "succeeded"
    assert described(path)["version"] == HEAD


def test_two_processes_that_open_at_once_make_it_once(tmp_path: Path) -> None:
    program = (
        "import sys; from visionloom.records.recorder import open_records as o; o(sys.argv[1])"
    )
    arguments = [sys.executable, "-c", program, url(tmp_path / "r.sqlite")]
    processes = [subprocess.Popen(arguments) for _ in range(4)]
    assert [process.wait(60) for process in processes] == [0, 0, 0, 0]
    assert described(tmp_path / "r.sqlite")["version"] == HEAD
