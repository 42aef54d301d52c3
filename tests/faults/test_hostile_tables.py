"""Lists of images and names of classes that attack: a row is named, or a name is only text."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import picture
from tests.inference.test_report import data, parsed
from visionloom.artifacts.tables import connect, write_csv, write_parquet
from visionloom.artifacts.types import ImageDirectory
from visionloom.cli.console import Console
from visionloom.errors import ArtifactError, InvalidDatasetError
from visionloom.images.convert import convert
from visionloom.images.directory import (
    Images,
    PixelSource,
    class_counts,
    read_images,
    write_images,
)
from visionloom.inference.report import render_report
from visionloom.settings import load_settings
from visionloom.spec.context import Context

Make = Callable[..., Path]
NAMES = (
    "<img src=x onerror=alert(1)>", '=HYPERLINK("http:x","y")', "\x1b]0;owned\x07", "two\nlines",
    "@SUM(1)", "-1+1", "\u202egnp",
)  # fmt: skip


def converted(source: Path, tmp_path: Path) -> Images:
    return convert(source, Context({}, tmp_path, load_settings())).parts[""]


def test_names_of_classes_are_text_everywhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A12."""
    folder = tmp_path / "photos"
    for number, name in enumerate(NAMES):
        place = folder / name.replace("/", "_")
        place.mkdir(parents=True)
        picture((8, 8), seed=number).save(place / "1.png")
    classes = converted(folder, tmp_path).classes or ()
    assert set(classes) == {name.replace("/", "_") for name in NAMES}

    page = render_report(data(classes))
    found = parsed(page)
    assert "script" not in found.tags
    assert not {name for name in found.attributes if name.startswith("on")}
    assert "<img src=x" not in page
    assert "\x1b" not in page
    assert "\u202e" not in page

    rows: dict[str, list[str | float]]
    rows = {"label": [*classes], "probability": [0.5] * len(classes)}
    write_csv(tmp_path / "scores.csv", {"label": "VARCHAR", "probability": "DOUBLE"}, rows)
    with open(tmp_path / "scores.csv", newline="") as stream:
        cells = [row["label"] for row in csv.DictReader(stream)]
    assert not [cell for cell in cells if cell[:1] in "=+-@\t\r"]
    assert len(cells) == len(classes)

    with Console() as console:
        for name in classes:
            console.say(name)
    told = "".join(capsys.readouterr())
    assert "\x1b]" not in told
    assert "\u202e" not in told


def test_a_name_of_5000_characters_is_refused(photos: Make, tmp_path: Path) -> None:
    """A12."""
    photos(cat=1, dog=1)
    rows = f"path,label\nphotos/cat/cat_00.png,{'x' * 5000}\nphotos/dog/dog_00.png,dog\n"
    (tmp_path / "list.csv").write_text(rows)
    with pytest.raises(InvalidDatasetError, match="VISIONLOOM_LIMIT_CLASS_NAME_CHARACTERS"):
        converted(tmp_path / "list.csv", tmp_path)


