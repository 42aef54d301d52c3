"""An image directory says which paths outside it needs."""

from __future__ import annotations

from pathlib import Path

from visionloom.artifacts.manifest import read_manifest
from visionloom.images.directory import Images, write_images
from visionloom.images.origin import PixelOrigin


def test_an_image_directory_tells_the_folder_its_pictures_are_in(tmp_path: Path) -> None:
    origin = PixelOrigin("folder", str(tmp_path / "photos"))
    written = write_images(Images((), None, (), origin), tmp_path / "a")
    assert read_manifest(written.path).refers_to == (str(tmp_path / "photos"),)


def test_one_that_holds_its_pictures_needs_nothing_outside(tmp_path: Path) -> None:
    written = write_images(Images((), None, (), PixelOrigin("self", "")), tmp_path / "a")
    assert read_manifest(written.path).refers_to == ()
