"""The picture size a network is given when nobody says one."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

PRETRAINED_SIZE = 224
_MULTIPLE = 32


def automatic_size(sides: Sequence[int]) -> int:
    """Side in pixels from scratch: the median short side rounded to 32, from 32 to 224.

    Args:
        sides: Short sides of the pictures, pixels.
    """
    if not sides:
        return PRETRAINED_SIZE
    median = statistics.median(sides)
    rounded = int(median / _MULTIPLE + 0.5) * _MULTIPLE
    return max(_MULTIPLE, min(PRETRAINED_SIZE, rounded))
