"""Pictures that attack: each is named with the reason, and the run goes on."""

from __future__ import annotations

import os
import stat
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.faults.hostile_images import (
    MIB,
    apng_of_frames,
    encoded,
    gif_header,
    gif_of_frames,
    mutated,
    of_other_formats,
    png_header,
    tiff_header,
    tiff_of_pages,
    tiff_of_shared_bytes,
    webp_header,
    with_much_metadata,
)
from tests.faults.measuring import examine
from visionloom.images.convert import convert
from visionloom.images.decode import decode
from visionloom.images.directory import FOR_INFERENCE, Images, read_images, write_images
from visionloom.images.materialize import materialize
from visionloom.images.thumbnails import thumbnail
from visionloom.images.transforms import Transformation
from visionloom.images.worker import Worker
from visionloom.limits import Limits
from visionloom.settings import load_settings
from visionloom.spec.context import Context

Make = Callable[..., Path]


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with Worker("type", full=True, limits=Limits()) as started:
        yield started


def converted(source: Path, tmp_path: Path) -> Images:
    return convert(source, Context({}, tmp_path, load_settings())).parts[""]


TOO_LARGE: dict[str, tuple[Callable[[], bytes], str]] = {
    "60000 x 60000.png": (lambda: png_header(60_000, 60_000), "image_pixels"),
    "40000 x 10.png": (lambda: png_header(40_000, 10), "image_side"),
    "16383 x 16383.webp": (lambda: webp_header(16_383, 16_383), "image_pixels"),
    "60000 x 60000.tif": (lambda: tiff_header(60_000, 60_000), "image_pixels"),
    "60000 x 60000.gif": (lambda: gif_header(60_000, 60_000), "image_pixels"),
    "10000 frames.gif": (lambda: gif_of_frames(10_000), "image_frames"),
    "10000 frames.png": (lambda: apng_of_frames(10_000), "image_frames"),
    "10000 pages.tif": (lambda: tiff_of_pages(10_000), "image_frames"),
}


@pytest.mark.parametrize("name", TOO_LARGE)
def test_sizes_are_refused_by_the_header(worker: Worker, name: str) -> None:
    """A1."""
    make, limit = TOO_LARGE[name]
    data = make()
    tries = [examine(worker, data) for _ in range(3)]
    assert limit in tries[0].finding.reason
    assert f"VISIONLOOM_LIMIT_{limit.upper()}" in tries[0].finding.reason
    assert min(t.worked for t in tries) < 0.05
    assert max(t.grown for t in tries) < 50 * MIB


def test_tags_that_share_bytes_are_not_read_once_each(worker: Worker) -> None:
    """A1."""
    cost = examine(worker, tiff_of_shared_bytes())
    assert "damaged" in cost.finding.reason
    assert cost.grown < 100 * MIB
    assert cost.worked < 5


def test_a_few_frames_are_no_reason(worker: Worker) -> None:
    for data, frames in ((gif_of_frames(7), 7), (tiff_of_pages(7), 7), (encoded(), 1)):
        found = worker.examine(data)
        assert (found.reason, found.frames) == ("", frames)


def test_formats_that_are_not_read_start_no_other_program(
    photos: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A2."""
    programs, canary = tmp_path / "programs", tmp_path / "ghostscript-was-run"
    programs.mkdir()
    for name in ("gs", "gswin32c", "djpeg", "xv"):
        (programs / name).write_text(f"#!/bin/sh\ntouch '{canary}'\nexit 1\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    folder = photos(cat=2, dog=2)
    hostile = of_other_formats()
    for kind, data in hostile.items():
        (folder / "cat" / f"{kind}.jpg").write_bytes(data)
    images = converted(folder, tmp_path)
    assert {s.file for s in images.skipped} == {f"cat/{kind}.jpg" for kind in hostile}
    assert len(images.records) == 4
    assert not canary.exists()


@pytest.fixture
def breaking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Decoders that crash, hang or eat memory over marked pictures, in the isolated process."""
    folder = tmp_path / "breaking"
    folder.mkdir()
    code = """
        import os, sys, time
        if "visionloom.images.worker" in sys.orig_argv:
            from visionloom.images import decode as decoding
            honest = decoding.decode

            def decode(data, **options):
                if data.endswith(b"CRASH"):
                    os.abort()
                if data.endswith(b"HANG"):
                    time.sleep(600)
                if data.endswith(b"EAT"):
                    eaten = []
                    while True:
                        eaten.append(b"x" * 2**24)
                return honest(data, **options)

            decoding.decode = decode
    """
    (folder / "sitecustomize.py").write_text(textwrap.dedent(code))
    paths = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))


