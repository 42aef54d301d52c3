"""`train --verify-resume` says what there is to verify, or why nothing is."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from visionloom.errors import RunInterrupted, UsageError
from visionloom.runs.train_folder import prepare
from visionloom.runs.train_run import TrainRun
from visionloom.runs.verify_run import verify_training
from visionloom.spec.context import Event, Metrics, silent
from visionloom.workspace import Workspace

Make = Callable[..., Path]
SAID = {
    "pretrained": False, "model": "timm:test_resnet", "image_size": "32", "batch_size": 4,
    "epochs": 1000, "patience": 1000, "precision": "fp32", "checkpoint_minutes": 1e-6,
}  # fmt: skip


def test_a_stopped_training_is_replayed_and_still_goes_on(photos: Make, tmp_path: Path) -> None:
    workspace, out, stop = Workspace(), tmp_path / "run", threading.Event()
    request = prepare(out, {"photos": str(photos(a=6, b=6)), **SAID}, workspace.registry)

    def listen(event: Event) -> None:
        if isinstance(event, Metrics):
            stop.set()

    with pytest.raises(RunInterrupted):
        TrainRun(workspace, request, out, listen, stop).go()
    found = verify_training(workspace, out, silent, threading.Event())
    assert found.different == []
    assert found.recorded["weights"]
    request = prepare(out, {"more_epochs": 3}, workspace.registry, finish=True)
    assert request.training["more_epochs"] == 3
    TrainRun(workspace, request, out, finish=True).go()
    with pytest.raises(UsageError, match="is finished, and the state of a finished training"):
        verify_training(workspace, out, silent, threading.Event())


def test_there_is_nothing_to_replay_before_a_training_began(photos: Make, tmp_path: Path) -> None:
    workspace, out = Workspace(), tmp_path / "run"
    prepare(out, {"photos": str(photos(a=6, b=6)), **SAID}, workspace.registry)
    with pytest.raises(UsageError, match="has not begun to train"):
        verify_training(workspace, out, silent, threading.Event())
    with pytest.raises(UsageError, match="is not the folder of a training run"):
        verify_training(workspace, tmp_path, silent, threading.Event())
