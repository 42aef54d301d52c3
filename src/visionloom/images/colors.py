"""Operations on the colours of uint8 (H, W, 3) RGB pictures."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PIL import Image, ImageEnhance

from visionloom.images.operations import Argument

Pixels = np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]


def grayscale(pixels: Pixels) -> Pixels:
    """Luma (ITU-R 601-2) in all three channels."""
    gray = np.asarray(Image.fromarray(pixels).convert("L"))
    return np.ascontiguousarray(np.repeat(gray[:, :, None], 3, axis=2))


def jitter(
    pixels: Pixels, strengths: Mapping[str, Argument], generator: np.random.Generator
) -> Pixels:
    """Change brightness, contrast, saturation and hue, in random order.

    A strength s draws a factor uniformly from [max(0, 1 - s), 1 + s]; hue h shifts the hue by a
    part of the circle drawn from [-h, h].
    """
    image = Image.fromarray(pixels)
    order = generator.permutation(4)
    draws = generator.random(4)
    for which in order:
        name = ("brightness", "contrast", "saturation", "hue")[which]
        strength = float(strengths[name])
        if strength == 0:
            continue
        if name == "hue":
            image = _shift_hue(image, (2 * draws[which] - 1) * strength)
        else:
            low = max(0.0, 1 - strength)
            factor = low + draws[which] * (1 + strength - low)
            image = _ENHANCERS[name](image).enhance(float(factor))
    return np.asarray(image)


_ENHANCERS = {
    "brightness": ImageEnhance.Brightness,
    "contrast": ImageEnhance.Contrast,
    "saturation": ImageEnhance.Color,
}


def _shift_hue(image: Image.Image, part: float) -> Image.Image:
    hsv = np.array(image.convert("HSV"))
    hsv[:, :, 0] = (hsv[:, :, 0].astype(np.int16) + round(part * 256)) % 256
    return Image.fromarray(hsv, mode="HSV").convert("RGB")
