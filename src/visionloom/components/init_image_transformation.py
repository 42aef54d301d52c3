"""Init Image Transformation."""

from __future__ import annotations

from typing import Annotated

from visionloom.artifacts.types import ImageTransformation
from visionloom.spec.component import component
from visionloom.spec.context import Context
from visionloom.spec.foresight import later
from visionloom.spec.ports import Output, Setting


def _switch(title: str, what: str) -> Setting:
    return Setting(title, what)


def _side(title: str, what: str, switch: str) -> Setting:
    return Setting(title, what, minimum=1, maximum=65_536, shown_when=(switch, True))


def _strength(title: str, what: str, switch: str, high: float, low: float = 0) -> Setting:
    return Setting(
        title, what, minimum=low, maximum=high, shown_when=(switch, True), group="advanced"
    )


@component(
    title="Init Image Transformation",
    category="Image data transformation",
    aliases=("azureml.designer.computer_vision.transform.init_image_transformation",),
    differs=(
        "Color jitter has strengths, so that it changes something (C21).",
        "Grayscale, Random grayscale and Random erasing work (C22).",
        "Random crops have a deterministic counterpart for inference (C27).",
        "Resize can also give an exact width and height (C28).",
        "Quarter turns for pictures without an up.",
    ),
    preload=("visionloom.images.switches",),
    foresee=later("visionloom.images.foresight", "foresee_transformation"),
)
def init_image_transformation(
    *,
    resize: Annotated[bool, _switch("Resize", "Scale so that the shorter edge is Size.")] = True,
    size: Annotated[int, _side("Size", "Shorter edge, pixels.", "resize")] = 256,
    resize_exact: Annotated[
        bool, Setting("Exact resize", "Scale to an exact width and height.", group="advanced")
    ] = False,
    width: Annotated[
        int, _side("Width", "Width after exact resize, pixels.", "resize_exact")
    ] = 224,
    height: Annotated[
        int, _side("Height", "Height after exact resize, pixels.", "resize_exact")
    ] = 224,
    center_crop: Annotated[bool, _switch("Center crop", "Keep the central square.")] = True,
    crop_size: Annotated[int, _side("Crop size", "Side of it, pixels.", "center_crop")] = 224,
    pad: Annotated[bool, _switch("Pad", "Add a border of one colour.")] = False,
    padding: Annotated[
        int,
        Setting(
            "Padding", "Pixels on each side.", minimum=0, maximum=65_536, shown_when=("pad", True)
        ),
    ] = 0,
    padding_value: Annotated[
        int,
        Setting(
            "Padding value",
            "Grey value of the border, 0 is black.",
            minimum=0,
            maximum=255,
            shown_when=("pad", True),
            group="advanced",
        ),
    ] = 0,
    color_jitter: Annotated[
        bool, _switch("Color jitter", "Vary brightness, contrast, saturation and hue.")
    ] = False,
    brightness: Annotated[
        float, _strength("Brightness", "Largest relative change.", "color_jitter", 10)
    ] = 0.2,
    contrast: Annotated[
        float, _strength("Contrast", "Largest relative change.", "color_jitter", 10)
    ] = 0.2,
    saturation: Annotated[
        float, _strength("Saturation", "Largest relative change.", "color_jitter", 10)
    ] = 0.2,
    hue: Annotated[
        float, _strength("Hue", "Largest shift, part of the circle.", "color_jitter", 0.5)
    ] = 0.02,
    grayscale: Annotated[bool, _switch("Grayscale", "Take the colour away.")] = False,
    random_resized_crop: Annotated[
        bool, _switch("Random resized crop", "A random part, scaled to Random size.")
    ] = False,
    random_resized_crop_size: Annotated[
        int, _side("Random size", "Side of it, pixels.", "random_resized_crop")
    ] = 256,
    minimum_area: Annotated[
        float,
        _strength("Minimum area", "Smallest share of the area.", "random_resized_crop", 1, 0.001),
    ] = 0.08,
    random_crop: Annotated[bool, _switch("Random crop", "A random square.")] = False,
    random_crop_size: Annotated[
        int, _side("Random crop size", "Side of it, pixels.", "random_crop")
    ] = 224,
    random_horizontal_flip: Annotated[
        bool, _switch("Random horizontal flip", "Mirror half of the pictures.")
    ] = True,
    random_vertical_flip: Annotated[
        bool, _switch("Random vertical flip", "Turn half of the pictures upside down.")
    ] = False,
    random_quarter_turns: Annotated[
        bool,
        Setting("Random quarter turns", "Turn by 0, 90, 180 or 270 degrees.", group="advanced"),
    ] = False,
    random_rotation: Annotated[bool, _switch("Random rotation", "Turn by a random angle.")] = False,
    random_rotation_degrees: Annotated[
        int,
        Setting(
            "Random rotation degrees",
            "Largest angle.",
            minimum=0,
            maximum=180,
            shown_when=("random_rotation", True),
        ),
    ] = 0,
    random_affine: Annotated[
        bool, _switch("Random affine", "Turn, shift, scale and shear at random.")
    ] = False,
    random_affine_degrees: Annotated[
        int,
        Setting(
            "Random affine degrees",
            "Largest angle.",
            minimum=0,
            maximum=180,
            shown_when=("random_affine", True),
        ),
    ] = 0,
    translate: Annotated[
        float, _strength("Translate", "Largest shift, share of the side.", "random_affine", 1)
    ] = 0.1,
    scale_range: Annotated[
        float, _strength("Scale range", "Largest relative change of size.", "random_affine", 0.9)
    ] = 0.1,
    shear: Annotated[
        float, _strength("Shear", "Largest shear, degrees.", "random_affine", 89)
    ] = 0.0,
    random_grayscale: Annotated[
        bool, _switch("Random grayscale", "Take the colour of some pictures away.")
    ] = False,
    random_grayscale_probability: Annotated[
        float, _strength("Random grayscale probability", "Share of them.", "random_grayscale", 1)
    ] = 0.1,
    random_perspective: Annotated[
        bool, _switch("Random perspective", "Tilt half of the pictures.")
    ] = False,
    distortion: Annotated[
        float, _strength("Distortion", "How far corners move.", "random_perspective", 1)
    ] = 0.5,
    random_erasing: Annotated[
        bool, _switch("Random erasing", "Cover a random rectangle of some pictures.")
    ] = False,
    random_erasing_probability: Annotated[
        float, _strength("Random erasing probability", "Share of them.", "random_erasing", 1)
    ] = 0.5,
    random_erasing_maximum_area: Annotated[
        float,
        _strength(
            "Random erasing maximum area",
            "Largest share of the area that is covered.",
            "random_erasing",
            1,
            0.02,
        ),
    ] = 0.33,
    context: Context,
) -> Annotated[ImageTransformation, Output("Output image transformation")]:
    """Say how pictures are resized, cropped and varied.

    The operations are done in the order of the parameters. Random ones are drawn freshly in each
    epoch of training and have a fixed counterpart for scoring.
    """
    from visionloom.images.switches import transformation_of
    from visionloom.images.transforms import write_transformation

    transformation = transformation_of(
        {
            "resize": resize, "size": size, "resize_exact": resize_exact, "width": width,
            "height": height, "center_crop": center_crop, "crop_size": crop_size, "pad": pad,
            "padding": padding, "padding_value": padding_value, "color_jitter": color_jitter,
            "brightness": brightness, "contrast": contrast, "saturation": saturation, "hue": hue,
            "grayscale": grayscale, "random_resized_crop": random_resized_crop,
            "random_resized_crop_size": random_resized_crop_size, "minimum_area": minimum_area,
            "random_crop": random_crop, "random_crop_size": random_crop_size,
            "random_horizontal_flip": random_horizontal_flip,
            "random_vertical_flip": random_vertical_flip,
            "random_quarter_turns": random_quarter_turns, "random_rotation": random_rotation,
            "random_rotation_degrees": random_rotation_degrees, "random_affine": random_affine,
            "random_affine_degrees": random_affine_degrees, "translate": translate,
            "scale_range": scale_range, "shear": shear, "random_grayscale": random_grayscale,
            "random_grayscale_probability": random_grayscale_probability,
            "random_perspective": random_perspective, "distortion": distortion,
            "random_erasing": random_erasing,
            "random_erasing_probability": random_erasing_probability,
            "random_erasing_maximum_area": random_erasing_maximum_area,
        }
    )  # fmt: skip
    context.log(f"Training: {transformation.describe()}.")
    context.log(f"Inference: {transformation.for_inference().describe()}.")
    return write_transformation(transformation, context.output("output_image_transformation"))
