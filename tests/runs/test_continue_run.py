"""A run that ended is gone on with: finished steps, forced ones, and states of others."""

from __future__ import annotations

from pathlib import Path

import pytest

import visionloom as vl
from visionloom.engine.reuse import Decision, Reason
from visionloom.records.rows import RunRow, StepRow
from visionloom.runs import pipeline_run
from visionloom.runs.pipeline_run import RunRequest, continue_run, prepare_pipeline, submit
from visionloom.runs.python_pipeline import Pipeline
from visionloom.workspace import Workspace


def small(tmp_path: Path) -> Pipeline:
    with vl.Pipeline("small", folder=tmp_path) as made:
        vl.init_image_transformation(step="transformation")
    assert isinstance(made, Pipeline)
    return made


def test_what_was_to_be_made_anew_is_when_the_earlier_run_did_not_come_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = small(tmp_path)
    made.run()
    monkeypatch.setattr(pipeline_run, "start_supervisor", lambda *_: None)
    workspace = Workspace()
    assert prepare_pipeline(workspace, made.pipeline, RunRequest()).nothing_runs
    stopped = submit(prepare_pipeline(workspace, made.pipeline, RunRequest(no_reuse=True)))
    workspace.records.move_run(stopped, "cancelled")
    again = continue_run(workspace, workspace.records.get_run(stopped))
    assert again.request.anew == ("transformation",)
    assert again.decisions["transformation"].reasons == (Reason("forced"),)


def test_a_state_is_taken_along_to_where_the_step_looks_for_it(home: Path) -> None:
    workspace = Workspace()
    old, new = "1" * 64, "2" * 64
    parts = {"inputs": {"a": "b"}, "environment": {"threads": 1}}
    row = StepRow("r", "train", 0, "train", "1", key=old, parts=parts)
    workspace.records.create_run(RunRow("r", "r"), [row])
    state = home / "scratch" / old
    state.mkdir(parents=True)
    (state / "checkpoint").write_text("x")
    now = Decision("run", (Reason("first"),), new, {**parts, "environment": {"threads": 2}})
    run = workspace.records.get_run("r")
    assert pipeline_run._take_states_along(workspace, run, {"train": now}) == ("train",)
    # a step whose result is no source of reuse has a state of its own run
    assert (home / "scratch" / f"{new}.r" / "checkpoint").is_file()
    assert not state.exists()
    other = Decision("run", (Reason("first"),), "3" * 64, {"inputs": {"a": "c"}})
    assert pipeline_run._take_states_along(workspace, run, {"train": other}) == ()


def test_a_state_is_taken_along_exactly_when_only_more_epochs_are_asked_for(home: Path) -> None:
    workspace = Workspace()
    old, new = "1" * 64, "2" * 64
    parts = {"parameters": {"epochs": 3, "more_epochs": 0}, "environment": {"threads": 1}}
    row = StepRow("r", "train", 0, "train", "1", key=old, parts=parts)
    workspace.records.create_run(RunRow("r", "r"), [row])
    state = home / "scratch" / old
    state.mkdir(parents=True)
    (state / "checkpoint").write_text("x")
    more = {**parts, "parameters": {"epochs": 3, "more_epochs": 2}}
    now = Decision("run", (Reason("first"),), new, more)
    run = workspace.records.get_run("r")
    assert pipeline_run._take_states_along(workspace, run, {"train": now}) == (), "it is exact"
    assert (home / "scratch" / new / "checkpoint").is_file()
    longer = {**parts, "parameters": {"epochs": 4, "more_epochs": 0}}
    other = Decision("run", (Reason("first"),), "3" * 64, longer)
    pipeline_run._take_states_along(workspace, run, {"train": other})
    assert not (home / "scratch" / ("3" * 64)).exists(), "another recipe"


def test_parameters_that_are_another_value_from_now_on_are_in_the_new_run_s_pipeline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = small(tmp_path)
    monkeypatch.setattr(pipeline_run, "start_supervisor", lambda *_: None)
    workspace = Workspace()
    stopped = submit(prepare_pipeline(workspace, made.pipeline, RunRequest(no_reuse=True)))
    workspace.records.move_run(stopped, "cancelled")
    run = workspace.records.get_run(stopped)
    again = continue_run(workspace, run, changes={"transformation": {"size": 40}})
    assert again.pipeline.steps[0].parameters["size"] == 40
    assert "size: 40" in again.text
    assert continue_run(workspace, run, changes={"transformation": {}}).text == run.pipeline


def test_inputs_that_changed_since_are_named() -> None:
    before = {"inputs": {"images": "a"}, "files": {"weights": "w"}}
    row = StepRow("r", "train", 0, "train", "1", key="1" * 64, parts=before)
    for now, named in (
        ({"inputs": {"images": "b"}, "files": {"weights": "w"}}, [("train", "images")]),
        (before, []),
    ):
        decision = Decision("run", (Reason("first"),), "2" * 64, now)
        assert pipeline_run.changed_data([row], {"train": decision}) == named
