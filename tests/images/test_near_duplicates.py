"""Near duplicates: copies are found, look-alikes are not, whatever the order."""

from __future__ import annotations

import io
import random
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from visionloom.images.directory import ImageRecord
from visionloom.images.near_duplicates import near_pairs
from visionloom.images.near_groups import connected, largest_group, with_near_groups
from visionloom.images.sketches import SKETCH_BYTES, sketch, sketch_scale

Picture = Image.Image


def scene(seed: int, size: int = 160) -> Picture:
    """Blobs over a slope with some texture: detail at several scales."""
    draws = np.random.default_rng(seed)
    total = np.zeros((size, size, 3))
    for cells, weight in ((3, 90), (9, 60), (27, 45), (54, 30)):
        noise = draws.integers(0, 255, (cells, cells, 3), dtype=np.uint8)
        wide = Image.fromarray(noise).resize((size, size), Image.Resampling.BICUBIC)
        total += np.asarray(wide).astype(float) / 255 * weight
    return Image.fromarray(np.clip(total, 0, 255).astype(np.uint8))


def sketched(picture: Picture) -> bytes:
    return sketch(np.asarray(picture.convert("RGB")))


def encoded(picture: Picture) -> Picture:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=50)
    return Image.open(io.BytesIO(buffer.getvalue()))


def moved(picture: Picture) -> Picture:
    """The same scene three of a hundred to the side."""
    return picture.crop((5, 3, picture.width, picture.height)).resize(
        (picture.width - 5, picture.height - 3)
    )


@pytest.mark.parametrize(
    "change",
    [
        encoded,
        lambda p: p.resize((80, 80), Image.Resampling.LANCZOS),
        lambda p: p.resize((240, 160), Image.Resampling.BICUBIC),
        ImageOps.mirror,
        lambda p: p.point(lambda v: min(255, int(v * 1.1) + 6)),
    ],
    ids=["encoded again", "half the size", "stretched", "mirrored", "brightened"],
)
def test_a_variant_is_found_and_nothing_else(change: Callable[[Picture], Picture]) -> None:
    originals = [scene(i) for i in range(12)]
    variants = [change(picture) for picture in originals]
    pairs = near_pairs([sketched(picture) for picture in originals + variants])
    assert pairs == [(i, i + 12) for i in range(12)]


def test_shots_of_a_burst_are_found() -> None:
    wide = [scene(i, 200) for i in range(8)]
    first = [p.crop((10, 10, 180, 180)) for p in wide]
    second = [p.crop((14, 8, 184, 178)) for p in wide]
    pairs = near_pairs([sketched(p) for p in first + second])
    assert pairs == [(i, i + 8) for i in range(8)]


