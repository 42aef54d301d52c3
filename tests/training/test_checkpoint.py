"""Checkpoints hold everything once, appear whole, and are kept as long as they are needed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from visionloom.errors import UsageError
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


def state(step: int, **identity: dict[str, object]) -> State:
    model = {"fc.weight": torch.full((2, 3), float(step))}
    known = Identity(**{"recipe": {}, "data": {}, "environment": {}, **identity})  # type: ignore[arg-type]
    position = Position(batch=step, step=step)
    return State(position, History("valid_loss", 0.0), model, {}, None, {}, known)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_last_two_are_kept(tmp_path: Path) -> None:
    for step in (1, 2, 3, 4):
        checkpoint.save(tmp_path, state(step))
    assert names(tmp_path) == ["checkpoint-000003", "checkpoint-000004"]
    older, newer = checkpoint.load_last_two(tmp_path)
    assert (older.position.step, newer.position.step) == (3, 4)


def test_a_damaged_checkpoint_does_not_push_out_the_whole_one_before_it(tmp_path: Path) -> None:
    checkpoint.save(tmp_path, state(1))
    checkpoint.save(tmp_path, state(2))
    damage = tmp_path / "checkpoint-000002" / "model.safetensors"
    damage.write_bytes(damage.read_bytes()[:-1] + b"x")
    checkpoint.save(tmp_path, state(3))
    assert names(tmp_path) == ["checkpoint-000001", "checkpoint-000003"]
    damage = tmp_path / "checkpoint-000003" / "state.json"
    damage.write_bytes(b"")
    loaded, (said,) = checkpoint.load_latest(tmp_path)
    assert loaded is not None
    assert loaded.position.step == 1
    assert "checkpoint-000003 is not usable" in said
    assert "goes on from checkpoint-000001, epoch 1 after 1 batches; 2 steps are done again" in said


def test_a_checkpoint_of_which_nothing_can_be_read_does_not_say_how_much_is_lost(
    tmp_path: Path,
) -> None:
    checkpoint.save(tmp_path, state(1))
    for path in (tmp_path / "checkpoint-000001").iterdir():
        path.write_bytes(b"\x00")
    loaded, (said,) = checkpoint.load_latest(tmp_path)
    assert loaded is None
    assert "training begins anew; how many steps are done again is not known" in said


def test_a_checkpoint_being_written_is_none_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint.save(tmp_path, state(1))

    def die(*_: object, **__: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(json, "dumps", die)
    with pytest.raises(KeyboardInterrupt):
        checkpoint.save(tmp_path, state(2))
    monkeypatch.undo()
    loaded, warnings = checkpoint.load_latest(tmp_path)
    assert loaded is not None
    assert (loaded.position.step, warnings) == (1, [])
    assert names(tmp_path) == ["checkpoint-000001"]


def test_other_data_or_another_recipe_is_refused_and_named() -> None:
    saved = Identity({"epochs": 8}, {"training data": "a"}, {"torch": "2.1"})
    with pytest.raises(UsageError, match="another recipe: epochs 5 instead of 8"):
        checkpoint.check_identity(saved, Identity({"epochs": 5}, {"training data": "a"}, {}))
    with pytest.raises(UsageError, match="other data: training data changed"):
        checkpoint.check_identity(saved, Identity({"epochs": 8}, {"training data": "b"}, {}))


def test_other_versions_are_allowed_and_named() -> None:
    saved = Identity({}, {}, {"torch": "2.1", "threads": 2})
    ours = Identity({}, {}, {"torch": "2.2", "threads": 2})
    assert checkpoint.check_identity(saved, ours) == ["torch '2.2' instead of '2.1'"]
