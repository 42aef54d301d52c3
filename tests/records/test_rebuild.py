"""What is in the folders of the runs is enough to make the records again."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from tests.records.work import ME, finished_run, new_run, reusing_run, succeed, url
from visionloom.errors import RecordsError
from visionloom.records.documents import DOCUMENT_NAME
from visionloom.records.rebuild import rebuild_file, run_document
from visionloom.records.recorder import Recorder, open_records
from visionloom.records.rows import AttemptRow, MetricPoint


def write_document(recorder: Recorder, run: str, runs_folder: Path) -> None:
    """What the supervisor does at the end of a run."""
    folder = runs_folder / run
    folder.mkdir(parents=True)
    (folder / DOCUMENT_NAME).write_text(json.dumps(run_document(recorder, run)))


def everything(recorder: Recorder, run: str) -> list[object]:
    """All that is known of a run, but for the numbers of its events."""
    events = [(e.kind, e.step, e.old, e.new, e.reason, e.at) for e in recorder.events(run)]
    curves = [recorder.curve(run, *name) for name in recorder.metric_names(run)]
    return [
        recorder.get_run(run), recorder.steps(run), recorder.attempts(run), recorder.outputs(run),
        events, curves, recorder.last_metrics([run]),
    ]  # fmt: skip


@pytest.fixture
def runs_folder(tmp_path: Path) -> Path:
    """Folders of three runs that ended, made by records that are gone."""
    folder = tmp_path / "runs"
    with open_records(url(tmp_path / "old.sqlite")) as recorder:
        finished_run(recorder, "a", created=30.0)
        assert reusing_run(recorder, "b")
        fence = new_run(recorder, "c", "train", "score", created=10.0)
        recorder.start_attempt(AttemptRow("c", "train", 1, process=ME), fence=fence)
        points = [MetricPoint("c", "train", i, name, i / 2) for i in range(5) for name in "xy"]
        recorder.add_metrics(points)
        recorder.end_attempt("c", "train", 1, "failed", "no memory", exit=-9, fence=fence)
        recorder.move_step("c", "train", "failed", "no memory", fence=fence)
        recorder.move_run("c", "failed", "train: no memory", fence=fence)
        recorder.note("c", "try less")
        for run in "abc":
            write_document(recorder, run, folder)
    return folder


def test_runs_steps_results_events_and_curves_come_back(
    tmp_path: Path, runs_folder: Path, recorder: Recorder
) -> None:
    rebuilt = recorder.rebuild(runs_folder)
    assert rebuilt.runs == ("c", "a", "b"), "in the order in which they were made"
    assert (rebuilt.lost, rebuilt.unreadable) == ((), ())
    with open_records(url(tmp_path / "old.sqlite")) as before:
        for run in "abc":
            assert everything(recorder, run) == everything(before, run)
        found = recorder.results(["k1"])
        assert found == before.results(["k1"])
        assert recorder.expected_seconds("train", "train") == 2.0
    assert reusing_run(recorder, "d")
    recorder.delete_run("a")
    assert recorder.results(["k1"])["k1"].run == "d"


def test_a_second_time_nothing_is_added(runs_folder: Path, recorder: Recorder) -> None:
    recorder.rebuild(runs_folder)
    assert recorder.rebuild(runs_folder).runs == ()


def test_a_run_that_left_no_document_or_a_torn_one_comes_back_as_lost_with_its_pipeline(
    runs_folder: Path, recorder: Recorder
) -> None:
    (runs_folder / "a" / DOCUMENT_NAME).write_text('{"format": 1, "run": {')
    (runs_folder / "a" / "pipeline.yml").write_text("type: pipeline\n")
    (runs_folder / "d").mkdir()
    (runs_folder / "stray file").write_text("x")
    rebuilt = recorder.rebuild(runs_folder)
    assert set(rebuilt.runs) == {"a", "c", "b", "d"}
    assert set(rebuilt.lost) == {"a", "d"}
    assert [line.split(":")[0] for line in rebuilt.unreadable] == [
        str(runs_folder / "a" / DOCUMENT_NAME)
    ]
    run = recorder.get_run("a")
    assert (run.state, run.pipeline) == ("lost", "type: pipeline\n")
    assert run.reason == "the records were lost before it ended"


def test_a_run_that_had_not_ended_comes_back_as_lost(tmp_path: Path, recorder: Recorder) -> None:
    with open_records(url(tmp_path / "old.sqlite")) as old:
        fence = new_run(old, "a", "train", "score")
        old.start_attempt(AttemptRow("a", "train", 1), fence=fence)
        write_document(old, "a", tmp_path / "runs")
    assert recorder.rebuild(tmp_path / "runs").lost == ("a",)
    assert recorder.open_runs() == []
    assert {step.state for step in recorder.steps("a")} == {"lost"}
    assert {attempt.state for attempt in recorder.attempts("a")} == {"lost"}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("run", {"id": "a", "created": 1.0}), ("run", None), ("format", 99), ("steps", [{}]),
        ("steps", 3), ("objects", [{"id": "o1"}]), ("outputs", [{"step": "no", "port": "x"}]),
        ("metrics", [[1]]), ("results", [{"key": "k", "step": "no such step"}]),
        ("run", {"id": "a", "created": 1.0, "surprise": 1}),
    ],
)  # fmt: skip
def test_a_document_that_makes_no_sense_is_named_and_its_run_is_lost(
    runs_folder: Path, recorder: Recorder, key: str, value: object
) -> None:
    path = runs_folder / "a" / DOCUMENT_NAME
    path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))
    rebuilt = recorder.rebuild(runs_folder)
    assert str(path) in rebuilt.unreadable[0]
    assert set(rebuilt.runs) == {"a", "b", "c"}
    assert rebuilt.lost == ("a",)
    assert recorder.get_run("c").note == "try less"


def test_r20_a_damaged_database_is_moved_aside_and_made_again(
    tmp_path: Path, runs_folder: Path
) -> None:
    path = tmp_path / "old.sqlite"
    damaged = bytearray(path.read_bytes())
    damaged[4096:8192] = b"\xa5" * 4096
    path.write_bytes(damaged)
    with pytest.raises(RecordsError, match="damaged"), open_records(url(path)) as recorder:
        recorder.list_runs()
    rebuilt = rebuild_file(url(path), runs_folder)
    assert rebuilt.moved is not None
    assert rebuilt.moved.read_bytes() == damaged
    assert set(rebuilt.runs) == {"a", "b", "c"}
    with open_records(url(path)) as recorder:
        assert recorder.problem() == ""
        assert len(recorder.list_runs()) == 3


def test_a_sound_database_stays_and_gets_what_it_lacks(tmp_path: Path, runs_folder: Path) -> None:
    with open_records(url(tmp_path / "new.sqlite")) as recorder:
        succeed(recorder, "z", new_run(recorder, "z"))
    rebuilt = rebuild_file(url(tmp_path / "new.sqlite"), runs_folder)
    assert rebuilt.moved is None
    with open_records(url(tmp_path / "new.sqlite")) as recorder:
        assert {run.id for run in recorder.list_runs()} == {"a", "b", "c", "z"}


def test_a_missing_database_is_made(tmp_path: Path, runs_folder: Path) -> None:
    assert len(rebuild_file(url(tmp_path / "no" / "new.sqlite"), runs_folder).runs) == 3


def test_where_nothing_can_be_written_it_is_said(tmp_path: Path, runs_folder: Path) -> None:
    (tmp_path / "home").write_text("a file")
    with pytest.raises(RecordsError, match="cannot be written to"):
        rebuild_file(url(tmp_path / "home" / "records.sqlite"), runs_folder)


def test_the_log_of_a_damaged_database_does_not_reach_the_new_one(
    tmp_path: Path, runs_folder: Path
) -> None:
    path = tmp_path / "old.sqlite"
    keeper = sqlite3.connect(path, isolation_level=None)
    keeper.execute("UPDATE runs SET note = 'in the log'")
    path.write_bytes(b"no database at all" * 300)
    rebuilt = rebuild_file(url(path), runs_folder)
    keeper.close()
    assert rebuilt.moved is not None
    with open_records(url(path)) as recorder:
        assert recorder.get_run("c").note == "try less"