def test_plain_faint_blown_up_and_tiny_pictures_are_not_compared() -> None:
    draws = np.random.default_rng(0)
    grey = Image.new("RGB", (100, 100), (90, 120, 90))
    slope = Image.linear_gradient("L").convert("RGB")
    faint = Image.fromarray((np.asarray(scene(1)) // 64 + 120).astype(np.uint8))
    dots = Image.fromarray(draws.integers(0, 255, (6, 6, 3), dtype=np.uint8))
    blown_up = dots.resize((120, 120), Image.Resampling.BICUBIC)
    tiny = scene(2).resize((24, 24))
    for picture in (grey, slope, faint, blown_up, tiny):
        assert near_pairs([sketched(picture), sketched(encoded(picture))]) == []
    assert sketched(tiny) == b""


def test_a_frame_that_all_share_makes_no_near_duplicates() -> None:
    rows, columns = np.mgrid[:160, :160]
    inside = ((rows - 80) ** 2 + (columns - 80) ** 2 < 74**2)[:, :, None]
    framed = [Image.fromarray((np.asarray(scene(i)) * inside).astype(np.uint8)) for i in range(30)]
    assert near_pairs([sketched(picture) for picture in framed]) == []


def test_only_pairs_across_the_sides_are_looked_for() -> None:
    pictures = [sketched(p) for p in (scene(1), encoded(scene(1)), ImageOps.mirror(scene(1)))]
    assert near_pairs(pictures, [False, False, True]) == [(0, 2), (1, 2)]


def test_a_sketch_has_one_size_and_a_scale_that_leaves_enough_pixels() -> None:
    assert len(sketched(scene(1))) == SKETCH_BYTES
    assert [sketch_scale(w, w) for w in (64, 255, 256, 512, 4000)] == [1, 1, 2, 4, 8]


def records(contents: list[str], labels: str | None = None) -> list[ImageRecord]:
    return [
        ImageRecord(
            i, f"{c}{i}.png", labels[i] if labels else "a", None, 9, 9, 9, c, c, "PNG", 1, f"{i}"
        )
        for i, c in enumerate(contents)
    ]


SKETCHES = {
    f"{number}{name}": sketched(picture)
    for number in range(6)
    for name, picture in (
        ("original", scene(number)), ("encoded", encoded(scene(number))),
        ("mirrored", ImageOps.mirror(scene(number))),
    )
}  # fmt: skip


@settings(deadline=None, max_examples=15)
@given(
    contents=st.lists(st.sampled_from(sorted(SKETCHES)), min_size=8, max_size=24),
    seed=st.integers(0, 99),
)
def test_the_groups_are_the_same_whatever_the_order(contents: list[str], seed: int) -> None:
    def found(order: list[str]) -> set[frozenset[str]]:
        used = {content: SKETCHES[content] for content in order}
        groups: dict[int, set[str]] = {}
        for record in with_near_groups(records(order), used).records:
            if record.near is not None:
                groups.setdefault(record.near, set()).add(record.digest)
        return set(map(frozenset, groups.values()))

    shuffled = random.Random(seed).sample(contents, len(contents))
    assert found(contents) == found(shuffled)


@given(
    count=st.integers(0, 30),
    data=st.data(),
)
def test_what_is_connected_is_one_group(count: int, data: st.DataObject) -> None:
    place = st.integers(0, max(0, count - 1))
    pairs = data.draw(st.lists(st.tuples(place, place), max_size=40 if count else 0))
    groups = connected(count, pairs)
    where = {i: n for n, group in enumerate(groups) for i in group}
    assert len(where) == sum(map(len, groups)), "a picture is in one group"
    for a, b in pairs:
        assert a == b or where[a] == where[b]
    assert connected(count, pairs[::-1]) == groups
    assert all(len(group) > 1 for group in groups)


def test_a_group_takes_the_copies_of_its_pictures_in_and_has_its_smallest_id() -> None:
    contents = ["1original", "0mirrored", "1encoded", "1original", "2original", "3original"]
    used = {content: SKETCHES[content] for content in contents}
    found = with_near_groups(records(contents), used)
    assert [record.near for record in found.records] == [0, None, 0, 0, None, None]
    assert found.notes[0].startswith("3 pictures are near duplicates, in 1 group")
    assert not found.warnings


def test_an_unlikely_large_group_is_reported_and_not_used() -> None:
    base = scene(1, 200)
    shots = {f"s{i:02d}": sketched(base.point(lambda v, i=i: min(255, v + i))) for i in range(24)}
    others = {f"o{i:02d}": sketched(scene(100 + i)) for i in range(26)}
    found = with_near_groups(records([*shots, *others]), shots | others)
    assert all(record.near is None for record in found.records)
    assert "24 of 50 pictures look alike" in found.warnings[0]
    assert "--group-by" in found.warnings[0]
    assert [largest_group(n) for n in (2, 10, 40, 300, 1000)] == [2, 5, 20, 20, 50]


def test_a_group_of_several_classes_is_named() -> None:
    contents = ["1original", "1encoded", "2original", "3original"]
    used = {content: SKETCHES[content] for content in contents}
    found = with_near_groups(records(contents, "abaa"), used)
    assert "check the labels" in found.notes[1]
    assert "1original0.png (a), 1encoded1.png (b)" in found.notes[1]


def test_pictures_of_which_none_can_be_compared_have_no_pairs() -> None:
    plain = sketched(Image.new("RGB", (64, 64), (9, 9, 9)))
    assert near_pairs([]) == near_pairs([b"", b""]) == near_pairs([plain, plain]) == []
    assert near_pairs([plain, plain, sketched(scene(1))]) == []
