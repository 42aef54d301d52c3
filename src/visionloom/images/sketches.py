"""A small picture of each picture, by which near duplicates are found.

Only integers: the same pixels give the same sketch wherever it is made.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from visionloom.images.decode import SCALES

Pixels = np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]

SIDE = 64
COLOURS = 8
SMALLEST_SIDE = 32
"""Pictures with a shorter side have too little detail to tell one from another."""
GREY_BYTES = SIDE * SIDE
SKETCH_BYTES = GREY_BYTES + COLOURS * COLOURS * 3

_LUMA = np.array([77, 150, 29], dtype=np.int32)
_ENOUGH = 2 * SIDE


def sketch(pixels: Pixels) -> bytes:
    """The sketch of a picture.

    Args:
        pixels: uint8 (H, W, 3), upright RGB.

    Returns:
        `SKETCH_BYTES` bytes: grey (64, 64), then RGB (8, 8, 3), both uint8; empty when a side is
        shorter than `SMALLEST_SIDE` pixels.
    """
    if min(pixels.shape[:2]) < SMALLEST_SIDE:
        return b""
    whole = Image.fromarray(np.ascontiguousarray(pixels))
    shown = whole.resize((SIDE, SIDE), Image.Resampling.BOX, reducing_gap=3.0)
    small = np.asarray(shown).astype(np.int32)
    grey = (small @ _LUMA + 128) >> 8
    step = SIDE // COLOURS
    sums = small.reshape(COLOURS, step, COLOURS, step, 3).sum(axis=(1, 3))
    colour = (sums + step * step // 2) // (step * step)
    return bytes(grey.astype(np.uint8)) + bytes(colour.astype(np.uint8))


def sketch_scale(width: int, height: int) -> int:
    """By how much a picture may be shrunk while decoding (1, 2, 4 or 8) to be sketched after."""
    return max(s for s in SCALES if s == 1 or min(width, height) >= s * _ENOUGH)
