"""`visionloom runs` and its kin, as a user types them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import visionloom as vl

Make = Callable[..., Path]
VISIONLOOM = str(Path(sys.executable).parent / "visionloom")
SMALL: dict[str, Any] = {
    "pretrained": False, "image_size": "32", "epochs": 1, "batch_size": 4, "precision": "fp32",
    "preset": "original",
}  # fmt: skip


def run(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [VISIONLOOM, *map(str, words)], capture_output=True, text=True, timeout=200, check=False
    )


def as_json(*words: object) -> Any:
    done = run(*words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def trained(photos: Make, tmp_path: Path) -> dict[str, Any]:
    summary: dict[str, Any] = vl.train(photos(cat=6, dog=6), out=tmp_path / "run", **SMALL)
    return summary


def test_a_training_and_a_scoring_are_remembered_shown_compared_and_forgotten(
    photos: Make, tmp_path: Path, trained: dict[str, Any], home: Path
) -> None:
    done = run("score", tmp_path / "run", tmp_path / "photos", "--out", tmp_path / "scores")
    assert done.returncode == 0, done.stderr
    again = vl.train(
        tmp_path / "photos", out=tmp_path / "again", **{**SMALL, "learning_rate": 0.01}
    )
    assert again["reused_steps"] == 6
    runs = as_json("runs", "list")
    assert [(r["kind"], r["state"]) for r in runs] == [
        ("train", "succeeded"), ("score", "succeeded"), ("train", "succeeded"),
    ]  # fmt: skip
    assert runs[0]["metrics"]["top1_accuracy"] is not None
    why = {step["step"]: step for step in as_json("runs", "why", "last")}
    assert why["train"]["why"] == "parameter learning_rate 0.001 -> 0.01"
    assert why["convert"]["action"] == "reuse"
    assert "train run, succeeded: parameter learning_rate 0.001 -> 0.01" in " ".join(
        run("runs", "why").stdout.split()
    )
    (row,) = as_json("runs", "metrics", "last")
    assert row["epoch"] == 1
    shown = run("runs", "show", trained["run"][:-1]).stdout
    assert "train_pytorch_model 1" in shown
    found = as_json("runs", "compare", trained["run"], again["run"])
    assert {"step": "train", "what": "parameter", "name": "learning_rate", "first": "0.001",
            "second": "0.01"} in found  # fmt: skip
    assert "training images" in run("runs", "logs", "last", "train").stdout
    assert run("runs", "delete", again["run"]).returncode == 0
    assert not (home / "runs" / again["run"]).exists()
    assert run("runs", "show", again["run"]).returncode == 2
    freed = as_json("gc", "--older-than", "0", "--dry-run")
    assert any(row["name"].startswith("ModelDirectory") for row in freed["removed"])
    assert as_json("gc", "--older-than", "0")["bytes"] >= 40_000_000
    assert as_json("gc", "--older-than", "0")["removed"] == []
    assert vl.train(tmp_path / "photos", out=tmp_path / "third", **SMALL)["reused_steps"] == 9


@pytest.mark.slow
def test_a_detached_run_is_cancelled_gone_on_with_and_ended_with_its_best(
    photos: Make, tmp_path: Path
) -> None:
    photos(a=12, b=12)
    words = [
        "photos", "--no-pretrained", "--image-size", "32", "--batch-size", "2", "--epochs", "200",
        "--patience", "200", "--precision", "fp32",
    ]  # fmt: skip
    saved = tmp_path / "saved.yml"
    done = subprocess.run(
        [VISIONLOOM, "train", *words, "--out", "run", "--save-pipeline", str(saved)],
        capture_output=True, text=True, timeout=100, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    identity = as_json("run", saved, "--detach")["run"]
    await_that(lambda: as_json("runs", "metrics", identity))
    assert run("runs", "resume", identity).returncode == 2, "it is running"
    assert "has no step 'no'" in run("runs", "cancel", identity, "--step", "no").stderr
    ended = run("runs", "cancel", identity)
    assert ended.stdout.splitlines()[0].startswith(f"Run {identity} is interrupted.")
    assert ended.stdout.splitlines()[1] == f"Go on: visionloom runs resume {identity}"
    assert as_json("runs")[0]["state"] == "interrupted"
    assert run("runs", "cancel", identity).returncode == 2
    assert not _processes_of(identity)
    again = as_json("runs", "resume", identity, "--detach")["run"]
    await_that(lambda: run("runs", "finish", again).returncode == 0)
    await_that(lambda: as_json("runs")[0]["state"] == "succeeded")
    (early,) = [s for s in as_json("runs", "show", again)["steps"] if "its best" in s["reason"]]
    refused = run("runs", "cancel", again, "--step", early["name"])
    assert refused.returncode == 2
    assert f"Run {again} is succeeded already" in refused.stderr


def await_that(condition: Callable[[], object]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + 100
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.3)


def _processes_of(identity: str) -> list[str]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes()
        except OSError:
            continue
        if identity.encode() in environment and int(folder.name) != os.getpid():
            found.append(folder.name)
    return found


def test_unknown_runs_and_steps_are_named(trained: dict[str, Any]) -> None:
    for words, text in (
        (["runs", "show", "nothing"], "There is no run nothing"),
        (["runs", "logs", "last", "nothing"], "has no step 'nothing'"),
        (["runs", "metrics", "last", "--step", "nothing"], "has no step 'nothing'"),
        (["runs", "resume", trained["run"]], "is succeeded"),
    ):
        done = run(*words)
        assert done.returncode == 2, words
        assert text in done.stderr
        assert "Traceback" not in done.stderr


def test_parts_of_a_pipeline_say_what_they_do_and_list_only_what_they_made(
    photos: Make, tmp_path: Path
) -> None:
    with vl.Pipeline("parts", folder=tmp_path) as made:
        images = vl.convert_to_image_directory(str(photos(cat=6, dog=6)), step="convert")
        made.output("all", images, "out/all")
        training, _ = vl.split_image_directory(images, fraction=0.5, step="split")
        made.output("half", training, "out/half")
    file = tmp_path / "parts.yml"
    made.to_yaml(file)
    for more in ([], ["--dry-run"]):
        refused = run("run", file, "--only", "split", *more)
        assert refused.returncode == 2
        assert "split alone needs results that are not there: convert" in refused.stderr
    assert as_json("runs") == []
    first = run("run", file, "--up-to", "convert")
    assert first.returncode == 0
    assert "out/all" in first.stdout
    assert "out/half" not in first.stdout
    alone = run("run", file, "--only", "split")
    assert alone.returncode == 0
    assert "asked for by --only" in alone.stdout
    assert [r["state"] for r in as_json("runs")] == ["succeeded", "succeeded"]
