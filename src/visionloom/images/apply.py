"""Apply a transformation to pixels.

Crops, resizes and flips are first collected in a view (a box of the picture, the size it is shown
at, flips) and then done at once: one antialiased resampling, Pillow's with a fractional box.
Everything else works on the pixels of the view. Random distributions are those torchvision
documents for the operation of the same name; the numbers come from the generator given.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from visionloom.images import colors, warps
from visionloom.images.operations import Operation
from visionloom.images.transforms import Transformation, short_side_to

Pixels = np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]


@dataclass(frozen=True)
class _View:
    """A box of the picture as stored, shown at a size, possibly mirrored.

    Attributes:
        pixels: What the box refers to.
        left, top, right, bottom: Box in pixels of ``pixels``; may be fractional.
        width, height: Size it is shown at.
        mirrored, upside_down: Flips after resampling.
    """

    pixels: Pixels
    left: float
    top: float
    right: float
    bottom: float
    width: int
    height: int
    mirrored: bool = False
    upside_down: bool = False

    def crop(self, x: int, y: int, width: int, height: int) -> _View:
        """The part of what is shown with that corner and size."""
        if self.mirrored:
            x = self.width - x - width
        if self.upside_down:
            y = self.height - y - height
        across = (self.right - self.left) / self.width
        down = (self.bottom - self.top) / self.height
        return replace(
            self,
            left=self.left + x * across,
            right=self.left + (x + width) * across,
            top=self.top + y * down,
            bottom=self.top + (y + height) * down,
            width=width,
            height=height,
        )

    def render(self) -> Pixels:
        """The pixels shown, uint8 (height, width, 3)."""
        rows, columns = self.pixels.shape[:2]
        box = (self.left, self.top, min(self.right, columns), min(self.bottom, rows))
        whole = all(float(edge).is_integer() for edge in box)
        if whole and box[2] - box[0] == self.width and box[3] - box[1] == self.height:
            x, y = int(box[0]), int(box[1])
            shown = self.pixels[y : y + self.height, x : x + self.width]
        else:
            size = (self.width, self.height)
            image = Image.fromarray(self.pixels)
            shown = np.asarray(image.resize(size, Image.Resampling.BILINEAR, box=box))
        if self.mirrored:
            shown = shown[:, ::-1]
        if self.upside_down:
            shown = shown[::-1]
        return np.ascontiguousarray(shown)


def apply(
    pixels: Pixels,
    transformation: Transformation,
    generator: np.random.Generator | None,
    *,
    full_size: tuple[int, int],
) -> Pixels:
    """Transform one picture.

    Args:
        pixels: uint8 (H, W, 3) upright RGB; may have been decoded at a reduced scale.
        transformation: The operations.
        generator: Random numbers; None only for a transformation without random operations.
        full_size: (width, height) of the picture at full scale, which sizes refer to.

    Returns:
        uint8 (H', W', 3), contiguous.
    """
    rows, columns = pixels.shape[:2]
    view = _View(pixels, 0.0, 0.0, float(columns), float(rows), *full_size)
    for operation in transformation.operations:
        view = _step(view, operation, generator)
    return view.render()


def _step(view: _View, operation: Operation, generator: np.random.Generator | None) -> _View:
    arguments = operation.arguments
    match operation.name:
        case "resize":
            width, height = short_side_to(int(arguments["size"]), view.width, view.height)
            return replace(view, width=width, height=height)
        case "resize_exact":
            return replace(view, width=int(arguments["width"]), height=int(arguments["height"]))
        case "center_crop":
            size = int(arguments["size"])
            x = round((view.width - size) / 2.0)
            y = round((view.height - size) / 2.0)
            return view.crop(x, y, size, size)
        case "pad":
            edge = int(arguments["padding"])
            return _whole(
                np.pad(
                    view.render(),
                    ((edge, edge), (edge, edge), (0, 0)),
                    constant_values=int(arguments["fill"]),
                )
            )
        case "grayscale":
            return _whole(colors.grayscale(view.render()))
    if generator is None:
        raise ValueError(f"{operation.name} needs random numbers")
    return _random_step(view, operation, generator)


def _random_step(view: _View, operation: Operation, generator: np.random.Generator) -> _View:
    arguments = operation.arguments
    match operation.name:
        case "random_crop":
            size = int(arguments["size"])
            x = int(generator.integers(0, view.width - size + 1))
            y = int(generator.integers(0, view.height - size + 1))
            return view.crop(x, y, size, size)
        case "random_resized_crop":
            box = _resized_crop_box(view.width, view.height, operation, generator)
            size = int(arguments["size"])
            return replace(view.crop(*box), width=size, height=size)
        case "random_horizontal_flip":
            flip = generator.random() < arguments["probability"]
            return replace(view, mirrored=view.mirrored != flip)
        case "random_vertical_flip":
            flip = generator.random() < arguments["probability"]
            return replace(view, upside_down=view.upside_down != flip)
        case "random_quarter_turns":
            turns = int(generator.integers(0, 4))
            if view.width != view.height:
                turns = 2 * (turns // 2)
            return _whole(np.ascontiguousarray(np.rot90(view.render(), turns))) if turns else view
        case "random_grayscale":
            gray = generator.random() < arguments["probability"]
            return _whole(colors.grayscale(view.render())) if gray else view
        case "color_jitter":
            return _whole(colors.jitter(view.render(), arguments, generator))
        case "random_rotation" | "random_affine" | "random_perspective":
            warp = warps.WARPS[operation.name]
            return _whole(warp(view.render(), arguments, generator))
        case "random_erasing":
            return _whole(_erase(view.render(), operation, generator))
    raise ValueError(f"operation {operation.name} is not implemented")


def _whole(pixels: Pixels) -> _View:
    rows, columns = pixels.shape[:2]
    return _View(pixels, 0.0, 0.0, float(columns), float(rows), columns, rows)


def _resized_crop_box(
    width: int, height: int, operation: Operation, generator: np.random.Generator
) -> tuple[int, int, int, int]:
    """(x, y, width, height): ten tries for area and log ratio, else the centre."""
    arguments = operation.arguments
    low, high = float(arguments["minimum_ratio"]), float(arguments["maximum_ratio"])
    for _ in range(10):
        area = (
            width
            * height
            * generator.uniform(float(arguments["minimum_area"]), float(arguments["maximum_area"]))
        )
        ratio = math.exp(generator.uniform(math.log(low), math.log(high)))
        w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < w <= width and 0 < h <= height:
            x = int(generator.integers(0, width - w + 1))
            y = int(generator.integers(0, height - h + 1))
            return x, y, w, h
    w, h = width, height
    if width / height < low:
        h = max(1, round(width / low))
    elif width / height > high:
        w = max(1, round(height * high))
    return (width - w) // 2, (height - h) // 2, w, h


def _erase(pixels: Pixels, operation: Operation, generator: np.random.Generator) -> Pixels:
    """A random rectangle filled with the picture's mean colour (Zhong et al. 2017)."""
    arguments = operation.arguments
    if generator.random() >= arguments["probability"]:
        return pixels
    rows, columns = pixels.shape[:2]
    low, high = float(arguments["minimum_area"]), float(arguments["maximum_area"])
    for _ in range(10):
        area = rows * columns * generator.uniform(low, high)
        ratio = math.exp(generator.uniform(math.log(0.3), math.log(1 / 0.3)))
        w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < w < columns and 0 < h < rows:
            x = int(generator.integers(0, columns - w + 1))
            y = int(generator.integers(0, rows - h + 1))
            erased = pixels.copy()
            erased[y : y + h, x : x + w] = pixels.reshape(-1, 3).mean(0).round()
            return erased
    return pixels
