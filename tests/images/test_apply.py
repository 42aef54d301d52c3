"""Transformations do what they say, to the pixel and deterministically."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.conftest import picture
from visionloom.errors import (
    InvalidDatasetError,
    InvalidTransformationDirectoryError,
    ParameterRangeError,
)
from visionloom.images.apply import apply
from visionloom.images.operations import KINDS, Operation
from visionloom.images.randomness import generator
from visionloom.images.switches import AUGMENTATIONS, default_transformation
from visionloom.images.transforms import Transformation, check_sizes, random_resized_crop

PICTURE = np.asarray(picture((90, 60), seed=5))

EXAMPLES: dict[str, Mapping[str, bool | int | float]] = {
    "resize": {"size": 40},
    "resize_exact": {"width": 30, "height": 50},
    "center_crop": {"size": 32},
    "pad": {"padding": 5, "fill": 7},
    "color_jitter": {"brightness": 0.4, "contrast": 0.4, "saturation": 0.4, "hue": 0.1},
    "grayscale": {},
    "random_resized_crop": random_resized_crop(32).arguments,
    "random_crop": {"size": 32},
    "random_horizontal_flip": {"probability": 1.0},
    "random_vertical_flip": {"probability": 1.0},
    "random_quarter_turns": {},
    "random_rotation": {"degrees": 30},
    "random_affine": {
        "degrees": 20, "translate": 0.1, "minimum_scale": 0.9, "maximum_scale": 1.1, "shear": 5,
    },
    "random_grayscale": {"probability": 1.0},
    "random_perspective": {"distortion": 0.5, "probability": 1.0},
    "random_erasing": {"probability": 1.0, "minimum_area": 0.1, "maximum_area": 0.3},
}  # fmt: skip


def do(*operations: Operation, seed: int = 1, pixels: np.ndarray = PICTURE) -> np.ndarray:
    rows, columns = pixels.shape[:2]
    draws = generator(seed, 1, 0, "test")
    return apply(pixels, Transformation(operations), draws, full_size=(columns, rows))


@pytest.mark.parametrize("name", sorted(KINDS))
def test_c21_c22_every_operation_changes_the_picture_and_repeats_itself(name: str) -> None:
    operation = Operation(name, EXAMPLES[name])
    results = [do(operation, seed=seed) for seed in (1, 2, 3, 4)]
    assert any(r.shape != PICTURE.shape or not np.array_equal(r, PICTURE) for r in results)
    assert np.array_equal(do(operation, seed=1), results[0])
    width, height = Transformation((operation,)).output_size(90, 60)
    if name != "random_quarter_turns":
        assert results[0].shape == (height, width, 3)


@pytest.mark.parametrize("name", sorted(KINDS))
def test_c27_every_operation_has_a_deterministic_counterpart_of_the_same_size(name: str) -> None:
    transformation = Transformation((Operation(name, EXAMPLES[name]),))
    inference = transformation.for_inference()
    assert not inference.is_random
    assert inference.output_size(90, 60) == transformation.output_size(90, 60)
    assert inference.for_inference() == inference


def test_resize_then_centre_crop_is_what_two_steps_give() -> None:
    both = do(Operation("resize", {"size": 48}), Operation("center_crop", {"size": 40}))
    resized = Image.fromarray(PICTURE).resize((72, 48), Image.Resampling.BILINEAR)
    two = np.asarray(resized)[4:44, 16:56]
    assert np.abs(both.astype(int) - two.astype(int)).max() <= 1


def test_flips_and_crops_commute_as_they_should() -> None:
    flipped = do(Operation("random_horizontal_flip", {"probability": 1.0}))
    assert np.array_equal(flipped, PICTURE[:, ::-1])
    both = do(
        Operation("random_horizontal_flip", {"probability": 1.0}),
        Operation("random_vertical_flip", {"probability": 1.0}),
        Operation("center_crop", {"size": 20}),
    )
    assert np.array_equal(both, PICTURE[::-1, ::-1][20:40, 35:55])


@settings(deadline=None, max_examples=60)
@given(
    width=st.integers(1, 200),
    height=st.integers(1, 200),
    size=st.integers(1, 64),
    augmentation=st.sampled_from(AUGMENTATIONS),
    seed=st.integers(0, 9),
)
def test_the_default_transformations_work_for_pictures_of_any_size(
    width: int, height: int, size: int, augmentation: str, seed: int
) -> None:
    pixels = np.zeros((height, width, 3), dtype=np.uint8)
    transformation = default_transformation(size, augmentation)
    draws = generator(seed, 1, 0, "test")
    for chosen in (transformation, transformation.for_inference()):
        scale = chosen.decode_scale(width, height)
        small = pixels[: -(-height // scale), : -(-width // scale)]
        shown = apply(small, chosen, draws, full_size=(width, height))
        assert shown.shape == (size, size, 3)


def test_a_very_wide_picture_keeps_at_least_one_row() -> None:
    wide = np.zeros((2, 4000, 3), dtype=np.uint8)
    assert do(Operation("resize_exact", {"width": 8, "height": 8}), pixels=wide).shape == (8, 8, 3)
    assert Transformation((Operation("resize", {"size": 1}),)).output_size(4000, 2) == (2000, 1)


def test_a_reduced_decode_gives_nearly_the_same_picture() -> None:
    smooth = Image.fromarray(PICTURE).resize((900, 600), Image.Resampling.BICUBIC)
    full = np.asarray(smooth)
    transformation = default_transformation(64, "none")
    assert transformation.decode_scale(900, 600) == 8
    small = np.asarray(smooth.reduce(8))
    a = apply(full, transformation, None, full_size=(900, 600))
    b = apply(small, transformation, None, full_size=(900, 600))
    assert np.abs(a.astype(int) - b.astype(int)).mean() < 8


def test_c24_a_crop_larger_than_a_picture_is_an_error_that_names_the_picture() -> None:
    class Record:
        file, width, height = "a/small.png", 20, 30

    transformation = Transformation((Operation("center_crop", {"size": 25}),))
    with pytest.raises(InvalidDatasetError, match=r"a/small\.png.*20 x 30"):
        check_sizes([Record()], transformation)


def test_c28_pictures_that_end_in_different_sizes_are_named_before_training() -> None:
    class One:
        file, width, height = "one.png", 40, 30

    class Two:
        file, width, height = "two.png", 30, 60

    resize = Transformation((Operation("resize", {"size": 16}),))
    with pytest.raises(InvalidDatasetError, match=r"one\.png is 21 x 16, two\.png is 16 x 32"):
        check_sizes([One(), Two()], resize)
    exact = Transformation((Operation("resize_exact", {"width": 16, "height": 16}),))
    check_sizes([One(), Two()], exact)


def test_transformations_survive_json_and_refuse_nonsense() -> None:
    for name, arguments in EXAMPLES.items():
        transformation = Transformation((Operation(name, arguments),))
        assert Transformation.from_json(transformation.to_json()) == transformation
    for value in ("x", [1], [{"operation": "fly"}], [{"operation": "resize", "size": 0}]):
        with pytest.raises(InvalidTransformationDirectoryError):
            Transformation.from_json(value)


def test_an_unknown_augmentation_is_named() -> None:
    with pytest.raises(ParameterRangeError, match="any-orientation"):
        default_transformation(64, "wild")


def test_randomness_is_a_function_of_its_key_alone() -> None:
    first = generator(1, 2, 3, "a").random(4)
    generator(1, 2, 4, "a").random(100)
    assert np.array_equal(first, generator(1, 2, 3, "a").random(4))
    others = [generator(*key).random(4) for key in ((2, 2, 3, "a"), (1, 3, 3, "a"), (1, 2, 3, "b"))]
    assert all(not np.array_equal(first, other) for other in others)
    assert np.array_equal(generator(-5, 0, 0, "x").random(2), generator(-5, 0, 0, "x").random(2))
