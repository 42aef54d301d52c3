"""Apply Image Transformation."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from visionloom.artifacts.types import ImageDirectory, ImageTransformation
from visionloom.spec.component import component
from visionloom.spec.context import Context
from visionloom.spec.foresight import later
from visionloom.spec.ports import Input, Output, Setting


@component(
    title="Apply Image Transformation",
    category="Image data transformation",
    aliases=("azureml.designer.computer_vision.transform.apply_image_transformation",),
    differs=(
        "The transformation is attached, not frozen into pixels: training draws it afresh in each "
        "epoch from the seed (C23).",
        "Pictures keep their names and format; none is lost (C24, C26).",
        "For inference, random crops become centre crops of the same size (C27).",
        "Whether every crop fits is checked here, before training (C24, C28).",
    ),
    preload=("visionloom.images.directory",),
    foresee=later("visionloom.images.foresight", "foresee_application"),
)
def apply_image_transformation(
    input_image_transformation: Annotated[ImageTransformation, Input("Input image transformation")],
    input_image_directory: Annotated[ImageDirectory, Input("Input image directory")],
    *,
    mode: Annotated[
        str,
        Setting(
            "Mode",
            "For training, random operations are drawn; for inference, their fixed counterparts.",
            choices=("For training", "For inference"),
        ),
    ],
    context: Context,
) -> Annotated[ImageDirectory, Output("Output image directory")]:
    """Attach a transformation to an image directory.

    Materialize Image Directory writes the transformed pixels, if they are wanted as files.
    """
    from visionloom.images.directory import FOR_INFERENCE, read_images, write_images
    from visionloom.images.transforms import check_sizes, read_transformation

    transformation = read_transformation(input_image_transformation)
    images = read_images(input_image_directory)
    shown = transformation.for_inference() if mode == FOR_INFERENCE else transformation
    check_sizes(images.records, shown)
    attached = replace(images, transformation=transformation, mode=mode)
    return write_images(attached, context.output("output_image_directory"))
