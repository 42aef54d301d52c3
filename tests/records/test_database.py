"""The database waits, explains itself, and keeps its files in order."""

from __future__ import annotations

import contextlib
import os
import random
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy import event

from tests.records.work import ME, finished_run, new_run, reusing_run, url
from visionloom.errors import RecordsError
from visionloom.records.filesystem import is_network_file_system
from visionloom.records.recorder import Recorder, open_records
from visionloom.records.rows import MetricPoint, RunRow, StepRow


@contextlib.contextmanager
def write_lock(path: Path) -> Iterator[sqlite3.Connection]:
    """Another process's writer, as far as SQLite is concerned."""
    with contextlib.closing(
        sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    ) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other


def _printed_by(program: str, *arguments: str) -> str:
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def test_the_recorder_is_imported_without_the_database_library() -> None:
    program = "import sys, visionloom.records.recorder; print('sqlalchemy' in sys.modules)"
    assert _printed_by(program) == "False\n"


def test_records_that_are_up_to_date_open_without_the_migration_library(tmp_path: Path) -> None:
    open_records(url(tmp_path / "r.sqlite")).close()
    program = (
        "import sys; from visionloom.records.recorder import open_records\n"
        "open_records(sys.argv[1]).list_runs()\n"
        "print('alembic' in sys.modules, 'filelock' in sys.modules)"
    )
    assert _printed_by(program, url(tmp_path / "r.sqlite")) == "False False\n"


def test_every_connection_is_set_up_for_safety(recorder: Recorder) -> None:
    with recorder.database.read() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in (
                "journal_mode", "synchronous", "foreign_keys", "trusted_schema", "busy_timeout",
                "wal_autocheckpoint", "mmap_size",
            )
        }  # fmt: skip
    assert found == {
        "journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "trusted_schema": 0,
        "busy_timeout": 10_000, "wal_autocheckpoint": 0, "mmap_size": 0,
    }  # fmt: skip


def test_r19_a_writer_waits_for_another_one(recorder: Recorder) -> None:
    with write_lock(recorder.database.path) as other:
        threading.Timer(0.5, lambda: other.execute("COMMIT")).start()
        recorder.create_run(RunRow("a", "n"), [])
    assert recorder.get_run("a").id == "a"


def test_r19_one_that_waits_too_long_says_so_and_may_try_again(tmp_path: Path) -> None:
    with open_records(url(tmp_path / "r.sqlite"), busy_seconds=0.2) as recorder:
        with write_lock(tmp_path / "r.sqlite"):
            assert recorder.list_runs() == [], "reading goes on"
            with pytest.raises(RecordsError, match=r"is busy: .* for more than 0.2 seconds"):
                recorder.create_run(RunRow("a", "n"), [])
        recorder.create_run(RunRow("a", "n"), [])
        assert [run.id for run in recorder.list_runs()] == ["a"]


