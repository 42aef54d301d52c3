"""The command line as a user types it: real processes, real pictures."""

from __future__ import annotations

import csv
import json
import os
import re
import resource
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import picture
from visionloom.workspace import Workspace

Make = Callable[..., Path]
VISIONLOOM = str(Path(sys.executable).parent / "visionloom")
FAST = [
    "--no-pretrained", "--image-size", "32", "--batch-size", "4", "--preset", "original",
    "--learning-rate", "0.01", "--precision", "fp32",
]  # fmt: skip


def run(*words: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [VISIONLOOM, *map(str, words)]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=cwd, timeout=240, check=False
    )


def train(photos: Path, out: Path, *more: object) -> dict[str, object]:
    done = run("train", photos, "--out", out, *FAST, *more)
    assert done.returncode == 0, done.stderr + done.stdout
    summary: dict[str, object] = json.loads((out / "summary.json").read_text())
    return summary


def test_train_score_and_evaluate_from_photos_to_figures(photos: Make, tmp_path: Path) -> None:
    folder = photos(cat=10, dog=10)
    (folder / "cat" / "broken.jpg").write_bytes(b"x")
    summary = train(folder, tmp_path / "run", "--epochs", 2, "--test-fraction", 0.2)
    for key in (
        "classes", "training_images", "validation_images", "skipped_images", "epochs_run",
        "best_epoch", "stopped_because", "monitored", "validation", "test",
        "train_images_per_second", "waited_for_data_fraction", "wall_seconds", "weights_digest",
        "seed", "device", "precision", "preset", "versions",
    ):  # fmt: skip
        assert key in summary
    assert summary["classes"] == ["cat", "dog"]
    assert (summary["training_images"], summary["skipped_images"]) == (12, 1)
    out = tmp_path / "run"
    assert (out / "model" / "labels.txt").read_text() == "cat\ndog\n"
    rows = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    assert [row["epoch"] for row in rows] == [1, 2]
    page = (out / "report.html").read_text()
    assert "broken.jpg" in page
    assert "<script" not in page
    scores = tmp_path / "scores"
    done = run("score", out / "model", folder, "--out", scores)
    assert done.returncode == 0, done.stderr
    assert "taken as labels" in done.stdout
    with open(scores / "scores.csv", newline="", encoding="utf-8") as stream:
        table = list(csv.DictReader(stream))
    assert len(table) == 20
    assert list(table[0]) == [
        "file", "label", "scored_label", "probability_cat", "probability_dog",
    ]  # fmt: skip
    done = run("evaluate", scores, scores, "--out", tmp_path / "evaluation", "--json")
    document = json.loads(done.stdout)
    assert document["scores"]["images"] == 20
    assert document["comparison"]["verdict"] == "cannot tell which is better"
    assert run("report", out).returncode == 0


def test_c1_the_saved_model_scores_exactly_the_best_epoch_s_accuracy(
    photos: Make, tmp_path: Path
) -> None:
    more = ["--epochs", 6, "--learning-rate", 0.03, "--patience", 2, "--schedule", "constant"]
    summary = train(photos(a=10, b=10, c=10), tmp_path / "run", *more)
    lines = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    best = min(rows, key=lambda row: row["valid_loss"])
    assert summary["best_epoch"] == best["epoch"]
    validation = summary["validation"]
    assert isinstance(validation, dict)
    assert validation["accuracy"] == pytest.approx(best["top1_accuracy"], abs=1e-12)
    assert validation["loss"] == pytest.approx(best["valid_loss"], rel=1e-5)
    if len(rows) < 6:
        assert len(rows) == best["epoch"] + 2


def test_c7_c8_the_seed_gives_the_same_bits_whatever_threads_and_cache(
    photos: Make, tmp_path: Path
) -> None:
    folder = photos(a=8, b=8)
    digests = [
        train(folder, tmp_path / str(i), "--epochs", 2, *more)["weights_digest"]
        for i, more in enumerate(
            (["--decode-threads", 1], ["--decode-threads", 4, "--no-cache"], ["--random-seed", 2])
        )
    ]
    assert digests[0] == digests[1]
    assert digests[0] != digests[2]


def _checkpoints(home: Path) -> list[Path]:
    try:
        return list(home.glob("scratch/*/checkpoint-*"))
    except FileNotFoundError:  # a folder that went while it was looked into
        return []


