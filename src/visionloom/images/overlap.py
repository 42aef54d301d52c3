"""Pictures of a held-out part that are in the training part too, whole or as near duplicates."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from visionloom.artifacts.types import ImageDirectory
from visionloom.errors import InvalidDatasetError
from visionloom.images.batches import decode_threads
from visionloom.images.directory import ImageRecord, PixelSource, read_images
from visionloom.images.near_duplicates import near_pairs
from visionloom.images.sketches import sketch, sketch_scale


@dataclass(frozen=True)
class Copy:
    """A held-out picture, and the training picture (the first of them) that it is a copy of."""

    held_out: str
    training: str
    exact: bool


def find_overlap(training: ImageDirectory, held_out: ImageDirectory) -> tuple[Copy, ...]:
    """The held-out pictures that are copies of training pictures, in the order of their list.

    Each picture is decoded once more, as small as its sketch allows; one that is gone by now is
    only compared as a whole file.

    Args:
        training: What was trained on.
        held_out: What is judged with.
    """
    first, second = (read_images(d, verify=False).records for d in (training, held_out))
    known: dict[str, str] = {}
    for record in first:
        known.setdefault(_content(record), record.file)
    exact = {r.id: known[_content(r)] for r in second if _content(r) in known}
    rest = [record for record in second if record.id not in exact]
    sketches = [*_sketches(training, first), *_sketches(held_out, rest)]
    sides = [False] * len(first) + [True] * len(rest)
    # in an order of content, see near_pairs
    order = sorted(range(len(sides)), key=lambda i: (sketches[i], sides[i]))
    near: dict[int, str] = {}
    pairs = near_pairs([sketches[i] for i in order], [sides[i] for i in order])
    for low, high in sorted(tuple(sorted((order[a], order[b]))) for a, b in pairs):
        near.setdefault(rest[high - len(first)].id, first[low].file)
    return tuple(
        Copy(r.file, (exact | near)[r.id], r.id in exact)
        for r in second
        if r.id in exact or r.id in near
    )


def _content(record: ImageRecord) -> str:
    return record.pixel_digest or record.digest


def _sketches(directory: ImageDirectory, records: Sequence[ImageRecord]) -> list[bytes]:
    """The sketch of each picture, decoded by threads."""
    images = read_images(directory, verify=False)
    try:
        with PixelSource(images, directory) as source, ThreadPoolExecutor(decode_threads()) as pool:
            return list(pool.map(lambda record: _sketch(source, record), records))
    except InvalidDatasetError:
        return [b""] * len(records)


def _sketch(source: PixelSource, record: ImageRecord) -> bytes:
    try:
        return sketch(source.decode(record, sketch_scale(record.width, record.height)))
    except InvalidDatasetError:
        return b""
