"""Small pictures to look at, made anew from pixels; the bytes of a file are never handed on."""

from __future__ import annotations

import math

import numpy as np
import simplejpeg
from PIL import Image

from visionloom.images.decode import SCALES, decode, inspect
from visionloom.settings import Limits

Pixels = np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]
_QUALITY = 82


def thumbnail(
    data: bytes, side: int, *, intensity: str = "type", limits: Limits | None = None
) -> bytes:
    """A JPEG whose longest side is ``side`` pixels, or the picture's own when that is less.

    Raises:
        UnreadableImage: Why the bytes are no picture.
    """
    header = inspect(data, limits)
    longest = max(header.width, header.height)
    scale = max(s for s in SCALES if s == 1 or longest >= s * side)
    pixels = decode(data, intensity=intensity, scale=scale, limits=limits)
    rows, columns = pixels.shape[:2]
    if max(rows, columns) > side:
        share = side / max(rows, columns)
        size = (max(1, math.floor(columns * share)), max(1, math.floor(rows * share)))
        shown = Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR)
        pixels = np.asarray(shown)
    return to_jpeg(pixels)


def to_jpeg(pixels: Pixels, quality: int = _QUALITY) -> bytes:
    """Pixels as a JPEG without metadata."""
    whole = np.ascontiguousarray(pixels)
    return bytes(simplejpeg.encode_jpeg(whole, quality=quality, colorspace="RGB"))
