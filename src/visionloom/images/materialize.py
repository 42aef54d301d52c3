"""A self-contained copy of an image directory: the pixels travel with the list."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path, PurePosixPath

from PIL import Image

from visionloom.artifacts.digest import sha256_of_bytes
from visionloom.artifacts.types import ImageDirectory
from visionloom.images.batches import picture
from visionloom.images.directory import (
    FOR_TRAINING,
    ImageRecord,
    Images,
    PixelSource,
    read_images,
    write_images,
)
from visionloom.images.origin import PixelOrigin
from visionloom.images.randomness import generator
from visionloom.spec.context import Context


def materialize(
    directory: ImageDirectory, target: Path, context: Context, *, apply: bool, seed: int
) -> ImageDirectory:
    """Copy an image directory with its pixels.

    Args:
        directory: Any image directory.
        target: Where the copy appears.
        context: Progress.
        apply: Write the transformed pixels as PNG (one draw for a random transformation), and
            leave the transformation out; otherwise the files are copied as they are.
        seed: Draws the random transformations.

    Raises:
        InvalidDatasetError: A picture vanished or changed.
    """
    images = read_images(directory)
    pixels: dict[str, bytes] = {}
    records: list[ImageRecord] = []
    with PixelSource(images, directory) as source:
        for done, record in enumerate(images.records, 1):
            if apply and images.transformation is not None:
                copy, data = _transformed(images, source, record, seed)
            else:
                copy, data = replace(record, stored=record.file), source.read(record)
            pixels[copy.stored] = data
            records.append(copy)
            context.progress("copying pictures", done, len(images.records))
    changes = {"transformation": None, "mode": None} if apply else {}
    copied = replace(
        images,
        records=tuple(records),
        origin=PixelOrigin("self", ""),
        **changes,  # type: ignore[arg-type]
    )
    return write_images(copied, target, pixels=pixels)


def _transformed(
    images: Images, source: PixelSource, record: ImageRecord, seed: int
) -> tuple[ImageRecord, bytes]:
    transformation = images.transformation
    if transformation is None:
        raise ValueError("there is no transformation to apply")
    if images.mode != FOR_TRAINING:
        transformation = transformation.for_inference()
    draws = transformation.is_random
    numbers = generator(seed, 0, record.id, "materialize") if draws else None
    shown = picture(source, record, transformation, numbers)
    buffer = io.BytesIO()
    Image.fromarray(shown).save(buffer, "PNG")
    data = buffer.getvalue()
    height, width = shown.shape[:2]
    name = str(PurePosixPath(record.file)) + ".png"
    copy = replace(
        record,
        stored=name,
        width=width,
        height=height,
        bytes=len(data),
        digest=sha256_of_bytes(data),
        pixel_digest=sha256_of_bytes(f"{width}x{height}:".encode() + shown.tobytes()),
        format="PNG",
        frames=1,
    )
    return copy, data