def wait_for_checkpoint(home: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while not _checkpoints(home):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.slow
def test_c45_an_interrupted_run_resumes_to_the_same_bits(
    photos: Make, tmp_path: Path, home: Path
) -> None:
    folder = photos(a=20, b=20)
    more = ["--epochs", "8", "--patience", "8"]
    out = tmp_path / "broken"
    command = [VISIONLOOM, "train", str(folder), "--out", str(out), *FAST, *more]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    wait_for_checkpoint(home, process)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert re.search(rb"Stopped in epoch \d+ after \d+ batches", errors)
    assert b"--resume" in errors
    assert run("train", folder, "--out", out, *FAST, "--epochs", 9, "--resume").returncode == 2
    assert not (out / "summary.json").exists()
    resumed = train(folder, out, *more, "--resume")
    assert resumed["epochs_run"] == 8
    assert not list(home.glob("scratch/*/checkpoint-*"))
    whole = train(folder, tmp_path / "whole", *more, "--no-reuse")
    assert resumed["weights_digest"] == whole["weights_digest"]
    assert resumed["run"] != whole["run"]


def test_two_ctrl_c_at_once_leave_no_run_that_goes_on(
    photos: Make, tmp_path: Path, home: Path
) -> None:
    folder, out = photos(a=40, b=40), tmp_path / "run"
    command = [VISIONLOOM, "train", str(folder), "--out", str(out), *FAST, "--epochs", "500"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for_checkpoint(home, process)
    process.send_signal(signal.SIGINT)
    time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130
    deadline = time.monotonic() + 60
    while Workspace().records.open_runs():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert Workspace().records.find_run("last").state in {"interrupted", "cancelled"}


@pytest.mark.slow
def test_finish_keeps_the_best_model_so_far(photos: Make, tmp_path: Path, home: Path) -> None:
    folder, out = photos(a=40, b=40), tmp_path / "run"
    command = [VISIONLOOM, "train", str(folder), "--out", str(out), *FAST, "--epochs", "50"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for_checkpoint(home, process)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 143
    done = run("train", "--out", out, "--finish")
    assert done.returncode == 0, done.stderr
    summary = json.loads((out / "summary.json").read_text())
    assert summary["stopped_because"] == "finished on request"
    assert summary["epochs_run"] >= 1


@pytest.mark.parametrize(("source", "rate"), [("made", "1e30"), ("sign_digits", "1e6")])
def test_c4_a_rate_that_breaks_training_stops_with_the_first_bad_step_and_exit_4(
    photos: Make, tmp_path: Path, request: pytest.FixtureRequest, source: str, rate: str
) -> None:
    folder = photos(a=8, b=8)
    if source != "made":
        folder = request.getfixturevalue("shared_data") / source
    done = run(
        "train", folder, "--out", tmp_path / "run", *FAST, "--learning-rate", rate,
        "--patience", 9, "--epochs", 9, "--schedule", "constant",
    )  # fmt: skip
    assert done.returncode == 4, done.stdout + done.stderr
    assert re.search(r"In epoch \d+ the .*not finite", done.stderr)
    assert "first in batch" in done.stderr or source == "made"
    assert f"lower learning rate than {float(rate):g}" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "status", "text"),
    [
        (["--epochs", "0"], 2, "Epochs is 0"),
        (["--batch-size", "-1"], 2, "Batch size is -1"),
        (["--patience", "0"], 2, "Patience is 0"),
        (["--print-frequency", "0"], 2, "Print frequency is 0"),
        (["--learning-rate", "0"], 2, "Learning rate is 0"),
        (["--learning-rate", "nan"], 2, "finite"),
        (["--learning-rate", "inf"], 2, "finite"),
        (["--warmup-epochs", "5", "--epochs", "5"], 2, "Warm-up epochs is 5"),
        (["--model", "resnet81"], 2, "Did you mean resnet18"),
        (["--preset", "standart"], 2, "Did you mean standard"),
        (["--batch-size", "1"], 2, "BatchNorm"),
        (["--image-size", "huge"], 2, "--image-size"),
        (["--augmentation", "wild"], 2, "any-orientation"),
        (["--test-fraction", "0.9"], 2, "leave no picture"),
        (["--device", "cuda:7"], 5, "--device"),
        (["--weights", "missing.safetensors"], 3, "missing.safetensors"),
        (["--pretrained", "--model", "resnet18"], 5, "Three ways on"),
    ],
)
def test_bad_options_are_one_message_and_leave_nothing_behind(
    photos: Make, tmp_path: Path, words: list[str], status: int, text: str
) -> None:
    base = [] if {"--weights", "--pretrained"} & set(words) else ["--no-pretrained"]
    done = run("train", photos(a=5, b=5), "--out", tmp_path / "run", *base, *words, cwd=tmp_path)
    assert done.returncode == status, done.stdout + done.stderr
    assert text in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "run").exists()


