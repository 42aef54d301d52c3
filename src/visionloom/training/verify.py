"""Whether this machine goes on from a checkpoint to the same bits: tried, not assumed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from visionloom.artifacts.digest import sha256_of_json
from visionloom.artifacts.types import ImageDirectory, UntrainedModel
from visionloom.models.tensors import weights_digest
from visionloom.spec.context import Context
from visionloom.spec.verified import Verified
from visionloom.training import checkpoint
from visionloom.training.assemble import assembled
from visionloom.training.checkpoint import State
from visionloom.training.options import TrainingOptions, differences

_TIMES = ("train_images_per_second", "waited_for_data", "seconds")


def verify_resume(
    untrained: UntrainedModel,
    training: ImageDirectory,
    validation: ImageDirectory,
    choose: Callable[[bool], TrainingOptions],
    context: Context,
) -> Verified:
    """Replay the steps from the last checkpoint but one to the last and compare the two states.

    Nothing is written. Arguments are those of `visionloom.training.train.train`;
    ``context.scratch`` holds the checkpoints.

    Raises:
        UsageError: Fewer than two checkpoints, another recipe, or other data.
        ArtifactError: A checkpoint is damaged.
        RunInterrupted: Stopped.
    """
    older, newer = checkpoint.load_last_two(context.scratch)
    begin, first, end = older.position.words, older.position.step, newer.position
    recorded = state_digests(newer)
    with assembled(untrained, training, validation, choose, older, context, saving=False) as made:
        made.trainer.replay(end.epoch, end.batch)
        return Verified(
            begin,
            end.words,
            end.step - first,
            recorded,
            state_digests(made.trainer.state()),
            tuple(differences(made.identity.environment, newer.identity.environment)),
        )


def state_digests(state: State) -> dict[str, str]:
    """SHA-256 of each part of a state that goes on; times, which never repeat, are left out."""
    history = state.history.to_json()
    rows = [{k: v for k, v in row.items() if k not in _TIMES} for row in history["rows"]]
    position: dict[str, Any] = {
        name: getattr(state.position, name)
        for name in ("epoch", "batch", "step", "loss_sum", "wrong", "images")
    }
    return {
        "weights": weights_digest(state.model),
        "optimizer": weights_digest(state.optimizer),
        "best weights": weights_digest(state.best or {}),
        "history": sha256_of_json({**history, "rows": rows}),
        "position": sha256_of_json(position),
    }
