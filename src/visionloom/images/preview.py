"""A picture as training, or scoring, would see it.

In training, each epoch visits the pictures in an order drawn from (seed, epoch), and the random
numbers of a picture are those of its slot in that order. So the slot of row r of an image directory
with n pictures is the place of r in ``permutation(seed, epoch, n)``, as in a training on that image
directory with that seed without balanced classes.
"""

from __future__ import annotations

import numpy as np

from visionloom.images.batches import picture
from visionloom.images.browse import OpenedImages
from visionloom.images.randomness import generator, permutation
from visionloom.images.transforms import Transformation

Pixels = np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]
_PURPOSE = "transformation"


def slot_of(row: int, count: int, seed: int, epoch: int) -> int:
    """Where an epoch of training visits a row, from 0."""
    return int(np.flatnonzero(permutation(seed, epoch, count) == row)[0])


def as_trained(
    opened: OpenedImages, row: int, transformation: Transformation, seed: int, epoch: int
) -> Pixels:
    """The picture of a row as epoch ``epoch`` of training with a seed sees it, uint8 (H, W, 3).

    Raises:
        NotThereError: There are fewer pictures.
        InvalidDatasetError: It is gone or has changed, or a crop is larger than it.
    """
    record = opened.record(row)
    transformation.check_size(record.width, record.height)
    draws = None
    if transformation.is_random:
        draws = generator(seed, epoch, slot_of(row, opened.count, seed, epoch), _PURPOSE)
    return picture(opened.source(), record, transformation, draws)


def as_scored(opened: OpenedImages, row: int, transformation: Transformation) -> Pixels:
    """The picture of a row as validation, scoring and serving see it; errors as `as_trained`."""
    record = opened.record(row)
    fixed = transformation.for_inference()
    fixed.check_size(record.width, record.height)
    return picture(opened.source(), record, fixed, None)


def in_words(transformation: Transformation) -> list[str]:
    """The operations, a line each."""
    return [operation.describe() for operation in transformation.operations]
