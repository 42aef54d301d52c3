"""``summary.json``: what a training gave, on one page for people and machines."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from visionloom.artifacts.atomic import write_file
from visionloom.artifacts.store import is_artifact
from visionloom.artifacts.tables import write_csv
from visionloom.artifacts.types import ImageDirectory
from visionloom.images.directory import read_images
from visionloom.images.sources import TEST, TRAINING, VALIDATION
from visionloom.runs.near_summary import across_parts, kept_together
from visionloom.runs.train_request import TrainRequest


def build_summary(
    out: Path,
    request: TrainRequest,
    run: str,
    seconds: float,
    *,
    reused_steps: int,
    given: Collection[str],
) -> dict[str, Any]:
    """What ``summary.json`` holds.

    Args:
        out: The run's folder, with model, evaluations and image directories.
        request: What was asked for.
        run: Id of the pipeline run.
        seconds: Wall time of all attempts.
        reused_steps: Steps whose results were there already.
        given: The held-out parts that the user gave, so that they may hold training pictures.
    """
    parts = part_directories(out)
    evaluations = {name: evaluation_folder(out, name) for name in parts if name != TRAINING}
    model = json.loads((out / "model" / "model.json").read_text(encoding="utf-8"))
    images = {name: read_images(part, verify=False) for name, part in parts.items()}
    skipped = {(s.file, s.reason) for part in images.values() for s in part.skipped}
    metrics, versions = model["metrics"], model["versions"]
    rows = [json.loads(line) for line in (out / "metrics.jsonl").read_text("utf-8").splitlines()]
    count = len(images["training"].records)
    spent = [count / row["train_images_per_second"] for row in rows]
    waited = sum(row["waited_for_data"] * s for row, s in zip(rows, spent, strict=True))
    summary: dict[str, Any] = {
        "classes": model["classes"],
        "training_images": count,
        "validation_images": len(images["validation"].records),
        "test_images": len(images["test"].records) if "test" in images else 0,
        "skipped_images": len(skipped),
        "epochs_run": metrics["epochs_run"],
        "best_epoch": model["best_epoch"],
        "stopped_because": metrics["stopped_because"],
        "monitored": metrics["monitored"],
        "validation": _figures(evaluations["validation"]),
        "train_images_per_second": count * len(rows) / sum(spent),
        "waited_for_data_fraction": waited / sum(spent),
        "training_seconds": sum(row["seconds"] for row in rows),
        "wall_seconds": seconds,
        "weights_digest": model["weights_digest"],
        "seed": model["seed"],
        "device": versions["device"],
        "precision": versions["precision"],
        "preset": model["recipe"]["preset"],
        "recipe": model["recipe"],
        "model": model["architecture"]["name"],
        "input_size": model["input_size"],
        "weights_origin": model["weights_origin"],
        "photos": request.photos,
        "run": run,
        "reused_steps": reused_steps,
        "versions": versions,
    }
    if "test" in evaluations:
        summary["test"] = _figures(evaluations["test"])
    if request.near_duplicates:
        summary["near_duplicates"] = {
            "kept_together": kept_together(images),
            "across": across_parts(out, parts, [name for name in evaluations if name in given]),
        }
    return summary


def part_directories(out: Path) -> dict[str, ImageDirectory]:
    """training, validation and perhaps test, as the run delivered them."""
    folders = {name: out / "work" / name for name in (TRAINING, VALIDATION, TEST)}
    return {name: ImageDirectory(path) for name, path in folders.items() if is_artifact(path)}


def evaluation_folder(out: Path, part: str) -> Path:
    """Where the evaluation of a part is."""
    return out / ("evaluation" if part == VALIDATION else f"{part}-evaluation")


def write_summary(out: Path, summary: Mapping[str, Any]) -> None:
    """Write ``summary.json``: last of all, so that a run with it is whole."""
    text = json.dumps(summary, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    write_file(out / "summary.json", text.encode())


def write_skipped(out: Path) -> None:
    """Write ``skipped.csv``: every file of the source that is not used, with its reason."""
    parts = part_directories(out)
    lists = [read_images(part, verify=False).skipped for part in parts.values()]
    rows = sorted({(s.file, s.reason) for skipped in lists for s in skipped})
    write_file(out / "skipped.csv", skipped_csv(rows))


def skipped_csv(rows: Sequence[tuple[str, str]]) -> bytes:
    """Files and reasons as CSV; text that a spreadsheet would run is neutralised."""
    with tempfile.TemporaryDirectory(prefix="visionloom-") as temporary:
        path = Path(temporary) / "skipped.csv"
        write_csv(
            path,
            {"file": "VARCHAR", "reason": "VARCHAR"},
            {"file": [file for file, _ in rows], "reason": [reason for _, reason in rows]},
        )
        return path.read_bytes()


def _figures(evaluation: Path) -> dict[str, Any]:
    scores = json.loads((evaluation / "evaluation.json").read_text(encoding="utf-8"))["scores"]
    return {
        "loss": scores["log_loss"]["value"],
        "accuracy": scores["accuracy"]["value"],
        "accuracy_interval": scores["accuracy"]["interval"],
        "macro_f1": scores["macro_f1"]["value"],
        "images": scores["images"],
    }
