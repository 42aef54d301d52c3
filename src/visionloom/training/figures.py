"""The figures of one epoch's validation, from logits; the arithmetic is the metrics room's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import log_softmax

from visionloom.metrics.counts import confusion, macro


@dataclass(frozen=True)
class ValidationFigures:
    """Mean cross entropy (natural logarithm), fractions correct, mean F1 over the classes."""

    loss: float
    top1: float
    top5: float | None
    macro_f1: float


def validation_figures(
    logits: np.ndarray[tuple[int, int], np.dtype[np.float32]],
    labels: np.ndarray[tuple[int], np.dtype[np.int64]],
) -> ValidationFigures:
    """Figures of float32 (n, C) logits against int64 (n,) labels.

    Top-5 is None with five classes or fewer, where it would mean nothing.
    """
    rows = np.arange(len(labels))
    log_probabilities = log_softmax(logits.astype(np.float64), axis=1)
    predicted = logits.argmax(axis=1)
    classes = logits.shape[1]
    top5 = None
    if classes > 5:
        five = np.argpartition(-logits, 4, axis=1)[:, :5]
        top5 = float((five == labels[:, None]).any(axis=1).mean())
    return ValidationFigures(
        loss=float(-log_probabilities[rows, labels].mean()),
        top1=float((predicted == labels).mean()),
        top5=top5,
        macro_f1=float(macro(confusion(labels, predicted, classes))[2]),
    )
