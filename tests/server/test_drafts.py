"""Drafts over HTTP: every edit, undo to the byte, conflicts, beginnings, copies."""

from __future__ import annotations

import copy
import os
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.drafts.conftest import COMMENTED
from tests.server.conftest import browser
from visionloom.engine.targets import load_targets, make_target, save_targets
from visionloom.server.desk import Desk, open_desk
from visionloom.spec.layout import Layout, read_layout
from visionloom.spec.pipeline_file import pipeline_from_text, write_pipeline
from visionloom.workspace import Workspace

CANONICAL = (
    ("convert_to_image_directory", "convert"),
    ("split_image_directory", "split"),
    ("init_image_transformation", "transformation"),
    ("apply_image_transformation", "apply"),
    ("apply_image_transformation", "apply_2"),
    ("densenet", "model"),
    ("train_pytorch_model", "train"),
    ("score_image_model", "score"),
    ("evaluate_model", "evaluate"),
)
WIRES = (
    ("convert", "output_image_directory", "split", "input_image_directory"),
    ("split", "output_image_directory1", "apply", "input_image_directory"),
    ("split", "output_image_directory2", "apply_2", "input_image_directory"),
    ("transformation", "output_image_transformation", "apply", "input_image_transformation"),
    ("transformation", "output_image_transformation", "apply_2", "input_image_transformation"),
    ("model", "untrained_model", "train", "untrained_model"),
    ("apply", "output_image_directory", "train", "training_dataset"),
    ("apply_2", "output_image_directory", "train", "validation_dataset"),
    ("train", "trained_model", "score", "trained_model"),
    ("split", "output_image_directory2", "score", "dataset"),
    ("score", "scored_dataset", "evaluate", "scored_dataset"),
)


class Editor:
    """A tab in which a draft is open."""

    def __init__(self, client: TestClient, **beginning: str) -> None:
        self.client = client
        self.draft: dict[str, Any] = self._taken(client.post("/api/drafts", json=beginning))

    @property
    def text(self) -> str:
        return str(self.draft["text"])

    @property
    def steps(self) -> dict[str, dict[str, Any]]:
        return {step["name"]: step for step in self.draft["graph"]["steps"]}

    def ask(self, action: str, **body: Any) -> Any:
        body = {"base": self.draft["revision"], **body}
        return self.client.post(f"/api/drafts/{self.draft['id']}/{action}", json=body)

    def edit(self, *edits: dict[str, Any], merge: str = "", label: str = "Edit") -> None:
        self.draft = self._taken(self.ask("edits", edits=list(edits), merge=merge, label=label))

    def undo(self) -> None:
        self.draft = self._taken(self.ask("undo"))

    def redo(self) -> None:
        self.draft = self._taken(self.ask("redo"))

    @staticmethod
    def _taken(answer: Any) -> dict[str, Any]:
        assert answer.status_code in {200, 201}, answer.text
        return dict(answer.json())


def build_canonical(editor: Editor) -> None:
    """The nine steps, one edit at a time."""
    for number, (component, name) in enumerate(CANONICAL):
        place = {"x": 100 * number, "y": 50}
        editor.edit({"kind": "add_step", "component": component, "position": place})
        assert editor.draft["graph"]["steps"][-1]["name"] == name
    for from_step, from_port, to_step, to_port in WIRES:
        editor.edit(
            {
                "kind": "connect", "from_step": from_step, "from_port": from_port,
                "to_step": to_step, "to_port": to_port,
            }
        )  # fmt: skip
    editor.edit({"kind": "set_input", "name": "photos", "path": "photos"})
    editor.edit(
        {"kind": "connect_input", "input": "photos", "to_step": "convert",
         "to_port": "input_dataset"}
    )  # fmt: skip
    for step, name, value in (
        ("apply", "mode", "For training"), ("apply_2", "mode", "For inference"),
        ("model", "pretrained", False), ("train", "epochs", 3),
    ):  # fmt: skip
        editor.edit({"kind": "set_parameter", "step": step, "name": name, "value": value})


