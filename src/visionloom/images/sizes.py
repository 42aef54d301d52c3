"""The picture size a network is given when nobody says one."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from visionloom.images.directory import ImageRecord

PRETRAINED_SIZE = 224
_MULTIPLE = 32


def automatic_size(records: Sequence[ImageRecord], *, pretrained: bool) -> int:
    """Side in pixels: 224 with pretrained weights, else the median short side rounded to 32.

    From scratch it is at least 32 and at most 224.
    """
    if pretrained or not records:
        return PRETRAINED_SIZE
    median = statistics.median(min(r.width, r.height) for r in records)
    rounded = int(median / _MULTIPLE + 0.5) * _MULTIPLE
    return max(_MULTIPLE, min(PRETRAINED_SIZE, rounded))
