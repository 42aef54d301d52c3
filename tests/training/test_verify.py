"""Replaying from the last checkpoint but one comes to the last, or says what does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

import visionloom as vl
from visionloom.artifacts.atomic import remove_tree
from visionloom.errors import UsageError
from visionloom.spec.verified import Verified
from visionloom.training import checkpoint
from visionloom.training.loop import Trainer
from visionloom.workspace import Workspace

Make = Callable[..., Path]


class Stopped:
    """A training that was killed in its second epoch, and the folder of its checkpoints."""

    def __init__(self, photos: Make, folder: Path, mode: str, monkeypatch: Any) -> None:
        images = vl.convert_to_image_directory(photos(a=8, b=8))
        training, validation = vl.split_image_directory(images, fraction=0.75)
        start = vl.timm_model(model_name="test_resnet", pretrained=False)
        self.inputs = {
            "untrained_model": start.path,
            "training_dataset": training.path,
            "validation_dataset": validation.path,
        }
        self.parameters = {
            "epochs": 3, "batch_size": 4, "device": "cpu", "precision": "fp32",
            "fine_tuning_mode": mode, "print_frequency": 1, "checkpoint_minutes": 1e-9,
        }  # fmt: skip
        self.scratch = folder / "scratch"
        self.scratch.mkdir()
        step, steps = Trainer._step, 0

        def die(trainer: Trainer, *rest: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            nonlocal steps
            steps += 1
            if steps == 5:
                raise KeyboardInterrupt
            return step(trainer, *rest)

        monkeypatch.setattr(Trainer, "_step", die)
        with pytest.raises(KeyboardInterrupt):
            Workspace().run(
                "train_pytorch_model",
                inputs=self.inputs,
                parameters=self.parameters,
                outputs={"trained_model": folder / "model"},
                scratch=self.scratch,
            )
        monkeypatch.setattr(Trainer, "_step", step)

    def verify(self) -> Verified:
        resolved = Workspace().registry.find("train_pytorch_model").resolve(self.parameters)
        return Workspace().verify_resume(resolved, self.inputs, self.scratch)


@pytest.mark.parametrize("mode", ["whole", "head", "head-then-whole"])
def test_a_replay_comes_to_the_same_bits_and_writes_nothing(
    photos: Make, tmp_path: Path, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = Stopped(photos, tmp_path, mode, monkeypatch)
    before = {path: path.stat().st_mtime_ns for path in stopped.scratch.rglob("*")}
    found = stopped.verify()
    assert found.different == []
    assert found.steps == 1
    assert found.begin == "epoch 2 after 0 batches"
    assert found.environment == ()
    assert {path: path.stat().st_mtime_ns for path in stopped.scratch.rglob("*")} == before


def test_a_replay_that_comes_out_otherwise_is_told_by_part(
    photos: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = Stopped(photos, tmp_path, "whole", monkeypatch)
    _, newer = checkpoint.load_last_two(stopped.scratch)
    name = next(name for name, tensor in newer.model.items() if tensor.is_floating_point())
    newer.model[name].view(-1)[0] += 1e-7
    remove_tree(max(stopped.scratch.glob("checkpoint-*")))
    checkpoint.save(stopped.scratch, newer)
    assert stopped.verify().different == ["weights"]


def test_versions_that_differ_since_are_named(
    photos: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = Stopped(photos, tmp_path, "whole", monkeypatch)
    for state in checkpoint.load_last_two(stopped.scratch):
        known = {**state.identity.environment, "torch": "1.0"}
        checkpoint.save(
            stopped.scratch, replace(state, identity=replace(state.identity, environment=known))
        )
    (said,) = stopped.verify().environment
    assert said.startswith("torch ")
    assert said.endswith("instead of '1.0'")


def test_one_checkpoint_alone_cannot_be_verified(
    photos: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = Stopped(photos, tmp_path, "whole", monkeypatch)
    remove_tree(min(stopped.scratch.glob("checkpoint-*")))
    with pytest.raises(UsageError, match="1 checkpoint is there, and two are compared"):
        stopped.verify()
