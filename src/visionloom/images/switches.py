"""Transformations by switches: the parameters of Init Image Transformation, and what `train` sets.

A switch turns an operation on; its strengths follow. Operations are done in the order of the table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from visionloom.errors import ParameterRangeError
from visionloom.images.operations import Operation, resize_for_crop
from visionloom.images.transforms import Transformation, random_resized_crop
from visionloom.spec.ports import Value

AUGMENTATIONS = ("none", "standard", "strong", "any-orientation")
Switches = Mapping[str, Any]

_HALF = {"probability": 0.5}
_SMALLEST_ERASED = 0.02


def transformation_of(switches: Switches) -> Transformation:
    """The transformation that these parameters describe.

    Args:
        switches: Parameter -> value; a switch that is absent is off.
    """
    return Transformation(
        tuple(make(switches) for switch, make in _OPERATIONS.items() if switches.get(switch))
    )


def augmentation(size: int, name: str) -> dict[str, Value]:
    """The parameters that ``visionloom train`` sets; every switch is named.

    Args:
        size: Side of the square the network sees, pixels.
        name: ``none`` (short side to 256/224 of the size, centre crop), ``standard`` (random
            resized crop of 0.35 to 1 of the area, horizontal flip), ``strong`` (and colour, small
            rotations, erasing) or ``any-orientation`` (``standard`` and every flip and quarter
            turn: for pictures without an up, as under a microscope).

    Raises:
        ParameterRangeError: Another word.
    """
    if name not in AUGMENTATIONS:
        raise ParameterRangeError(
            f"Augmentation is {name!r}, which is not known.",
            f"Choose one of {', '.join(AUGMENTATIONS)}.",
        )
    chosen: dict[str, Value] = dict.fromkeys(_OPERATIONS, False)
    if name == "none":
        return chosen | {
            "resize": True, "size": resize_for_crop(size), "center_crop": True, "crop_size": size,
        }  # fmt: skip
    chosen |= {
        "random_resized_crop": True, "random_resized_crop_size": size, "minimum_area": 0.35,
        "random_horizontal_flip": True,
    }  # fmt: skip
    if name == "any-orientation":
        chosen |= {"random_vertical_flip": True, "random_quarter_turns": True}
    if name == "strong":
        chosen |= {
            "color_jitter": True, "brightness": 0.3, "contrast": 0.3, "saturation": 0.3,
            "hue": 0.03, "random_rotation": True, "random_rotation_degrees": 15,
            "random_erasing": True, "random_erasing_probability": 0.25,
            "random_erasing_maximum_area": 0.2,
        }  # fmt: skip
    return chosen


def default_transformation(size: int, name: str = "none") -> Transformation:
    """The transformation of `augmentation`."""
    return transformation_of(augmentation(size, name))


def _affine(s: Switches) -> Operation:
    spread = s["scale_range"]
    return Operation(
        "random_affine",
        {
            "degrees": s["random_affine_degrees"],
            "translate": s["translate"],
            "minimum_scale": 1 - spread,
            "maximum_scale": 1 + spread,
            "shear": s["shear"],
        },
    )


def _erasing(s: Switches) -> Operation:
    return Operation(
        "random_erasing",
        {
            "probability": s["random_erasing_probability"],
            "minimum_area": _SMALLEST_ERASED,
            "maximum_area": s["random_erasing_maximum_area"],
        },
    )


def _jitter(s: Switches) -> Operation:
    names = ("brightness", "contrast", "saturation", "hue")
    return Operation("color_jitter", {name: s[name] for name in names})


def _crop(s: Switches) -> Operation:
    return random_resized_crop(s["random_resized_crop_size"], minimum_area=s["minimum_area"])


def _as_it_is(name: str, arguments: Mapping[str, float] | None = None) -> Callable[..., Operation]:
    """Makes an operation that has no strengths to set."""
    return lambda _switches: Operation(name, arguments or {})


_OPERATIONS: Mapping[str, Callable[[Switches], Operation]] = {
    "resize": lambda s: Operation("resize", {"size": s["size"]}),
    "resize_exact": lambda s: Operation(
        "resize_exact", {"width": s["width"], "height": s["height"]}
    ),
    "center_crop": lambda s: Operation("center_crop", {"size": s["crop_size"]}),
    "pad": lambda s: Operation("pad", {"padding": s["padding"], "fill": s["padding_value"]}),
    "color_jitter": _jitter,
    "grayscale": _as_it_is("grayscale"),
    "random_resized_crop": _crop,
    "random_crop": lambda s: Operation("random_crop", {"size": s["random_crop_size"]}),
    "random_horizontal_flip": _as_it_is("random_horizontal_flip", _HALF),
    "random_vertical_flip": _as_it_is("random_vertical_flip", _HALF),
    "random_quarter_turns": _as_it_is("random_quarter_turns"),
    "random_rotation": lambda s: Operation(
        "random_rotation", {"degrees": s["random_rotation_degrees"]}
    ),
    "random_affine": _affine,
    "random_grayscale": lambda s: Operation(
        "random_grayscale", {"probability": s["random_grayscale_probability"]}
    ),
    "random_perspective": lambda s: Operation(
        "random_perspective", {"distortion": s["distortion"], **_HALF}
    ),
    "random_erasing": _erasing,
}
