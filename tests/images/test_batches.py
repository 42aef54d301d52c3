"""Pictures as training sees them: drawn afresh each epoch, the same whatever reads them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import visionloom as vl
from visionloom.images.batches import BatchReader, DecodedCache, equal_slices
from visionloom.images.decode import Pixels
from visionloom.images.directory import PixelSource, read_images
from visionloom.images.randomness import generator
from visionloom.images.switches import default_transformation

Make = Callable[..., Path]


def epoch(folder: Path, number: int, *, threads: int = 2, cache: int | None = None) -> Pixels:
    """All pictures of a folder as epoch ``number`` shows them, uint8 (n, 24, 24, 3)."""
    directory = vl.convert_to_image_directory(folder)
    images = read_images(directory)

    def draw(slot: int) -> np.random.Generator:
        return generator(1, number, slot, "transformation")

    with PixelSource(images, directory) as source:
        reader = BatchReader(
            source,
            images.records,
            default_transformation(24, "strong"),
            threads=threads,
            cache=DecodedCache(cache) if cache is not None else None,
        )
        count = len(images.records)
        batches = [b.pixels for b in reader.read(range(count), equal_slices(count, 3), draw)]
    return np.concatenate(batches)


def test_c23_random_transformations_are_drawn_afresh_each_epoch_and_by_seed_alone(
    photos: Make,
) -> None:
    folder = photos(a=4, b=4)
    first, second = epoch(folder, 1), epoch(folder, 2)
    assert all((one != two).any() for one, two in zip(first, second, strict=True))
    assert (epoch(folder, 1, threads=1) == first).all()


@pytest.mark.parametrize("budget", [0, 5_000, 10_000_000])
def test_a_cache_of_any_size_changes_no_pixel(photos: Make, budget: int) -> None:
    folder = photos(a=4, b=4)
    assert (epoch(folder, 1, cache=budget) == epoch(folder, 1)).all()


def test_c25_what_a_materialized_copy_lists_is_what_it_holds(photos: Make) -> None:
    images = vl.convert_to_image_directory(photos(a=3, b=3))
    random = vl.init_image_transformation(
        size=28, crop_size=24, random_horizontal_flip=True, color_jitter=True
    )
    seen = vl.apply_image_transformation(random, images, mode="For training")
    copy = vl.materialize_image_directory(seen, apply=True)
    again = vl.materialize_image_directory(seen, apply=True)
    one, two = read_images(copy), read_images(again)
    assert one.digest == two.digest
    with PixelSource(one, copy) as source:
        for record in one.records:
            assert source.decode(record).shape == (24, 24, 3) == (record.height, record.width, 3)
