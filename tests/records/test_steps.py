"""Steps are decided, tried, committed once with all they made, or reuse what is there."""

from __future__ import annotations

import dataclasses

import pytest

from tests.records.work import (
    ME,
    decision,
    finished_run,
    new_run,
    output,
    result,
    reusing_run,
    succeed,
)
from visionloom.errors import RunStateError
from visionloom.records.recorder import Recorder
from visionloom.records.rows import AttemptRow


def test_a_decision_is_kept_with_its_step(recorder: Recorder) -> None:
    fence = new_run(recorder, "a")
    made = decision("k1", epochs=5)
    recorder.decide("a", "train", made, fence=fence)
    (step,) = recorder.steps("a")
    assert (step.key, step.parts, step.decision) == ("k1", {"epochs": 5}, made.to_json())
    assert recorder.steps_with_key("k1", "queued") == [step]


def test_a_step_that_succeeds_counts_with_all_it_made_at_once(recorder: Recorder) -> None:
    fence = new_run(recorder, "a")
    assert recorder.start_attempt(AttemptRow("a", "train", 1), fence=fence)
    recorder.set_process("a", "train", 1, ME, fence=fence)
    made = result("a")
    assert recorder.commit_step(
        "a", "train", 1, [output("a")], result=made, seconds=2.5, peak_bytes=7, fence=fence
    )
    (step,), (attempt,) = recorder.steps("a"), recorder.attempts("a", "train")
    assert (step.state, step.seconds, step.key) == ("succeeded", 2.5, "k1")
    assert (attempt.state, attempt.exit, attempt.peak_bytes) == ("succeeded", 0, 7)
    assert attempt.process == ME
    assert recorder.outputs("a") == [output("a")]
    found = recorder.results(["k1", "k2"])
    assert found == {"k1": dataclasses.replace(made, seconds=2.5, created=found["k1"].created)}


def test_a_second_commit_of_the_same_step_changes_nothing(recorder: Recorder) -> None:
    fence = new_run(recorder, "a")
    succeed(recorder, "a", fence)
    again = recorder.commit_step(
        "a", "train", 1, [output("a", object_id="o2")], result=None, seconds=9, fence=fence
    )
    assert not again
    assert recorder.outputs("a") == [output("a")]


def test_a_step_that_was_cancelled_cannot_be_committed(recorder: Recorder) -> None:
    fence = new_run(recorder, "a")
    recorder.start_attempt(AttemptRow("a", "train", 1), fence=fence)
    assert recorder.move_step("a", "train", "cancelled", fence=fence)
    assert not recorder.commit_step(
        "a", "train", 1, [output("a")], result=result("a"), seconds=1, fence=fence
    )
    assert recorder.outputs("a") == []
    assert recorder.results(["k1"]) == {}
    assert recorder.known_objects() == set()


def test_what_must_not_be_reused_is_no_result(recorder: Recorder) -> None:
    fence = new_run(recorder, "a")
    recorder.start_attempt(AttemptRow("a", "train", 1), fence=fence)
    assert recorder.commit_step("a", "train", 1, [output("a")], result=None, seconds=1, fence=fence)
    assert recorder.results(["k1"]) == {}
    assert recorder.outputs("a") == [output("a")]


def test_a_lost_attempt_is_followed_by_another_one(recorder: Recorder) -> None:
    fence = new_run(recorder, "a")
    recorder.take_slots("cpu", 1, 1, "a", "train", fence=fence)
    recorder.start_attempt(AttemptRow("a", "train", 1), fence=fence)
    assert recorder.end_attempt("a", "train", 1, "lost", "killed", exit=-9, fence=fence)
    assert not recorder.end_attempt("a", "train", 1, "failed", fence=fence)
    assert recorder.move_step("a", "train", "queued", "again", fence=fence)
    assert recorder.slots("cpu") == []
    assert recorder.start_attempt(AttemptRow("a", "train", 2), fence=fence)
    assert not recorder.start_attempt(AttemptRow("a", "train", 3), fence=fence)
    assert [(a.number, a.state, a.reason, a.exit) for a in recorder.attempts("a")] == [
        (1, "lost", "killed", -9),
        (2, "running", "", None),
    ]


def test_an_attempt_left_open_is_closed_with_its_step(recorder: Recorder) -> None:
    fence = new_run(recorder, "a")
    recorder.start_attempt(AttemptRow("a", "train", 1), fence=fence)
    recorder.move_step("a", "train", "queued", "its process is gone", fence=fence)
    assert [(a.state, a.reason) for a in recorder.attempts("a")] == [
        ("lost", "its process is gone")
    ]


