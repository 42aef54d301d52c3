"""What lies below a folder: every file named once, whatever links and pipes are there."""

from __future__ import annotations

import os
from pathlib import Path

from visionloom.images.sources import find_pictures
from visionloom.settings import load_settings


def test_links_in_circles_and_pipes_are_named_and_never_followed(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    for name in ("cat", "dog"):
        (photos / name).mkdir(parents=True)
        (photos / name / "1.jpg").touch()
    (photos / "there").symlink_to("here")
    (photos / "here").symlink_to("there")
    (photos / "cat" / "a.jpg").symlink_to("b.jpg")
    (photos / "cat" / "b.jpg").symlink_to("a.jpg")
    (photos / "cat" / "all").symlink_to("..")
    (photos / "cat" / "good.jpg").symlink_to("1.jpg")
    (tmp_path / "out.jpg").touch()
    (photos / "cat" / "out.jpg").symlink_to(tmp_path / "out.jpg")
    os.mkfifo(photos / "cat" / "pipe.jpg")
    found = find_pictures(photos, load_settings())
    assert [c.file for c in found.candidates] == ["cat/1.jpg", "cat/good.jpg", "dog/1.jpg"]
    assert {s.file: s.reason for s in found.skipped} == {
        "cat/a.jpg": "a symbolic link to nothing",
        "cat/b.jpg": "a symbolic link to nothing",
        "cat/all": "a symbolic link to a folder: not followed",
        "cat/out.jpg": "a symbolic link out of the folder",
        "cat/pipe.jpg": "not a file (a pipe, socket or device)",
    }
