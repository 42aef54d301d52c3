"""Checkpoints hold everything once."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from visionloom.training import checkpoint
from visionloom.training.checkpoint import Identity, Position, State
from visionloom.training.history import History


@pytest.mark.parametrize("same", [True, False])
def test_best_weights_that_are_the_model_s_are_stored_once(tmp_path: Path, same: bool) -> None:
    model = {"fc.weight": torch.arange(6.0).reshape(2, 3)}
    best = model if same else {"fc.weight": torch.ones(2, 3)}
    state = State(
        Position(epoch=3), History("valid_loss", 0.0), model, {}, best, {}, Identity({}, {}, {}),
        best_is_model=same,
    )  # fmt: skip
    checkpoint.save(tmp_path, state)
    (folder,) = tmp_path.glob("checkpoint-*")
    assert (folder / "best.safetensors").exists() is not same
    loaded, warnings = checkpoint.load_latest(tmp_path)
    assert loaded is not None
    assert warnings == []
    assert loaded.position.epoch == 3
    assert loaded.best is not None
    assert torch.equal(loaded.best["fc.weight"], best["fc.weight"])
