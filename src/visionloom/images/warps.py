"""Random rotation, affine and perspective maps of uint8 (H, W, 3) pictures; black outside."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
from PIL import Image

from visionloom.images.operations import Argument

Pixels = np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]
Warp = Callable[[Pixels, Mapping[str, Argument], np.random.Generator], Pixels]


def rotate(
    pixels: Pixels, arguments: Mapping[str, Argument], generator: np.random.Generator
) -> Pixels:
    """Turn by an angle drawn from [-degrees, degrees] about the centre."""
    angle = generator.uniform(-1, 1) * float(arguments["degrees"])
    image = Image.fromarray(pixels)
    return np.asarray(image.rotate(angle, Image.Resampling.BILINEAR))


def affine(
    pixels: Pixels, arguments: Mapping[str, Argument], generator: np.random.Generator
) -> Pixels:
    """Turn, shift, scale and shear about the centre.

    The shift is at most ``translate`` of each side; the shear at most ``shear`` degrees along x.
    """
    rows, columns = pixels.shape[:2]
    draws = generator.uniform(-1, 1, 4)
    angle = math.radians(draws[0] * float(arguments["degrees"]))
    shear = math.radians(draws[1] * float(arguments["shear"]))
    shift_x = draws[2] * float(arguments["translate"]) * columns
    shift_y = draws[3] * float(arguments["translate"]) * rows
    scale = generator.uniform(float(arguments["minimum_scale"]), float(arguments["maximum_scale"]))
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    forward = scale * turn @ np.array([[1.0, math.tan(shear)], [0.0, 1.0]])
    backward = np.linalg.inv(forward)
    centre = np.array([columns / 2, rows / 2])
    offset = centre - backward @ (centre + np.array([shift_x, shift_y]))
    coefficients = (*backward[0], offset[0], *backward[1], offset[1])
    return _transform(pixels, Image.Transform.AFFINE, coefficients)


def perspective(
    pixels: Pixels, arguments: Mapping[str, Argument], generator: np.random.Generator
) -> Pixels:
    """Pull each corner inwards by up to ``distortion`` of half a side, with ``probability``."""
    if generator.random() >= arguments["probability"]:
        return pixels
    rows, columns = pixels.shape[:2]
    reach = float(arguments["distortion"]) / 2 * np.array([columns, rows])
    inwards = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
    corners = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], dtype=float)
    moved = corners + inwards * generator.random((4, 2)) * reach
    system, target = [], []
    for (x, y), (u, v) in zip(moved, corners, strict=True):
        system.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
        system.append([0, 0, 0, x, y, 1, -v * x, -v * y])
        target += [u, v]
    try:
        coefficients = np.linalg.solve(np.array(system), np.array(target))
    except np.linalg.LinAlgError:
        return pixels
    return _transform(pixels, Image.Transform.PERSPECTIVE, tuple(coefficients))


WARPS: Mapping[str, Warp] = {
    "random_rotation": rotate,
    "random_affine": affine,
    "random_perspective": perspective,
}


def _transform(pixels: Pixels, method: Image.Transform, coefficients: tuple[float, ...]) -> Pixels:
    image = Image.fromarray(pixels)
    data = tuple(float(c) for c in coefficients)
    return np.asarray(image.transform(image.size, method, data, Image.Resampling.BILINEAR))
