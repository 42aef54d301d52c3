"""Space comes back from what no kept run needs, and never from anything else."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.artifacts.test_objects import make
from tests.records.work import new_run, url
from visionloom.artifacts.objects import ObjectStore, StoredObject
from visionloom.engine.collect import DAY, Collected, collect
from visionloom.engine.reuse import Decision, Reason
from visionloom.errors import RecordsError
from visionloom.records.recorder import Recorder, open_records
from visionloom.records.rows import AttemptRow, OutputRow, ResultRow

_ROOT = Path(__file__).parents[2]


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    """Records in a file."""
    with open_records(url(tmp_path / "records.sqlite")) as opened:
        yield opened


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    """A store beside them."""
    return ObjectStore(tmp_path / "store")


def finish(
    recorder: Recorder, run: str, key: str, stored: StoredObject, state: str, fence: int = 0
) -> None:
    """A run of one step that made an object."""
    fence = fence or new_run(recorder, run)
    recorder.start_attempt(AttemptRow(run, "train", 1), fence=fence)
    made = OutputRow(run, "train", "model", stored.id, stored.digest, stored.type, stored.bytes)
    result = ResultRow(
        key, run, "train", "train", "1", {}, {}, {"model": made}, {stored.id: stored.files}, 1, 0
    )
    assert recorder.commit_step(run, "train", 1, [made], result=result, seconds=1, fence=fence)
    assert recorder.move_run(run, state, fence=fence)  # type: ignore[arg-type]


def reuse(recorder: Recorder, run: str, key: str) -> bool:
    """A run of one step that reuses a result; whether it could."""
    source = recorder.results([key]).get(key)
    fence = new_run(recorder, run)
    decision = Decision("reuse", (Reason("unchanged"),), key)
    could = source is not None and recorder.reuse_step(run, "train", source, decision, fence=fence)
    recorder.move_run(run, "succeeded" if could else "failed", fence=fence)
    return could


def age(path: Path, days: float) -> None:
    """Make a folder and all below look old."""
    then = time.time() - days * DAY
    for part in (path, *path.rglob("*")):
        os.utime(part, (then, then))


def test_objects_of_kept_runs_stay_and_those_of_deleted_ones_go(
    recorder: Recorder, store: ObjectStore, tmp_path: Path
) -> None:
    kept = store.publish(make(tmp_path / "m", "kept"))
    shared = store.publish(make(tmp_path / "m", "shared"))
    dead = store.publish(make(tmp_path / "m", "dead"))
    for run, key, stored in (("a", "k1", kept), ("b", "k2", shared), ("c", "k3", dead)):
        finish(recorder, run, key, stored, "succeeded")
    assert reuse(recorder, "d", "k2")
    recorder.delete_run("b")
    recorder.delete_run("c")
    told = collect(recorder, store, older_than_days=0, dry_run=True)
    assert len(list(store.ids())) == 3
    done = collect(recorder, store, older_than_days=0, dry_run=False)
    assert (told.rows, told.orphans) == (done.rows, done.orphans) == (1, 0)
    assert done.bytes >= told.bytes >= dead.bytes
    assert set(store.ids()) == {kept.id, shared.id}
    assert reuse(recorder, "e", "k1")
    assert reuse(recorder, "f", "k2")
    assert not reuse(recorder, "g", "k3")
    assert collect(recorder, store, older_than_days=0, dry_run=False) == Collected((), 0)


def test_what_was_needed_lately_stays(
    recorder: Recorder, store: ObjectStore, tmp_path: Path
) -> None:
    stored = store.publish(make(tmp_path / "m"))
    finish(recorder, "a", "k1", stored, "succeeded")
    recorder.delete_run("a")
    assert collect(recorder, store, older_than_days=7, dry_run=False).rows == 0
    later = time.time() + 8 * DAY
    assert collect(recorder, store, older_than_days=7, dry_run=False, clock=lambda: later).rows == 1
    assert list(store.ids()) == []


def test_pinned_objects_stay(recorder: Recorder, store: ObjectStore, tmp_path: Path) -> None:
    stored = store.publish(make(tmp_path / "m"))
    orphan = store.publish(make(tmp_path / "m", "orphan"))
    finish(recorder, "a", "k1", stored, "succeeded")
    new_run(recorder, "b")
    recorder.pin("b", [stored.id, orphan.id])
    recorder.delete_run("a")
    age(store.path(orphan.id), 3)
    assert collect(recorder, store, older_than_days=0, dry_run=False) == Collected((), 0)
    recorder.move_run("b", "cancelled")
    done = collect(recorder, store, older_than_days=0, dry_run=False)
    assert (done.rows, done.orphans) == (1, 1)


def test_an_object_without_a_row_goes_after_a_day(
    recorder: Recorder, store: ObjectStore, tmp_path: Path
) -> None:
    young = store.publish(make(tmp_path / "m", "young"))
    old = store.publish(make(tmp_path / "m", "old"))
    age(store.path(old.id), 2)
    assert collect(recorder, store, older_than_days=0, dry_run=False).orphans == 1
    assert list(store.ids()) == [young.id]


def test_an_object_that_is_published_again_before_its_files_go_stays(
    recorder: Recorder, store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = store.publish(make(tmp_path / "m"))
    finish(recorder, "a", "k1", stored, "succeeded")
    recorder.delete_run("a")
    drop = recorder.drop_objects

    def drop_while_another_run_publishes(*arguments: object) -> dict[str, float]:
        dropped = drop(*arguments)  # type: ignore[arg-type]
        store.publish(make(tmp_path / "again"))
        return dropped

    monkeypatch.setattr(recorder, "drop_objects", drop_while_another_run_publishes)
    assert collect(recorder, store, older_than_days=0, dry_run=False).rows == 1
    finish(recorder, "b", "k1", stored, "succeeded")
    assert store.is_whole(stored.id, stored.files) == ""


def test_scratch_goes_with_its_key(recorder: Recorder, store: ObjectStore, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    for key in ("running", "interrupted", "finished", "unknown", "young"):
        (scratch / key).mkdir(parents=True)
        (scratch / key / "checkpoint").write_bytes(b"x" * 100)
        age(scratch / key, 0 if key == "young" else 3)
    (scratch / "running.lock").touch()
    for run, key in (("a", "running"), ("b", "interrupted")):
        fence = new_run(recorder, run)
        recorder.decide(run, "train", Decision("run", (Reason("first"),), key), fence=fence)
        recorder.start_attempt(AttemptRow(run, "train", 1), fence=fence)
    recorder.move_run("b", "interrupted")
    finish(recorder, "c", "finished", store.publish(make(tmp_path / "m")), "succeeded")
    done = collect(recorder, store, older_than_days=0, dry_run=False, scratch=scratch)
    assert done.bytes == 200
    left = {path.name for path in scratch.iterdir()}
    assert left == {"running", "interrupted", "young", "running.lock"}


def test_what_a_run_that_is_gone_was_making_goes_and_what_an_open_one_makes_stays(
    recorder: Recorder, store: ObjectStore, tmp_path: Path
) -> None:
    new_run(recorder, "run-1")
    for name in ("run-1-train-1", "run-2-train-1"):
        make(store.incoming(name) / "model")
        age(store.incoming(name), 3)
    collect(recorder, store, older_than_days=0, dry_run=False)
    assert [path.name for path in (store.root / "incoming").iterdir()] == ["run-1-train-1"]


def test_with_damaged_records_nothing_is_removed(
    recorder: Recorder, store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.publish(make(tmp_path / "m"))
    age(store.root, 9)
    monkeypatch.setattr(recorder, "problem", lambda: "records.sqlite is damaged: page 3.")
    with pytest.raises(RecordsError, match="Nothing was removed"):
        collect(recorder, store, older_than_days=0, dry_run=False)
    assert len(list(store.ids())) == 1


_USER = """
import random, sys, time
from pathlib import Path
from tests.artifacts.test_objects import make
from tests.engine.test_collect import finish, reuse
from tests.records.work import new_run
from visionloom.artifacts.objects import ObjectStore
from visionloom.records.recorder import open_records