CONVERT = """
import sys
from pathlib import Path
from visionloom.images.convert import convert
from visionloom.settings import load_settings
from visionloom.spec.context import Context
images = convert(Path(sys.argv[1]), Context({}, Path(sys.argv[2]), load_settings())).parts[""]
for record in images.records:
    print("used", record.file)
for skipped in images.skipped:
    print("skipped", skipped.file)
"""


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_listed_paths_that_lead_elsewhere_are_never_opened(photos: Make, tmp_path: Path) -> None:
    """A13."""
    secret = tmp_path / "secret.png"
    picture((8, 8), seed=1).save(secret)
    folder = photos(cat=2, dog=2)
    (folder / "link.png").symlink_to(secret)
    (folder / "inside.png").symlink_to("cat/cat_01.png")
    (folder / "out").symlink_to(tmp_path)
    hostile = ["../secret.png", str(secret), "link.png", "out/secret.png", "cat/../../secret.png"]
    with open(folder / "list.csv", "w") as stream:
        stream.write("path,label\ncat/cat_00.png,cat\ndog/dog_00.png,dog\ninside.png,cat\n")
        stream.writelines(f"{name},cat\n" for name in hostile)
    trace = tmp_path / "trace"
    done = subprocess.run(
        ["strace", "-f", "-s", "4096", "-y", "-e", "trace=open,openat,openat2,readlink", "-o",
         str(trace), sys.executable, "-c", CONVERT, str(folder / "list.csv"), str(tmp_path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    lines = done.stdout.splitlines()
    assert {line for line in lines if line.startswith("used")} == {
        "used cat/cat_00.png", "used dog/dog_00.png", "used inside.png",
    }  # fmt: skip
    assert {line.removeprefix("skipped ") for line in lines if "skipped" in line} == set(hostile)
    # -y writes after each descriptor what it is
    opened = [
        line for line in trace.read_text().splitlines() if " open" in line and "= -1" not in line
    ]
    assert any("cat_00.png" in line for line in opened)
    assert not [line for line in opened if "secret.png" in line]


def test_a_file_that_becomes_a_link_after_it_was_listed_is_not_read(
    photos: Make, tmp_path: Path
) -> None:
    """A13."""
    folder = photos(cat=2, dog=2)
    images = converted(folder, tmp_path)
    secret = tmp_path / "secret.png"
    shutil.copy(folder / "cat" / "cat_00.png", secret)
    (folder / "cat" / "cat_00.png").unlink()
    (folder / "cat" / "cat_00.png").symlink_to(secret)
    with (
        PixelSource(images) as source,
        pytest.raises(InvalidDatasetError, match="link out of the folder"),
    ):
        source.read(images.records[0])


@pytest.mark.parametrize("stored", ["../secret.png", "/etc/passwd", "cat/../../x.png"])
def test_a_table_of_an_artifact_that_leads_elsewhere_is_refused(
    photos: Make, tmp_path: Path, stored: str
) -> None:
    """A13."""
    images = converted(photos(cat=2, dog=2), tmp_path)
    first = replace(images.records[0], stored=stored)
    hostile = replace(images, records=(first, *images.records[1:]))
    written = write_images(hostile, tmp_path / "images")
    with pytest.raises(ArtifactError, match="lies outside its folder"):
        read_images(ImageDirectory(written.path))


def test_an_image_directory_of_the_original_stays_inside(photos: Make, tmp_path: Path) -> None:
    """A13."""
    folder = tmp_path / "original"
    (folder / "image").mkdir(parents=True)
    secret = tmp_path / "secret.png"
    picture((8, 8), seed=1).save(secret)
    (folder / "image" / "1.png").symlink_to(secret)
    (folder / "_schema.json").write_text('{"columnAttributes": []}')
    (folder / "images.lst").write_text('{"image_info": {"file_name": "image/1.png"}}\n')
    (folder / "_meta.yaml").write_text("type: ImageDirectory\nimage_list: images.lst\n")
    with pytest.raises(InvalidDatasetError, match="links out of the directory"):
        converted(folder, tmp_path)
    (folder / "_meta.yaml").write_text("type: ImageDirectory\nimage_list: ../../secret\n")
    with pytest.raises(InvalidDatasetError, match="leaves the directory"):
        converted(folder, tmp_path)


@pytest.mark.parametrize(
    ("limit", "value", "name", "text"),
    [
        ("MANIFEST_BYTES", "100", "l.csv", "path,label\n" + "x.png,cat\n" * 20),
        ("MANIFEST_ROWS", "10", "l.csv", "path,label\n" + "x.png,cat\n" * 20),
        ("MANIFEST_LINE_BYTES", "2000", "l.csv", "path,label\nx.png," + "y" * 3000),
        ("MANIFEST_LINE_BYTES", "2000", "l.csv", "path" * 1000),
        ("MANIFEST_LINE_BYTES", "2000", "l.jsonl", '{"path": "' + "y" * 3000 + '"}'),
        ("MANIFEST_FIELD_BYTES", "1000", "l.csv", "path,label\nx.png," + "y" * 1500),
        ("MANIFEST_FIELD_BYTES", "1000", "l.jsonl", '{"path": "' + "\u00e9" * 600 + '"}'),
        ("CLASSES", "3", "l.csv", "path,label\n" + "".join(f"{n}.png,{n}\n" for n in range(9))),
    ],
)
def test_lists_have_limits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: str, name: str, text: str
) -> None:
    for number in range(9):
        picture((8, 8), number).save(tmp_path / f"{number}.png")
    monkeypatch.setenv(f"VISIONLOOM_LIMIT_{limit}", value)
    (tmp_path / name).write_text(text)
    with pytest.raises(InvalidDatasetError, match=f"VISIONLOOM_LIMIT_{limit}"):
        converted(tmp_path / name, tmp_path)


def test_a_small_parquet_file_of_very_many_or_long_rows_is_not_unpacked(tmp_path: Path) -> None:
    for name, count, cell in (
        ("rows", 20_000_000, "'x.png'"),
        ("cells", 100_000, "repeat('x', 9999)"),
    ):
        path = tmp_path / f"{name}.parquet"
        with connect() as connection:
            connection.execute(
                f"COPY (SELECT {cell} AS path, 'cat' AS label FROM range({count})) "
                f"TO '{path}' (FORMAT parquet, COMPRESSION zstd)"
            )
        assert path.stat().st_size < 5_000_000
        with pytest.raises(InvalidDatasetError, match="VISIONLOOM_LIMIT_MANIFEST_"):
            converted(path, tmp_path)
    write_parquet(tmp_path / "ok.parquet", {"path": "VARCHAR"}, {"path": ["x.png"]})
    with pytest.raises(InvalidDatasetError, match="no usable picture"):
        converted(tmp_path / "ok.parquet", tmp_path)


def test_every_class_is_counted_whatever_it_is_called(photos: Make, tmp_path: Path) -> None:
    counts = class_counts(converted(photos(**{"<b>": 2, "=1": 3}), tmp_path))
    assert counts == {"<b>": 2, "=1": 3}
    assert os.path.isdir(tmp_path / "photos" / "=1")
