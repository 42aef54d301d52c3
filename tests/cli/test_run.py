"""`visionloom run FILE`, as a user types it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Make = Callable[..., Path]
VISIONLOOM = str(Path(sys.executable).parent / "visionloom")
TEXT = """type: pipeline
display_name: Halves
inputs:
  photos: {type: uri_folder, path: photos}
  share: 0.5
outputs:
  half: {type: uri_folder, path: out/half}
jobs:
  convert:
    component: azureml:convert_to_image_directory:1
    inputs:
      input_dataset: ${{parent.inputs.photos}}
  split:
    component: azureml:split_image_directory:1
    inputs:
      input_image_directory: ${{parent.jobs.convert.outputs.output_image_directory}}
      fraction: ${{parent.inputs.share}}
    outputs:
      output_image_directory1: ${{parent.outputs.half}}
"""


@pytest.fixture
def file(photos: Make, tmp_path: Path) -> Path:
    photos(a=4, b=4)
    path = tmp_path / "halves.yml"
    path.write_text(TEXT)
    return path


def run(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [VISIONLOOM, "run", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def states(*words: object) -> dict[str, str]:
    done = run(*words, "--json")
    assert done.returncode == 0, done.stderr
    return {step["name"]: step["state"] for step in json.loads(done.stdout)["steps"]}


def test_a_pipeline_runs_is_reused_and_delivers(file: Path, tmp_path: Path) -> None:
    done = run(file)
    assert done.returncode == 0, done.stderr
    assert "2 steps: 2 run, 0 reuse" in done.stdout
    assert "convert: succeeded" in done.stdout
    assert (tmp_path / "out" / "half" / "images.parquet").is_file()
    again = run(file)
    assert "2 steps: 0 run, 2 reuse" in again.stdout
    assert "unchanged, from" in again.stdout
    assert states(file, "--set", "share=0.25") == {"convert": "reused", "split": "succeeded"}


def test_a_dry_run_says_what_would_happen_and_does_nothing(file: Path, tmp_path: Path) -> None:
    done = run(file, "--dry-run", "--json")
    plan: dict[str, Any] = json.loads(done.stdout)["steps"]
    assert {name: step["why"] for name, step in plan.items()} == {
        "convert": "no earlier run", "split": "after convert",
    }  # fmt: skip
    assert not (tmp_path / "out").exists()
    assert states(file)
    plan = json.loads(run(file, "--dry-run", "--set", "share=0.25", "--json").stdout)["steps"]
    assert plan["split"]["why"] == "parameter fraction 0.5 -> 0.25"
    assert plan["split"]["seconds"] is not None, "expected from history"


def test_parts_of_a_pipeline_run_alone(file: Path) -> None:
    refused = run(file, "--only", "split")
    assert refused.returncode == 2
    assert "needs results that are not there" in refused.stderr
    assert "--up-to split" in refused.stderr
    assert states(file, "--up-to", "convert") == {"convert": "succeeded", "split": "skipped"}
    assert states(file, "--only", "split") == {"convert": "reused", "split": "succeeded"}
    assert states(file, "--from", "split") == {"convert": "reused", "split": "succeeded"}
    assert states(file, "--no-reuse") == {"convert": "succeeded", "split": "succeeded"}
    assert run(file, "--up-to", "splt").returncode == 2
    assert "Did you mean split" in run(file, "--up-to", "splt").stderr


def test_every_fault_is_told_and_nothing_runs(file: Path, tmp_path: Path) -> None:
    file.write_text(TEXT.replace("fraction:", "fracton:").replace("path: photos", "path: nothing"))
    done = run(file)
    assert done.returncode == 2
    assert f"{file}:4:" in done.stderr
    assert "Did you mean fraction" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "home" / "runs").exists()


def test_an_existing_folder_of_the_user_s_is_never_replaced(file: Path, tmp_path: Path) -> None:
    (tmp_path / "out" / "half").mkdir(parents=True)
    (tmp_path / "out" / "half" / "thesis.txt").write_text("years of work")
    done = run(file)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert (tmp_path / "out" / "half" / "thesis.txt").read_text() == "years of work"
