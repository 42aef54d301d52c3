"""Convert to Image Directory."""

from __future__ import annotations

from typing import Annotated

from visionloom.artifacts.types import ImageDirectory, Photos
from visionloom.spec.component import component
from visionloom.spec.context import Context
from visionloom.spec.foresight import later
from visionloom.spec.ports import Input, Output, Setting


@component(
    title="Convert to Image Directory",
    category="Image data transformation",
    version="1",
    aliases=("azureml.designer.computer_vision.preprocess.convert_to_image_directory",),
    differs=(
        "Every picture is decoded in full once, in a process of its own; what cannot be read is "
        "listed with its reason, never filled up or dropped in silence (C13, C16, C31).",
        "EXIF orientation is applied, alpha is laid over white, 16-bit values are scaled (C38).",
        "A tree wrapped in one folder too many means the same in a folder and in an archive, and a "
        "single folder of pictures never becomes a class of its own (C29, C30).",
        "Original file names and a stable order are kept (C33, C34).",
        "Archives are read without unpacking files outside, and nothing is written or deleted in "
        "the input; a folder with several archives is refused instead of guessed (C35, C36).",
        "A damaged image directory of the original is an error, not a class called image (C32).",
        "Near duplicates are found, and a split keeps them together.",
        "The pixels stay where they are; Materialize Image Directory makes a copy.",
    ),
    preload=("visionloom.images.convert",),
    foresee=later("visionloom.images.foresight", "foresee_conversion"),
)
def convert_to_image_directory(
    input_dataset: Annotated[Photos, Input("Input dataset", "A folder, archive, list or picture.")],
    *,
    part: Annotated[
        str,
        Setting(
            "Part",
            "Which part of a set that is already divided; empty for one that is not.",
            choices=("", "training", "validation", "test"),
            group="advanced",
        ),
    ] = "",
    labelled: Annotated[
        str,
        Setting(
            "Labelled",
            "Whether sub-folders are classes: auto takes them when there are two or more.",
            choices=("auto", "yes", "no"),
            group="advanced",
        ),
    ] = "auto",
    group_by: Annotated[
        str | None,
        Setting(
            "Group by",
            "What belongs together: parent (folder), a column of the list, or a regular "
            "expression on the file name.",
            explanation="Pictures of one group never end up on both sides of a split, and "
            "intervals count groups instead of pictures. The first group of the expression, or "
            "else the whole match, names the group.",
            group="advanced",
        ),
    ] = None,
    class_map: Annotated[
        str | None,
        Setting(
            "Class map",
            "Rename or join classes: old=new,old2=new, or a CSV file with the columns old and new.",
            group="advanced",
            file="if-there",
        ),
    ] = None,
    intensity: Annotated[
        str,
        Setting(
            "Intensity",
            "How values of more than 8 bits become 8-bit: type, image, or MIN,MAX.",
            explanation="type uses the range of the number type, image stretches each picture by "
            "itself, MIN,MAX maps that range, e.g. 0,4095 for 12-bit data in 16-bit files.",
            choices=("type", "image"),
            open_choices=True,
            group="advanced",
        ),
    ] = "type",
    check: Annotated[
        str,
        Setting(
            "Check",
            "full decodes every picture once; headers only reads the headers.",
            choices=("full", "headers"),
            group="advanced",
        ),
    ] = "full",
    near_duplicates: Annotated[
        bool,
        Setting(
            "Near duplicates",
            "Whether near duplicates are found, so that a split keeps them together.",
            explanation="One photo encoded, resized, brightened or mirrored again, and shots of a "
            "burst, would be easy marks for a model that was trained on the other copy. Pictures "
            "with a side below 32 pixels, or with hardly any detail, are not compared, nor are any "
            "when Check is headers. More pictures that look alike than a twentieth of the set (and "
            "more than 20) are reported and not kept together.",
            group="advanced",
        ),
    ] = True,
    context: Context,
) -> Annotated[ImageDirectory, Output("Output image directory")]:
    """List the pictures of a folder, archive or list, with their labels if known.

    Class folders, train/val/test folders of class folders, zip and tar archives, CSV, JSON Lines
    and Parquet lists, plain folders of unlabelled pictures, and image directories written by
    Azure Machine Learning designer are understood.
    """
    from visionloom.images.classes import parse_class_map
    from visionloom.images.convert import convert
    from visionloom.images.directory import skipped_line, write_images

    converted = convert(
        input_dataset.path,
        context,
        labelled=labelled,
        group_by=group_by,
        class_map=parse_class_map(class_map) if class_map else None,
        intensity=intensity,
        check=check,
        part=part,
        near_duplicates=near_duplicates,
    )
    images = converted.parts[part]
    if images.skipped:
        context.warn(skipped_line(images.skipped, "the list of skipped files"))
    return write_images(
        images,
        context.output("output_image_directory"),
        origin={"source": str(input_dataset.path)},
    )
