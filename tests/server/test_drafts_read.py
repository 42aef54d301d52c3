"""A draft's text is read once an edit, and neither planned nor run when others wrote it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.drafts.conftest import COMMENTED
from tests.server.test_drafts import Editor
from visionloom.errors import InvalidDatasetError
from visionloom.server.readings import MOMENT, Readings
from visionloom.settings import load_settings
from visionloom.spec import pipeline_reader, yaml_memory, yaml_reader
from visionloom.spec.foresight import AboutInput, Outlook
from visionloom.workspace import Workspace


def test_a_file_changed_on_disk_is_neither_planned_nor_run(client: TestClient) -> None:
    """What is shown is what runs."""
    editor = Editor(client, text=COMMENTED)
    file = Path(editor.draft["file"])
    file.write_text(COMMENTED.replace("0.9", "0.6"))
    for action in ("plan", "runs"):
        answer = client.post(f"/api/drafts/{editor.draft['id']}/{action}", json={})
        assert (answer.status_code, answer.json()["where"]) == (409, "disk")
        assert answer.json()["current"]["text"] == COMMENTED
    assert client.get("/api/runs").json()["runs"] == []
    assert "0.6" in file.read_text()
    editor.draft = editor.ask("reload").json()
    assert client.post(f"/api/drafts/{editor.draft['id']}/plan", json={}).status_code == 200


def test_what_a_paste_leaves_open_is_told_once(client: TestClient) -> None:
    editor = Editor(client)
    lonely = "split:\n  component: azureml:split_image_directory:1\n  inputs:\n"
    lonely += "    input_image_directory: ${{parent.jobs.convert.outputs.output_image_directory}}\n"
    editor.edit({"kind": "paste", "text": lonely})
    (remark,) = editor.draft["remarks"]
    assert "split.input_image_directory" in remark
    assert editor.steps["split"]["inputs"] == {}
    editor.edit({"kind": "paste", "text": COMMENTED})
    assert editor.draft["remarks"] == [], "nothing was left out"


def test_files_that_parameters_name_are_found_from_the_copy_of_a_draft(
    client: TestClient,
) -> None:
    text = COMMENTED.replace("input_dataset:", "class_map: map.csv\n      input_dataset:")
    editor = Editor(client, text=text)
    folder = Path(editor.draft["file"]).parent
    (folder / "map.csv").write_text("cat,Cat\n")
    twin = Editor(client, draft=editor.draft["id"])
    found = twin.steps["convert"]["inputs"]["class_map"]["value"]
    assert found == f"../{folder.name}/map.csv"
    assert (Path(twin.draft["file"]).parent / found).is_file()


MANY = COMMENTED + "".join(
    f"""
  s{number}:
    type: command
    component: azureml:split_image_directory:1
    inputs:
      input_image_directory: ${{{{parent.jobs.{
        f"s{number - 1}.outputs.output_image_directory1"
        if number
        else "split.outputs.output_image_directory1"
    }}}}}
"""
    for number in range(40)
)


def test_a_text_is_read_once_an_edit_and_never_when_steps_are_only_moved(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = Editor(client, text=MANY)
    read: list[str] = []
    texts, documents = yaml_reader.read_yaml, pipeline_reader.PipelineReader.read

    def read_text(*given: Any) -> Any:
        read.append("text")
        return texts(*given)

    def read_document(*given: Any) -> Any:
        read.append("document")
        return documents(*given)

    monkeypatch.setattr(yaml_memory, "read_yaml", read_text)
    monkeypatch.setattr(pipeline_reader.PipelineReader, "read", read_document)
    place = {"x": 5, "y": 6}
    before = editor.draft
    editor.edit({"kind": "move", "positions": {"s3": place}})
    editor.edit({"kind": "set_notes", "notes": [{"text": "here", **place}]})
    assert read == []
    assert editor.steps["s3"]["position"] == place
    assert editor.draft["graph"]["notes"][0]["text"] == "here"
    assert editor.draft["problems"] == before["problems"]
    fresh = client.get(f"/api/drafts/{editor.draft['id']}").json()
    assert fresh == editor.draft, "what is answered quickly is what a look from the start gives"
    read.clear()
    editor.edit(
        *(
            {"kind": "set_parameter", "step": f"s{n}", "name": name, "value": n + 1}
            for n in range(40)
            for name in ("random_seed", "fraction")
        )
    )
    assert read.count("text") == 1
    assert editor.text.count("random_seed:") == 40
    editor.edit({"kind": "rename_step", "step": "s7", "new": "seven"})
    assert editor.steps["s8"]["inputs"]["input_image_directory"]["step"] == "seven"


def test_a_folder_is_looked_at_again_after_a_moment(home: Path, tmp_path: Path) -> None:
    component = Workspace().registry.find("convert_to_image_directory")
    time = [0.0]
    readings = Readings(lambda: time[0])
    photos = tmp_path / "photos"
    photos.mkdir()
    outlook = Outlook({}, {"input_dataset": photos}, component.resolve({}), load_settings())
    for _ in range(2):
        with pytest.raises(AboutInput) as told:
            readings.look(component, outlook)
        assert isinstance(told.value.error, InvalidDatasetError)
        for name in ("cat", "dog"):
            (photos / name).mkdir(exist_ok=True)
            (photos / name / "a.png").touch()
    time[0] = MOMENT + 0.1
    assert readings.look(component, outlook)["output_image_directory"].classes == (
        "cat",
        "dog",
    )
