"""Runs are found, listed, held by one supervisor at a time, and end once."""

from __future__ import annotations

import pytest

from tests.records.work import ME, OTHER, finished_run, new_run, reusing_run, succeed
from visionloom.errors import LeaseLostError, RunStateError
from visionloom.records.recorder import Recorder
from visionloom.records.rows import AttemptRow, MetricPoint, RunRow, StepRow


def test_a_run_comes_back_as_it_was_written(recorder: Recorder) -> None:
    run = RunRow(
        "20261125-1", "flowers", kind="train", created=5.0, pipeline="type: pipeline",
        pipeline_digest="ab", file="/f.yml", options={"set": {"epochs": 3}}, folder="/runs/1",
        parent="20261124-9", note="first", host={"cores": 2},
    )  # fmt: skip
    step = StepRow("20261125-1", "train", 0, "train", "1", reason="no slot", target="cpu")
    recorder.create_run(run, [step])
    assert recorder.get_run("20261125-1") == run
    assert recorder.steps("20261125-1") == [step]


def test_a_second_run_of_the_same_id_is_refused(recorder: Recorder) -> None:
    recorder.create_run(RunRow("a", "flowers"), [])
    with pytest.raises(RunStateError, match="is a run a already"):
        recorder.create_run(RunRow("a", "flowers"), [])


def test_a_run_is_found_by_the_beginning_of_its_id_and_as_the_last(recorder: Recorder) -> None:
    for run in ("20261125-1", "20261125-12", "20261126-1"):
        recorder.create_run(RunRow(run, "flowers"), [])
    assert recorder.find_run("20261126").id == "20261126-1"
    assert recorder.find_run("20261125-1").id == "20261125-1"
    assert recorder.find_run("last").id == "20261126-1"
    with pytest.raises(RunStateError, match="may be several runs: 20261125-12, 20261125-1"):
        recorder.find_run("20261125")
    with pytest.raises(RunStateError, match="no run %"):
        recorder.find_run("%")
    with pytest.raises(RunStateError, match="no run nothing"):
        recorder.get_run("nothing")


def test_without_runs_there_is_no_last_one(recorder: Recorder) -> None:
    with pytest.raises(RunStateError, match="no run yet"):
        recorder.find_run("last")


def test_lists_are_newest_first_in_pages_by_state_and_kind_without_the_text(
    recorder: Recorder,
) -> None:
    # the clock may have been put back between two runs: the order of creation counts
    for number, run in enumerate(("c", "a", "b", "d")):
        kind = "train" if number % 2 else "pipeline"
        recorder.create_run(RunRow(run, "n", kind=kind, created=100.0 - number, pipeline="t"), [])
    recorder.move_run("a", "cancelled")
    assert [run.id for run in recorder.list_runs()] == ["d", "b", "a", "c"]
    assert [run.id for run in recorder.list_runs(limit=2)] == ["d", "b"]
    assert [run.id for run in recorder.list_runs(limit=2, before="b")] == ["a", "c"]
    assert [run.id for run in recorder.list_runs(state="cancelled")] == ["a"]
    assert [run.id for run in recorder.list_runs(kind="pipeline")] == ["b", "c"]
    assert {run.pipeline for run in recorder.list_runs()} == {""}
    assert [run.id for run in recorder.open_runs()] == ["c", "b", "d"]


def test_a_held_run_is_refused_naming_the_holder_unless_it_is_taken_over(
    recorder: Recorder,
) -> None:
    recorder.create_run(RunRow("a", "n"), [])
    assert recorder.acquire("a", ME, 30.0) == 1
    with pytest.raises(RunStateError, match="process 100 on here"):
        recorder.acquire("a", OTHER, 30.0)
    assert recorder.acquire("a", OTHER, 60.0, take_over=True) == 2
    run = recorder.get_run("a")
    assert (run.supervisor, run.fence, run.lease_until) == (OTHER, 2, 60.0)
    recorder.move_run("a", "lost")
    with pytest.raises(RunStateError, match="has ended: lost"):
        recorder.acquire("a", ME, 30.0, take_over=True)


def test_who_lost_a_run_can_change_nothing_any_more(recorder: Recorder) -> None:
    old = new_run(recorder, "a")
    recorder.start_attempt(AttemptRow("a", "train", 1), fence=old)
    new = recorder.acquire("a", OTHER, 60.0, take_over=True)
    before = (recorder.get_run("a"), recorder.steps("a"), recorder.events("a"))
    for change in (
        lambda: recorder.renew("a", old, 90.0),
        lambda: recorder.move_run("a", "failed", fence=old),
        lambda: recorder.move_step("a", "train", "failed", fence=old),
        lambda: recorder.set_process("a", "train", 1, ME, fence=old),
        lambda: recorder.end_attempt("a", "train", 1, "failed", fence=old),
        lambda: recorder.commit_step("a", "train", 1, [], result=None, seconds=1, fence=old),
        lambda: recorder.take_slots("cpu", 2, 1, "a", "train", fence=old),
    ):
        with pytest.raises(LeaseLostError, match="taken over by another supervisor"):
            change()
    assert (recorder.get_run("a"), recorder.steps("a"), recorder.events("a")) == before
    assert recorder.renew("a", new, 90.0) == ""


