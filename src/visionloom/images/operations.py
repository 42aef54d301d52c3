"""The operations of an image transformation: names, arguments, ranges, inference counterparts."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from visionloom.errors import InvalidTransformationDirectoryError

Argument = bool | int | float


@dataclass(frozen=True)
class Range:
    """Allowed values of one argument; whole numbers only when ``whole``."""

    low: float
    high: float = math.inf
    whole: bool = False


_SIDE = Range(1, 65_536, whole=True)
_PROBABILITY = Range(0, 1)
_STRENGTH = Range(0, 10)


@dataclass(frozen=True)
class Kind:
    """One kind of operation.

    Attributes:
        arguments: Name -> range.
        random: Whether it draws random numbers.
        words: How it is described; formatted with the arguments.
    """

    arguments: Mapping[str, Range]
    random: bool
    words: str


KINDS: Mapping[str, Kind] = {
    "resize": Kind({"size": _SIDE}, False, "short side to {size}"),
    "resize_exact": Kind({"width": _SIDE, "height": _SIDE}, False, "resize to {width} x {height}"),
    "center_crop": Kind({"size": _SIDE}, False, "centre crop {size}"),
    "pad": Kind(
        {"padding": Range(0, 65_536, whole=True), "fill": Range(0, 255, whole=True)},
        False,
        "pad {padding}",
    ),
    "color_jitter": Kind(
        {
            "brightness": _STRENGTH,
            "contrast": _STRENGTH,
            "saturation": _STRENGTH,
            "hue": Range(0, 0.5),
        },
        True,
        "color jitter",
    ),
    "grayscale": Kind({}, False, "grayscale"),
    "random_resized_crop": Kind(
        {
            "size": _SIDE,
            "minimum_area": Range(1e-3, 1),
            "maximum_area": Range(1e-3, 1),
            "minimum_ratio": Range(1e-3, 1e3),
            "maximum_ratio": Range(1e-3, 1e3),
        },
        True,
        "random resized crop {size} (area {minimum_area:g} to {maximum_area:g})",
    ),
    "random_crop": Kind({"size": _SIDE}, True, "random crop {size}"),
    "random_horizontal_flip": Kind({"probability": _PROBABILITY}, True, "random horizontal flip"),
    "random_vertical_flip": Kind({"probability": _PROBABILITY}, True, "random vertical flip"),
    "random_quarter_turns": Kind({}, True, "random quarter turns"),
    "random_rotation": Kind({"degrees": Range(0, 180)}, True, "random rotation {degrees:g}"),
    "random_affine": Kind(
        {
            "degrees": Range(0, 180),
            "translate": Range(0, 1),
            "minimum_scale": Range(1e-2, 100),
            "maximum_scale": Range(1e-2, 100),
            "shear": Range(0, 89),
        },
        True,
        "random affine {degrees:g}",
    ),
    "random_grayscale": Kind({"probability": _PROBABILITY}, True, "random grayscale"),
    "random_perspective": Kind(
        {"distortion": Range(0, 1), "probability": _PROBABILITY}, True, "random perspective"
    ),
    "random_erasing": Kind(
        {
            "probability": _PROBABILITY,
            "minimum_area": Range(0, 1),
            "maximum_area": Range(0, 1),
        },
        True,
        "random erasing",
    ),
}


@dataclass(frozen=True)
class Operation:
    """One step of a transformation: a name of `KINDS` and a value for each of its arguments."""

    name: str
    arguments: Mapping[str, Argument]

    def __post_init__(self) -> None:
        kind = KINDS.get(self.name)
        if kind is None:
            raise InvalidTransformationDirectoryError(f"The operation {self.name!r} is not known.")
        if set(self.arguments) != set(kind.arguments):
            raise InvalidTransformationDirectoryError(
                f"{self.name} needs {', '.join(kind.arguments) or 'no argument'}; "
                f"it has {', '.join(self.arguments) or 'none'}."
            )
        for name, allowed in kind.arguments.items():
            _check(self.name, name, self.arguments[name], allowed)
        for low, high in (
            ("minimum_area", "maximum_area"),
            ("minimum_ratio", "maximum_ratio"),
            ("minimum_scale", "maximum_scale"),
        ):
            if low in kind.arguments and self.arguments[low] > self.arguments[high]:
                raise InvalidTransformationDirectoryError(
                    f"{self.name}: {low} {self.arguments[low]} is above {high} "
                    f"{self.arguments[high]}."
                )

    def __hash__(self) -> int:
        return hash((self.name, tuple(sorted(self.arguments.items()))))

    @property
    def random(self) -> bool:
        """Whether it draws random numbers."""
        return KINDS[self.name].random

    def describe(self) -> str:
        """In words."""
        return KINDS[self.name].words.format(**self.arguments)

    def for_inference(self) -> tuple[Operation, ...]:
        """The deterministic operations that stand in for it when nothing may be random.

        Crops keep their size at the centre; what only varies a picture is left out.
        """
        counterpart = _COUNTERPARTS.get(self.name)
        if counterpart is not None:
            return counterpart(self)
        return () if self.random else (self,)


def resize_for_crop(size: int) -> int:
    """Short side before a centre crop of ``size``: 256 for 224, in proportion for others."""
    return max(size, int(size * 256 / 224 + 0.5))


def _centre_of_resized_crop(operation: Operation) -> tuple[Operation, ...]:
    size = int(operation.arguments["size"])
    return (
        Operation("resize", {"size": resize_for_crop(size)}),
        Operation("center_crop", {"size": size}),
    )


def _centre_crop(operation: Operation) -> tuple[Operation, ...]:
    return (Operation("center_crop", {"size": operation.arguments["size"]}),)


_COUNTERPARTS: Mapping[str, Callable[[Operation], tuple[Operation, ...]]] = {
    "random_resized_crop": _centre_of_resized_crop,
    "random_crop": _centre_crop,
}


def _check(operation: str, name: str, value: object, allowed: Range) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if (
        not number
        or not math.isfinite(float(str(value)))
        or (allowed.whole and not isinstance(value, int))
        or not allowed.low <= float(str(value)) <= allowed.high
    ):
        kind = "a whole number" if allowed.whole else "a number"
        raise InvalidTransformationDirectoryError(
            f"{operation}: {name} is {value!r}; it must be {kind} from {allowed.low:g} to "
            f"{allowed.high:g}."
        )