def test_r19_the_log_stays_short_and_grows_no_further_than_a_reader_makes_it(
    recorder: Recorder,
) -> None:
    log = Path(f"{recorder.database.path}-wal")
    recorder.create_run(RunRow("a", "n"), [StepRow("a", "fit", 0, "c", "1")])
    draws = random.Random(0)

    def write(count: int) -> int:
        longest = 0
        for _ in range(count):
            recorder.note("a", draws.randbytes(100_000).hex())
            longest = max(longest, log.stat().st_size)
        return longest

    assert write(100) < 6 * 1024**2, "20 MB were written"
    with contextlib.closing(sqlite3.connect(recorder.database.path)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM runs").fetchone() == (1,)
        held = write(60)
    assert held > 10 * 1024**2, "what the reader sees cannot be moved away"
    write(60)
    assert log.stat().st_size < 6 * 1024**2, "after the reader is gone it is short again"


def test_a_very_long_log_is_warned_of(
    recorder: Recorder, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("visionloom.records.database._LONG_LOG_BYTES", 1000)
    recorder.create_run(RunRow("a", "n"), [])
    recorder.note("a", "x")
    assert [r.levelname for r in caplog.records] == ["WARNING"]
    assert "has been reading the records for long" in caplog.text


def test_threads_write_at_the_same_time(recorder: Recorder) -> None:
    recorder.create_run(RunRow("a", "n"), [StepRow("a", "fit", 0, "c", "1")])

    def work(name: str) -> None:
        for index in range(20):
            recorder.add_metrics([MetricPoint("a", "fit", index, name, 1.0)])

    threads = [threading.Thread(target=work, args=(f"m{i}",)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(recorder.curve("a", "fit", f"m{i}")) for i in range(4)] == [20] * 4


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_uses_connections_of_its_own(recorder: Recorder) -> None:
    recorder.create_run(RunRow("a", "n"), [])
    child = os.fork()
    if child == 0:
        status = 1
        with contextlib.suppress(BaseException):
            recorder.note("a", "from the child")
            recorder.close()
            status = 0
        os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    assert recorder.get_run("a").note == "from the child"
    recorder.note("a", "from the parent")


def test_another_kind_of_database_is_refused_without_its_password() -> None:
    with pytest.raises(RecordsError, match="no SQLite file") as caught:
        open_records("postgresql://me:secret@host/records")
    assert "secret" not in str(caught.value)


def test_any_path_may_hold_the_records(tmp_path: Path) -> None:
    path = tmp_path / "odd ?#% näme" / "r.sqlite"
    with open_records(url(path)) as recorder:
        recorder.create_run(RunRow("a", "n"), [])
    assert path.is_file()


def test_a_file_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "r.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE songs (name TEXT)")
    before = path.read_bytes()
    with pytest.raises(RecordsError, match="is a database of another program"):
        open_records(url(path))
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "content", [b"no database at all" * 100, b"SQLite format 3\0" + b"\1" * 600]
)
def test_a_file_that_is_no_database_is_called_damaged_with_the_remedy(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "r.sqlite").write_bytes(content)
    with pytest.raises(RecordsError, match=r"is damaged: .*`visionloom runs rebuild`"):
        open_records(url(tmp_path / "r.sqlite"))


def test_r20_a_corrupted_page_is_called_damaged_and_never_crashes(tmp_path: Path) -> None:
    path = tmp_path / "r.sqlite"
    with open_records(url(path)) as recorder:
        for number in range(30):
            finished_run(recorder, f"r{number}", key=f"k{number}", object_id=f"o{number}")
    sound = path.read_bytes()
    found = 0
    for page in range(len(sound) // 4096):
        damaged = bytearray(sound)
        damaged[page * 4096 : page * 4096 + 200] = b"\xa5" * 200
        path.write_bytes(damaged)
        for part in ("-wal", "-shm"):
            Path(f"{path}{part}").unlink(missing_ok=True)
        found += _reads_or_says_damaged(path)
    assert found > len(sound) // 4096 // 2


def _reads_or_says_damaged(path: Path) -> bool:
    try:
        with open_records(url(path)) as recorder:
            problem = recorder.problem()
            recorder.list_runs()
            recorder.results([f"k{number}" for number in range(30)])
            for number in range(30):
                recorder.events(f"r{number}")
                recorder.outputs(f"r{number}")
    except RecordsError as error:
        return "damaged" in error.message and "visionloom runs rebuild" in error.remedy
    return bool(problem)


def test_r5_records_that_may_not_be_written_to_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with open_records(url(home / "r.sqlite")) as recorder:
        finished_run(recorder, "a")
    before = sorted(path.name for path in home.iterdir())
    home.chmod(0o555)
    # for root, whom modes do not stop
    monkeypatch.setattr("os.access", lambda *_: False)
    try:
        with open_records(url(home / "r.sqlite")) as recorder:
            assert [run.id for run in recorder.list_runs()] == ["a"]
            with pytest.raises(RecordsError, match="may not be written to"):
                recorder.note("a", "x")
        assert sorted(path.name for path in home.iterdir()) == before
    finally:
        home.chmod(0o755)


def test_a_value_that_is_no_json_any_more_is_called_damage(recorder: Recorder) -> None:
    recorder.create_run(RunRow("a", "n"), [])
    with recorder.database.write() as connection:
        connection.exec_driver_sql("UPDATE runs SET options = '{bro'")
    with pytest.raises(RecordsError, match="is damaged"):
        recorder.get_run("a")


def test_a_full_disk_is_named_and_changes_nothing(recorder: Recorder) -> None:
    recorder.create_run(RunRow("a", "n"), [])
    with recorder.database.read() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    with pytest.raises(RecordsError, match="The disk is full"):
        recorder.note("a", "x" * 100_000)
    assert recorder.get_run("a").note == ""


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("/home/me/r.sqlite", False), ("/net/data/r.sqlite", True), ("/mnt/c/r.sqlite", True),
        ("/cloud/r.sqlite", True), ("/net/local/r.sqlite", False), ("/odd name/x/r.sqlite", True),
    ],
)  # fmt: skip
def test_network_file_systems_are_told_from_local_ones(
    tmp_path: Path, place: str, expected: bool
) -> None:
    (tmp_path / "mounts").write_text(
        "/dev/sda / ext4 rw 0 0\nserver:/x /net/data nfs4 rw 0 0\nC: /mnt/c 9p rw 0 0\n"
        "sshfs /cloud fuse.sshfs rw 0 0\ntmpfs /net/local tmpfs rw 0 0\n"
        "//host/x /odd\\040name cifs rw 0 0\n"
    )
    assert is_network_file_system(Path(place), str(tmp_path / "mounts")) == expected


