"""Faults under a step: memory runs out, its input changes, the disk of its results is full."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.engine.harness import Bench, step
from tests.engine.work import write_note
from tests.faults.namespaces import ROOT
from visionloom.artifacts import objects
from visionloom.artifacts.atomic import remove_tree
from visionloom.artifacts.objects import ObjectStore, StoredObject
from visionloom.artifacts.room import disk_full

_GROUPS = Path("/sys/fs/cgroup/memory")


@pytest.fixture
def bench(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    # this tree's own source, also where it is a copy
    monkeypatch.setenv("PYTHONPATH", f"{ROOT / 'src'}{os.pathsep}{ROOT}")
    made = Bench(home)
    yield made
    made.close()


def test_a_step_that_may_have_no_more_memory_fails_for_that_and_others_go_on(
    bench: Bench,
) -> None:
    """R15, by a limit on its address space."""
    run = bench.submit(
        step("greedy", how="ask too much"),
        step("modest", text="1", seconds=0.5),
        continue_on_step_failure=True,
    )
    bench.supervisor(run).run()
    assert bench.states(run) == {"greedy": "failed", "modest": "succeeded"}
    row = bench.step(run, "greedy")
    assert row.reason.startswith("out of memory: The step ran out of memory")
    (told, *_) = [line["error"] for line in bench.journal(run) if "error" in line]
    assert "smaller batch" in told["remedy"]
    bench.check()


@pytest.fixture
def group(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A group of processes that may have 64 MiB together, and no swap."""
    made = _GROUPS / f"visionloom-test-{secrets.token_hex(4)}"
    try:
        made.mkdir()
        (made / "memory.limit_in_bytes").write_text(str(64 << 20))
    except OSError as error:
        pytest.skip(f"this machine permits no memory group of ours: {error.strerror}")
    monkeypatch.setenv("VISIONLOOM_TEST_GROUP", str(made))
    yield made
    with suppress(OSError):
        made.rmdir()


def test_a_step_that_the_kernel_ends_for_lack_of_memory_fails_for_that(
    bench: Bench, group: Path
) -> None:
    """R15, by a memory group."""
    run = bench.carry_out(step("greedy", how="fill its group"))
    assert run.state == "failed"
    assert bench.step(run, "greedy").reason.startswith("out of memory")
    assert all((a.peak_bytes or 0) > 10 << 20 for a in bench.recorder.attempts(run.id))
    bench.check(run)


def _edit(data: Path) -> None:
    (data / "text").write_text("other!")


def _replace(data: Path) -> None:
    remove_tree(data)
    write_note(data, "after")


CHANGES: dict[str, Callable[[Path], None]] = {
    "edited": _edit, "replaced": _replace, "deleted": remove_tree,
}  # fmt: skip


@pytest.mark.parametrize("how", CHANGES)
def test_an_input_that_changes_while_it_is_read_is_named_and_the_result_not_reused(
    bench: Bench, tmp_path: Path, how: str
) -> None:
    """R21."""
    data = tmp_path / "data"
    write_note(data, "before")
    run = bench.submit(step("read", before=str(data), seconds=0.5))

    def change() -> None:
        bench.await_step(run, "read", "running")
        CHANGES[how](data)

    changer = threading.Thread(target=change)
    changer.start()
    bench.supervisor(run).run()
    changer.join()
    assert bench.states(run) == {"read": "failed"}
    assert str(data) in bench.run(run.id).reason
    remove_tree(data)
    write_note(data, "before")
    again = bench.carry_out(step("read", before=str(data)))
    assert bench.states(again) == {"read": "succeeded"}, "nothing was there to reuse"


def test_publishing_waits_for_room_says_so_and_goes_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R4."""
    room = threading.Event()
    publish = ObjectStore.publish

    def without_room(store: ObjectStore, folder: Path) -> StoredObject:
        if not room.is_set():
            raise disk_full(store.root, 5 << 20)
        return publish(store, folder)

    monkeypatch.setattr(objects.ObjectStore, "publish", without_room)
    run = bench.submit(step("a", text="1"))
    carried_out = threading.Thread(target=bench.supervisor(run).run)
    carried_out.start()
    wanted = f"waiting: disk full: 5.0 MiB must be free at {bench.store.root}"
    bench.await_that(lambda: bench.step(run, "a").reason == wanted, "it says that it waits")
    assert bench.states(run) == {"a": "running"}
    room.set()
    carried_out.join(20)
    assert bench.states(run) == {"a": "succeeded"}
    assert bench.step(run, "a").reason == ""
    bench.check(run)


def test_a_run_that_waits_for_room_can_be_cancelled(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R4."""

    def without_room(store: ObjectStore, folder: Path) -> StoredObject:
        raise disk_full(store.root)

    monkeypatch.setattr(objects.ObjectStore, "publish", without_room)
    run = bench.submit(step("a", text="1"))
    supervisor = bench.supervisor(run)
    carried_out = threading.Thread(target=supervisor.run)
    carried_out.start()
    bench.await_that(lambda: "disk full" in bench.step(run, "a").reason, "it waits")
    supervisor.ask()
    carried_out.join(20)
    assert bench.run(run.id).state == "cancelled"
    bench.check(run)
