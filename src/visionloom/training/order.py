"""Which images make up which batch: a function of the seed and the epoch alone."""

from __future__ import annotations

import numpy as np

from visionloom.images.randomness import generator, permutation

Order = np.ndarray[tuple[int], np.dtype[np.int64]]


def epoch_order(seed: int, epoch: int, labels: Order, *, balanced: bool) -> Order:
    """Positions of the images in the order epoch ``epoch`` visits them, int64 (n,).

    Args:
        seed: Random seed.
        epoch: From 1.
        labels: Class index of each image, int64 (n,).
        balanced: Draw with replacement so that every class present comes equally often; else a
            permutation.
    """
    if not balanced:
        return permutation(seed, epoch, len(labels))
    counts = np.bincount(labels)
    weights = 1.0 / counts[labels]
    drawn = generator(seed, epoch, 0, "balanced order").choice(
        len(labels), size=len(labels), p=weights / weights.sum()
    )
    return np.asarray(drawn, dtype=np.int64)


def batch_slices(count: int, batch_size: int) -> list[tuple[int, int]]:
    """(start, stop) of each batch: all images are used, the last batch may be smaller.

    A single left-over image joins the batch before it, since BatchNorm cannot work with one.
    """
    starts = list(range(0, count, batch_size))
    if len(starts) > 1 and count - starts[-1] == 1 and batch_size > 1:
        starts.pop()
    stops = [*starts[1:], count]
    return list(zip(starts, stops, strict=True))
