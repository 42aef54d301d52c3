"""Data sets: added, listed, looked at, deleted; folders that may be used, and no others."""

from __future__ import annotations

import base64
import errno
import io
import os
import shutil
import signal
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from visionloom.artifacts.atomic import explained, remove_tree
from visionloom.datasets import DataSets
from visionloom.datasets import data_sets as rooms
from visionloom.datasets.folders import ENTRIES_SHOWN, Folders
from visionloom.errors import InvalidDatasetError, NotThereError, UsageError
from visionloom.images.sources import find_pictures
from visionloom.settings import Settings, load_settings

Photos = Callable[..., Path]


@pytest.fixture
def settings() -> Settings:
    return load_settings()


@pytest.fixture
def data_sets(settings: Settings) -> Iterator[DataSets]:
    made = DataSets(settings)
    yield made
    made.close()


def test_a_folder_is_copied_with_everything_that_can_be_seen(
    data_sets: DataSets, photos: Photos
) -> None:
    folder = photos(cat=3, dog=2)
    (folder / "cat" / "notes.txt").write_text("kept")
    (folder / ".secret").write_text("left")
    (folder / "cat" / "link.png").symlink_to(folder / "dog" / "dog_00.png")
    made = data_sets.add(folder, "pets")
    assert (made.name, made.files) == ("pets", 5)
    assert (made.path / "cat" / "notes.txt").read_text() == "kept"
    assert not (made.path / ".secret").exists()
    assert not (made.path / "cat" / "link.png").exists()
    assert data_sets.list() == [made]
    assert data_sets.find("pets") == made


def test_an_archive_is_copied_as_it_is(data_sets: DataSets, photos: Photos) -> None:
    packed = shutil.make_archive(str(photos().with_name("pets")), "zip", photos("b"))
    made = data_sets.add(Path(packed))
    assert made.name == "pets"
    assert made.path.read_bytes() == Path(packed).read_bytes()
    assert made.files == 12