def test_bad_data_is_one_message_with_its_number(photos: Make, tmp_path: Path) -> None:
    out = tmp_path / "run"
    (tmp_path / "empty").mkdir()
    flat = tmp_path / "flat"
    flat.mkdir()
    picture((9, 9), seed=1).save(flat / "x.png")
    picture((9, 9), seed=2).save(flat / "y.png")
    other = photos("other", a=3, c=3)
    folder = photos(a=5, b=5)
    for words, number in (
        ([tmp_path / "missing"], "0018"),
        ([tmp_path / "empty"], "0018"),
        ([flat], "0024"),
        ([folder, "--validation", other], "0018"),
        ([folder, "--from", folder], "0159"),
    ):
        done = run("train", *words, "--out", out, *FAST)
        assert done.returncode == 3, (words, done.stdout, done.stderr)
        assert number in done.stderr
        assert "Traceback" not in done.stderr
        assert not out.exists()
    done = run("score", folder, folder, "--out", tmp_path / "scores")
    assert done.returncode == 3
    assert "0159" in done.stderr


def test_an_existing_output_is_refused_and_only_a_run_is_overwritten(
    photos: Make, tmp_path: Path
) -> None:
    folder, out = photos(a=5, b=5), tmp_path / "mine"
    out.mkdir()
    (out / "thesis.txt").write_text("years of work")
    assert run("train", folder, "--out", out, *FAST).returncode == 2
    assert run("train", folder, "--out", out, *FAST, "--overwrite").returncode == 2
    assert (out / "thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize("place", ["", "run", "cat/run"])
def test_nothing_is_written_among_the_pictures(photos: Make, place: str) -> None:
    folder = photos(cat=5, dog=5)
    before = sorted(folder.rglob("*"))
    for words in (["--out", folder / place], ["--out", folder / place, "--overwrite"]):
        done = run("train", folder, *words, *FAST)
        assert done.returncode == 2, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
    assert sorted(folder.rglob("*")) == before


def test_a_head_only_run_fits_features_and_refuses_random_transformations(
    photos: Make, tmp_path: Path
) -> None:
    folder = photos(a=8, b=8)
    train(folder, tmp_path / "run", "--fine-tuning-mode", "head", "--epochs", 3)
    done = run(
        "train", folder, "--out", tmp_path / "b", *FAST, "--fine-tuning-mode", "head",
        "--augmentation", "strong",
    )  # fmt: skip
    assert done.returncode == 2
    assert "random transformation" in done.stderr


@pytest.mark.slow
def test_an_own_model_is_continued_and_re_headed(photos: Make, tmp_path: Path) -> None:
    train(photos("one", a=6, b=6), tmp_path / "one-run", "--epochs", 1)
    model = tmp_path / "one-run" / "model"
    words = [w for w in FAST if w != "--no-pretrained"]
    done = run(
        "train", photos("two", b=6, c=6), "--out", tmp_path / "two-run", *words, "--epochs", 1,
        "--from", model,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "new: c" in done.stdout
    assert (tmp_path / "two-run" / "model" / "labels.txt").read_text() == "b\nc\n"


def test_help_and_catalog_cost_little() -> None:
    def seconds(*words: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert run(*words).returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    environment = os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    try:
        for words, limit in ((["--help"], 0.6), (["components"], 1.0)):
            seconds(*words)
            assert statistics.median(seconds(*words) for _ in range(3)) < limit
    finally:
        if environment is not None:
            os.environ["PYTHONDONTWRITEBYTECODE"] = environment


def test_components_and_doctor_print_and_speak_json() -> None:
    assert "Train PyTorch Model" in run("components").stdout
    shown = run("components", "train pytorch model")
    assert "learning-rate" in shown.stdout
    assert len(json.loads(run("components", "--json").stdout)) >= 12
    assert "torch" in json.loads(run("doctor", "--json").stdout)["Versions"]
    assert run("components", "train pytorch modle").returncode == 2


def test_a_component_runs_on_folders(photos: Make, tmp_path: Path) -> None:
    folder = photos(a=5, b=5)
    done = run(
        "component", "convert-to-image-directory", "--input", f"input_dataset={folder}",
        "--output", f"output_image_directory={tmp_path / 'images'}", "--intensity", "image",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "10 pictures of 2 classes" in done.stdout
    done = run(
        "component", "Split Image Directory", "--input",
        f"input_image_directory={tmp_path / 'images'}", "--set", "fraction=0.6",
        "--output", f"output_image_directory1={tmp_path / 'one'}",
        "--output", f"output_image_directory2={tmp_path / 'two'}",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "two" / "images.parquet").is_file()
