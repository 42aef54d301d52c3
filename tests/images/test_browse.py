"""Looking through image directories: pages, thumbnails, previews."""

from __future__ import annotations

import io
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import visionloom as vl
from visionloom.artifacts.types import ImageDirectory
from visionloom.errors import ArtifactError, InvalidDatasetError, NotThereError
from visionloom.images.browse import ImageBrowser, OpenedImages
from visionloom.images.decode import UnreadableImage
from visionloom.images.directory import ImageRecord, Images, write_images
from visionloom.images.kept import Kept
from visionloom.images.origin import PixelOrigin
from visionloom.images.preview import as_scored, as_trained, slot_of
from visionloom.images.thumbnails import thumbnail, to_jpeg
from visionloom.images.transforms import Transformation, read_transformation

Photos = Callable[..., Path]


def many(folder: Path, count: int) -> ImageDirectory:
    """A list of pictures that are nowhere."""
    records = tuple(
        ImageRecord(
            i, f"class{i % 10}/photo-{i:06}.jpg", f"class{i % 10}", None, 640, 480, 100_000,
            f"{i:064x}", "", "JPEG", 1, f"class{i % 10}/photo-{i:06}.jpg",
        )
        for i in range(count)
    )  # fmt: skip
    classes = tuple(f"class{i}" for i in range(10))
    origin = PixelOrigin("folder", str(folder))
    return write_images(Images(records, classes, (), origin), folder / "images")


