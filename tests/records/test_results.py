"""Earlier results are found by key, the nearest one to compare with, and times to expect."""

from __future__ import annotations

import pytest

from tests.records.work import finished_run, new_run, succeed
from visionloom.records.recorder import Recorder
from visionloom.records.rows import MetricPoint, RunRow, StepRow


def test_of_several_results_of_a_key_the_newest_is_found(recorder: Recorder) -> None:
    finished_run(recorder, "b", object_id="o1")
    finished_run(recorder, "a", object_id="o2")
    assert recorder.results(["k1"])["k1"].run == "a"
    recorder.delete_run("a")
    assert recorder.results(["k1"])["k1"].run == "b"


def test_more_keys_than_fit_in_one_statement_are_found(recorder: Recorder) -> None:
    finished_run(recorder, "a")
    keys = [f"x{number}" for number in range(2000)]
    assert set(recorder.results([*keys, "k1", "k1"])) == {"k1"}


def test_a_forgotten_result_is_not_found_and_its_run_stays_as_it_was(recorder: Recorder) -> None:
    finished_run(recorder, "a")
    recorder.forget_result("k1")
    assert recorder.results(["k1"]) == {}
    assert len(recorder.outputs("a")) == 1


def test_the_nearest_result_is_of_the_same_step_and_pipeline_else_of_the_component(
    recorder: Recorder,
) -> None:
    finished_run(recorder, "a", key="k1", name="flowers")
    finished_run(recorder, "b", key="k2", name="dogs")
    found = recorder.nearest("train", "train", "flowers")
    assert found is not None
    assert (found.run, found.parts) == ("a", {"epochs": 5})
    elsewhere = recorder.nearest("train", "other step", "birds")
    assert elsewhere is not None
    assert elsewhere.run == "b"
    assert recorder.nearest("score", "score", "flowers") is None


def test_the_time_to_expect_is_the_median_of_the_newest_five_successes(
    recorder: Recorder,
) -> None:
    assert recorder.expected_seconds("train", "train") is None
    for number, seconds in enumerate((900.0, 900.0, 1.0, 2.0, 3.0, 4.0, 50.0)):
        fence = new_run(recorder, f"r{number}")
        succeed(recorder, f"r{number}", fence, key=f"k{number}", seconds=seconds)
    assert recorder.expected_seconds("train", "train") == 3.0
    assert recorder.expected_seconds("train", "another name") == 3.0
    assert recorder.expected_seconds("score", "train") is None


def test_curves_and_the_newest_figures(recorder: Recorder) -> None:
    recorder.create_run(
        RunRow("a", "n"), [StepRow("a", s, i, "c", "1") for i, s in enumerate(("fit", "test"))]
    )
    points = [MetricPoint("a", "fit", epoch, "loss", 1 / epoch) for epoch in (1, 2, 3)]
    recorder.add_metrics(points)
    assert recorder.curve("a", "fit", "loss") == points
    # a step that goes on from its checkpoint reports an epoch again
    recorder.add_metrics(
        [
            MetricPoint("a", "fit", 2, "loss", 0.4),
            MetricPoint("a", "fit", 3, "loss", float("nan")),
            MetricPoint("a", "test", 0, "accuracy", 0.9),
        ]
    )
    values = [point.value for point in recorder.curve("a", "fit", "loss")]
    assert values == [1.0, 0.4, None]
    assert recorder.last_metrics(["a", "b"]) == {"a": {"loss": None, "accuracy": 0.9}, "b": {}}
    recorder.add_metrics([MetricPoint("a", "fit", 1, "loss", 7.0)])
    assert recorder.last_metrics(["a"])["a"]["loss"] is None, "an old epoch is not the newest"
    assert recorder.metric_names("a") == [("fit", "loss"), ("test", "accuracy")]
    assert recorder.curve("a", "fit", "nothing") == []


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan"), None])
def test_a_figure_that_is_not_finite_is_none(recorder: Recorder, value: float | None) -> None:
    recorder.create_run(RunRow("a", "n"), [StepRow("a", "fit", 0, "c", "1")])
    recorder.add_metrics([MetricPoint("a", "fit", 0, "loss", value)])
    assert recorder.curve("a", "fit", "loss")[0].value is None
