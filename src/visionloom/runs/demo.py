"""The demo: handwritten digits, a ResNet-18 from scratch, nothing fetched."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from visionloom.artifacts.atomic import remove_tree, write_file
from visionloom.errors import OutputExistsError, RunInterrupted
from visionloom.runs.digits import write_digits
from visionloom.runs.train_folder import prepare
from visionloom.runs.train_request import STATE_FILE
from visionloom.runs.train_run import TrainRun
from visionloom.spec.context import Listener, Log, silent
from visionloom.workspace import Workspace

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


def run_demo(
    out: Path,
    workspace: Workspace,
    listener: Listener = silent,
    stop: threading.Event | None = None,
    *,
    no_reuse: bool = False,
) -> dict[str, Any]:
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
    listener(Log(f"{count:,} pictures of handwritten digits are in {photos}."))
    remove_tree(run)
    request = prepare(run, {"photos": photos, **_RECIPE}, workspace.registry)
    training = TrainRun(
        workspace, request, run, listener, stop or threading.Event(), "demo", no_reuse
    )
    try:
        return training.go()
    except RunInterrupted as error:
        again = "Start the demo again when you like."
        raise RunInterrupted(error.message, again, error.status) from error
