"""``summary.json``: what a training gave, on one page for people and machines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from visionloom.artifacts.atomic import write_file
from visionloom.artifacts.types import ImageDirectory
from visionloom.images.directory import read_images
from visionloom.runs.train_request import TrainRequest


def build_summary(
    out: Path,
    request: TrainRequest,
    parts: Mapping[str, ImageDirectory],
    evaluations: Mapping[str, Path],
    seconds: float,
) -> dict[str, Any]:
    """What ``summary.json`` holds.

    Args:
        out: The run's folder, with the model.
        request: What was asked for.
        parts: training, validation and perhaps test.
        evaluations: validation and perhaps test -> evaluation.
        seconds: Wall time of this attempt.
    """
    model = json.loads((out / "model" / "model.json").read_text(encoding="utf-8"))
    images = {name: read_images(part, verify=False) for name, part in parts.items()}
    skipped = {(s.file, s.reason) for part in images.values() for s in part.skipped}
    metrics, versions = model["metrics"], model["versions"]
    rows = [json.loads(line) for line in (out / "metrics.jsonl").read_text("utf-8").splitlines()]
    trained = sum(row["seconds"] for row in rows)
    rate = _weighted(rows, "train_images_per_second")
    summary: dict[str, Any] = {
        "classes": model["classes"],
        "training_images": len(images["training"].records),
        "validation_images": len(images["validation"].records),
        "test_images": len(images["test"].records) if "test" in images else 0,
        "skipped_images": len(skipped),
        "epochs_run": metrics["epochs_run"],
        "best_epoch": model["best_epoch"],
        "stopped_because": metrics["stopped_because"],
        "monitored": metrics["monitored"],
        "validation": _figures(evaluations["validation"]),
        "train_images_per_second": rate,
        "waited_for_data_fraction": _weighted(rows, "waited_for_data"),
        "training_seconds": trained,
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
        "versions": versions,
    }
    if "test" in evaluations:
        summary["test"] = _figures(evaluations["test"])
    return summary


def write_summary(out: Path, summary: Mapping[str, Any]) -> None:
    """Write ``summary.json``: last of all, so that a run with it is whole."""
    text = json.dumps(summary, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    write_file(out / "summary.json", text.encode())


def _figures(evaluation: Path) -> dict[str, Any]:
    scores = json.loads((evaluation / "evaluation.json").read_text(encoding="utf-8"))["scores"]
    return {
        "loss": scores["log_loss"]["value"],
        "accuracy": scores["accuracy"]["value"],
        "accuracy_interval": scores["accuracy"]["interval"],
        "macro_f1": scores["macro_f1"]["value"],
        "images": scores["images"],
    }


def _weighted(rows: list[dict[str, Any]], name: str) -> float:
    """Mean over the epochs, weighted by their time."""
    seconds = sum(row["seconds"] for row in rows)
    return float(sum(row[name] * row["seconds"] for row in rows) / max(seconds, 1e-9))
