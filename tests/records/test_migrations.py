"""A database is made whole, migrated whole after a backup, or refused: never something between."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from tests.records.killing import LATER, NEXT, described
from tests.records.work import finished_run, reusing_run, url
from visionloom.errors import RecordsError
from visionloom.records import schema
from visionloom.records.database import Database
from visionloom.records.recorder import open_records
from visionloom.records.tables import HEAD, metadata


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
    assert after["version"] == "0003"
    assert {n: r for n, r in after["rows"].items() if n not in {"runs", "owners"}} == {
        n: r for n, r in before["rows"].items() if n != "runs"
    }
    assert [row[:3] for row in after["rows"]["runs"]] == [row[:3] for row in before["rows"]["runs"]]
    backup = old.with_name("r.sqlite.0002.backup")
    assert described(backup) == before
    assert not Path(f"{backup}-wal").exists()


def test_records_of_the_first_version_are_brought_up_with_their_rows(tmp_path: Path) -> None:
    path = tmp_path / "first.sqlite"
    engine = sqlalchemy.create_engine(url(path))
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql(
            "INSERT INTO runs (id, state, created, options, host) "
            "VALUES ('a', 'running', 1.0, '{}', '{}')"
        )
        connection.exec_driver_sql(
            "INSERT INTO steps (run, name, position, state, parts, decision) "
            "VALUES ('a', 'train', 0, 'running', '{}', '{}')"
        )
    engine.dispose()
    with open_records(url(path)) as recorder:
        (step,) = recorder.steps("a")
        assert (step.name, step.state, step.asked) == ("train", "running", "")
        assert recorder.ask_step("a", "train", "finish")
        assert recorder.asked("a") == {"train": "finish"}
    assert Path(f"{path}.0001.backup").exists()


def test_a_migration_that_leaves_rows_without_what_they_refer_to_is_undone(
    old: Path, tmp_path: Path
) -> None:
    text = (LATER / "v0003.py").read_text()
    (tmp_path / "v0003.py").write_text(
        text.replace("UPDATE runs SET reason = 'moved'", "DELETE FROM runs")
    )
    before = described(old)
    broken = schema.Schema("0003", (*schema.Schema().folders, tmp_path))
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
    with pytest.raises(RecordsError, match=r"has version 0003 .* up to 0002\. Update Visionloom"):
        open_records(url(old))
    assert old.read_bytes() == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.parametrize("which", ["next", "first"])
def test_r20_killed_at_any_statement_it_has_the_old_schema_or_the_new(
    old: Path, memory_folder: Path, which: str
) -> None:
    if which == "next":
        shutil.copy(old, memory_folder)
    done = subprocess.run(
        [sys.executable, "-m", "tests.records.killing", str(memory_folder), which],
        cwd=Path(__file__).parents[2], check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 25


def test_two_processes_that_open_at_once_make_it_once(tmp_path: Path) -> None:
    program = (
        "import sys; from visionloom.records.recorder import open_records as o; o(sys.argv[1])"
    )
    arguments = [sys.executable, "-c", program, url(tmp_path / "r.sqlite")]
    processes = [subprocess.Popen(arguments) for _ in range(4)]
    assert [process.wait(60) for process in processes] == [0, 0, 0, 0]
    assert described(tmp_path / "r.sqlite")["version"] == HEAD
