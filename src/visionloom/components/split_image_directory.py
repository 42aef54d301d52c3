"""Split Image Directory."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from visionloom.artifacts.types import ImageDirectory
from visionloom.spec.component import component
from visionloom.spec.context import Context
from visionloom.spec.foresight import later
from visionloom.spec.ports import Input, Output, Setting


class Halves(NamedTuple):
    """The two parts."""

    output_image_directory1: Annotated[ImageDirectory, Output("Output image directory1")]
    output_image_directory2: Annotated[ImageDirectory, Output("Output image directory2")]


@component(
    title="Split Image Directory",
    category="Image data transformation",
    aliases=("azureml.designer.computer_vision.preprocess.split_image_directory",),
    differs=(
        "Any fraction between 0 and 1 works for any number of pictures: both parts get at least "
        "one (C18).",
        "Stratified as far as the classes allow; a class that cannot be on both sides is named "
        "(C19).",
        "The seed is a parameter (C19).",
        "Sizes are exact: 100 pictures at 0.29 give 29 (C20).",
        "Pictures of one group, exact copies of a picture, and near duplicates that were found at "
        "conversion, stay on one side.",
        "Both parts keep the order of the whole.",
    ),
    preload=("visionloom.images.directory", "visionloom.images.split"),
    foresee=later("visionloom.images.foresight", "foresee_split"),
)
def split_image_directory(
    input_image_directory: Annotated[ImageDirectory, Input("Input image directory")],
    *,
    fraction: Annotated[
        float,
        Setting(
            "Fraction of images in the first output",
            "Share of the pictures that go to the first output.",
            minimum=0,
            maximum=1,
        ),
    ] = 0.9,
    random_seed: Annotated[
        int,
        Setting("Random seed", "Draws which pictures go where.", group="advanced"),
    ] = 42,
    context: Context,
) -> Halves:
    """Divide an image directory in two, by class, without separating what belongs together."""
    from visionloom.images.directory import read_images, write_images
    from visionloom.images.split import split

    result = split(read_images(input_image_directory), fraction=fraction, seed=random_seed)
    for note in result.notes:
        context.warn(note)
    first = context.output("output_image_directory1")
    second = context.output("output_image_directory2")
    return Halves(write_images(result.first, first), write_images(result.second, second))