def test_a_folder_without_pictures_is_none(data_sets: DataSets, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises((InvalidDatasetError, UsageError)):
        data_sets.add(tmp_path / "empty")
    assert data_sets.list() == []
    assert list((data_sets._root / ".incoming").iterdir()) == []


def test_a_deleted_data_set_is_gone_and_its_source_stays(
    data_sets: DataSets, photos: Photos, settings: Settings
) -> None:
    folder = photos()
    made = data_sets.add(folder)
    data_sets.delete(made.id)
    assert data_sets.list() == []
    assert not made.path.exists()
    assert len(list(folder.rglob("*.png"))) == 12
    with pytest.raises(NotThereError):
        data_sets.path_of(made.id)


def test_a_folder_put_there_by_hand_is_a_data_set(
    data_sets: DataSets, photos: Photos, settings: Settings
) -> None:
    shutil.copytree(photos(), settings.datasets / "by-hand")
    (found,) = data_sets.list()
    assert (found.name, found.files) == ("by-hand", 12)


@pytest.mark.parametrize("dataset", ["", ".", "..", "d-", "d-" + "0" * 24, "pets", ".about", "f-"])
def test_only_ids_name_a_data_set(data_sets: DataSets, photos: Photos, dataset: str) -> None:
    data_sets.add(photos(), "pets")
    for ask in (data_sets.get, data_sets.path_of, data_sets.delete):
        with pytest.raises(NotThereError):
            ask(dataset)
    assert [one.name for one in data_sets.list()] == ["pets"]


@pytest.mark.parametrize("packed", [False, True])
def test_first_pictures_are_shown_one_of_each_class(
    data_sets: DataSets, photos: Photos, packed: bool
) -> None:
    source = photos(cat=3, dog=3)
    if packed:
        source = Path(shutil.make_archive(str(source), "zip", source))
    made = data_sets.add(source, "pets")
    sides, colours = [], []
    for number in range(2):
        with Image.open(io.BytesIO(data_sets.thumbnail(made.id, number, 20))) as image:
            sides.append((image.format, *image.size))
            small = image.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
            assert isinstance(small, tuple)
            colours.append(small.index(max(small)))
    assert sides == [("JPEG", 20, 16)] * 2
    assert colours == [0, 1]
    with pytest.raises(NotThereError):
        data_sets.thumbnail(made.id, 6, 20)


def test_a_compressed_tar_is_shown_once_it_is_unpacked_and_never_unpacked_for_that(
    data_sets: DataSets, settings: Settings, photos: Photos
) -> None:
    made = data_sets.add(Path(shutil.make_archive(str(photos()), "gztar", photos("b"))), "pets")
    assert data_sets.thumbnail(made.id, 0, 20)[:2] == b"\xff\xd8"
    remove_tree(settings.cache / "archives")
    with pytest.raises(NotThereError, match="not unpacked"):
        data_sets.thumbnail(made.id, 1, 20)
    assert not (settings.cache / "archives").exists()
    find_pictures(made.path, settings)
    assert data_sets.thumbnail(made.id, 1, 20)[:2] == b"\xff\xd8"


def test_a_hostile_picture_is_not_shown_and_the_next_one_is(
    data_sets: DataSets, shared_data: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    shutil.copy(shared_data / "nasty_files/images/bomb_30000x30000.png", folder / "a.png")
    shutil.copy(next((shared_data / "large_photos").glob("*.jpg")), folder / "b.jpg")
    made = data_sets.add(folder)
    with pytest.raises(NotThereError, match="cannot be shown"):
        data_sets.thumbnail(made.id, 0, 64)
    assert data_sets.thumbnail(made.id, 1, 64)[:2] == b"\xff\xd8"


def test_the_end_does_not_wait_for_pictures_that_are_being_looked_at(
    data_sets: DataSets, photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = data_sets.add(photos(), "pets")
    data_sets.thumbnail(made.id, 0, 20)
    pictures, begun = data_sets._pictures, threading.Event()
    worker = pictures._worker
    assert worker is not None
    assert worker._process is not None
    # it never answers, as with a picture that takes long to decode
    os.kill(worker._process.pid, signal.SIGSTOP)
    examine = worker.examine

    def watched(data: bytes) -> object:
        begun.set()
        return examine(data)

    monkeypatch.setattr(worker, "examine", watched)
    with ThreadPoolExecutor(2) as asking:
        asked = [asking.submit(data_sets.thumbnail, made.id, number, 20) for number in (1, 2)]
        assert begun.wait(10)
        started = time.monotonic()
        data_sets.close()
        for one in asked:
            with pytest.raises(NotThereError):
                one.result()
        assert time.monotonic() - started < 5
    assert pictures._worker is None


def test_folders_are_listed_below_their_roots(
    settings: Settings, photos: Photos, tmp_path: Path
) -> None:
    root = photos(cat=2, dog=3).parent / "photos"
    with zipfile.ZipFile(root / "more.zip", "w") as archive:
        archive.writestr("a.jpg", b"x")
    (root / "list.csv").write_text("file,label\n")
    (root / ".git").mkdir()
    (root / "notes.txt").write_text("")
    folders = Folders(settings, [root])
    (top,) = folders.roots()
    assert (top.name, top.kind, top.pictures) == ("photos", "folder", 5)
    found = folders.get(top.id)
    assert [(e.name, e.kind, e.pictures) for e in found.entries] == [
        ("cat", "folder", 2), ("dog", "folder", 3), ("list.csv", "list", None),
        ("more.zip", "archive", None),
    ]  # fmt: skip
    below = folders.get(found.entries[0].id)
    assert (below.path, below.parent, below.pictures) == (root / "cat", top.id, 2)
    assert folders.path_of(found.entries[3].id) == root / "more.zip"


def test_the_same_folder_has_the_same_id_after_a_restart(
    settings: Settings, photos: Photos
) -> None:
    root = photos()
    first, second = Folders(settings, [root]), Folders(settings, [root])
    assert first.roots() == second.roots()


def test_a_link_out_of_the_root_is_not_followed(
    settings: Settings, photos: Photos, tmp_path: Path
) -> None:
    outside, root = photos("outside"), photos("root")
    (root / "way-out").symlink_to(outside)
    (root / "way-in").symlink_to(root / "cat")
    folders = Folders(settings, [root])
    names = [e.name for e in folders.get(folders.roots()[0].id).entries]
    assert names == ["cat", "dog", "way-in"]


def test_a_folder_that_becomes_a_link_out_is_no_longer_there(
    settings: Settings, photos: Photos
) -> None:
    outside, root = photos("outside"), photos("root")
    folders = Folders(settings, [root])
    cat = folders.get(folders.roots()[0].id).entries[0]
    shutil.rmtree(root / "cat")
    (root / "cat").symlink_to(outside)
    with pytest.raises(NotThereError):
        folders.path_of(cat.id)


def test_the_home_folder_is_never_shown(settings: Settings, tmp_path: Path) -> None:
    (settings.home / "drafts").mkdir(parents=True)
    folders = Folders(settings, [tmp_path, settings.home])
    top, own = folders.roots()
    assert "home" not in [e.name for e in folders.get(top.id).entries]
    with pytest.raises(NotThereError):
        folders.get(own.id)


def _forged(text: str) -> str:
    return "f-" + base64.urlsafe_b64encode(b"0" * 12 + text.encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "folder",
    [
        "", "f-", "f-AAAA", "/etc", "..", "f-" + "A" * 5_000, _forged('[0, ""]'),
        _forged('[0, "../.."]'), _forged('[9, ""]'), _forged('["0", []]'), _forged("[" * 4_000),
        "f-\u00e9",
    ],
)  # fmt: skip
def test_an_id_that_is_not_ours_leads_nowhere(
    settings: Settings, photos: Photos, folder: str
) -> None:
    folders = Folders(settings, [photos()])
    with pytest.raises(NotThereError):
        folders.path_of(folder)
    with pytest.raises(NotThereError):
        folders.get(folder)


def test_many_entries_are_cut_off_and_that_is_said(settings: Settings, tmp_path: Path) -> None:
    root = tmp_path / "many"
    for number in range(ENTRIES_SHOWN + 5):
        (root / f"{number:05}").mkdir(parents=True)
    folders = Folders(settings, [root])
    found = folders.get(folders.roots()[0].id)
    assert (len(found.entries), found.more) == (ENTRIES_SHOWN, True)


def test_a_data_set_whose_name_is_not_utf8_is_left_out(
    data_sets: DataSets, settings: Settings
) -> None:
    settings.datasets.mkdir(parents=True)
    os.mkdir(os.fsencode(settings.datasets) + b"/caf\xe9")
    assert data_sets.list() == []


def test_data_sets_are_listed_and_deleted_on_a_full_disk(
    data_sets: DataSets, settings: Settings, photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(photos(), settings.datasets / "by-hand")

    def full(path: Path, *_: object, **__: object) -> None:
        with explained(path):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(rooms, "write_file", full)
    (found,) = data_sets.list()
    assert (found.name, found.files) == ("by-hand", 12)
    data_sets.delete(found.id)
    assert data_sets.list() == []


def test_a_file_that_cannot_be_read_is_told_and_left_out(
    data_sets: DataSets, photos: Photos
) -> None:
    folder = photos(cat=2, dog=2)
    shutil.copy(folder / "cat" / "cat_00.png", folder / "cat" / "CON.png")
    told: list[str] = []

    def refused(error: UsageError) -> None:
        told.append(error.message)
        # gone since it was listed
        (folder / "dog" / "dog_00.png").unlink(missing_ok=True)

    assert data_sets.add(folder, "pets", refused).files == 3
    assert ["CON" in told[0], "dog_00.png cannot be read: No such file" in told[1]] == [True, True]


def test_a_name_that_is_not_utf8_is_left_out(settings: Settings, tmp_path: Path) -> None:
    root = tmp_path / "odd"
    root.mkdir()
    os.mkdir(os.fsencode(root) + b"/caf\xe9")
    folders = Folders(settings, [root])
    assert folders.get(folders.roots()[0].id).entries == ()