folder, name, seconds = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
store = ObjectStore(folder / "store")
end, draws, number, reused = time.monotonic() + seconds, random.Random(name), 0, 0
with open_records(f"sqlite:///{folder / 'records.sqlite'}") as recorder:
    while time.monotonic() < end:
        number += 1
        run, key = f"{name}-{number}", f"k{draws.randrange(3)}"
        found = recorder.results([key]).get(key)
        whole = found is not None and not any(
            store.is_whole(o.object, found.files[o.object]) for o in found.outputs.values()
        )
        if whole and reuse(recorder, run, key):
            reused += 1
        else:
            run = run + "-made"
            fence = new_run(recorder, run)
            made = make(store.incoming(run) / "model", key, by=run)
            stored = store.publish(made, claim=lambda object_id: recorder.pin(run, [object_id]))
            finish(recorder, run, key, stored, "succeeded", fence)
        for output in recorder.outputs(run):
            problem = store.is_whole(output.object, {"a.txt": 2, "deep/b.bin": 200})
            assert problem == "", problem
            store.verify(output.object)
        recorder.delete_run(run)
print(number, reused)
"""

_COLLECTOR = """
import sys
from pathlib import Path
from visionloom.artifacts.objects import ObjectStore
from visionloom.engine.collect import collect
from visionloom.records.recorder import open_records

folder = Path(sys.argv[1])
store, rows = ObjectStore(folder / "store"), 0
with open_records(f"sqlite:///{folder / 'records.sqlite'}") as recorder:
    while not (folder / "stop").exists():
        rows += collect(recorder, store, older_than_days=0, dry_run=False).rows
print(rows)
"""


@pytest.mark.parametrize(
    "seconds", [3, pytest.param(600, marks=[pytest.mark.slow, pytest.mark.timeout(1200)])]
)
def test_r9_no_run_misses_an_object_while_space_is_given_back_all_the_time(
    tmp_path: Path, seconds: int
) -> None:
    def start(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", *arguments]
        return subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True)

    users = [start(_USER, str(tmp_path), name, str(seconds)) for name in ("left", "right")]
    collector = start(_COLLECTOR, str(tmp_path))
    told = [user.communicate(timeout=seconds + 120)[0] for user in users]
    (tmp_path / "stop").touch()
    given_back = collector.communicate(timeout=120)[0]
    assert [process.returncode for process in (*users, collector)] == [0, 0, 0]
    assert int(given_back) > 0, "space was given back"
    for numbers in told:
        runs, reused = map(int, numbers.split())
        assert 0 <= reused < runs, "objects were made and reused"
    with open_records(url(tmp_path / "records.sqlite")) as recorder:
        store = ObjectStore(tmp_path / "store")
        collect(recorder, store, older_than_days=0, dry_run=False)
        later = time.time() + 2 * DAY
        collect(recorder, store, older_than_days=0, dry_run=False, clock=lambda: later)
        assert list(store.ids()) == []
        assert recorder.known_objects() == set()
        assert list((store.root / "incoming").iterdir()) == []
