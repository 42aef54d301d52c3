"""How fast a training goes: progress lines, time left, and a word when it will take hours."""

from __future__ import annotations

import time

from visionloom.spec.context import Context
from visionloom.training.checkpoint import Position
from visionloom.training.options import TrainingOptions

_LONG = 3600.0
_ENOUGH_STEPS = 5
_SECONDS_BETWEEN_REPORTS = 1.0
_SECONDS_BETWEEN_LOOKS = 3.0


class Pace:
    """Reports one epoch's progress.

    Args:
        context: Whom to tell.
        options: The training's choices.
        steps: Batches per epoch.
        position: Where the epoch starts; a resumed one may start inside.
        images: Training images.
    """

    def __init__(
        self,
        context: Context,
        options: TrainingOptions,
        steps: int,
        position: Position,
        images: int,
    ) -> None:
        self._context = context
        self._options = options
        self._steps = steps
        self._images = images
        self._first_batch = position.batch
        self._started = self._reported = time.monotonic()
        self._warned = position.epoch > 1 or position.batch > 0

    def due(self, position: Position) -> bool:
        """Whether to look at the figures: every ``print_frequency`` steps or some seconds."""
        if position.batch % self._options.print_frequency == 0:
            return True
        return time.monotonic() - self._reported >= _SECONDS_BETWEEN_LOOKS

    def report(self, position: Position) -> None:
        """Tell how far the epoch is; at most about once a second, and at its end."""
        now = time.monotonic()
        last = position.batch == self._steps
        if now - self._reported < _SECONDS_BETWEEN_REPORTS and not last:
            return
        self._reported = now
        done = position.batch - self._first_batch
        per_step = (now - self._started) / max(1, done)
        epochs_left = self._options.all_epochs - position.epoch
        left = per_step * (self._steps - position.batch + epochs_left * self._steps)
        rate = position.images / max(position.training_seconds, 1e-9)
        waited = position.waited / max(position.training_seconds, 1e-9)
        self._context.progress(
            f"epoch {position.epoch}/{self._options.all_epochs}, training",
            position.images,
            self._images,
            loss=f"{position.loss_sum / position.images:.4f}",
            images_per_second=f"{rate:.1f}",
            waited_for_data=f"{waited:.0%}",
            time_left=duration(left),
        )
        if not self._warned and (done >= _ENOUGH_STEPS or last):
            self._warned = True
            self._say_if_long(left)

    def _say_if_long(self, left: float) -> None:
        limit = self._options.time_limit
        if left > _LONG and (limit is None or left > limit * 60):
            self._context.warn(
                f"At this pace all {self._options.all_epochs} epochs take about {duration(left)}. "
                "Shorter: --fine-tuning-mode head, a smaller --model or --image-size, fewer "
                "--epochs, or a --time-limit in minutes."
            )


def duration(seconds: float) -> str:
    """``45 s``, ``3 min 20 s`` or ``2 h 5 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