def test_the_reason_a_step_waits_for_changes_without_an_event(recorder: Recorder) -> None:
    fence = new_run(recorder, "a")
    before = recorder.events("a")
    assert recorder.move_step("a", "train", "queued", "no slot", fence=fence)
    assert recorder.steps("a")[0].reason == "no slot"
    assert recorder.events("a") == before


def test_an_unknown_step_is_named(recorder: Recorder) -> None:
    new_run(recorder, "a")
    with pytest.raises(RunStateError, match="Run a has no step scor"):
        recorder.move_step("a", "scor", "skipped")


def test_a_step_that_reuses_has_the_outputs_of_its_source(recorder: Recorder) -> None:
    finished_run(recorder, "a")
    assert reusing_run(recorder, "b")
    (step,) = recorder.steps("b")
    assert (step.state, step.source, step.seconds) == ("reused", "a", 2.0)
    assert recorder.outputs("b") == [output("b")]


def test_nothing_is_reused_whose_object_was_swept_since_it_was_looked_up(
    recorder: Recorder,
) -> None:
    finished_run(recorder, "a")
    source = recorder.results(["k1"])["k1"]
    recorder.delete_run("a")
    assert list(recorder.drop_objects(["o1"])) == ["o1"]
    fence = new_run(recorder, "b")
    assert not recorder.reuse_step("b", "train", source, decision("k1"), fence=fence)
    assert recorder.steps("b")[0].state == "queued"
    assert recorder.outputs("b") == []


def test_objects_that_are_needed_or_pinned_are_not_dropped(recorder: Recorder) -> None:
    finished_run(recorder, "a", object_id="o1")
    finished_run(recorder, "b", key="k2", object_id="o2")
    finished_run(recorder, "c", key="k3", object_id="o3")
    new_run(recorder, "d")
    recorder.pin("d", ["o2", "o9"])
    recorder.pin("d", ["o2"])
    recorder.delete_run("b")
    recorder.delete_run("c")
    assert recorder.sweepable(float("inf")) == {"o3": 10}
    assert recorder.sweepable(0.0) == {}
    assert list(recorder.drop_objects(["o1", "o2", "o3", "o4"])) == ["o3"]
    assert recorder.known_objects() == {"o1", "o2", "o9"}
    recorder.unpin("d")
    assert list(recorder.drop_objects(["o1", "o2", "o3"])) == ["o2"]
    with pytest.raises(RunStateError, match="Run a has ended"):
        recorder.pin("a", ["o1"])


def test_scratch_is_of_use_while_its_step_is_open_or_ended_without_a_result(
    recorder: Recorder,
) -> None:
    for run, key in (("a", "k1"), ("b", "k2"), ("c", "k3")):
        fence = new_run(recorder, run)
        recorder.decide(run, "train", decision(key), fence=fence)
        recorder.start_attempt(AttemptRow(run, "train", 1), fence=fence)
    recorder.move_run("b", "interrupted")
    recorder.move_run("c", "failed")
    finished_run(recorder, "d", key="k3")
    assert recorder.resumable_keys() == {"k1", "k2"}


@pytest.mark.parametrize("count", [1, 2])
def test_slots_are_taken_up_to_the_capacity_and_freed_with_the_step(
    recorder: Recorder, count: int
) -> None:
    fence = new_run(recorder, "a", "s1", "s2", "s3")
    capacity = 2 * count
    assert recorder.take_slots("cpu", capacity, count, "a", "s1", fence=fence)
    assert recorder.take_slots("cpu", capacity, count, "a", "s1", fence=fence), "it has them"
    assert recorder.take_slots("cpu", capacity, count, "a", "s2", fence=fence)
    assert not recorder.take_slots("cpu", capacity, count, "a", "s3", fence=fence)
    assert recorder.take_slots("gpu", capacity, count, "a", "s3", fence=fence)
    recorder.move_step("a", "s1", "failed", fence=fence)
    assert recorder.take_slots("cpu", capacity, count, "a", "s3", fence=fence)
    assert recorder.slots("cpu") == [("a", "s2", count), ("a", "s3", count)]
    recorder.free_slots("a")
    assert recorder.slots("cpu") == recorder.slots("gpu") == []
