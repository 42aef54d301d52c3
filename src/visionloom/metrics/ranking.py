"""How well scores put the pictures of one class before the others.

The same values as scikit-learn's functions of these names, without loading it."""

from __future__ import annotations

import numpy as np

from visionloom.metrics.counts import Array, Matrix

Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]


def roc_auc(positive: Mask, scores: Array) -> float:
    """The area under the ROC curve: how often a positive picture scores above a negative one.

    Ties count half (Mann and Whitney 1947).

    Args:
        positive: Which pictures are of the class, bool (n,); some are, some are not.
        scores: Higher for the class, float64 (n,), all finite.
    """
    _, place, sizes = np.unique(scores, return_inverse=True, return_counts=True)
    # the mean rank, from 1, of each group of ties
    ranks = (np.cumsum(sizes) - (sizes - 1) / 2)[place]
    ours = int(positive.sum())
    others = len(positive) - ours
    return float((ranks[positive].sum() - ours * (ours + 1) / 2) / (ours * others))


def average_precision(positive: Mask, scores: Array) -> float:
    """The mean of the precision at each rise of the recall, without interpolation.

    Args:
        positive: Which pictures are of the class, bool (n,), at least one.
        scores: Higher for the class, float64 (n,), all finite.
    """
    _, place = np.unique(-scores, return_inverse=True)
    hits = np.bincount(place, weights=positive.astype(np.float64))
    seen = np.cumsum(np.bincount(place))
    precision = np.cumsum(hits) / seen
    return float((precision * hits).sum() / positive.sum())


def matthews(confusion: Matrix) -> float:
    """Matthews' correlation coefficient, -1 to 1; 0 where it is undefined (Gorodkin 2004).

    Args:
        confusion: Pictures by true class (rows) and predicted class (columns), float64 (C, C).
    """
    total, right = confusion.sum(), np.trace(confusion)
    true, told = confusion.sum(axis=1), confusion.sum(axis=0)
    spread = (total**2 - (true**2).sum()) * (total**2 - (told**2).sum())
    return float((right * total - true @ told) / np.sqrt(spread)) if spread > 0 else 0.0
