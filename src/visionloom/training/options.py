"""Every choice of one training, complete and checked."""

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from visionloom.errors import GreaterThanOrEqualToError, LessThanOrEqualToError, ParameterRangeError
from visionloom.spec.ports import nearest

OPTIMIZERS = ("sgd", "adamw")
SCHEDULES = ("polynomial", "cosine", "constant")
BALANCES = ("none", "class-weights", "sampling")
FINE_TUNING_MODES = ("whole", "head", "head-then-whole")
MONITORS = ("valid_loss", "accuracy", "macro_f1")

_NOT_IN_RECIPE = ("decode_threads", "cache", "print_frequency", "checkpoint_minutes")


@dataclass(frozen=True)
class TrainingOptions:
    """All choices; made by `visionloom.training.recipe.resolve`.

    Attributes:
        preset: Name of the preset the rest was filled from; for the record.
        epochs: Passes over the training images, at least 1.
        more_epochs: Epochs that follow those, with a learning rate that begins anew; at least 0.
        batch_size: Images per step, at least 1.
        warmup_epochs: Epochs in which the rate rises linearly, stepped per iteration;
            less than ``epochs``.
        learning_rate: Highest rate; finite, at least the smallest positive double.
        random_seed: Any integer; with the data and the recipe it determines every bit.
        patience: Epochs without a new best before training stops, at least 1.
        print_frequency: Steps between two looks at the loss, at least 1.
        optimizer: ``sgd`` (Nesterov momentum) or ``adamw``.
        schedule: ``polynomial`` (power 2), ``cosine`` or ``constant`` after the warm-up.
        weight_decay: At least 0.
        momentum: Of SGD, in [0, 1).
        label_smoothing: In [0, 1).
        balance: ``none``; ``class-weights`` weighs the loss by inverse class frequency;
            ``sampling`` draws every class equally often.
        fine_tuning_mode: ``whole``, ``head`` or ``head-then-whole``.
        monitor: What decides the best epoch.
        minimum_improvement: How much better a new best must be, at least 0.
        time_limit: Minutes after which training stops, or None.
        device, precision: See `visionloom.models.device`.
        decode_threads: Threads that decode pictures, or None to choose; changes no bit.
        cache: Whether decoded pictures are kept in memory; changes no bit.
        checkpoint_minutes: Longest time between two checkpoints inside an epoch, above 0;
            changes no bit.
    """

    preset: str
    epochs: int
    more_epochs: int
    batch_size: int
    warmup_epochs: int
    learning_rate: float
    random_seed: int
    patience: int
    print_frequency: int
    optimizer: str
    schedule: str
    weight_decay: float
    momentum: float
    label_smoothing: float
    balance: str
    fine_tuning_mode: str
    monitor: str
    minimum_improvement: float
    time_limit: float | None
    device: str
    precision: str
    decode_threads: int | None
    cache: bool
    checkpoint_minutes: float

    def __post_init__(self) -> None:
        self._check_bounds()
        _among("Optimizer", self.optimizer, OPTIMIZERS)
        _among("Schedule", self.schedule, SCHEDULES)
        _among("Balance", self.balance, BALANCES)
        _among("Fine-tuning mode", self.fine_tuning_mode, FINE_TUNING_MODES)
        _among("Monitor", self.monitor, MONITORS)
        if self.warmup_epochs >= self.epochs:
            raise LessThanOrEqualToError(
                f"Warm-up epochs is {self.warmup_epochs}; it must be less than epochs, which is "
                f"{self.epochs}, or the learning rate is never reached.",
                "Use fewer warm-up epochs or more epochs.",
            )

    @property
    def all_epochs(self) -> int:
        """The most epochs there can be."""
        return self.epochs + self.more_epochs

    def recipe(self) -> dict[str, Any]:
        """The choices that decide the result, as JSON values."""
        values = dataclasses.asdict(self)
        return {name: value for name, value in values.items() if name not in _NOT_IN_RECIPE}

    def _check_bounds(self) -> None:
        for title, value, low in (
            ("Epochs", self.epochs, 1),
            ("More epochs", self.more_epochs, 0),
            ("Batch size", self.batch_size, 1),
            ("Patience", self.patience, 1),
            ("Print frequency", self.print_frequency, 1),
            ("Warm-up epochs", self.warmup_epochs, 0),
            ("Weight decay", self.weight_decay, 0.0),
            ("Minimum improvement", self.minimum_improvement, 0.0),
            ("Decode threads", 1 if self.decode_threads is None else self.decode_threads, 1),
        ):
            if not math.isfinite(value) or value < low:
                raise GreaterThanOrEqualToError(f"{title} is {value}; it must be {low} or more.")
        rate = self.learning_rate
        if not math.isfinite(rate) or rate < sys.float_info.min:
            raise GreaterThanOrEqualToError(
                f"Learning rate is {rate}; it must be finite and at least {sys.float_info.min:g}."
            )
        for title, value in (
            ("Momentum", self.momentum),
            ("Label smoothing", self.label_smoothing),
        ):
            if not 0.0 <= value < 1.0:
                raise ParameterRangeError(f"{title} is {value}; it must be from 0 to below 1.")
        for title, minutes in (
            ("Time limit", self.time_limit),
            ("Checkpoint minutes", self.checkpoint_minutes),
        ):
            if minutes is not None and not (math.isfinite(minutes) and minutes > 0):
                raise ParameterRangeError(f"{title} is {minutes}; it must be above 0.")


def differences(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    """The entries in which two recipes differ, in words: ``epochs 5 instead of 8``."""
    names = sorted(set(ours) | set(theirs))
    return [
        f"{name} {ours.get(name)!r} instead of {theirs.get(name)!r}"
        for name in names
        if ours.get(name) != theirs.get(name)
    ]


def _among(title: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        near = nearest(value, choices)
        hint = f"Did you mean {near}? " if near else ""
        raise ParameterRangeError(
            f"{title} is {value!r}, which is not known.",
            f"{hint}Choose one of {', '.join(choices)}.",
        )
