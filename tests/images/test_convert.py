"""From a user's path to image directories."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import picture
from visionloom.errors import (
    InvalidDatasetError,
    InvalidZipFileError,
    UsageError,
    VisionloomError,
)
from visionloom.images.archives import open_archive
from visionloom.images.classes import parse_class_map
from visionloom.images.convert import Converted, convert
from visionloom.images.directory import (
    Images,
    PixelSource,
    class_counts,
    read_images,
    write_images,
)
from visionloom.images.formats import is_hidden, is_picture_name
from visionloom.settings import load_settings
from visionloom.spec.context import Context, Event, Log

Make = Callable[..., Path]


def run(source: Path | list[Path], tmp_path: Path, **options: object) -> tuple[Converted, str]:
    said: list[str] = []

    def listen(event: Event) -> None:
        if isinstance(event, Log):
            said.append(event.text)

    context = Context({}, tmp_path, listener=listen)
    return convert(source, context, **options), "\n".join(said)  # type: ignore[arg-type]


def one(converted: Converted) -> Images:
    assert list(converted.parts) == [""]
    return converted.parts[""]


def test_class_folders_are_classes_in_plain_order(photos: Make, tmp_path: Path) -> None:
    images = one(run(photos(b=2, a=3, B=1), tmp_path, class_map={"B": "b2"})[0])
    assert images.classes == ("a", "b", "b2")
    assert class_counts(images) == {"a": 3, "b": 2, "b2": 1}
    assert [r.id for r in images.records] == list(range(6))


def test_c33_c34_original_names_are_kept_in_a_stable_order(tmp_path: Path) -> None:
    for name in ("query_2.png", "query_0.png", "query_1.png"):
        (tmp_path / "q").mkdir(exist_ok=True)
        picture((8, 8), seed=1).save(tmp_path / "q" / name)
    images = one(run(tmp_path / "q", tmp_path)[0])
    assert images.classes is None
    assert [r.file for r in images.records] == ["query_0.png", "query_1.png", "query_2.png"]


def test_c29_a_wrapped_tree_means_the_same_as_folder_and_archive(
    photos: Make, tmp_path: Path
) -> None:
    plain = photos("wrap/inner/set", cat=2, dog=2)
    folder, said = run(tmp_path / "wrap", tmp_path)
    assert "inner/set" in said
    shutil.make_archive(str(tmp_path / "z"), "zip", tmp_path / "wrap")
    shutil.make_archive(str(tmp_path / "t"), "tar", tmp_path / "wrap")
    shutil.make_archive(str(tmp_path / "g"), "gztar", tmp_path / "wrap")
    wanted = one(run(plain, tmp_path)[0]).digest
    assert one(folder).digest == wanted
    for name in ("z.zip", "t.tar", "g.tar.gz"):
        assert one(run(tmp_path / name, tmp_path)[0]).digest == wanted


def test_the_zip_and_the_folder_of_a_real_set_are_equal(shared_data: Path, tmp_path: Path) -> None:
    folder = run(shared_data / "sign_digits", tmp_path)[0]
    archive = run(shared_data / "sign_digits.zip", tmp_path)[0]
    assert {k: v.digest for k, v in folder.parts.items()} == {
        k: v.digest for k, v in archive.parts.items()
    }
    assert {k: len(v.records) for k, v in folder.parts.items()} == {
        "training": 500,
        "validation": 120,
    }


def test_c30_a_single_folder_of_pictures_is_not_a_class(photos: Make, tmp_path: Path) -> None:
    photos("outer", pics=3)
    images = one(run(tmp_path / "outer", tmp_path)[0])
    assert images.classes is None
    shutil.make_archive(str(tmp_path / "z"), "zip", tmp_path / "outer")
    assert one(run(tmp_path / "z.zip", tmp_path)[0]).classes is None


def test_c31_deep_pictures_count_and_those_beside_class_folders_are_listed(
    photos: Make, tmp_path: Path
) -> None:
    folder = photos(cat=2, dog=2)
    (folder / "cat" / "deep").mkdir()
    picture((8, 8), seed=9).save(folder / "cat" / "deep" / "x.png")
    picture((8, 8), seed=8).save(folder / "loose.png")
    converted, said = run(folder, tmp_path)
    images = one(converted)
    assert class_counts(images) == {"cat": 3, "dog": 2}
    assert [s.file for s in images.skipped] == ["loose.png"]
    assert "1 pictures beside the class folders" in said


def test_a_train_folder_alone_is_a_wrapper(photos: Make, tmp_path: Path) -> None:
    photos("set/train", cat=2, dog=2)
    converted, said = run(tmp_path / "set", tmp_path)
    assert one(converted).classes == ("cat", "dog")
    assert "from the folder 'train'" in said


@pytest.mark.parametrize("name", ["val", "valid", "validation", "dev", "Val"])
def test_divided_sets_are_found(photos: Make, tmp_path: Path, name: str) -> None:
    photos("set/train", cat=2, dog=2)
    photos(f"set/{name}", cat=1, dog=1)
    photos("set/test", cat=1, dog=1)
    parts = run(tmp_path / "set", tmp_path)[0].parts
    assert {k: len(v.records) for k, v in parts.items()} == {
        "training": 4,
        "validation": 2,
        "test": 2,
    }


def test_hidden_and_desktop_files_are_ignored_and_counted(photos: Make, tmp_path: Path) -> None:
    folder = photos(cat=1, dog=1)
    for name in (".DS_Store", "Thumbs.db", "cat/.hidden.png", "notes.txt", "no_extension"):
        (folder / name).write_bytes(b"x")
    (folder / "__MACOSX").mkdir()
    (folder / "__MACOSX" / "a.png").write_bytes(b"x")
    images = one(run(folder, tmp_path)[0])
    assert images.ignored == 6
    assert images.skipped == ()


def test_c13_c15_unreadable_files_are_listed_with_reasons(photos: Make, tmp_path: Path) -> None:
    folder = photos(cat=2, dog=2)
    (folder / "cat" / "empty.jpg").write_bytes(b"")
    (folder / "cat" / "page.jpg").write_text("<html>not found</html>")
    (folder / "dog" / "slide.czi").write_bytes(b"ZISRAWFILE")
    (folder / "dog" / "phone.HEIC").write_bytes(b"x")
    images = one(run(folder, tmp_path)[0])
    reasons = {s.file: s.reason for s in images.skipped}
    assert set(reasons) == {"cat/empty.jpg", "cat/page.jpg", "dog/slide.czi", "dog/phone.HEIC"}
    assert "Zeiss" in reasons["dog/slide.czi"]
    assert "JPEG" in reasons["dog/phone.HEIC"]
    assert "empty" in reasons["cat/empty.jpg"]


def test_c15_nothing_usable_is_a_named_error_with_the_reasons(tmp_path: Path) -> None:
    folder = tmp_path / "bad"
    folder.mkdir()
    with pytest.raises(InvalidDatasetError, match="holds no picture"):
        run(folder, tmp_path)
    (folder / "a.png").write_bytes(b"x")
    with pytest.raises(InvalidDatasetError, match=r"a\.png"):
        run(folder, tmp_path)
    with pytest.raises(InvalidDatasetError, match="does not exist"):
        run(tmp_path / "missing", tmp_path)


def test_class_names_that_differ_in_case_or_form_collide(photos: Make, tmp_path: Path) -> None:
    folder = photos("one", Cat=1, cat=1)
    with pytest.raises(InvalidDatasetError, match="--class-map"):
        run(folder, tmp_path)
    joined = one(run(folder, tmp_path, class_map={"Cat": "cat"})[0])
    assert joined.classes == ("cat",)
    accents = photos("two", **dict.fromkeys(("caf\u00e9", "cafe\u0301"), 1))
    with pytest.raises(InvalidDatasetError, match="differ only"):
        run(accents, tmp_path)


def test_class_maps_are_read_or_refused(tmp_path: Path) -> None:
    assert parse_class_map("Cat=cat, dogs=dog") == {"Cat": "cat", "dogs": "dog"}
    (tmp_path / "m.csv").write_text("old,new\nCat,cat\n")
    assert parse_class_map(str(tmp_path / "m.csv")) == {"Cat": "cat"}
    with pytest.raises(UsageError):
        parse_class_map("Cat")


def test_lists_give_labels_groups_and_parts_as_text(photos: Make, tmp_path: Path) -> None:
    folder = photos(cat=4)
    rows = [["path", "label", "group"], ["cat/cat_00.png", "0", "p1"]]
    rows += [["cat/cat_01.png", "NA", "p1"], ["cat/cat_02.png", "1", "p2"]]
    rows += [["../secret.png", "1", ""], ["/etc/x.png", "1", ""], ["cat/none.png", "1", ""]]
    with open(folder / "list.csv", "w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(rows)
    images = one(run(folder / "list.csv", tmp_path)[0])
    assert images.classes == ("0", "1", "NA")
    assert [r.group for r in images.records] == ["p1", "p1", "p2"]
    assert len(images.skipped) == 3
    lines = [json.dumps({"file_name": r[0], "label": r[1]}) for r in rows[1:4]]
    (folder / "list.jsonl").write_text("\n".join(lines))
    assert one(run(folder / "list.jsonl", tmp_path)[0]).classes == ("0", "1", "NA")


def test_groups_come_from_folder_or_expression_and_are_previewed(
    photos: Make, tmp_path: Path
) -> None:
    folder = photos(cat=4, dog=2)
    converted, said = run(folder, tmp_path, group_by=r"_(\d)")
    assert {r.group for r in one(converted).records} == {"0"}
    assert "1 groups" in said
    assert {r.group for r in one(run(folder, tmp_path, group_by="parent")[0]).records} == {
        "cat",
        "dog",
    }
    with pytest.raises(UsageError, match="no picture a group"):
        run(folder, tmp_path, group_by="patient")
    with pytest.raises(UsageError, match="regular expression"):
        run(folder, tmp_path, group_by="(")


def test_c35_c36_archives_are_read_safely_and_the_input_is_left_alone(
    shared_data: Path, tmp_path: Path
) -> None:
    folder = shared_data / "nasty_files" / "archives"
    assert len(one(run(folder / "good.zip", tmp_path)[0]).records) == 2
    for path in sorted(folder.iterdir()):
        if path.name != "good.zip":
            with pytest.raises((InvalidZipFileError, InvalidDatasetError)):
                run(path, tmp_path)
    assert not (tmp_path.parent / "evil.txt").exists()


def test_c36_a_folder_of_archives_is_refused_not_guessed(tmp_path: Path, photos: Make) -> None:
    folder = tmp_path / "zips"
    folder.mkdir()
    for name in ("a.zip", "b.zip"):
        with zipfile.ZipFile(folder / name, "w") as archive:
            archive.writestr("x.txt", "x")
    with pytest.raises(InvalidDatasetError, match=r"a\.zip, b\.zip"):
        run(folder, tmp_path)


def test_c35_a_tar_member_that_climbs_out_refuses_the_archive(tmp_path: Path) -> None:
    picture((8, 8), seed=1).save(tmp_path / "p.png")
    for mode, name in (("w", "evil.tar"), ("w:gz", "evil.tar.gz")):
        with tarfile.open(tmp_path / name, mode) as archive:  # type: ignore[call-overload]
            archive.add(tmp_path / "p.png", arcname="../climbed.png")
        with pytest.raises(InvalidZipFileError, match="climbs out"):
            run(tmp_path / name, tmp_path)
    assert not list(tmp_path.rglob("climbed.png"))


def _damaged_archives(photos: Path, folder: Path) -> Iterator[Path]:
    """Archives whose members cannot be had, each in another way."""
    shutil.make_archive(str(folder / "z"), "zip", photos)
    whole = (folder / "z.zip").read_bytes()
    with zipfile.ZipFile(folder / "z.zip") as archive:
        entry = next(e for e in archive.infolist() if not e.is_dir())
    start = entry.header_offset
    inside = start + 30 + len(entry.filename)
    listed = whole.rindex(b"PK\1\2", 0, whole.index(entry.filename.encode(), inside))
    for name, changes in {
        "method": {start + 8: b"\x61\0", listed + 10: b"\x61\0"},
        "stream": {inside + 9: bytes(b ^ 0xFF for b in whole[inside + 9 : inside + 40])},
    }.items():
        data = bytearray(whole)
        for place, new in changes.items():
            data[place : place + len(new)] = new
        (folder / f"{name}.zip").write_bytes(data)
        yield folder / f"{name}.zip"


def test_members_of_a_damaged_zip_are_listed_with_the_reason(photos: Make, tmp_path: Path) -> None:
    for path in _damaged_archives(photos(cat=2, dog=2), tmp_path):
        images = one(run(path, tmp_path)[0])
        assert len(images.records) == 3, path
        (skipped,) = images.skipped
        assert "archive" in skipped.reason, path


def test_readers_of_one_compressed_tar_at_once_share_what_one_of_them_unpacks(
    photos: Make, tmp_path: Path
) -> None:
    path = Path(shutil.make_archive(str(tmp_path / "t"), "gztar", photos(cat=20, dog=20)))
    settings, together = load_settings(), threading.Barrier(4)

    def read(_: int) -> tuple[Path, int]:
        together.wait()
        opened = open_archive(path, settings)
        return opened.path, len(opened.members)

    with ThreadPoolExecutor(4) as readers:
        found = list(readers.map(read, range(4)))
    assert {members for _, members in found} == {40}
    assert len({folder for folder, _ in found}) == 1


def test_an_unpacked_tar_that_is_read_again_is_in_use_again(photos: Make, tmp_path: Path) -> None:
    path = Path(shutil.make_archive(str(tmp_path / "t"), "gztar", photos(cat=2, dog=2)))
    settings = load_settings()
    folder = open_archive(path, settings).path
    os.utime(folder, (0, 0))
    assert open_archive(path, settings).path == folder
    assert time.time() - folder.stat().st_mtime < 60


@pytest.mark.parametrize("kind", ["gztar", "bztar", "xztar"])
def test_a_damaged_compressed_tar_is_one_error(photos: Make, tmp_path: Path, kind: str) -> None:
    path = Path(shutil.make_archive(str(tmp_path / "t"), kind, photos(cat=20, dog=20)))
    whole = path.read_bytes()
    middle = len(whole) // 2
    for number, data in enumerate(
        (
            whole[:middle],
            whole[:middle]
            + bytes(b ^ 0xFF for b in whole[middle : middle + 50])
            + whole[middle + 50 :],
            whole[:10],
        )
    ):
        damaged = tmp_path / f"{number}{''.join(path.suffixes)}"
        damaged.write_bytes(data)
        with pytest.raises(InvalidZipFileError) as caught:
            run(damaged, tmp_path)
        assert "\n" not in caught.value.message


def test_a_tar_member_below_a_file_refuses_the_archive(tmp_path: Path) -> None:
    picture((8, 8), seed=1).save(tmp_path / "p.png")
    for number, names in enumerate([("a/x.png", "a/x.png/y.png"), ("n" * 300 + ".png", "b.png")]):
        with tarfile.open(tmp_path / f"{number}.tar.gz", "w:gz") as archive:
            for name in names:
                archive.add(tmp_path / "p.png", arcname=name)
        with pytest.raises(InvalidZipFileError, match=r"its folder is the file|path_part_bytes"):
            run(tmp_path / f"{number}.tar.gz", tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes only on Linux")
def test_names_that_are_not_utf8_are_listed(photos: Make, tmp_path: Path) -> None:
    folder = photos(cat=2, dog=2)
    data = (folder / "cat" / "cat_00.png").read_bytes()
    os.mkdir(os.fsencode(folder) + b"/k\xe4fer")
    for name in (b"/cat/k\xe4fer.png", b"/k\xe4fer/1.png", b"/cat/k\xe4fer.heic"):
        Path(os.fsdecode(os.fsencode(folder) + name)).write_bytes(data)
    os.symlink("nowhere", os.fsencode(folder) + b"/cat/l\xe4.png")
    images = one(run(folder, tmp_path)[0])
    assert images.classes == ("cat", "dog")
    assert read_images(write_images(images, tmp_path / "images")).skipped == images.skipped
    reasons = {s.file: s.reason for s in images.skipped}
    assert reasons["cat/k\\xe4fer.png"] == reasons["k\\xe4fer/1.png"]
    assert "not UTF-8" in reasons["cat/k\\xe4fer.png"]
    assert len(reasons) == 4
    several = [Path(os.fsdecode(os.fsencode(folder) + b"/cat/k\xe4fer.png"))]
    several.append(folder / "cat" / "cat_00.png")
    assert len(one(run(several, tmp_path)[0]).skipped) == 1
    odd = tmp_path / os.fsdecode(b"\xff")
    shutil.copytree(folder / "dog", odd)
    with pytest.raises(InvalidDatasetError, match="not UTF-8"):
        run(odd, tmp_path)


def test_paths_longer_than_the_system_allows_are_an_error_or_listed(
    photos: Make, tmp_path: Path
) -> None:
    with pytest.raises(InvalidDatasetError, match="cannot be read"):
        run(tmp_path / ("x" * 5000), tmp_path)
    photos(cat=2, dog=2)
    long = "photos/cat/" + "x" * 5000 + ".png"
    rows = f"path,label\nphotos/cat/cat_00.png,cat\nphotos/dog/dog_00.png,dog\n{long},cat\n"
    (tmp_path / "list.csv").write_text(rows)
    images = one(run(tmp_path / "list.csv", tmp_path)[0])
    assert [s.file for s in images.skipped] == [long]


def test_a_column_that_the_first_row_lacks_still_groups(photos: Make, tmp_path: Path) -> None:
    photos(cat=2, dog=2)
    rows = [
        {"path": "photos/cat/cat_00.png", "label": "cat"},
        {"path": "photos/cat/cat_01.png", "label": "cat", "patient": "p1"},
        {"path": "photos/dog/dog_00.png", "label": "dog", "patient": "p1"},
    ]
    (tmp_path / "l.jsonl").write_text("\n".join(map(json.dumps, rows)))
    images = one(run(tmp_path / "l.jsonl", tmp_path, group_by="patient")[0])
    assert [r.group for r in images.records] == [None, "p1", "p1"]


def test_the_decoder_imports_nothing_from_the_working_folder(
    photos: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = photos(cat=2, dog=2)
    (folder / "numpy.py").write_text("raise SystemExit('imported from the pictures')")
    monkeypatch.chdir(folder)
    images = one(run(folder, tmp_path)[0])
    assert (len(images.records), images.skipped) == (4, ())


def test_nothing_is_written_in_the_user_s_folder(photos: Make, tmp_path: Path) -> None:
    folder = photos(cat=2, dog=2)
    before = sorted((p, p.stat().st_mtime_ns) for p in folder.rglob("*"))
    write_images(one(run(folder, tmp_path)[0]), tmp_path / "out")
    assert sorted((p, p.stat().st_mtime_ns) for p in folder.rglob("*")) == before


def test_links_out_of_the_folder_are_reported_not_followed(photos: Make, tmp_path: Path) -> None:
    folder = photos(cat=2, dog=2)
    picture((8, 8), seed=3).save(tmp_path / "outside.png")
    os.symlink(tmp_path / "outside.png", folder / "cat" / "out.png")
    os.symlink(folder / "cat" / "gone.png", folder / "cat" / "broken.png")
    images = one(run(folder, tmp_path)[0])
    assert {s.file for s in images.skipped} == {"cat/out.png", "cat/broken.png"}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes among files")
def test_pipes_and_unreadable_folders_are_listed_not_waited_for(
    photos: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = photos(a=2, b=2, c=2)
    os.mkfifo(folder / "a" / "pipe.jpg")
    scan = os.scandir

    def refuse(path: str) -> object:
        # the administrator, who may run this, can read every folder
        if str(path) == str(folder / "c"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    images = one(run(folder, tmp_path)[0])
    reasons = {s.file: s.reason for s in images.skipped}
    assert set(reasons) == {"a/pipe.jpg", "c"}
    assert "pipe" in reasons["a/pipe.jpg"]
    assert "cannot be read: Permission denied" in reasons["c"]


def test_c53_a_picture_that_changed_or_vanished_after_conversion_is_named(
    photos: Make, tmp_path: Path
) -> None:
    folder = photos(cat=2, dog=2)
    images = one(run(folder, tmp_path)[0])
    directory = write_images(images, tmp_path / "out")
    (folder / "cat" / "cat_00.png").unlink()
    picture((9, 9), seed=77).save(folder / "dog" / "dog_00.png")
    again = read_images(directory)
    with PixelSource(again, directory) as source:
        with pytest.raises(InvalidDatasetError, match=r"cat_00\.png was readable"):
            source.read(again.records[0])
        with pytest.raises(InvalidDatasetError, match=r"dog_00\.png has changed"):
            source.read(again.records[2])


def test_an_image_directory_comes_back_as_written(photos: Make, tmp_path: Path) -> None:
    images = one(run(photos(cat=2, dog=2), tmp_path)[0])
    again = read_images(write_images(images, tmp_path / "out"))
    assert again == images


def test_c32_the_original_s_image_directory_is_read_as_what_it_is(
    shared_data: Path, tmp_path: Path
) -> None:
    source = shared_data / "original_artifacts" / "image_directory_labelled"
    images = one(run(source, tmp_path)[0])
    assert images.classes == ("circle", "square", "stripe")
    assert class_counts(images) == {"circle": 4, "square": 4, "stripe": 4}
    plain = one(run(shared_data / "original_artifacts" / "image_directory_unlabelled", tmp_path)[0])
    assert plain.classes is None
    with pytest.raises(InvalidDatasetError, match="differ only in case"):
        run(source, tmp_path, class_map={"circle": "Square"})
    damaged = tmp_path / "damaged"
    shutil.copytree(source, damaged)
    for text in ("{", '{"columnAttributes": ["x"]}', "[" * 100_000):
        (damaged / "_schema.json").write_text(text)
        with pytest.raises(InvalidDatasetError, match="damaged"):
            run(damaged, tmp_path)


def test_twelve_bit_data_in_sixteen_bit_files_is_warned_about(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    values = np.linspace(0, 4095, 64).reshape(8, 8).astype(np.uint16)
    Image.fromarray(values).save(tmp_path / "m" / "a.png")
    said = run(tmp_path / "m", tmp_path)[1]
    assert "--intensity 0,4095" in said


def test_the_decoder_process_loads_no_tensor_library() -> None:
    program = (
        "import sys, visionloom.images.worker, visionloom.images.decode;"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.strip() == b"False"


def test_an_unknown_kind_of_file_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "x.docx").write_text("x")
    with pytest.raises(VisionloomError, match="no folder, picture, archive or list"):
        run(tmp_path / "x.docx", tmp_path)


def test_every_odd_file_of_a_folder_is_used_or_listed_with_its_reason(
    shared_data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "nasty"
    script = shared_data / "make_nasty_files.py"
    subprocess.run([sys.executable, str(script), "--out", str(out), "--all"], check=True)
    with open(out / "EXPECTED.csv", encoding="utf-8", newline="") as stream:
        expected = {row["file"]: row["expect"] for row in csv.DictReader(stream)}
    for folder in ("images", "names"):
        images = one(run(out / folder, tmp_path, labelled="no")[0])
        used = {f"{folder}/{record.file}" for record in images.records}
        listed = {f"{folder}/{skipped.file}": skipped.reason for skipped in images.skipped}
        assert not used & set(listed)
        assert all(listed.values())
        for file, wanted in expected.items():
            name = file.partition("/")[2]
            if not file.startswith(folder + "/") or not is_picture_name(name) or is_hidden(name):
                continue
            assert (file in used) == (wanted != "skipped"), file
            assert file in used or file in listed, file
        assert len(used) > 5


def with_variants(folder: Path, shared_data: Path) -> Path:
    """Eight flowers of two classes; of two of them a variant in the same class."""
    for label in ("daffodil", "crocus"):
        (folder / label).mkdir(parents=True)
        sources = sorted((shared_data / "flowers17_5" / label).iterdir())[3:7]
        for number, source in enumerate(sources):
            shutil.copy(source, folder / label / f"{number}.jpg")
        with Image.open(sources[0]) as image:
            image.resize((120, 120)).save(folder / label / "small.jpg", quality=70)
    return folder


def test_near_duplicates_are_found_marked_said_and_kept(shared_data: Path, tmp_path: Path) -> None:
    folder = with_variants(tmp_path / "p", shared_data)
    converted, said = run(folder, tmp_path, near_duplicates=True)
    images = one(converted)
    marked = {record.file: record.near for record in images.records if record.near is not None}
    assert marked == {
        "crocus/0.jpg": 0, "crocus/small.jpg": 0, "daffodil/0.jpg": 5, "daffodil/small.jpg": 5,
    }  # fmt: skip
    assert "4 pictures are near duplicates, in 2 groups" in said
    again = read_images(write_images(images, tmp_path / "images"))
    assert again.records == images.records
    assert again.digest == images.digest


def test_without_near_duplicates_a_list_is_what_it_always_was(
    shared_data: Path, photos: Make, tmp_path: Path
) -> None:
    folder = photos(a=4, b=4)
    searched = one(run(folder, tmp_path, near_duplicates=True)[0])
    assert searched == one(run(folder, tmp_path)[0])
    files = [
        write_images(images, tmp_path / name).path / "images.parquet"
        for name, images in (("one", searched), ("two", one(run(folder, tmp_path)[0])))
    ]
    assert files[0].read_bytes() == files[1].read_bytes()
    off = one(run(with_variants(tmp_path / "p", shared_data), tmp_path)[0])
    assert all(record.near is None for record in off.records)


def test_near_duplicates_need_decoded_pictures_and_that_is_said(
    shared_data: Path, tmp_path: Path
) -> None:
    folder = with_variants(tmp_path / "p", shared_data)
    converted, said = run(folder, tmp_path, near_duplicates=True, check="headers")
    assert "Near duplicates are not looked for" in said
    assert all(record.near is None for record in one(converted).records)