def test_the_nine_steps_built_by_edits_are_what_the_command_line_writes(
    client: TestClient,
) -> None:
    editor = Editor(client)
    build_canonical(editor)
    file = Path(editor.draft["file"])
    (file.parent / "photos").mkdir()
    read = pipeline_from_text(editor.text, file.parent, file.name)
    assert editor.text == write_pipeline(read.pipeline)
    assert file.read_text() == editor.text
    while editor.draft["undo"] is not None:
        editor.undo()
    assert editor.text == Editor(client).text


def test_a_step_shows_the_values_that_hold_and_its_place(client: TestClient) -> None:
    editor = Editor(client)
    build_canonical(editor)
    train = editor.steps["train"]
    assert train["title"] == "Train PyTorch Model"
    assert train["effective"]["epochs"] == 3
    assert train["effective"]["batch_size"] == 16
    assert train["position"] == {"x": 600, "y": 50}
    assert train["inputs"]["untrained_model"] == {
        "kind": "step", "step": "model", "port": "untrained_model",
    }  # fmt: skip


def test_a_parameter_becomes_an_input_of_the_pipeline_with_the_value_it_has(
    client: TestClient,
) -> None:
    editor = Editor(client, text=COMMENTED)
    editor.edit({"kind": "promote", "step": "split", "name": "random_seed"})
    assert "random_seed: 42\n" in editor.text
    assert editor.steps["split"]["inputs"]["random_seed"] == {
        "kind": "input", "input": "random_seed",
    }  # fmt: skip
    editor.edit({"kind": "set_input", "name": "random_seed", "remove": True})
    assert editor.steps["split"]["inputs"]["random_seed"]["value"] == 42
    assert "# from the freezer" in editor.text


def test_a_request_is_carried_out_whole_or_not_at_all(client: TestClient) -> None:
    editor = Editor(client, text=COMMENTED)
    answer = editor.ask(
        "edits",
        edits=[
            {"kind": "rename_step", "step": "split", "new": "divide"},
            {"kind": "remove_steps", "steps": ["nobody"]},
        ],
    )
    assert answer.status_code == 422
    assert "nobody" in answer.json()["message"]
    shown = client.get(f"/api/drafts/{editor.draft['id']}").json()
    assert (shown["text"], shown["revision"]) == (COMMENTED, 1)


def test_an_unknown_component_opens_as_a_placeholder_that_keeps_its_data(
    client: TestClient,
) -> None:
    text = COMMENTED.replace("split_image_directory:1", "divide_by_magic:7").replace(
        "fraction: 0.9", "wand: oak"
    )
    editor = Editor(client, text=text)
    step = editor.steps["split"]
    assert not step["known"]
    assert step["why_unknown"]
    assert step["inputs"]["wand"] == {"kind": "value", "value": "oak"}
    editor.edit({"kind": "move", "positions": {"split": {"x": 5, "y": 6}}})
    assert editor.text == text


def test_a_text_that_cannot_be_read_keeps_the_last_drawing_and_refuses_edits_of_steps(
    client: TestClient,
) -> None:
    editor = Editor(client, text=COMMENTED)
    editor.edit({"kind": "set_text", "text": COMMENTED.replace("jobs:", "jobs: [")})
    assert not editor.draft["readable"]
    assert set(editor.steps) == {"convert", "split"}
    (problem, *_) = editor.draft["problems"]
    assert problem["line"] > 0
    answer = editor.ask("edits", edits=[{"kind": "remove_steps", "steps": ["split"]}])
    assert answer.status_code == 422
    assert "text" in answer.json()["message"]
    editor.undo()
    assert editor.draft["readable"]


def test_a_second_tab_is_told_and_nothing_of_the_first_is_lost(client: TestClient) -> None:
    first = Editor(client, text=COMMENTED)
    second = copy.copy(first)
    first.edit({"kind": "set_parameter", "step": "split", "name": "fraction", "value": 0.5})
    answer = second.ask("edits", edits=[{"kind": "remove_steps", "steps": ["split"]}])
    assert answer.status_code == 409
    conflict = answer.json()
    assert conflict["where"] == "tab"
    assert conflict["current"]["text"] == first.text
    assert conflict["remedy"]