def size_of(data: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "JPEG"
        return image.size


def test_a_list_is_told_in_numbers(photos: Photos, tmp_path: Path) -> None:
    folder = photos(cat=3, dog=2)
    (folder / "cat" / "broken.png").write_bytes(b"no picture")
    with pytest.warns(UserWarning, match="1 skipped"):
        images = vl.convert_to_image_directory(folder, out=tmp_path / "images")
    opened = OpenedImages(images)
    found = opened.summary()
    assert (found.count, found.classes, found.labelled) == (5, {"cat": 3, "dog": 2}, True)
    assert (found.skipped, found.missing, found.groups, found.transformation) == (1, 0, 0, "")
    ((file, reason),) = opened.skipped(0, 10)
    assert file == "cat/broken.png"
    assert "not a picture" in reason


def test_pictures_that_are_gone_are_counted(photos: Photos, tmp_path: Path) -> None:
    folder = photos(cat=3, dog=2)
    images = vl.convert_to_image_directory(folder, out=tmp_path / "images")
    (folder / "cat" / "cat_00.png").unlink()
    (folder / "dog" / "dog_01.png").write_bytes(b"another")
    assert OpenedImages(images).summary().missing == 2


def test_pages_are_filtered_by_class_and_name_in_order(photos: Photos, tmp_path: Path) -> None:
    opened = OpenedImages(
        vl.convert_to_image_directory(photos(cat=12, dog=12), out=tmp_path / "images")
    )
    total, page = opened.page("", "", 10, 4)
    assert total == 24
    assert [row for row, _ in page] == [10, 11, 12, 13]
    total, page = opened.page("dog", "", 1, 2)
    assert total == 12
    assert [(row, r.file) for row, r in page] == [(13, "dog/dog_01.png"), (14, "dog/dog_02.png")]
    total, page = opened.page("", "_1", 0, 10)
    assert [r.file for _, r in page] == [
        "cat/cat_10.png", "cat/cat_11.png", "dog/dog_10.png", "dog/dog_11.png",
    ]  # fmt: skip
    assert opened.page("cat", "DOG", 0, 10) == (0, [])
    assert opened.page("", "", 1_000, 10) == (24, [])


@pytest.mark.parametrize("word", ["' OR 1=1 --", "%", "_", '"; DROP TABLE images; --', "\\", "\0"])
def test_words_of_a_search_are_words(photos: Photos, tmp_path: Path, word: str) -> None:
    opened = OpenedImages(vl.convert_to_image_directory(photos(), out=tmp_path / "images"))
    expected = 12 if word == "_" else 0
    assert opened.page("", word, 0, 10)[0] == expected
    assert opened.page(word, "", 0, 10)[0] == 0
    assert opened.summary().count == 12


def test_names_that_look_like_markup_are_text(tmp_path: Path) -> None:
    name = "<img src=x onerror=alert(1)>"
    for label in (name, "=HYPERLINK(1)"):
        (tmp_path / "odd" / label).mkdir(parents=True)
        Image.new("RGB", (8, 8)).save(tmp_path / "odd" / label / "a.png")
    opened = OpenedImages(vl.convert_to_image_directory(tmp_path / "odd", out=tmp_path / "images"))
    assert set(opened.summary().classes) == {name, "=HYPERLINK(1)"}
    assert opened.page(name, "", 0, 10)[1][0][1].label == name


def test_two_hundred_thousand_pictures_are_paged_at_once(tmp_path: Path) -> None:
    opened = OpenedImages(many(tmp_path, 200_000))
    best = {}
    for label, search, offset in (("", "", 199_000), ("class7", "", 15_000), ("", "-1999", 10)):
        times = []
        for _ in range(5):
            begun = time.perf_counter()
            _, page = opened.page(label, search, offset, 200)
            times.append(time.perf_counter() - begun)
            assert page
        best[label, search] = min(times)
    # 30 ms is what it takes on a machine with nothing else to do
    assert max(best.values()) < 0.3, best


def test_a_damaged_list_is_told(photos: Photos, tmp_path: Path) -> None:
    images = vl.convert_to_image_directory(photos(), out=tmp_path / "images")
    (images.path / "images.parquet").write_bytes(b"no table")
    with pytest.raises(ArtifactError, match="damaged"):
        OpenedImages(images)


@pytest.mark.parametrize("kind", ["folder", "zip", "self"])
def test_thumbnails_come_from_wherever_the_pixels_are(
    photos: Photos, tmp_path: Path, kind: str
) -> None:
    source = photos(size=(400, 300), cat=2, dog=2)
    if kind == "zip":
        source = Path(shutil.make_archive(str(source), "zip", source))
    images = vl.convert_to_image_directory(source, out=tmp_path / "images")
    if kind == "self":
        images = vl.materialize_image_directory(images, out=tmp_path / "whole")
    browser = ImageBrowser()
    assert size_of(browser.thumbnail(images, 3, 160)) == (160, 120)
    assert size_of(browser.thumbnail(images, 3, 1024)) == (400, 300)
    with pytest.raises(NotThereError):
        browser.thumbnail(images, 4, 160)


def test_a_picture_that_has_changed_or_gone_is_not_shown_as_if_it_had_not(
    photos: Photos, tmp_path: Path
) -> None:
    folder = photos(cat=2, dog=2)
    images = vl.convert_to_image_directory(folder, out=tmp_path / "images")
    browser = ImageBrowser()
    for row in range(2):
        browser.thumbnail(images, row, 32)
    Image.new("RGB", (40, 32)).save(folder / "cat" / "cat_00.png")
    (folder / "cat" / "cat_01.png").unlink()
    with pytest.raises(InvalidDatasetError, match="has changed since conversion"):
        browser.thumbnail(images, 0, 32)
    with pytest.raises(InvalidDatasetError, match="readable at conversion and is not now"):
        browser.thumbnail(images, 1, 32)


def test_an_archive_that_is_another_file_now_is_told(photos: Photos, tmp_path: Path) -> None:
    source = Path(shutil.make_archive(str(tmp_path / "z"), "zip", photos()))
    images = vl.convert_to_image_directory(source, out=tmp_path / "images")
    source.write_bytes(b"no archive")
    with pytest.raises(InvalidDatasetError, match="readable at conversion and is not now"):
        ImageBrowser().thumbnail(images, 0, 32)


def test_a_thumbnail_is_upright_small_and_without_metadata(shared_data: Path) -> None:
    for path in sorted((shared_data / "nasty_files/images").glob("exif_orientation_*.jpg")):
        made = thumbnail(path.read_bytes(), 48)
        with Image.open(io.BytesIO(made)) as image:
            assert max(image.size) <= 48
            assert not image.getexif()
            assert b"Exif" not in made
            upright = np.asarray(image).astype(int)
        with Image.open(shared_data / "nasty_files/images/exif_orientation_1.jpg") as plain:
            expected = np.asarray(plain.convert("RGB").resize(upright.shape[1::-1])).astype(int)
        assert np.abs(upright - expected).mean() < 12, path.name


def test_large_photos_are_decoded_at_a_scale(shared_data: Path) -> None:
    for path in (shared_data / "large_photos").glob("*.jpg"):
        width, height = size_of(thumbnail(path.read_bytes(), 160))
        assert max(width, height) == 160


def test_values_of_sixteen_bits_are_shown_by_the_rule_of_the_list() -> None:
    dim = Image.fromarray(np.full((20, 20), 2_000, dtype=np.uint16))
    data = io.BytesIO()
    dim.save(data, "PNG")
    means = {}
    for rule in ("type", "0,4095"):
        with Image.open(io.BytesIO(thumbnail(data.getvalue(), 20, intensity=rule))) as image:
            means[rule] = float(np.asarray(image).mean())
    assert means["type"] == pytest.approx(2_000 / 65_535 * 255, abs=2)
    assert means["0,4095"] == pytest.approx(2_000 / 4_095 * 255, abs=2)


@pytest.mark.parametrize("data", [b"", b"hello", b"\xff\xd8\xff", b"<svg onload=alert(1)>"])
def test_what_is_no_picture_has_no_thumbnail(data: bytes) -> None:
    with pytest.raises(UnreadableImage):
        thumbnail(data, 64)


def test_many_threads_get_the_same_thumbnails(photos: Photos, tmp_path: Path) -> None:
    source = Path(shutil.make_archive(str(tmp_path / "z"), "zip", photos(cat=10, dog=10)))
    images = vl.convert_to_image_directory(source, out=tmp_path / "images")
    alone = [ImageBrowser().thumbnail(images, row, 24) for row in range(20)]
    browser = ImageBrowser()
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda row: browser.thumbnail(images, row % 20, 24), range(100)))
    assert together == [alone[row % 20] for row in range(100)]


