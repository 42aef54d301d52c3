"""The demo: handwritten digits, a ResNet-18 from scratch, nothing fetched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from visionloom.artifacts.atomic import remove_tree, write_file
from visionloom.errors import OutputExistsError, RunInterrupted
from visionloom.runs.digits import write_digits
from visionloom.runs.steps import Steps
from visionloom.runs.train_folder import prepare
from visionloom.runs.train_request import STATE_FILE
from visionloom.runs.train_run import TrainRun

MARK = ".visionloom-demo"
_RECIPE = {
    "pretrained": False,
    "image_size": 32,
    "augmentation": "none",
    "epochs": 5,
    "batch_size": 64,
    "learning_rate": 0.05,
    "warmup_epochs": 1,
}


def run_demo(out: Path, steps: Steps) -> dict[str, Any]:
    """Write the pictures and train on them; returns the summary.

    What an earlier demo made is replaced (``photos`` and ``run``), and nothing else in ``out``.

    Raises:
        OutputExistsError: ``out`` holds something that is not the demo's.
        RunInterrupted: Stopped.
    """
    photos, run = out / "photos", out / "run"
    ours = (out / MARK).is_file()
    if out.exists() and not ours and (not out.is_dir() or any(out.iterdir())):
        raise OutputExistsError(
            f"{out} exists and was not made by the demo.", "Choose another --out."
        )
    if run.exists() and not (run / STATE_FILE).is_file():
        raise OutputExistsError(f"{run} is no training run.", "Move it, or choose another --out.")
    write_file(out / MARK, b"Visionloom's demo made photos and run; it replaces them when rerun.\n")
    count = write_digits(photos)
    steps.log(f"{count:,} pictures of handwritten digits are in {photos}.")
    remove_tree(run)
    request = prepare(run, {"photos": photos, **_RECIPE}, steps.workspace.registry)
    try:
        return TrainRun(steps, request, run).go()
    except RunInterrupted as error:
        raise RunInterrupted(error.message, "Start the demo again when you like.") from error
