"""Confusion matrices and what follows from them alone."""

from __future__ import annotations

import numpy as np

Matrix = np.ndarray[tuple[int, int], np.dtype[np.float64]]
Array = np.ndarray[tuple[int], np.dtype[np.float64]]
Integers = np.ndarray[tuple[int], np.dtype[np.int64]]


def confusion(labels: Integers, predicted: Integers, classes: int) -> Matrix:
    """Counts (C, C), rows are true classes, columns predicted ones; as float64."""
    cells = np.bincount(labels * classes + predicted, minlength=classes * classes)
    return cells.reshape(classes, classes).astype(np.float64)


def per_class(matrix: Matrix) -> tuple[Array, Array, Array]:
    """Precision, recall and F1 of each class, float64 (C,).

    A class never predicted has precision 0 if it has pictures; one without pictures has recall
    and F1 NaN: it says nothing.
    """
    hits = np.diag(matrix)
    predicted, support = matrix.sum(0), matrix.sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = np.where(predicted > 0, hits / predicted, np.where(support > 0, 0.0, np.nan))
        recall = np.where(support > 0, hits / support, np.nan)
        f1 = np.where(support > 0, 2 * hits / (predicted + support), np.nan)
    return precision, recall, f1


def macro(matrix: Matrix) -> Array:
    """Macro precision, recall and F1 over the classes with pictures, float64 (3,)."""
    present = matrix.sum(1) > 0
    if not present.any():
        return np.full(3, np.nan)
    return np.asarray([float(values[present].mean()) for values in per_class(matrix)])
