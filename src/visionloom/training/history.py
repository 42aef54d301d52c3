"""What each epoch gave, which was best, and when to stop."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class EpochRow:
    """Figures of one epoch; fractions are from 0 to 1.

    Attributes:
        epoch: From 1.
        learning_rate: Of the epoch's first step.
        train_loss: Mean of the training objective over the epoch's images.
        train_error: Fraction of training images classified wrongly while training.
        valid_loss: Mean cross entropy (natural logarithm) over the validation images.
        top1_accuracy: Fraction of validation images classified correctly.
        top5_accuracy: Fraction with the label among the five most likely; None up to 5 classes.
        macro_f1: Mean F1 over the classes.
        train_images_per_second: Images over wall time of the training part.
        waited_for_data: Fraction of that time spent waiting for pictures.
        seconds: Wall time of the epoch, validation included.
    """

    epoch: int
    learning_rate: float
    train_loss: float
    train_error: float
    valid_loss: float
    top1_accuracy: float
    top5_accuracy: float | None
    macro_f1: float
    train_images_per_second: float
    waited_for_data: float
    seconds: float

    def all(self) -> dict[str, float | int | None]:
        """Every figure, as ``metrics.jsonl`` holds them."""
        return dataclasses.asdict(self)

    def reproducible(self) -> dict[str, float | int | None]:
        """The figures that do not depend on the machine's speed."""
        timings = ("train_images_per_second", "waited_for_data", "seconds")
        return {name: value for name, value in self.all().items() if name not in timings}

    def monitored(self, monitor: str) -> float:
        """The monitored figure, turned so that less is better."""
        if monitor == "valid_loss":
            return self.valid_loss
        return -(self.macro_f1 if monitor == "macro_f1" else self.top1_accuracy)


@dataclass
class History:
    """The epochs so far and the state of early stopping.

    Attributes:
        monitor: Name of the monitored figure.
        minimum_improvement: How much better a new best must be.
        rows: One per finished epoch.
        best: Row of the best epoch, or None before the first.
        epochs_since_best: Finished epochs after the best one.
    """

    monitor: str
    minimum_improvement: float
    rows: list[EpochRow] = field(default_factory=list)
    best: EpochRow | None = None
    epochs_since_best: int = 0

    def add(self, row: EpochRow) -> bool:
        """Take in an epoch; returns whether it is the new best. A tie is no improvement."""
        self.rows.append(row)
        value = row.monitored(self.monitor)
        better = math.isfinite(value) and (
            self.best is None
            or value < self.best.monitored(self.monitor) - self.minimum_improvement
        )
        if better:
            self.best, self.epochs_since_best = row, 0
        else:
            self.epochs_since_best += 1
        return better

    def to_json(self) -> dict[str, Any]:
        """As a JSON value; floats keep every bit."""
        return {
            "monitor": self.monitor,
            "minimum_improvement": self.minimum_improvement,
            "rows": [row.all() for row in self.rows],
            "best_epoch": self.best.epoch if self.best else None,
            "epochs_since_best": self.epochs_since_best,
        }


def history_from_json(value: Mapping[str, Any]) -> History:
    """Read what `History.to_json` wrote."""
    rows = [EpochRow(**row) for row in value["rows"]]
    best = next((row for row in rows if row.epoch == value["best_epoch"]), None)
    return History(
        str(value["monitor"]),
        float(value["minimum_improvement"]),
        rows,
        best,
        int(value["epochs_since_best"]),
    )
