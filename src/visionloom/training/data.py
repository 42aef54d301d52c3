"""Training and validation images, opened, compared and mapped to one class list."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from visionloom.artifacts.types import ImageDirectory
from visionloom.errors import InvalidDatasetError
from visionloom.images.classes import common_classes
from visionloom.images.directory import Images, PixelSource, class_counts, read_images
from visionloom.images.sizes import automatic_size
from visionloom.images.switches import default_transformation
from visionloom.images.transforms import Transformation, check_sizes
from visionloom.spec.context import Context
from visionloom.training.order import Order


@dataclass(frozen=True)
class Part:
    """The training or the validation images.

    Attributes:
        images: The list.
        source: Where the pixels are.
        labels: Class index of each image, int64 (n,).
        transformation: How each image is seen.
    """

    images: Images
    source: PixelSource
    labels: Order
    transformation: Transformation


@dataclass(frozen=True)
class TrainingData:
    """Both parts.

    Attributes:
        training, validation: The parts.
        classes: Names in order; the index is the network's output.
        inference: What the trained model does to a picture.
        size: (width, height) of a transformed picture.
    """

    training: Part
    validation: Part
    classes: tuple[str, ...]
    inference: Transformation
    size: tuple[int, int]

    def digests(self) -> dict[str, str]:
        """Logical digests of the parts."""
        return {
            "training data": self.training.images.digest,
            "validation data": self.validation.images.digest,
        }


@contextlib.contextmanager
def open_data(
    training: ImageDirectory,
    validation: ImageDirectory,
    *,
    input_size: int | None,
    context: Context,
) -> Iterator[TrainingData]:
    """Open both image directories and settle classes and transformations.

    Args:
        training, validation: Labelled image directories.
        input_size: Side the weights expect, or None from scratch.
        context: Told what was decided.

    Raises:
        NotLabeledDatasetError: One of them has no labels.
        InvalidDatasetError: No image, fewer than two classes, different class lists, different
            transformations, or pictures of different sizes after the transformation.
    """
    seen = read_images(training)
    held_out = read_images(validation)
    classes = _common_classes(seen, held_out)
    transformation = seen.transformation
    if transformation is None:
        size = input_size or automatic_size([min(r.width, r.height) for r in seen.records])
        transformation = default_transformation(size)
        context.log(
            f"The training images carry no transformation: short side to {round(size * 256 / 224)} "
            f"pixels and the central {size} x {size}."
        )
    inference = transformation.for_inference()
    shown = inference if seen.mode == "For inference" else transformation
    _check_validation(held_out, transformation, inference, context)
    for images, applied in ((seen, shown), (held_out, inference)):
        check_sizes(images.records, applied)
    first = seen.records[0]
    with (
        PixelSource(seen, training) as seen_source,
        PixelSource(held_out, validation) as held_out_source,
    ):
        yield TrainingData(
            Part(seen, seen_source, _labels(seen, classes), shown),
            Part(held_out, held_out_source, _labels(held_out, classes), inference),
            classes,
            inference,
            inference.output_size(first.width, first.height),
        )


def describe(data: TrainingData, context: Context) -> None:
    """Tell the number of images, the classes with their counts, and which have none."""
    for name, part in (("training", data.training), ("validation", data.validation)):
        counts = class_counts(part.images)
        listed = ", ".join(f"{label} {count}" for label, count in list(counts.items())[:20])
        more = f", and {len(counts) - 20} more classes" if len(counts) > 20 else ""
        context.log(f"{len(part.labels)} {name} images: {listed}{more}")
        empty = [label for label, count in counts.items() if count == 0]
        if empty:
            context.warn(f"No {name} image of {', '.join(empty)}.")


def _common_classes(training: Images, validation: Images) -> tuple[str, ...]:
    classes = common_classes(training.classes, validation.classes)
    for name, images in (("training", training), ("validation", validation)):
        if not images.records:
            raise InvalidDatasetError(f"There is no usable {name} image.")
    return classes


def _check_validation(
    images: Images, training: Transformation, inference: Transformation, context: Context
) -> None:
    carried = images.transformation
    if carried is None or carried == training:
        if inference != carried:
            context.log(
                "The validation images are seen through the deterministic counterpart of the "
                "training transformation."
            )
        return
    if carried.for_inference() != inference:
        raise InvalidDatasetError(
            "The validation images carry another transformation than the training images: "
            f"{carried.for_inference().describe()} instead of {inference.describe()}.",
            "Apply the same image transformation to both.",
        )


def _labels(images: Images, classes: tuple[str, ...]) -> Order:
    index = {label: i for i, label in enumerate(classes)}
    return np.asarray([index[str(record.label)] for record in images.records], dtype=np.int64)
