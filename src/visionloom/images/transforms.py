"""Image transformations: ordered operations, stored as data."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from visionloom.artifacts.digest import sha256_of_json
from visionloom.artifacts.store import new_artifact, open_artifact
from visionloom.artifacts.types import ImageTransformation
from visionloom.errors import (
    InvalidDatasetError,
    InvalidTransformationDirectoryError,
)
from visionloom.images.operations import Operation

_FILE = "transformation.json"
_SMALLEST_CROP_SHARE = 0.75


@dataclass(frozen=True)
class Transformation:
    """Ordered operations on an upright RGB picture."""

    operations: tuple[Operation, ...]

    @property
    def is_random(self) -> bool:
        """Whether any operation draws random numbers."""
        return any(operation.random for operation in self.operations)

    def for_inference(self) -> Transformation:
        """The deterministic counterpart: what training, scoring and serving agree on."""
        steps = [step for operation in self.operations for step in operation.for_inference()]
        return Transformation(tuple(steps))

    def describe(self) -> str:
        """In words, on one line."""
        return ", ".join(operation.describe() for operation in self.operations) or "no change"

    def output_size(self, width: int, height: int) -> tuple[int, int]:
        """(width, height) in pixels of a transformed picture of that size."""
        size = (width, height)
        for operation in self.operations:
            size = _size_after(operation, *size)
        return size

    def check_size(self, width: int, height: int) -> None:
        """Check that every crop fits.

        Raises:
            InvalidDatasetError: A crop is larger than the picture at that step.
        """
        size = (width, height)
        for operation in self.operations:
            if operation.name in {"center_crop", "random_crop"}:
                side = int(operation.arguments["size"])
                if side > min(size):
                    raise InvalidDatasetError(
                        f"{operation.describe()} is larger than a picture of {size[0]} x "
                        f"{size[1]} pixels.",
                        "Resize first, or crop less.",
                    )
            size = _size_after(operation, *size)

    def decode_scale(self, width: int, height: int) -> int:
        """By how much a JPEG of that size may be shrunk while decoding: 1, 2, 4 or 8.

        A function of the picture's size and the transformation alone, so that cached and uncached
        runs see the same pixels. The smallest crop still has at least the pixels it is resized to.
        """
        need = _pixels_needed(self.operations, width, height)
        if need is None:
            return 1
        for scale in (8, 4, 2):
            if min(width, height) >= need * scale:
                return scale
        return 1

    def to_json(self) -> list[dict[str, Any]]:
        """As a JSON value; `from_json` reads it."""
        return [{"operation": o.name, **o.arguments} for o in self.operations]

    @staticmethod
    def from_json(value: object) -> Transformation:
        """Read what `to_json` wrote.

        Raises:
            InvalidTransformationDirectoryError: Not such a value.
        """
        if not isinstance(value, list) or len(value) > 100:
            raise InvalidTransformationDirectoryError("A transformation is a list of operations.")
        operations = []
        for entry in value:
            if not isinstance(entry, dict) or not isinstance(entry.get("operation"), str):
                raise InvalidTransformationDirectoryError(f"{entry!r} is not an operation.")
            arguments = {k: v for k, v in entry.items() if k != "operation"}
            operations.append(Operation(entry["operation"], arguments))
        return Transformation(tuple(operations))

    def digest(self) -> str:
        """SHA-256 of the operations."""
        return sha256_of_json(self.to_json())


def random_resized_crop(size: int, *, minimum_area: float = 0.08) -> Operation:
    """A random resized crop with the usual range of ratios, 3/4 to 4/3 (Szegedy et al. 2014)."""
    return Operation(
        "random_resized_crop",
        {
            "size": size,
            "minimum_area": minimum_area,
            "maximum_area": 1.0,
            "minimum_ratio": 3 / 4,
            "maximum_ratio": 4 / 3,
        },
    )


def check_sizes(records: Sequence[Any], transformation: Transformation) -> None:
    """Check before training that every crop fits and that all results have one size.

    Args:
        records: Image records (``file``, ``width``, ``height``).
        transformation: What is applied to them.

    Raises:
        InvalidDatasetError: Which picture does not fit, or which two differ.
    """
    sizes: dict[tuple[int, int], Any] = {}
    seen: set[tuple[int, int]] = set()
    for record in records:
        if (record.width, record.height) in seen:
            continue
        seen.add((record.width, record.height))
        try:
            transformation.check_size(record.width, record.height)
        except InvalidDatasetError as error:
            raise InvalidDatasetError(f"{record.file}: {error.message}", error.remedy) from None
        sizes.setdefault(transformation.output_size(record.width, record.height), record)
        if len(sizes) > 1:
            (first, a), (second, b) = list(sizes.items())[:2]
            raise InvalidDatasetError(
                "After the transformation the pictures differ in size: "
                f"{a.file} is {first[0]} x {first[1]}, {b.file} is {second[0]} x {second[1]}.",
                "Add a centre crop, or resize to an exact width and height.",
            )


def write_transformation(
    transformation: Transformation,
    target: Path,
    *,
    origin: Mapping[str, Any] | None = None,
    replace: bool = False,
) -> ImageTransformation:
    """Write an image transformation artifact."""
    document = {
        "operations": transformation.to_json(),
        "inference": transformation.for_inference().to_json(),
    }
    with new_artifact(ImageTransformation, target, origin=origin, replace=replace) as draft:
        text = json.dumps(document, indent=2, allow_nan=False) + "\n"
        (draft.folder / _FILE).write_text(text, encoding="utf-8")
        draft.digest = transformation.digest()
    return ImageTransformation(target)


def read_transformation(artifact: ImageTransformation) -> Transformation:
    """Read an image transformation artifact.

    Raises:
        InvalidTransformationDirectoryError: Not an image transformation, or damaged.
    """
    open_artifact(artifact, wrong_type=InvalidTransformationDirectoryError)
    try:
        document = json.loads((artifact.path / _FILE).read_text(encoding="utf-8"))
        return Transformation.from_json(document["operations"])
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidTransformationDirectoryError(
            f"{artifact.path / _FILE} is damaged: {error}."
        ) from error


def _size_after(operation: Operation, width: int, height: int) -> tuple[int, int]:
    arguments = operation.arguments
    match operation.name:
        case "resize":
            return short_side_to(int(arguments["size"]), width, height)
        case "resize_exact":
            return int(arguments["width"]), int(arguments["height"])
        case "center_crop" | "random_crop" | "random_resized_crop":
            return int(arguments["size"]), int(arguments["size"])
        case "pad":
            extra = 2 * int(arguments["padding"])
            return width + extra, height + extra
    return width, height


def short_side_to(size: int, width: int, height: int) -> tuple[int, int]:
    """(width, height) scaled so that the shorter side is ``size``; no side below 1."""
    short = min(width, height)
    scaled = (max(1, int(width * size / short)), max(1, int(height * size / short)))
    return (size, scaled[1]) if width <= height else (scaled[0], size)


def _pixels_needed(operations: Sequence[Operation], width: int, height: int) -> float | None:
    """Short side the decoded picture must keep, or None when its full size matters."""
    for operation in operations:
        arguments = operation.arguments
        match operation.name:
            case "resize":
                return float(arguments["size"])
            case "resize_exact":
                ratio = max(float(arguments["width"]) / width, float(arguments["height"]) / height)
                return ratio * min(width, height)
            case "random_resized_crop":
                area = float(arguments["minimum_area"]) * _SMALLEST_CROP_SHARE
                return float(arguments["size"]) / math.sqrt(area)
            case "random_horizontal_flip" | "random_vertical_flip" | "grayscale" | "color_jitter":
                continue
            case _:
                return None
    return None
