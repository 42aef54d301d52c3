"""A pipeline put into another folder: its paths lead to the same places."""

from __future__ import annotations

from pathlib import Path

from visionloom.drafts.clipboard import copied, pasted
from visionloom.drafts.moving import moved_text
from visionloom.settings import Limits
from visionloom.spec.layout import Layout
from visionloom.spec.pipeline import Pipeline
from visionloom.spec.pipeline_file import pipeline_from_text
from visionloom.workspace import Workspace

FILES = """\
type: pipeline

inputs:
  table: map.csv   # bound twice

jobs:
  convert:
    component: azureml:convert_to_image_directory:1
    inputs:
      class_map: map.csv   # a file

  other:
    component: azureml:convert_to_image_directory:1
    inputs:
      class_map: ${{parent.inputs.table}}

  third:
    component: azureml:convert_to_image_directory:1
    inputs:
      class_map: ${{parent.inputs.table}}

  text:
    component: azureml:convert_to_image_directory:1
    inputs:
      class_map: 'cat: Cat'   # no file

  model:
    component: azureml:resnet:1
    inputs:
      weights: weights/r.pth   # not there yet

  far:
    component: azureml:densenet:1
    inputs:
      weights: /opt/d.pth
"""


def folders(tmp_path: Path) -> tuple[Path, Path]:
    before, folder = tmp_path / "before", tmp_path / "drafts" / "one"
    before.mkdir()
    folder.mkdir(parents=True)
    (before / "map.csv").write_text("cat,Cat\n")
    return before, folder


def test_files_that_parameters_name_are_found_from_the_other_folder(
    tmp_path: Path, home: Path
) -> None:
    before, folder = folders(tmp_path)
    text = moved_text(FILES, before, folder, Limits(), Workspace().registry)
    wanted = FILES.replace("map.csv", "../../before/map.csv")
    assert text == wanted.replace("weights/r.pth", "../../before/weights/r.pth")
    assert moved_text(text, folder, before, Limits(), Workspace().registry) == FILES


def test_files_are_found_by_steps_that_are_pasted_elsewhere(tmp_path: Path, home: Path) -> None:
    before, folder = folders(tmp_path)
    registry = Workspace().registry
    source = pipeline_from_text(FILES, before).pipeline
    text = copied(source, Layout(), ["convert", "other", "model"], registry)
    found = pasted(text, Pipeline(folder=folder), Layout(), limits=Limits(), registry=registry)
    assert found.steps["convert"].inputs["class_map"] == "../../before/map.csv"
    assert found.inputs == {"table": "../../before/map.csv"}
    assert found.steps["model"].inputs["weights"] == "../../before/weights/r.pth"


def test_what_names_no_file_is_copied_without_its_folder(tmp_path: Path, home: Path) -> None:
    before, _ = folders(tmp_path)
    source = pipeline_from_text(FILES, before).pipeline
    assert "x-folder" not in copied(source, Layout(), ["text", "far"], Workspace().registry)