def test_without_a_table_of_mounts_a_disk_is_taken_as_local(tmp_path: Path) -> None:
    assert not is_network_file_system(tmp_path, str(tmp_path / "none"))


def test_on_a_network_file_system_a_journal_replaces_the_shared_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "r.sqlite"
    open_records(url(path)).close()
    monkeypatch.setattr("visionloom.records.database.is_network_file_system", lambda _: True)
    with open_records(url(path)) as recorder:
        finished_run(recorder, "a")
        assert not Path(f"{path}-wal").exists()
        assert recorder.get_run("a").state == "succeeded"


def test_every_question_and_change_is_one_that_postgresql_understands(recorder: Recorder) -> None:
    statements: list[sqlalchemy.sql.ClauseElement] = []

    def keep(_connection: object, element: object, *_: object) -> None:
        if isinstance(element, sqlalchemy.sql.ClauseElement):
            statements.append(element)

    event.listen(sqlalchemy.Engine, "before_execute", keep)
    try:
        finished_run(recorder, "a")
        reusing_run(recorder, "b")
        fence = new_run(recorder, "c", "fit", "test")
        recorder.pin("c", ["o1"])
        recorder.unpin("c")
        recorder.take_slots("cpu", 2, 1, "c", "fit", fence=fence)
        recorder.free_slots("c", "fit")
        recorder.slots("cpu")
        for _ in range(2):
            recorder.add_metrics([MetricPoint("c", "fit", 0, "loss", 1.0)])
        recorder.curve("c", "fit", "loss")
        recorder.last_metrics(["c"])
        recorder.metric_names("c")
        recorder.nearest("train", "train", "flowers")
        recorder.nearest("x", "x", "x")
        recorder.expected_seconds("train", "x")
        recorder.renew("c", fence, 1.0)
        recorder.set_process("c", "fit", 1, ME)
        recorder.request_cancel("c")
        recorder.note("c", "x")
        recorder.find_run("c")
        recorder.list_runs(before="c", state="running", kind="pipeline")
        recorder.open_runs()
        recorder.resumable_keys()
        recorder.known_objects()
        recorder.steps_with_key("k1")
        recorder.attempts("a", "train")
        recorder.delete_run("a")
        recorder.sweepable(1.0)
        recorder.drop_objects(["o1", "o2"])
        recorder.forget_result("k1")
    finally:
        event.remove(sqlalchemy.Engine, "before_execute", keep)
    assert len(statements) > 100
    dialect = sqlalchemy.make_url("postgresql://").get_dialect()()
    for statement in statements:
        statement.compile(dialect=dialect)