def test_a_file_changed_on_disk_is_told_reloaded_or_overwritten(client: TestClient) -> None:
    editor = Editor(client, text=COMMENTED)
    file = Path(editor.draft["file"])
    standing = f"/api/drafts/{editor.draft['id']}/standing"
    assert client.get(standing).status_code == 204
    file.write_text(COMMENTED.replace("0.9", "0.6"))
    seen = client.get(standing)
    assert (seen.status_code, seen.json()["where"]) == (409, "disk")
    answer = editor.ask("edits", edits=[{"kind": "remove_steps", "steps": ["split"]}])
    assert (answer.status_code, answer.json()["where"]) == (409, "disk")
    editor.draft = editor.ask("reload").json()
    assert editor.steps["split"]["inputs"]["fraction"]["value"] == 0.6
    editor.undo()
    assert file.read_text() == COMMENTED
    file.write_text("theirs: 1\n")
    editor.draft = editor.ask("overwrite").json()
    assert file.read_text() == COMMENTED


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes only on Linux")
def test_a_file_whose_name_is_no_utf8_is_told_of_like_any_other(
    client: TestClient, desk: Desk, tmp_path: Path
) -> None:
    file = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.yml"))
    file.write_text(COMMENTED)
    editor = Editor.__new__(Editor)
    editor.client = client
    editor.draft = client.get(f"/api/drafts/{desk.drafts.open_file(file).id}").json()
    file.write_text("theirs: 1\n")
    told = editor.ask("edits", edits=[{"kind": "remove_steps", "steps": ["split"]}])
    assert (told.status_code, told.json()["where"]) == (409, "disk")
    assert "caf?.yml was changed on disk" in told.json()["message"]
    editor.draft = editor.ask("reload").json()
    assert editor.draft["undo"] == "Reload caf?.yml"
    file.unlink()
    gone = editor.ask("reload")
    assert (gone.status_code, gone.json()["name"]) == (404, "NotThereError")
    file.write_text("jobs: {a: {component: nothing}}\n")
    editor.draft = editor.ask("reload").json()
    answer = client.post(f"/api/drafts/{editor.draft['id']}/runs", json={})
    assert (answer.status_code, answer.json()["name"]) == (422, "InvalidPipelineError")
    assert "caf?.yml is not UTF-8" in answer.json()["message"]


def test_steps_are_copied_between_drafts_with_their_wires_and_inputs(client: TestClient) -> None:
    source = Editor(client, text=COMMENTED)
    copied = client.post(
        f"/api/drafts/{source.draft['id']}/copy", json={"steps": ["convert", "split"]}
    ).json()["text"]
    target = Editor(client)
    target.edit({"kind": "paste", "text": copied})
    target.edit({"kind": "paste", "text": copied})
    assert list(target.steps) == ["convert", "split", "convert_2", "split_2"]
    assert target.steps["split_2"]["inputs"]["input_image_directory"]["step"] == "convert_2"
    assert target.steps["convert"]["inputs"]["input_dataset"]["input"] == "photos"
    target.undo()
    target.undo()
    assert target.text == Editor(client).text


def test_versions_are_named_looked_at_and_gone_back_to(client: TestClient) -> None:
    editor = Editor(client, text=COMMENTED)
    here = f"/api/drafts/{editor.draft['id']}"
    named = editor.ask("versions", name="good")
    assert named.status_code == 201
    older, editor.draft = copy.copy(editor), named.json()
    editor.edit({"kind": "remove_steps", "steps": ["split"]})
    late = older.ask("versions", name="good")
    assert (late.status_code, late.json()["where"]) == (409, "tab")
    (version,) = editor.draft["versions"]
    assert version["name"] == "good"
    shown = client.get(f"{here}/revisions/{version['revision']}").json()["text"]
    assert shown == COMMENTED
    editor.draft = editor.ask("restore", revision=version["revision"]).json()
    assert editor.text == COMMENTED


