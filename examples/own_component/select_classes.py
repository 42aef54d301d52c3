"""A component of one's own: keep some classes of an image directory.

Install this folder (``pip install examples/own_component``) and the component appears in
``visionloom components``, as ``vl.select_classes`` and in pipelines.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from visionloom.artifacts.types import ImageDirectory
from visionloom.errors import InvalidDatasetError, NotLabeledDatasetError
from visionloom.spec.component import component
from visionloom.spec.context import Context
from visionloom.spec.ports import Input, Output, Setting, nearest


@component(title="Select Classes", category="Image data transformation")
def select_classes(
    input_image_directory: Annotated[ImageDirectory, Input("Input image directory")],
    *,
    classes: Annotated[str, Setting("Classes", "Names to keep, divided by commas.")],
    context: Context,
) -> Annotated[ImageDirectory, Output("Output image directory")]:
    """Keep the pictures of some classes."""
    from visionloom.images.directory import read_images, write_images

    images = read_images(input_image_directory)
    if images.classes is None:
        raise NotLabeledDatasetError("The pictures have no labels to select by.")
    wanted = [name.strip() for name in classes.split(",") if name.strip()]
    for name in wanted:
        if name not in images.classes:
            near = nearest(name, images.classes)
            hint = f"Did you mean {near}?" if near else f"There are {', '.join(images.classes)}."
            raise InvalidDatasetError(f"There is no class {name!r}.", hint)
    kept = tuple(record for record in images.records if record.label in wanted)
    chosen = tuple(name for name in images.classes if name in wanted)
    context.log(f"{len(kept)} of {len(images.records)} pictures kept.")
    return write_images(
        replace(images, records=kept, classes=chosen), context.output("output_image_directory")
    )