def test_what_is_kept_stays_below_its_budget() -> None:
    kept = Kept(100)
    for number in range(10):
        kept.put(number, b"x" * 30)
        kept.get(0)
    assert kept.held_bytes <= 100
    assert kept.get(9) is not None
    assert kept.get(0) is not None
    assert kept.get(1) is None
    kept.put("large", b"x" * 101)
    assert kept.get("large") is None
    assert kept.clear() == 90


@pytest.fixture
def opened(photos: Photos, tmp_path: Path) -> OpenedImages:
    images = vl.convert_to_image_directory(photos(cat=5, dog=5), out=tmp_path / "images")
    return OpenedImages(images)


@pytest.fixture
def augmented(tmp_path: Path) -> Transformation:
    made = vl.init_image_transformation(
        resize=False, center_crop=False, random_resized_crop=True, random_resized_crop_size=16,
        random_horizontal_flip=True, out=tmp_path / "t",
    )  # fmt: skip
    return read_transformation(made)


def test_a_preview_is_what_training_sees_pixel_by_pixel(
    opened: OpenedImages, augmented: Transformation
) -> None:
    from visionloom.images.batches import BatchReader
    from visionloom.images.randomness import generator, permutation

    seed, epoch = 7, 3
    records = [record for _, record in opened.page("", "", 0, 100)[1]]
    reader = BatchReader(opened.source(), records, augmented, threads=2)
    order = permutation(seed, epoch, len(records)).tolist()
    (batch,) = reader.read(
        order, [(0, len(order))], lambda slot: generator(seed, epoch, slot, "transformation")
    )
    for row in range(len(records)):
        assert batch.indices[slot_of(row, len(records), seed, epoch)] == row
        seen = batch.pixels[slot_of(row, len(records), seed, epoch)]
        assert np.array_equal(as_trained(opened, row, augmented, seed, epoch), seen)


def test_a_preview_of_training_changes_with_seed_and_epoch_and_that_of_inference_does_not(
    opened: OpenedImages, augmented: Transformation
) -> None:
    seen = {as_trained(opened, 0, augmented, s, e).tobytes() for s in (1, 2) for e in (1, 2)}
    assert len(seen) == 4
    fixed = as_scored(opened, 0, augmented)
    assert fixed.shape == (16, 16, 3)
    assert np.array_equal(fixed, as_scored(opened, 0, augmented.for_inference()))
    assert size_of(to_jpeg(fixed)) == (16, 16)


def test_a_crop_larger_than_the_picture_is_told(opened: OpenedImages, tmp_path: Path) -> None:
    made = vl.init_image_transformation(
        center_crop=True, crop_size=500, resize=False, out=tmp_path / "t"
    )
    with pytest.raises(InvalidDatasetError, match="larger than a picture"):
        as_scored(opened, 0, read_transformation(made))
