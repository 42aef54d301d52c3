"""The demo: handwritten digits, a ResNet-18 from scratch, nothing fetched."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from visionloom.artifacts.atomic import remove_tree
from visionloom.errors import OutputExistsError
from visionloom.runs.digits import write_digits
from visionloom.runs.train_request import STATE_FILE, TrainRequest
from visionloom.runs.train_run import TrainRun, prepare
from visionloom.spec.context import Listener, Log
from visionloom.workspace import Workspace

_MARK = ".visionloom-demo"


def run_demo(out: Path, listener: Listener, stop: threading.Event) -> dict[str, Any]:
    """Write the pictures and train on them; returns the summary.

    A folder that an earlier demo made is replaced, its ``photos`` and ``run`` only.

    Raises:
        OutputExistsError: ``out`` holds something else.
    """
    ours = (out / _MARK).is_file()
    if out.exists() and not ours and any(out.iterdir()):
        raise OutputExistsError(
            f"{out} exists and was not made by the demo.", "Choose another --out."
        )
    out.mkdir(parents=True, exist_ok=True)
    (out / _MARK).touch()
    photos, run = out / "photos", out / "run"
    if (run / STATE_FILE).is_file():
        remove_tree(run)
    count = write_digits(photos)
    listener(Log(f"{count} pictures of handwritten digits written to {photos}"))
    request = TrainRequest(
        photos=str(photos.absolute()),
        pretrained=False,
        image_size=32,
        augmentation="none",
        training={
            "preset": "standard",
            "epochs": 8,
            "batch_size": 64,
            "learning_rate": 0.05,
            "warmup_epochs": 1,
        },
    )
    prepare(run, request, resume=False, finish=False, overwrite=False)
    return TrainRun(Workspace(), request, run, listener, stop).go()
