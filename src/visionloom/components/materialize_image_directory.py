"""Materialize Image Directory."""

from __future__ import annotations

from typing import Annotated

from visionloom.artifacts.types import ImageDirectory
from visionloom.spec.component import component
from visionloom.spec.context import Context
from visionloom.spec.foresight import later
from visionloom.spec.ports import Input, Output, Setting


@component(
    title="Materialize Image Directory",
    category="Image data transformation",
    preload=("visionloom.images.materialize",),
    foresee=later("visionloom.images.foresight", "foresee_copy"),
)
def materialize_image_directory(
    input_image_directory: Annotated[ImageDirectory, Input("Input image directory")],
    *,
    apply: Annotated[
        bool,
        Setting(
            "Apply transformation",
            "Write the transformed pixels as PNG; otherwise the files are copied as they are.",
        ),
    ] = False,
    random_seed: Annotated[
        int,
        Setting("Random seed", "Draws a random transformation once.", shown_when=("apply", True)),
    ] = 1,
    context: Context,
) -> Annotated[ImageDirectory, Output("Output image directory")]:
    """Make a self-contained copy: the pixels travel with the list."""
    from visionloom.images.materialize import materialize

    target = context.output("output_image_directory")
    return materialize(input_image_directory, target, context, apply=apply, seed=random_seed)
