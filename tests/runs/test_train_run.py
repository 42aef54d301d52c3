"""The chain behind `visionloom train`, in this process."""

from __future__ import annotations

import csv
import json
import shlex
import shutil
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageOps

import visionloom as vl
from tests.conftest import picture
from visionloom.errors import RunInterrupted
from visionloom.images.directory import read_images
from visionloom.runs.report_run import command
from visionloom.runs.summary import part_directories
from visionloom.runs.train_folder import prepare
from visionloom.runs.train_request import read_request
from visionloom.runs.train_run import TrainRun
from visionloom.spec.context import Event, Log, Metrics
from visionloom.workspace import Workspace

Make = Callable[..., Path]
QUICK: dict[str, Any] = {
    "pretrained": False, "image_size": "32", "batch_size": 4, "epochs": 1, "precision": "fp32",
    "preset": "original",
}  # fmt: skip


def files_of(out: Path) -> dict[str, set[str]]:
    parts = part_directories(out)
    return {name: {r.file for r in read_images(p).records} for name, p in parts.items()}


def test_c44_the_environment_is_written_nowhere(
    photos: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_PASSWORD", "hunter2-8431")
    said: list[str] = []

    def listen(event: Event) -> None:
        if isinstance(event, Log):
            said.append(event.text)

    vl.train(photos(a=5, b=5), out=tmp_path / "run", listener=listen, **QUICK)
    assert "hunter2-8431" not in "\n".join(said)
    for path in (tmp_path / "run").rglob("*"):
        if path.is_file():
            assert b"hunter2-8431" not in path.read_bytes(), path


def test_a_test_part_is_held_out_scored_once_and_said(photos: Make, tmp_path: Path) -> None:
    out = tmp_path / "run"
    summary = vl.train(photos(a=10, b=10), out=out, test_fraction=0.2, **QUICK)
    parts = files_of(out)
    assert [len(parts[name]) for name in ("training", "validation", "test")] == [12, 4, 4]
    assert not parts["training"] & parts["validation"]
    assert not (parts["training"] | parts["validation"]) & parts["test"]
    assert summary["test"]["images"] == 4
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "used for no choice" in page
    document = json.loads((out / "test-evaluation" / "evaluation.json").read_text())
    assert document["scores"]["role"] == "test"


def test_a_divided_set_keeps_its_parts(photos: Make, tmp_path: Path) -> None:
    top = tmp_path / "divided"
    for number, part in enumerate(("train", "valid", "test")):
        for index, label in enumerate(("a", "b")):
            (top / part / label).mkdir(parents=True)
            for i in range(4):
                seed = 100 * number + 10 * index + i
                picture((20, 20), seed, index).save(top / part / label / f"{i}.png")
    vl.train(top, out=tmp_path / "run", **QUICK)
    parts = files_of(tmp_path / "run")
    assert {name: len(files) for name, files in parts.items()} == {
        "training": 8, "validation": 8, "test": 8,
    }  # fmt: skip
    assert all(file.startswith("valid/") for file in parts["validation"])


def test_groups_stay_on_one_side(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    for index, label in enumerate(("a", "b")):
        (folder / label).mkdir(parents=True)
        for number in range(12):
            name = f"patient{number // 3}_{number}.png"
            picture((20, 20), 100 * index + number, index).save(folder / label / name)
    vl.train(folder, out=tmp_path / "run", group_by=r"(patient\d+)", **QUICK)
    sides = files_of(tmp_path / "run")

    def patients(files: set[str]) -> set[str]:
        return {Path(file).name.partition("_")[0] for file in files}

    assert not patients(sides["training"]) & patients(sides["validation"])
    document = json.loads((tmp_path / "run" / "evaluation" / "evaluation.json").read_text())
    assert document["scores"]["groups"] is not None


def test_every_skipped_file_is_in_the_summary_the_list_and_the_page(
    photos: Make, tmp_path: Path
) -> None:
    folder = photos(a=5, b=5)
    (folder / "a" / "cut.png").write_bytes((folder / "a" / "a_00.png").read_bytes()[:200])
    (folder / "b" / "slide.czi").write_bytes(b"ZISRAWFILE")
    summary = vl.train(folder, out=tmp_path / "run", **QUICK)
    with open(tmp_path / "run" / "skipped.csv", newline="", encoding="utf-8") as stream:
        rows = {row["file"]: row["reason"] for row in csv.DictReader(stream)}
    assert set(rows) == {"a/cut.png", "b/slide.czi"}
    assert summary["skipped_images"] == 2
    assert "CZI" in rows["b/slide.czi"]
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert all(file in page for file in rows)


def test_the_command_in_the_report_asks_for_the_same_again(photos: Make, tmp_path: Path) -> None:
    out = tmp_path / "run"
    more: dict[str, Any] = {**QUICK, "balance": "sampling", "split_seed": 7, "cache": False}
    vl.train(photos(a=6, b=6), out=out, **more)
    request = read_request(out)
    words = shlex.split(command(request, out))
    for pair in (
        ["--balance", "sampling"], ["--split-seed", "7"], ["--image-size", "32"],
        ["--preset", "original"],
    ):  # fmt: skip
        place = words.index(pair[0])
        assert words[place : place + 2] == pair
    assert "--no-cache" in words
    assert "--no-pretrained" in words


def test_the_folder_and_its_zip_give_the_same_weights(photos: Make, tmp_path: Path) -> None:
    folder = photos(a=6, b=6)
    with zipfile.ZipFile(tmp_path / "photos.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*.png")):
            archive.write(path, path.relative_to(tmp_path))
    digests = {
        vl.train(source, out=tmp_path / f"run{i}", no_reuse=True, **QUICK)["weights_digest"]
        for i, source in enumerate((folder, tmp_path / "photos.zip"))
    }
    assert len(digests) == 1


@pytest.mark.slow
def test_the_zip_and_the_folder_of_a_real_set_give_the_same_weights(
    shared_data: Path, tmp_path: Path
) -> None:
    more: dict[str, Any] = {**QUICK, "fine_tuning_mode": "head"}
    digests = {
        vl.train(shared_data / name, out=tmp_path / name, no_reuse=True, **more)["weights_digest"]
        for name in ("sign_digits", "sign_digits.zip")
    }
    assert len(digests) == 1


def test_a_failed_overwrite_puts_the_old_run_back(photos: Make, tmp_path: Path) -> None:
    folder, out = photos(a=5, b=5), tmp_path / "run"
    before = vl.train(folder, out=out, **QUICK)
    (tmp_path / "empty").mkdir()
    with pytest.raises(vl.InvalidDatasetError):
        vl.train(tmp_path / "empty", out=out, overwrite=True, **QUICK)
    assert json.loads((out / "summary.json").read_text()) == before
    again = vl.train(folder, out=out, overwrite=True, **QUICK)
    assert again["weights_digest"] == before["weights_digest"]


def test_the_photos_are_left_as_they_were(photos: Make, tmp_path: Path) -> None:
    folder = photos(a=5, b=5)
    before = {p: (p.stat().st_mtime_ns, p.stat().st_size) for p in folder.rglob("*")}
    vl.train(folder, out=tmp_path / "run", **QUICK)
    assert {p: (p.stat().st_mtime_ns, p.stat().st_size) for p in folder.rglob("*")} == before


def test_a_report_can_be_written_again(photos: Make, tmp_path: Path) -> None:
    out = tmp_path / "run"
    vl.train(photos(a=5, b=5), out=out, **QUICK)
    page = (out / "report.html").read_bytes()
    (out / "report.html").unlink()
    assert vl.report(out).read_bytes() == page
    with pytest.raises(vl.VisionloomError):
        vl.report(tmp_path / "nothing")


@pytest.mark.slow
def test_a_stopped_run_goes_on_although_one_on_other_pictures_is_the_newest_result(
    photos: Make, tmp_path: Path
) -> None:
    folder, out = photos(a=5, b=5), tmp_path / "second"
    vl.train(folder, out=tmp_path / "first", **QUICK)
    picture((40, 32), seed=900).save(folder / "a" / "more.png")
    workspace, stop = Workspace(), threading.Event()

    def listen(event: Event) -> None:
        if isinstance(event, Metrics):
            stop.set()

    said = {"photos": folder, **QUICK, "epochs": 15}
    request = prepare(out, said, workspace.registry)
    with pytest.raises(RunInterrupted):
        TrainRun(workspace, request, out, listen, stop).go()
    assert vl.train(folder, out=out, resume=True)["epochs_run"] > 1


def test_a_stopped_run_does_not_go_on_on_other_pictures(photos: Make, tmp_path: Path) -> None:
    folder, out = photos(a=5, b=5), tmp_path / "run"
    workspace, stop = Workspace(), threading.Event()

    def listen(event: Event) -> None:
        if isinstance(event, Metrics):
            stop.set()

    request = prepare(out, {"photos": folder, **QUICK, "epochs": 15}, workspace.registry)
    with pytest.raises(RunInterrupted):
        TrainRun(workspace, request, out, listen, stop).go()
    picture((40, 32), seed=900).save(folder / "a" / "more.png")
    with pytest.raises(vl.UsageError, match="other data: input_dataset of the step convert"):
        vl.train(folder, out=out, resume=True)


def test_near_duplicates_stay_on_one_side_and_those_across_given_parts_are_named(
    shared_data: Path, tmp_path: Path
) -> None:
    training, held_out = tmp_path / "training", tmp_path / "held_out"
    for label in ("daffodil", "crocus"):
        sources = sorted((shared_data / "flowers17_5" / label).iterdir())[3:13]
        for folder, chosen in ((training, sources[:6]), (held_out, sources[6:])):
            (folder / label).mkdir(parents=True)
            for source in chosen:
                shutil.copy(source, folder / label / source.name)
        with Image.open(sources[0]) as image:
            ImageOps.mirror(image).save(held_out / label / "mirrored.jpg", quality=80)
            image.resize((120, 120)).save(training / label / "small.jpg", quality=80)
        shutil.copy(sources[1], held_out / label / "again.jpg")
    out = tmp_path / "run"
    summary = vl.train(training, validation=held_out, out=out, **QUICK)
    near = summary["near_duplicates"]
    assert near["kept_together"] == {"pictures": 4, "groups": 2}
    across = near["across"]["validation"]
    assert {Path(copy["held_out"]).name for copy in across["copies"]} == {
        "mirrored.jpg", "again.jpg",
    }  # fmt: skip
    assert (across["pictures"], across["exact"], across["images_without"]) == (4, 2, 8)
    with open(out / "scores" / "scores.csv", newline="", encoding="utf-8") as stream:
        rows = [r for r in csv.DictReader(stream) if Path(r["file"]).name[0] == "i"]
    right = sum(row["label"] == row["scored_label"] for row in rows)
    assert across["accuracy_without"]["value"] == pytest.approx(right / 8)
    assert across["accuracy"] == summary["validation"]["accuracy"]
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "4 of the validation pictures are copies or near duplicates" in page
    assert "4 near duplicates in 2 groups were kept on one side" in page

    off = vl.train(
        training, validation=held_out, out=tmp_path / "off", near_duplicates=False, **QUICK
    )
    assert "near_duplicates" not in off
    request = read_request(tmp_path / "off")
    assert "--no-near-duplicates" in command(request, tmp_path / "off")
    parts = part_directories(tmp_path / "off").values()
    assert all(r.near is None for part in parts for r in read_images(part).records)