def test_a_crash_a_hang_and_a_glutton_cost_one_picture_each(
    photos: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, breaking: None
) -> None:
    """A3."""
    monkeypatch.setenv("VISIONLOOM_LIMIT_DECODE_SECONDS", "2")
    monkeypatch.setenv("VISIONLOOM_LIMIT_DECODE_MEMORY_BYTES", "300 MiB")
    folder = photos(cat=6, dog=6)
    for name in ("CRASH", "HANG", "EAT"):
        (folder / "cat" / f"{name}.jpg").write_bytes(encoded("JPEG") + name.encode())
    images = converted(folder, tmp_path)
    assert len(images.records) == 12
    reasons = {s.file: s.reason for s in images.skipped}
    assert "brought the decoder down" in reasons["cat/CRASH.jpg"]
    assert "VISIONLOOM_LIMIT_DECODE_SECONDS" in reasons["cat/HANG.jpg"]
    assert "VISIONLOOM_LIMIT_DECODE_MEMORY_BYTES" in reasons["cat/EAT.jpg"]


def run_over_mutated(folder: Path, tmp_path: Path, count: int) -> None:
    (folder / "odd").mkdir()
    names = []
    for name, data in mutated(count, seed=count):
        (folder / "odd" / name).write_bytes(data)
        names.append(f"odd/{name}")
    images = converted(folder, tmp_path)
    used, skipped = {r.file for r in images.records}, {s.file for s in images.skipped}
    assert used | skipped == {
        *names,
        *(f"{c}/{c}_{n:02d}.png" for c in ("cat", "dog") for n in (0, 1)),
    }
    assert not used & skipped
    assert all(s.reason for s in images.skipped)
    assert len(skipped) > count / 4


def test_mutated_pictures_are_used_or_named(photos: Make, tmp_path: Path) -> None:
    """A3."""
    run_over_mutated(photos(cat=2, dog=2), tmp_path, 160)


@pytest.mark.slow
def test_a_thousand_mutated_pictures_are_used_or_named(photos: Make, tmp_path: Path) -> None:
    """A3."""
    run_over_mutated(photos(cat=2, dog=2), tmp_path, 1000)


@pytest.mark.parametrize("name", with_much_metadata())
def test_what_a_picture_says_of_itself_is_dropped(worker: Worker, name: str) -> None:
    """A4."""
    data = with_much_metadata()[name]
    plain = encoded("JPEG" if name.endswith("jpg") else "PNG")
    cost = examine(worker, data)
    assert cost.finding.reason == ""
    # the bytes of the file arrive twice; nothing is unpacked
    assert cost.grown < 3 * len(data) + 30 * MIB
    assert np.array_equal(decode(data), decode(plain))
    small = thumbnail(data, 16)
    for said in (b"script", b"ICC_PROFILE", b"Exif", b"Comment"):
        assert said not in small


def test_transformed_copies_hold_pixels_alone(photos: Make, tmp_path: Path) -> None:
    """A4."""
    folder = photos(cat=1, dog=1)
    (folder / "cat" / "place.jpg").write_bytes(with_much_metadata()["place.jpg"])
    images = converted(folder, tmp_path)
    resize = Transformation.from_json([{"operation": "resize", "size": 16}])
    attached = replace(images, transformation=resize, mode=FOR_INFERENCE)
    written = write_images(attached, tmp_path / "images")
    context = Context({}, tmp_path, load_settings())
    copy = materialize(written, tmp_path / "copy", context, apply=True, seed=1)
    assert len(read_images(copy).records) == 3
    for path in (copy.path / "pixels").rglob("*.png"):
        assert b"script" not in path.read_bytes()
        assert b"eXIf" not in path.read_bytes()


def test_limits_that_are_set_hold_in_the_isolated_process(
    photos: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = photos(cat=2, dog=2, size=(40, 32))
    (folder / "cat" / "large.png").write_bytes(encoded(size=(400, 320)))
    assert len(converted(folder, tmp_path).records) == 5
    monkeypatch.setenv("VISIONLOOM_LIMIT_IMAGE_PIXELS", "2000")
    images = converted(folder, tmp_path)
    assert [s.file for s in images.skipped] == ["cat/large.png"]
    assert "image_pixels of 2000" in images.skipped[0].reason


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pipes among files")
def test_a_pipe_in_the_place_of_a_picture_is_not_waited_for(tmp_path: Path, worker: Worker) -> None:
    """A3."""
    os.mkfifo(tmp_path / "a.jpg")
    assert stat.S_ISFIFO((tmp_path / "a.jpg").stat().st_mode)
    assert "is no file" in worker.examine_file(str(tmp_path), "a.jpg").reason
