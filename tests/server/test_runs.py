"""Runs over HTTP: real trainings of a minute's pipeline, planned, run, looked at, compared."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.conftest import picture
from tests.server.conftest import PORT, browser
from visionloom.artifacts.tables import read_parquet
from visionloom.engine.collect import collect
from visionloom.records.rows import RUN_ENDS
from visionloom.server.desk import Desk, open_desk
from visionloom.server.models.runs import RunChoice
from visionloom.server.plans import plan_file, run_file
from visionloom.settings import Settings
from visionloom.spec.layout import Layout, Note, write_layout
from visionloom.workspace import Workspace


@dataclass
class Ran:
    """A home with runs."""

    desk: Desk
    file: Path
    first: str
    second: str


def wait_for_end(desk: Desk, run: str, seconds: float = 120) -> str:
    """Wait until a run has ended; returns its state."""
    until = time.monotonic() + seconds
    while (row := desk.workspace.records.get_run(run)).state not in RUN_ENDS:
        assert time.monotonic() < until, f"{run} is {row.state}"
        time.sleep(0.05)
    return row.state


def canonical(folder: Path, photos: Path) -> Path:
    """The nine steps, small, as a file."""
    import visionloom as vl

    with vl.Pipeline("Cats and dogs", folder=folder) as made:
        source = made.data("photos", photos)
        images = vl.convert_to_image_directory(source, step="convert")
        first, second = vl.split_image_directory(images, fraction=0.7, step="split")
        transformation = vl.init_image_transformation(
            resize=True, size=36, crop_size=32, step="transformation"
        )
        seen = vl.apply_image_transformation(
            transformation, first, mode="For training", step="apply_training"
        )
        held_out = vl.apply_image_transformation(
            transformation, second, mode="For inference", step="apply_validation"
        )
        start = vl.resnet(model_name="resnet18", pretrained=False, step="model")
        model = vl.train_pytorch_model(
            start, seen, held_out, step="train", epochs=2, batch_size=4, learning_rate=0.01
        )
        scores = vl.score_image_model(model, second, step="score")
        made.output("evaluation", vl.evaluate_model(scores, step="evaluate"))
    file = folder / "cats.yml"
    made.to_yaml(file)
    return file


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """Two trainings of one draft that differ in the learning rate."""
    folder = tmp_path_factory.mktemp("runs")
    for index, label in enumerate(("cat", "dog")):
        (folder / "photos" / label).mkdir(parents=True)
        for number in range(10):
            image = picture((40, 32), seed=100 * index + number, tint=index)
            image.save(folder / "photos" / label / f"{label}_{number:02d}.png")
    workspace = Workspace(Settings(home=folder / "home", offline=True))
    desk = open_desk(workspace, port=PORT)
    file = canonical(folder, folder / "photos")
    write_layout(file, Layout({"train": (40, 80)}, (Note("look here", 5, 6),)))
    first = run_file(desk, file, RunChoice(), draft="draft-1", name="Cats")
    assert wait_for_end(desk, first) == "succeeded"
    file.write_text(file.read_text().replace("learning_rate: 0.01", "learning_rate: 0.02"))
    second = run_file(desk, file, RunChoice(), draft="draft-1", name="Cats")
    assert wait_for_end(desk, second) == "succeeded"
    yield Ran(desk, file, first, second)
    workspace.records.close()


@pytest.fixture
def client(ran: Ran) -> Iterator[TestClient]:
    """A browser that is signed in there."""
    with browser(ran.desk) as opened:
        yield opened


def got(client: TestClient, path: str, **query: Any) -> Any:
    """The answer to a question."""
    answer = client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_plan_says_what_runs_and_what_is_reused_and_is_quick(ran: Ran) -> None:
    plan_file(ran.desk, ran.file, RunChoice(), revision=3)
    began = time.perf_counter()
    plan = plan_file(ran.desk, ran.file, RunChoice(), revision=3)
    assert time.perf_counter() - began < 0.5
    assert (plan.revision, plan.run, plan.reuse, plan.seconds) == (3, 0, 9, 0.0)
    again = plan_file(ran.desk, ran.file, RunChoice(start_from="train"), revision=3)
    assert (again.run, again.reuse) == (3, 6)
    assert again.seconds is not None
    assert again.seconds > 0
    assert {step.step: step.action for step in again.steps}["train"] == "run"
    assert next(s for s in again.steps if s.step == "train").reasons[0].kind == "forced"


def test_a_pipeline_with_faults_is_answered_with_them(ran: Ran, tmp_path: Path) -> None:
    file = tmp_path / "bad.yml"
    text = ran.file.read_text().replace("epochs: 2", "epochs: -2")
    file.write_text(text.replace("path: photos", f"path: {ran.file.parent / 'photos'}"))
    plan = plan_file(ran.desk, file, RunChoice(), revision=1)
    assert plan.steps == []
    (problem,) = [problem for problem in plan.problems if problem.severity == "error"]
    assert (problem.step, problem.name) == ("train", "epochs")


def test_runs_are_listed_and_found(ran: Ran, client: TestClient) -> None:
    page = got(client, "/api/runs")
    assert [run["id"] for run in page["runs"]][-2:] == [ran.second, ran.first]
    newest = page["runs"][-2]
    assert (newest["name"], newest["draft"], newest["state"]) == ("Cats", "draft-1", "succeeded")
    assert (newest["steps"], newest["done"], newest["waiting"]) == (9, 9, "")
    assert newest["figures"]["train_loss"] > 0
    assert got(client, "/api/runs", limit=1, draft="draft-1")["more"]
    older = got(client, "/api/runs", before=ran.second)["runs"]
    assert [run["id"] for run in older] == [ran.first]
    assert got(client, "/api/runs", draft="another")["runs"] == []
    assert len(got(client, "/api/runs", search="CATS", state="succeeded")["runs"]) >= 2
    assert got(client, "/api/runs", search="100%")["runs"] == []
    assert client.get("/api/runs", params={"state": "asleep"}).status_code == 422


def test_a_run_shows_its_frozen_pipeline_and_how_each_step_fared(
    ran: Ran, client: TestClient
) -> None:
    run = got(client, f"/api/runs/{ran.second}")
    assert "learning_rate: 0.02" in run["text"]
    drawn = {step["name"]: step["position"] for step in run["graph"]["steps"]}
    assert len(drawn) == 9
    assert drawn["train"] == {"x": 40, "y": 80}
    assert [note["text"] for note in run["graph"]["notes"]] == ["look here"]
    steps = {step["name"]: step for step in run["steps"]}
    assert steps["convert"]["state"] == "reused"
    assert steps["convert"]["source"] == ran.first
    train = steps["train"]
    assert train["state"] == "succeeded"
    assert train["trains"]
    assert not steps["score"]["trains"]
    assert train["decision"]["reasons"] == [
        {"kind": "parameter", "name": "learning_rate", "old": "0.01", "new": "0.02"}
    ]
    assert [attempt["state"] for attempt in train["attempts"]] == ["succeeded"]
    (output,) = train["outputs"]
    assert output["type"] == "ModelDirectory"
    assert ran.desk.workspace.store.path(output["artifact"]).is_dir()
    assert run["journal"] == {}
    lines = got(client, f"/api/runs/{ran.second}/journal")
    assert lines[-1]["seq"] == run["sequence"]
    assert lines[-1]["kind"] == "run"
    after = got(client, f"/api/runs/{ran.second}/journal", after=run["sequence"] - 2)
    assert [line["seq"] for line in after] == [run["sequence"] - 1, run["sequence"]]
    assert client.get("/api/runs/nothing").status_code == 404


def test_the_curve_of_a_training_has_its_best_epoch_also_where_it_is_reused(
    ran: Ran, client: TestClient
) -> None:
    curve = got(client, f"/api/runs/{ran.first}/curve")
    assert curve["step"] == "train"
    assert curve["names"][0] == "epoch"
    assert [row[0] for row in curve["rows"]] == [1, 2]
    assert curve["best_epoch"] in (1, 2)
    assert curve["monitored"] == "valid_loss"
    assert curve["stopped_because"]
    assert got(client, f"/api/runs/{ran.first}/curve", step="convert")["rows"] == []
    assert client.get(f"/api/runs/{ran.first}/curve?step=no").status_code == 404
    third = run_file(ran.desk, ran.file, RunChoice(), draft="draft-1", name="Cats")
    assert wait_for_end(ran.desk, third) == "succeeded"
    mine = got(client, f"/api/runs/{third}/curve")
    assert mine == got(client, f"/api/runs/{ran.second}/curve")
    (summary,) = [r for r in got(client, "/api/runs")["runs"] if r["id"] == third]
    assert summary["figures"]["train_loss"] > 0
    assert client.delete(f"/api/runs/{third}").status_code == 204
    assert client.get(f"/api/runs/{third}").status_code == 404


def test_logs_are_paged_and_searched(ran: Ran, client: TestClient) -> None:
    whole = got(client, f"/api/runs/{ran.first}/log", step="train")
    assert whole["total"] == len(whole["lines"]) > 2
    found = got(client, f"/api/runs/{ran.first}/log", step="train", search="BEST EPOCH")
    assert found["total"] == 1
    assert found["lines"][0] in whole["lines"]
    page = got(client, f"/api/runs/{ran.first}/log", step="train", offset=1, limit=2)
    assert page["lines"] == whole["lines"][1:3]
    assert page["total"] == whole["total"]
    printed = got(client, f"/api/runs/{ran.first}/log", step="train", output=True)
    assert {line["level"] for line in printed["lines"]} == {"output"}


def test_two_runs_are_compared_picture_by_picture(ran: Ran, client: TestClient) -> None:
    both = got(client, "/api/compare", first=ran.first, second=ran.second)
    assert {"subject": "parameter", "step": "train", "name": "learning_rate"}.items() <= both[
        "differences"
    ][0].items()
    names = {pair["name"] for pair in both["metrics"]}
    assert {"train_loss", "valid_loss", "evaluation accuracy"} <= names
    assert not {"epoch", "learning_rate", "seconds"} & names
    # the figures are those of the epoch whose weights the model has
    for which, curve in zip(("first", "second"), both["curves"], strict=True):
        rows = [dict(zip(curve["names"], row, strict=True)) for row in curve["rows"]]
        best = next(row for row in rows if row["epoch"] == curve["best_epoch"])
        told = {pair["name"]: pair[which] for pair in both["metrics"]}
        assert told["valid_loss"] == best["valid_loss"]
    verdict = both["verdict"]
    assert both["why_no_verdict"] == ""
    assert verdict["second"] - verdict["first"] == pytest.approx(verdict["difference"])
    assert "of 6" in verdict["sentence"]
    assert [len(curve["rows"]) for curve in both["curves"]] == [2, 2]
    same = got(client, "/api/compare", first=ran.first, second=ran.first)
    assert same["differences"] == []
    assert same["verdict"]["difference"] == 0


def test_without_scores_it_is_said_why_there_is_no_verdict(ran: Ran, client: TestClient) -> None:
    part = run_file(ran.desk, ran.file, RunChoice(up_to="split"), draft="", name="")
    assert wait_for_end(ran.desk, part) == "succeeded"
    both = got(client, "/api/compare", first=ran.first, second=part)
    assert both["verdict"] is None
    assert both["why_no_verdict"] == f"Run {part} scored no pictures."
    assert both["curves"][1] is None


def test_a_note_stays_and_an_ended_run_refuses_politely(ran: Ran, client: TestClient) -> None:
    noted = client.put(f"/api/runs/{ran.first}/note", json={"text": "the first"})
    assert noted.json()["note"] == "the first"
    assert got(client, "/api/runs", search="the first")["runs"][0]["id"] == ran.first
    for body in ({}, {"how": "kill"}, {"how": "finish"}, {"step": "train"}):
        refused = client.post(f"/api/runs/{ran.first}/cancel", json=body)
        assert refused.status_code == 409
        assert "succeeded already" in refused.json()["message"]
    assert client.post(f"/api/runs/{ran.first}/resume", json={}).status_code == 409


def some_photos(shared_data: Path, target: Path, count: int = 4) -> Path:
    """A folder with a few real photos."""
    target.mkdir()
    found = sorted((shared_data / "flowers17_5").rglob("*.jpg"))[:count]
    for number, photo in enumerate(found):
        shutil.copy(photo, target / f"{number}{photo.suffix}")
    return target


def test_a_training_becomes_a_pipeline_that_scores_real_photos(
    ran: Ran, client: TestClient, shared_data: Path, tmp_path: Path
) -> None:
    made = client.post(f"/api/runs/{ran.second}/scoring", json={})
    assert made.status_code == 201, made.text
    removed = {d["step"] for d in made.json()["differences"] if d["subject"] == "step"}
    assert {"split", "train", "evaluate"} <= removed
    draft = ran.desk.drafts.get(made.json()["draft"])
    text = draft.now().content.text
    assert "../../models/" in text
    plan = plan_file(ran.desk, draft.file, RunChoice(), revision=1)
    assert any("photos" in problem.message for problem in plan.problems), "they are to be chosen"
    photos = some_photos(shared_data, tmp_path / "new")
    workspace = ran.desk.workspace
    collect(workspace.records, workspace.store, older_than_days=0, dry_run=False)
    choice = RunChoice(values={"photos": str(photos)})
    run = run_file(ran.desk, draft.file, choice, draft=draft.id, name="Scores")
    assert wait_for_end(ran.desk, run) == "succeeded"
    (output,) = ran.desk.workspace.records.outputs(run, "score")
    table = read_parquet(ran.desk.workspace.store.path(output.object) / "scores.parquet")
    assert sorted(table["file"]) == [f"{number}.jpg" for number in range(4)]
    assert set(table["scored_label"]) <= {"cat", "dog"}
    assert client.post(f"/api/runs/{run}/scoring", json={}).status_code == 409


def test_a_run_is_edited_as_its_own_draft_or_as_a_new_one(ran: Ran, client: TestClient) -> None:
    named = client.post("/api/drafts", json={"run": ran.second, "name": "Another try"})
    assert (named.status_code, named.json()["name"]) == (201, "Another try")
    assert client.post("/api/drafts", json={"run": ran.second}).json()["id"] != named.json()["id"]
    new = client.post(f"/api/runs/{ran.second}/draft", json={})
    assert new.status_code == 201, new.text
    state = new.json()
    assert len(state["graph"]["steps"]) == 9
    assert [p for p in state["problems"] if p["severity"] == "error"] == []
    own = ran.desk.drafts.get(state["id"])
    run = run_file(ran.desk, own.file, RunChoice(up_to="split"), draft=own.id, name="Own")
    assert wait_for_end(ran.desk, run) == "succeeded"
    again = client.post(f"/api/runs/{run}/draft", json={}).json()
    assert again["id"] == own.id
    assert got(client, "/api/runs", draft=own.id)["runs"][0]["id"] == run
    assert ran.desk.workspace.records.newest_of_drafts()[own.id] == run


def test_a_training_is_stopped_alone_gone_on_with_and_ended_with_its_best(
    ran: Ran, client: TestClient, tmp_path: Path
) -> None:
    file = ran.file.with_name("long.yml")
    text = ran.file.read_text().replace("epochs: 2", "epochs: 3000")
    file.write_text(text.replace("fraction: 0.7", "fraction: 0.6"))
    run = run_file(ran.desk, file, RunChoice(), draft="", name="Long")
    early = client.post(f"/api/runs/{run}/cancel", json={"how": "finish", "step": "train"})
    assert early.status_code == 409, "it has no model yet"
    await_epochs(client, run)
    view = got(client, f"/api/runs/{run}")
    assert "train" in view["journal"]
    assert view["journal"]["train"]["kind"] == "progress"
    assert client.delete(f"/api/runs/{run}").status_code == 409
    assert client.post(f"/api/runs/{run}/cancel", json={"step": "no"}).status_code == 404
    for _ in range(2):
        asked = client.post(f"/api/runs/{run}/cancel", json={"step": "train"})
        assert asked.status_code in {202, 409}, asked.text
    assert wait_for_end(ran.desk, run) == "interrupted"
    states = {s["name"]: s["state"] for s in got(client, f"/api/runs/{run}")["steps"]}
    assert (states["train"], states["score"]) == ("interrupted", "skipped")
    resumed = client.post(f"/api/runs/{run}/resume", json={}).json()["run"]
    await_epochs(client, resumed)
    finished = client.post(f"/api/runs/{resumed}/cancel", json={"how": "finish"})
    assert finished.status_code == 202, finished.text
    assert wait_for_end(ran.desk, resumed) == "succeeded"
    curve = got(client, f"/api/runs/{resumed}/curve")
    assert curve["stopped_because"] == "finished on request"
    assert 1 <= len(curve["rows"]) < 3000
    plan = plan_file(ran.desk, file, RunChoice(), revision=1)
    actions = {step.step: step.action for step in plan.steps}
    assert (actions["apply_training"], actions["train"]) == ("reuse", "run")


def await_epochs(client: TestClient, run: str) -> None:
    """Wait until a training has finished an epoch."""
    until = time.monotonic() + 60
    while not got(client, f"/api/runs/{run}/curve")["rows"]:
        assert time.monotonic() < until
        time.sleep(0.1)


def test_the_command_line_writes_the_scoring_pipeline_and_refuses_politely(
    ran: Ran, shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISIONLOOM_HOME", str(ran.desk.workspace.settings.home))
    file = tmp_path / "scoring.yml"
    made = visionloom("runs", "scoring", ran.first, "--out", file)
    assert made.returncode == 0, made.stderr
    assert "photos=FOLDER" in made.stdout
    assert "labelled: 'no'" in file.read_text()
    assert visionloom("runs", "scoring", ran.first, "--out", file).returncode == 2
    photos = some_photos(shared_data, tmp_path / "new", 2)
    done = visionloom("run", file, "--set", f"photos={photos}")
    assert done.returncode == 0, done.stderr
    table = read_parquet(tmp_path / "scoring-scores" / "scores.parquet")
    assert sorted(table["file"]) == ["0.jpg", "1.jpg"]
    refused = visionloom("runs", "finish", ran.first)
    assert refused.returncode == 2
    assert "succeeded already" in refused.stderr


def visionloom(*words: object) -> subprocess.CompletedProcess[str]:
    """What the command says."""
    command = [str(Path(sys.executable).parent / "visionloom"), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