def test_a_request_to_cancel_reaches_the_supervisor_and_is_not_softened(
    recorder: Recorder,
) -> None:
    fence = new_run(recorder, "a")
    assert recorder.request_cancel("a")
    assert recorder.renew("a", fence, 60.0) == "cancel"
    assert recorder.request_cancel("a", "kill")
    assert recorder.request_cancel("a")
    assert recorder.renew("a", fence, 60.0) == "kill"
    recorder.move_run("a", "cancelled", fence=fence)
    assert not recorder.request_cancel("a")


@pytest.mark.parametrize("end", ["succeeded", "failed", "cancelled", "interrupted", "lost"])
def test_an_end_state_never_changes(recorder: Recorder, end: str) -> None:
    fence = new_run(recorder, "a", "train")
    recorder.move_step("a", "train", "skipped", fence=fence)
    assert recorder.move_run("a", end, "why", fence=fence)  # type: ignore[arg-type]
    before = (recorder.get_run("a"), recorder.steps("a"), recorder.events("a"))
    for other in ("queued", "running", "succeeded", "failed", "cancelled", "interrupted", "lost"):
        assert not recorder.move_run("a", other, fence=fence)
        assert not recorder.move_step("a", "train", other, fence=fence)
    assert (recorder.get_run("a"), recorder.steps("a"), recorder.events("a")) == before


def test_a_run_that_ends_leaves_no_step_open_no_slot_taken_and_nothing_pinned(
    recorder: Recorder,
) -> None:
    fence = new_run(recorder, "a", "train", "score")
    recorder.take_slots("cpu", 2, 1, "a", "train", fence=fence)
    recorder.start_attempt(AttemptRow("a", "train", 1), fence=fence)
    recorder.pin("a", ["o9"])
    assert not recorder.move_run("a", "succeeded", fence=fence), "a step is running"
    assert recorder.move_run("a", "interrupted", "Ctrl-C", fence=fence)
    assert [(s.state, s.reason) for s in recorder.steps("a")] == [
        ("interrupted", "the run was interrupted"),
        ("skipped", "the run was interrupted"),
    ]
    assert [a.state for a in recorder.attempts("a")] == ["interrupted"]
    assert recorder.slots("cpu") == []
    assert recorder.known_objects() == set()


def test_every_change_is_an_event_in_order(recorder: Recorder) -> None:
    fence = new_run(recorder, "a")
    succeed(recorder, "a", fence)
    recorder.move_run("a", "succeeded", fence=fence)
    events = recorder.events("a")
    assert [(e.kind, e.step, e.old, e.new) for e in events] == [
        ("run", "", "", "queued"),
        ("supervisor", "", "", "process 100, fence 1"),
        ("run", "", "queued", "running"),
        ("step", "train", "queued", "running"),
        ("step", "train", "running", "succeeded"),
        ("run", "", "running", "succeeded"),
    ]
    assert recorder.events("a", after=events[3].sequence) == events[4:]


def test_a_note_is_kept(recorder: Recorder) -> None:
    recorder.create_run(RunRow("a", "n"), [])
    recorder.note("a", "with the new lamp")
    assert recorder.get_run("a").note == "with the new lamp"


def test_only_a_run_that_has_ended_can_be_deleted(recorder: Recorder) -> None:
    fence = new_run(recorder, "a")
    with pytest.raises(RunStateError, match="Run a is running"):
        recorder.delete_run("a")
    recorder.move_run("a", "failed", fence=fence)
    recorder.delete_run("a")
    assert recorder.list_runs() == []
    assert recorder.steps("a") == []
    assert recorder.events("a") == []


def test_what_a_deleted_run_made_stays_reusable_as_long_as_another_run_reused_it(
    recorder: Recorder,
) -> None:
    finished_run(recorder, "a")
    assert reusing_run(recorder, "b")
    assert reusing_run(recorder, "c")
    for deleted, heir in (("a", "c"), ("c", "b")):
        recorder.delete_run(deleted)
        found = recorder.results(["k1"])["k1"]
        assert (found.run, found.outputs["model"].object, found.parts) == (
            heir,
            "o1",
            {"epochs": 5},
        )
        assert recorder.sweepable(float("inf")) == {}
    recorder.delete_run("b")
    assert recorder.results(["k1"]) == {}
    assert recorder.sweepable(float("inf")) == {"o1": 10}


def test_the_figures_of_a_deleted_run_stay_with_the_run_that_has_its_result(
    recorder: Recorder,
) -> None:
    finished_run(recorder, "a")
    recorder.add_metrics([MetricPoint("a", "train", epoch, "loss", 0.5) for epoch in (1, 2)])
    assert reusing_run(recorder, "b")
    assert reusing_run(recorder, "c")
    recorder.delete_run("a")
    assert recorder.results(["k1"])["k1"].run == "c"
    assert [point.index for point in recorder.curve("c", "train", "loss")] == [1, 2]
    assert recorder.last_metrics(["c"]) == {"c": {"loss": 0.5}}
