"""The chain behind `visionloom evaluate`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from visionloom.artifacts.store import is_artifact
from visionloom.errors import UsageError
from visionloom.runs.steps import Steps


def evaluate_scores(steps: Steps, scores: Sequence[Path], out: Path) -> dict[str, Any]:
    """Evaluate scores, compared with a second set on the same pictures if there is one.

    Args:
        steps: Runs the component.
        scores: One or two scores' folders, or folders of training runs.
        out: The evaluation's folder to appear.

    Returns:
        What ``evaluation.json`` holds.

    Raises:
        UsageError: More than two.
        OutputExistsError: ``out`` exists.
        VisionloomError: Whatever the component raises.
    """
    if not 1 <= len(scores) <= 2:
        raise UsageError(
            f"{len(scores)} sets of scores were given.", "Give one, or two to compare."
        )
    ports = ("scored_dataset", "scored_dataset_to_compare")
    steps.workspace.run(
        "Evaluate Model",
        inputs={port: _scores(path) for port, path in zip(ports, scores, strict=False)},
        parameters={},
        outputs={"evaluation_results": out},
        listener=steps.listener,
        stop=steps.stop,
    )
    document: dict[str, Any] = json.loads((out / "evaluation.json").read_bytes())
    return document


def _scores(path: Path) -> Path:
    """The scores that a path names: itself, ``scores`` in a run's folder, or its scores.parquet."""
    if path.name == "scores.parquet" and path.is_file():
        return path.parent
    inside = path / "scores"
    return inside if not is_artifact(path) and is_artifact(inside) else path