def test_a_draft_is_renamed_listed_copied_and_deleted(client: TestClient) -> None:
    editor = Editor(client, text=COMMENTED)
    here = f"/api/drafts/{editor.draft['id']}"
    assert client.put(f"{here}/name", json={"name": "Leucocytes"}).json()["name"] == "Leucocytes"
    twin = Editor(client, draft=editor.draft["id"], name="Twin")
    assert "# was 0.8" in twin.text
    listed = client.get("/api/drafts").json()
    assert {item["name"] for item in listed} == {"Leucocytes", "Twin"}
    assert listed[0]["wires"] == [[0, 1]]
    assert client.delete(here).status_code == 204
    assert client.get(here).status_code == 404


def test_every_template_begins_a_draft_whose_photos_are_left_to_choose(
    client: TestClient,
) -> None:
    listed = client.get("/api/templates").json()
    assert [item["name"] for item in listed] == [
        "augmentation_from_scratch", "densenet_against_resnet", "score_only", "transfer_learning",
    ]  # fmt: skip
    for item in listed:
        assert item["description"]
        editor = Editor(client, template=item["name"])
        errors = [p for p in editor.draft["problems"] if p["severity"] == "error"]
        assert errors, "photos are not chosen yet"
        assert all(p["code"] == "D1" or "weights" in p["message"] for p in errors), errors


def test_a_target_that_is_added_while_the_server_runs_is_known_to_the_next_check(
    client: TestClient, desk: Desk
) -> None:
    editor = Editor(client, text=COMMENTED)
    compute = {"kind": "set_step", "step": "split", "key": "compute", "value": "big"}
    editor.edit(compute)
    assert "S1" in {problem["code"] for problem in editor.draft["problems"]}
    target = make_target("big", device="cpu", slots=1)
    save_targets(load_targets(desk.workspace.settings).added(target), desk.workspace.settings)
    shown = client.get(f"/api/drafts/{editor.draft['id']}").json()
    assert "S1" not in {problem["code"] for problem in shown["problems"]}


def test_the_same_edit_of_two_beginnings_at_once_is_refused(client: TestClient) -> None:
    answer = client.post("/api/drafts", json={"text": "a: 1", "template": "score_only"})
    assert answer.status_code == 422


@pytest.fixture
def folders(photos: Callable[..., Path]) -> list[Path]:
    return [photos("flowers", rose=12, tulip=12).parent]


def test_photos_become_the_pipeline_that_train_is(client: TestClient) -> None:
    (root,) = client.get("/api/folders").json()
    below = client.get(f"/api/folders/{root['id']}").json()["entries"]
    folder = next(entry["id"] for entry in below if entry["name"] == "flowers")
    body = {"folder": folder, "weights": "scratch", "name": "Flowers"}
    draft = client.post("/api/quickstart", json=body).json()
    components = [step["component"] for step in draft["graph"]["steps"]]
    assert sorted(components) == sorted(
        ["convert_to_image_directory", "split_image_directory", "init_image_transformation",
         "apply_image_transformation", "apply_image_transformation", "resnet",
         "train_pytorch_model", "score_image_model", "evaluate_model"]
    )  # fmt: skip
    assert [p for p in draft["problems"] if p["severity"] == "error"] == []
    assert draft["name"] == "Flowers"
    plan = client.post(f"/api/drafts/{draft['id']}/plan", json={}).json()
    assert plan["run"] == 9


