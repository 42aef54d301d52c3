"""Splitting: stratified, exact, without separating what belongs together."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visionloom.errors import InvalidDatasetError, NotInRangeValueError
from visionloom.images.directory import ImageRecord, Images, class_counts, logical_digest
from visionloom.images.origin import PixelOrigin
from visionloom.images.split import split


def make(
    labels: list[str],
    groups: Sequence[str | None] | None = None,
    pixels: list[str] | None = None,
    near: Sequence[int | None] | None = None,
) -> Images:
    records = []
    for i, label in enumerate(labels):
        content = pixels[i] if pixels else hashlib.sha256(str(i).encode()).hexdigest()
        group = groups[i] if groups else None
        records.append(
            ImageRecord(
                i,
                f"{i}.png",
                label,
                group,
                9,
                9,
                9,
                content,
                content,
                "PNG",
                1,
                f"{i}.png",
                near[i] if near else None,
            )
        )
    return Images(tuple(records), tuple(sorted(set(labels))), (), PixelOrigin("folder", "x"))


@settings(deadline=None)
@given(
    labels=st.lists(st.sampled_from("abcd"), min_size=2, max_size=80),
    fraction=st.floats(0.01, 0.99),
    seed=st.integers(),
)
def test_both_parts_hold_everything_once_in_order(
    labels: list[str], fraction: float, seed: int
) -> None:
    images = make(labels)
    result = split(images, fraction=fraction, seed=seed)
    first, second = ([r.id for r in part.records] for part in (result.first, result.second))
    assert sorted(first + second) == list(range(len(labels)))
    assert first == sorted(first)
    assert second == sorted(second)
    assert first
    assert second
    assert result.first.classes == images.classes
    for label, count in class_counts(images).items():
        if count > 1 and len(labels) > 2 * len(images.classes or ()):
            assert class_counts(result.first)[label] >= 1
            assert class_counts(result.second)[label] >= 1


@settings(deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from("ab"), st.sampled_from("123456")), min_size=4, max_size=60
    ),
    seed=st.integers(0, 99),
)
def test_a_group_is_never_on_both_sides(rows: list[tuple[str, str]], seed: int) -> None:
    if len({g for _, g in rows}) < 2:
        return
    images = make([label for label, _ in rows], [group for _, group in rows])
    result = split(images, fraction=0.7, seed=seed)
    first, second = ({r.group for r in part.records} for part in (result.first, result.second))
    assert not first & second
    assert first
    assert second


def test_exact_copies_stay_on_one_side() -> None:
    images = make(["a"] * 20, pixels=[f"{i // 2}" for i in range(20)])
    for seed in range(5):
        result = split(images, fraction=0.5, seed=seed)
        first = {r.pixel_digest for r in result.first.records}
        assert not first & {r.pixel_digest for r in result.second.records}
        assert any("exact copies" in note for note in result.notes)


def test_c18_nine_pictures_at_nine_tenths_give_eight_and_one() -> None:
    result = split(make(["a"] * 9), fraction=0.9, seed=1)
    assert (len(result.first.records), len(result.second.records)) == (8, 1)


def test_c19_a_class_with_one_picture_goes_to_training_and_is_said_and_the_seed_counts() -> None:
    images = make(["a"] * 30 + ["b"] * 30 + ["c"])
    result = split(images, fraction=0.8, seed=1)
    assert class_counts(result.first) == {"a": 24, "b": 24, "c": 1}
    assert any("c" in note for note in result.notes)
    again = split(images, fraction=0.8, seed=1)
    other = split(images, fraction=0.8, seed=2)
    assert again.first.digest == result.first.digest
    assert other.first.digest != result.first.digest


def test_c20_sizes_are_exact_in_decimals() -> None:
    for percent in range(1, 100):
        result = split(make(["a"] * 100), fraction=percent / 100, seed=1)
        assert len(result.first.records) == percent


def test_a_group_that_takes_a_whole_class_goes_on_and_is_said() -> None:
    images = make(["a"] * 6 + ["b"] * 6, ["g"] * 6 + [str(i) for i in range(6)])
    result = split(images, fraction=0.5, seed=1)
    assert any("second part has no image of a" in note for note in result.notes)
    assert class_counts(result.first)["a"] == 6, "a class goes whole to where it can be learnt"


def test_what_cannot_be_split_is_an_error() -> None:
    with pytest.raises(InvalidDatasetError):
        split(make(["a"]), fraction=0.5, seed=1)
    with pytest.raises(InvalidDatasetError, match="one group"):
        split(make(["a"] * 4, ["g"] * 4), fraction=0.5, seed=1)
    for fraction in (0.0, 1.0, -0.1):
        with pytest.raises(NotInRangeValueError):
            split(make(["a"] * 4), fraction=fraction, seed=1)


@settings(deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from("ab"), st.one_of(st.none(), st.integers(0, 9))),
        min_size=30,
        max_size=60,
    ),
    fraction=st.floats(0.2, 0.8),
    seed=st.integers(0, 99),
)
def test_near_duplicates_are_never_on_both_sides(
    rows: list[tuple[str, int | None]], fraction: float, seed: int
) -> None:
    near = [number for _, number in rows]
    if max((near.count(n) for n in near if n is not None), default=0) > len(rows) // 2:
        return
    result = split(make([label for label, _ in rows], near=near), fraction=fraction, seed=seed)
    first, second = ({r.near for r in part.records} for part in (result.first, result.second))
    assert not (first & second) - {None}
    assert first
    assert second


def test_near_duplicates_leave_the_shares_of_the_classes_as_they_were() -> None:
    near = [i // 4 * 4 if i % 40 < 8 else None for i in range(120)]
    images = make(["a"] * 40 + ["b"] * 40 + ["c"] * 40, near=near)
    result = split(images, fraction=0.75, seed=1)
    assert class_counts(result.first) == {"a": 30, "b": 30, "c": 30}
    assert "24 near duplicates in 6 groups are kept on the same side." in result.notes


def test_near_duplicates_do_not_tie_all_groups_together_and_that_is_said() -> None:
    groups = [f"patient{i // 4}" for i in range(40)]
    near = [i // 4 * 4 if i % 4 == 0 else (i // 4 * 4 + 4) % 40 if i % 4 == 3 else None
            for i in range(40)]  # fmt: skip
    result = split(make(["a"] * 40, groups, near=near), fraction=0.5, seed=1)
    first, second = ({r.group for r in part.records} for part in (result.first, result.second))
    assert not first & second
    assert any("are not kept together" in note for note in result.notes)


def test_a_list_without_near_duplicates_has_the_digest_it_always_had() -> None:
    plain = make(["a", "a", "b", "b"])
    marked = make(["a", "a", "b", "b"], near=[0, 0, None, None])
    assert logical_digest(plain) == (
        "7834d9a0c807f0c488e18d532417f0de3a4cdab90400cd52f864777d0ee9af6c"
    )
    assert logical_digest(marked) != logical_digest(plain)
