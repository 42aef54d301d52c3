"""Decoding: the right pixels, or a reason."""

from __future__ import annotations

import csv
import io
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.conftest import picture
from visionloom.errors import ParameterRangeError
from visionloom.images.decode import SCALES, UnreadableImage, decode, inspect, parse_intensity
from visionloom.images.formats import is_hidden, is_picture_name
from visionloom.settings import Limits


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def expectations(folder: Path) -> list[dict[str, str]]:
    with open(folder / "EXPECTED.csv", encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return [r for r in rows if not r["file"].startswith("archives/")]


def check(row: dict[str, str], data: bytes) -> None:
    if row["expect"] == "skipped":
        with pytest.raises(UnreadableImage):
            decode(data)
        return
    pixels = decode(data)
    header = inspect(data)
    assert (header.width, header.height) == (int(row["width"]), int(row["height"])), row["file"]
    assert pixels.shape == (header.height, header.width, 3)
    over_white = bool(row["white_r"])
    wanted = [float(row[("white_" if over_white else "mean_") + c]) for c in "rgb"]
    assert np.abs(pixels.reshape(-1, 3).mean(0) - wanted).max() <= 1, row["file"]
    if not over_white:
        corner = pixels[:8, :8].reshape(-1, 3).mean(0)
        assert np.abs(corner - [int(v) for v in row["top_left"].split()]).max() <= 12, row["file"]


def test_c16_c38_every_odd_file_gives_the_right_pixels_or_a_reason(
    shared_data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "nasty"
    script = shared_data / "make_nasty_files.py"
    subprocess.run([sys.executable, str(script), "--out", str(out), "--all"], check=True)
    checked = 0
    for row in expectations(out):
        name = row["file"].partition("/")[2]
        if is_hidden(name) or not is_picture_name(name) or not (out / row["file"]).is_file():
            continue
        check(row, (out / row["file"]).read_bytes())
        checked += 1
    assert checked > 50


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_reduced_scale_gives_sides_rounded_up_and_the_same_mean(kind: str, scale: int) -> None:
    data = encoded(picture((101, 67), seed=1), kind)
    full, small = decode(data), decode(data, scale=scale)
    assert small.shape == (-(-67 // scale), -(-101 // scale), 3)
    assert np.abs(full.mean((0, 1)) - small.mean((0, 1))).max() < 3


def test_sixteen_bits_are_scaled_by_the_type_the_image_or_a_range() -> None:
    values = np.linspace(0, 4095, 64 * 64).reshape(64, 64).astype(np.uint16)
    data = encoded(Image.fromarray(values), "PNG")
    assert decode(data).max() == 16
    assert decode(data, intensity="image").max() == 255
    assert decode(data, intensity="0,4095").max() == 255
    assert decode(data, intensity="0,8190").max() in {127, 128}


@pytest.mark.parametrize("text", ["", "types", "5", "5,5", "7,3", "a,b", "nan,1"])
def test_an_intensity_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ParameterRangeError, match="Intensity"):
        parse_intensity(text)


def test_a_picture_beyond_the_limits_is_refused_by_its_header() -> None:
    data = encoded(picture((64, 64), seed=1), "PNG")
    with pytest.raises(UnreadableImage, match="image_pixels"):
        decode(data, limits=Limits(image_pixels=4000))
    with pytest.raises(UnreadableImage, match="image_side"):
        decode(data, limits=Limits(image_side=63))
    with pytest.raises(UnreadableImage, match="image_bytes"):
        decode(data, limits=Limits(image_bytes=100))


@settings(deadline=None, max_examples=150)
@given(
    kind=st.sampled_from(["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP"]),
    place=st.floats(0, 1),
    flips=st.lists(st.integers(1, 255), min_size=1, max_size=4),
    cut=st.booleans(),
)
def test_a_damaged_file_is_pixels_or_a_reason_and_nothing_else(
    kind: str, place: float, flips: list[int], cut: bool
) -> None:
    data = bytearray(encoded(picture((24, 16), seed=2), kind))
    start = int(place * (len(data) - 1))
    if cut:
        data = data[:start]
    else:
        for i, flip in enumerate(flips):
            data[(start + i) % len(data)] ^= flip
    reason = ""
    pixels: np.ndarray | None
    try:
        pixels = decode(bytes(data))
    except UnreadableImage as error:
        pixels = None
        reason = str(error)
    assert (pixels is None and reason) or (pixels is not None and pixels.ndim == 3)


def test_a_damaged_second_page_does_not_cost_the_first() -> None:
    pages = [picture((20, 10), seed=n) for n in (1, 2)]
    data = bytearray(encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:]))
    second = _second_directory(data)
    data[second : second + 2] = b"\1\0"
    assert decode(bytes(data)).shape == (10, 20, 3)
    assert inspect(bytes(data)).frames == 1


def _second_directory(data: bytearray) -> int:
    first = struct.unpack_from("<I", data, 4)[0]
    entries = struct.unpack_from("<H", data, first)[0]
    return int(struct.unpack_from("<I", data, first + 2 + 12 * entries)[0])
