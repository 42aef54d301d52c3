"""The page about a model and an evaluation alone, without the run's folder around them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from visionloom.artifacts.digest import sha256_of_bytes
from visionloom.artifacts.store import new_artifact, open_artifact
from visionloom.artifacts.types import Evaluation, Report, TrainedModel
from visionloom.images.transforms import Transformation
from visionloom.inference.report import Part, ReportData, render_report
from visionloom.models.directory import TrainedSpec, read_trained

_HEADINGS = {"validation": "Validation", "test": "Test"}


def write_model_report(model: TrainedModel, evaluation: Evaluation, target: Path) -> Report:
    """Write a report artifact with ``report.html``.

    Raises:
        InvalidModelDirectoryError, ArtifactError: One of the inputs is not what it should be.
    """
    spec = read_trained(model)
    open_artifact(evaluation)
    text = (evaluation.path / "evaluation.json").read_text(encoding="utf-8")
    figures = json.loads(text)["scores"]
    transformation = Transformation.from_json(spec.transformation).describe()
    counts = {"evaluated": {row["label"]: row["images"] for row in figures["per_class"]}}
    skipped = [(entry["file"], entry["reason"]) for entry in figures["skipped"]]
    data = ReportData(
        title=f"{spec.architecture.name}, {len(spec.classes)} classes",
        summary=_summary(spec),
        epochs=spec.history,
        parts=[Part(_HEADINGS.get(figures["role"], "Evaluated"), "", figures)],
        counts=counts,
        skipped=skipped,
        notes=(),
        transformation=("", transformation),
        command="",
    )
    page = render_report(data).encode("utf-8", "backslashreplace")
    with new_artifact(Report, target) as draft:
        (draft.folder / "report.html").write_bytes(page)
        draft.digest = sha256_of_bytes(page)
    return Report(target)


def _summary(spec: TrainedSpec) -> dict[str, Any]:
    return {
        "classes": spec.classes,
        "best_epoch": spec.best_epoch,
        "epochs_run": spec.metrics["epochs_run"],
        "stopped_because": spec.metrics["stopped_because"],
        "model": spec.architecture.name,
        "weights_origin": spec.weights_origin,
        "preset": spec.recipe["preset"],
        "recipe": spec.recipe,
        "versions": spec.versions,
        "device": spec.versions["device"],
        "precision": spec.versions["precision"],
        "weights_digest": spec.weights_digest,
    }