def random_edit(draw: random.Random, editor: Editor) -> dict[str, Any]:
    """An edit that may or may not be possible."""
    steps = list(editor.steps) or ["nobody"]
    inputs = [item["name"] for item in editor.draft["graph"]["inputs"]] or ["photos"]
    step = draw.choice(steps)
    component = draw.choice(CANONICAL)[0]
    place = {"x": draw.uniform(-500, 500), "y": draw.uniform(-500, 500)}
    return draw.choice(
        [
            {"kind": "add_step", "component": component, "position": place},
            {"kind": "remove_steps", "steps": [step]},
            {"kind": "rename_step", "step": step, "new": draw.choice(["a", "b_c", "train", "9"])},
            {"kind": "set_parameter", "step": step, "name": draw.choice(["epochs", "fraction"]),
             "value": draw.choice([None, 3, 0.5, "x", True])},
            {"kind": "promote", "step": step, "name": draw.choice(["fraction", "epochs"])},
            {"kind": "connect", "from_step": draw.choice(steps), "from_port": "output",
             "to_step": step, "to_port": "input_image_directory"},
            {"kind": "connect_input", "input": draw.choice(inputs), "to_step": step,
             "to_port": "input_dataset"},
            {"kind": "disconnect", "to_step": step, "to_port": "input_image_directory"},
            {"kind": "set_step", "step": step, "key": draw.choice(["comment", "compute"]),
             "value": draw.choice([None, "cpu", "two\nlines: #"])},
            {"kind": "set_head", "key": "display_name", "value": draw.choice([None, "N: #é"])},
            {"kind": "set_setting", "key": "force_rerun", "value": draw.choice([None, True])},
            {"kind": "set_input", "name": draw.choice([*inputs, "new"]), "path": "elsewhere"},
            {"kind": "set_input", "name": draw.choice(inputs), "remove": True},
            {"kind": "rename_input", "name": draw.choice(inputs), "new": "pictures"},
            {"kind": "set_output", "step": step, "port": "output_image_directory",
             "output": draw.choice(["", "kept"]), "path": "out"},
            {"kind": "move", "positions": {step: place}},
            {"kind": "set_notes", "notes": [{"text": "é <b>", **place}]},
            {"kind": "paste", "text": COMMENTED},
            {"kind": "set_text", "text": editor.text + draw.choice(["# more\n", "jobs: [\n"])},
        ]
    )  # fmt: skip


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """One browser for many examples."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VISIONLOOM_HOME", str(tmp_path_factory.mktemp("home")))
        desk = open_desk(Workspace(), port=8321)
    with browser(desk) as client:
        yield client
    desk.workspace.records.close()


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), beginning=st.sampled_from([COMMENTED, "", COMMENTED[:-30]]))
def test_random_edits_undone_to_the_start_give_the_same_bytes_and_redone_the_same_end(
    shared: TestClient, seed: int, beginning: str
) -> None:
    draw = random.Random(seed)
    editor = Editor(shared, text=beginning)
    start = editor.text
    for _ in range(12):
        answer = editor.ask("edits", edits=[random_edit(draw, editor)], label="Edit")
        assert answer.status_code in {200, 422}, answer.text
        if answer.status_code == 200:
            editor.draft = answer.json()
        if draw.random() < 0.2 and editor.draft["undo"] is not None:
            editor.undo()
    end, drawn = editor.text, editor.draft["graph"]
    layout = read_layout(Path(editor.draft["file"]))
    undone = 0
    while editor.draft["undo"] is not None:
        editor.undo()
        undone += 1
    assert editor.text == start
    assert Path(editor.draft["file"]).read_bytes() == start.encode()
    assert read_layout(Path(editor.draft["file"])) == Layout()
    for _ in range(undone):
        editor.redo()
    assert editor.text == end
    assert editor.draft["graph"] == drawn
    assert read_layout(Path(editor.draft["file"])) == layout


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_whatever_is_pasted_or_typed_is_told_of_and_never_a_bug(
    shared: TestClient, data: st.DataObject
) -> None:
    """A10."""
    editor = Editor(shared, text=COMMENTED)
    text = list(COMMENTED)
    for _ in range(data.draw(st.integers(0, 8))):
        at = data.draw(st.integers(0, len(text) - 1))
        text[at] = data.draw(st.sampled_from("\n\t :{}[]&*!|>'\"#%@`x0~\\\x00\x1b\ud800é-"))
    hostile = "".join(text).encode("utf-8", "replace").decode()
    for kind in ("paste", "set_text"):
        answer = editor.ask("edits", edits=[{"kind": kind, "text": hostile}])
        assert answer.status_code in {200, 422}, answer.text
        if answer.status_code == 200:
            editor.draft = answer.json()
