"""The shipped examples run: as files, in Python, and, where it says the same, as `train`."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import visionloom as vl
from visionloom.runs.history import view
from visionloom.runs.python_pipeline import Pipeline
from visionloom.workspace import Workspace

Make = Callable[..., Path]
FOLDER = Path(__file__).parents[2] / "examples" / "pipelines"
VISIONLOOM = str(Path(sys.executable).parent / "visionloom")


def run_file(name: str, tmp_path: Path, **values: object) -> dict[str, Any]:
    """Run a copy of an example's file on the command line; returns what it prints as JSON."""
    copy = tmp_path / "project" / f"{name}.yml"
    copy.parent.mkdir(exist_ok=True)
    copy.write_text((FOLDER / f"{name}.yml").read_text())
    words = [f"--set={key}={value}" for key, value in values.items()]
    done = subprocess.run(
        [VISIONLOOM, "run", str(copy), *words, "--json"],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def in_python(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **arguments: object
) -> Pipeline:
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.syspath_prepend(str(FOLDER))
    made: Pipeline = importlib.import_module(name).pipeline(**arguments)
    return made


def objects(document: dict[str, Any]) -> dict[str, str]:
    return {f"{o['step']}.{o['port']}": o["object"] for o in document["outputs"]}


def check_python(name: str, document: dict[str, Any], made: Pipeline) -> None:
    """In Python the same pipeline gives the same artifacts: nothing runs."""
    again = made.run()
    assert set(again.states.values()) == {"reused"}
    assert {key: artifact.path.name for key, artifact in again.outputs.items()} == objects(document)


def test_transfer_learning_as_file_in_python_and_as_train(
    photos: Make, shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, weights = photos(cat=6, dog=6), shared_data / "weights" / "densenet121.safetensors"
    document = run_file("transfer_learning", tmp_path, photos=folder, epochs=1, weights=weights)
    assert {s["state"] for s in document["steps"]} == {"succeeded"}
    assert (tmp_path / "project" / "outputs" / "model" / "labels.txt").read_text() == "cat\ndog\n"
    made = in_python(
        "transfer_learning",
        tmp_path,
        monkeypatch,
        photos=str(folder),
        epochs=1,
        weights=str(weights),
    )
    check_python("transfer_learning", document, made)
    summary = vl.train(
        folder, out=tmp_path / "run", model="densenet121", weights=str(weights), epochs=1
    )
    assert summary["reused_steps"] == 9
    steps = view(Workspace(), summary["run"]).steps
    keys = {step["name"]: step["key"] for step in document["steps"]}
    assert {step.key for step in steps} == set(keys.values())
    assert summary["epochs_run"] == 1
    assert json.loads((tmp_path / "run" / "metrics.jsonl").read_text())["epoch"] == 1


def test_densenet_against_resnet(
    photos: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = photos(a=9, b=9)
    values = {"epochs": 2, "size": 32}
    document = run_file("densenet_against_resnet", tmp_path, photos=folder, **values)
    comparison = json.loads(
        (tmp_path / "project" / "outputs" / "comparison" / "evaluation.json").read_text()
    )
    assert comparison["comparison"]["images"] == 4
    made = in_python("densenet_against_resnet", tmp_path, monkeypatch, photos=str(folder), **values)
    check_python("densenet_against_resnet", document, made)


def test_augmentation_from_scratch(
    photos: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = photos(a=6, b=6)
    values = {"epochs": 3, "size": 32}
    document = run_file("augmentation_from_scratch", tmp_path, photos=folder, **values)
    assert (tmp_path / "project" / "outputs" / "report" / "report.html").is_file()
    made = in_python(
        "augmentation_from_scratch", tmp_path, monkeypatch, photos=str(folder), **values
    )
    check_python("augmentation_from_scratch", document, made)


def test_score_only(photos: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = photos(a=6, b=6)
    vl.train(
        folder, out=tmp_path / "run", pretrained=False, image_size="32", epochs=1, batch_size=4,
        preset="original",
    )  # fmt: skip
    model = tmp_path / "run" / "model"
    document = run_file("score_only", tmp_path, model=model, photos=folder)
    assert (tmp_path / "project" / "outputs" / "scores" / "scores.csv").is_file()
    made = in_python("score_only", tmp_path, monkeypatch, model=str(model), photos=str(folder))
    check_python("score_only", document, made)


def test_a_training_saved_as_a_pipeline_is_the_same_training(
    photos: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = photos(a=6, b=6)
    monkeypatch.chdir(tmp_path)
    words = [
        "photos", "--no-pretrained", "--image-size", "32", "--batch-size", "4", "--epochs", "2",
        "--preset", "standard", "--test-fraction", "0.2",
    ]  # fmt: skip
    done = subprocess.run(
        [VISIONLOOM, "train", *words, "--out", "run", "--save-pipeline", "saved.yml"],
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "saved.yml").read_text()
    assert "path: photos\n" in text, "relative to the file"
    assert "learning_rate: 0.01\n" in text, "the preset's value from scratch, resolved"
    assert not (tmp_path / "run").exists()
    done = subprocess.run(
        [VISIONLOOM, "train", *words, "--out", "other"],
        capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    done = subprocess.run(
        [VISIONLOOM, "run", "saved.yml", "--dry-run", "--json"],
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    plan = json.loads(done.stdout)["steps"]
    assert {name: step["action"] for name, step in plan.items()} == dict.fromkeys(plan, "reuse")
    assert folder.is_dir()
