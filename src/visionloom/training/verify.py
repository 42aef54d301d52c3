"""Whether this machine goes on from a checkpoint to the same bits: tried, not assumed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from visionloom.artifacts.digest import sha256_of_json
from visionloom.artifacts.types import ImageDirectory, UntrainedModel
from visionloom.models.tensors import weights_digest
from visionloom.spec.context import Context
from visionloom.training import checkpoint
from visionloom.training.assemble import assembled
from visionloom.training.checkpoint import State
from visionloom.training.options import TrainingOptions, differences

_TIMES = ("train_images_per_second", "waited_for_data", "seconds")


@dataclass(frozen=True)
class Verified:
    """What replaying the steps between the last two checkpoints came to.

    Attributes:
        begin, end: Where the two checkpoints are: ``epoch 2 after 7 batches``.
        steps: Steps replayed.
        recorded: Part -> SHA-256 of what the newer checkpoint holds.
        replayed: The same parts, as replaying from the older one made them.
        environment: In what versions and hardware differ from when the checkpoints were made.
    """

    begin: str
    end: str
    steps: int
    recorded: Mapping[str, str]
    replayed: Mapping[str, str]
    environment: tuple[str, ...]

    @property
    def different(self) -> list[str]:
        """The parts that came out otherwise."""
        return [name for name in self.recorded if self.recorded[name] != self.replayed[name]]


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
