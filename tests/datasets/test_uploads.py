"""Uploads: every file checked, streamed and put in its place; nothing half-made or outside."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from visionloom.artifacts.atomic import remove_tree
from visionloom.datasets import DataSets
from visionloom.datasets import uploads as room
from visionloom.datasets.arrivals import Upload
from visionloom.errors import (
    InvalidDatasetError,
    InvalidZipFileError,
    ModuleOutOfMemoryError,
    NotThereError,
    UsageError,
)
from visionloom.settings import Limits, Settings, load_settings


@pytest.fixture
def settings() -> Settings:
    return load_settings()


@pytest.fixture
def data_sets(settings: Settings) -> Iterator[DataSets]:
    made = DataSets(settings)
    yield made
    made.close()


def send(upload: Upload, path: str, data: bytes, limits: Limits | None = None) -> None:
    arrival = upload.receive(path, limits or Limits())
    try:
        arrival.write(data)
        arrival.finish()
    except BaseException:
        arrival.abort()
        raise


def everything(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


HOSTILE = [
    "../x.jpg", "a/../../x.jpg", "a/../x.jpg", "/etc/x.jpg", "C:/x.jpg", "c:x.jpg", "..\\x.jpg",
    "a\\b.jpg", "\\\\host\\s\\x.jpg", "a\0.jpg", "a//b.jpg", "./a.jpg", "a/./b.jpg", "a/", "",
    "CON", "con.jpg", "a/NUL.jpg", "lpt1.png", "COM\u00b9.jpg", "a./b.jpg", "a.jpg.", "a.jpg ",
    "x\u202egpj.exe", "a\nb.jpg", "a\x1b]0;x.jpg", ".hidden.jpg", "a/.ssh/x.jpg", "Thumbs.db",
    "__MACOSX/a.jpg", "a/" * 16 + "b.jpg", "x" * 256 + ".jpg", "/".join(["y" * 200] * 6),
    "\ud800.jpg",
]  # fmt: skip


@pytest.mark.parametrize("path", HOSTILE)
def test_a_hostile_name_is_refused_and_leaves_nothing(
    data_sets: DataSets, settings: Settings, path: str
) -> None:
    upload = data_sets.uploads.begin("photos", 1, 100)
    before = everything(settings.home)
    with pytest.raises(UsageError):
        send(upload, path, b"data")
    assert everything(settings.home) == before


@pytest.mark.parametrize(
    ("first", "second"),
    [("Cat/1.jpg", "cat/2.jpg"), ("a.jpg", "A.JPG"), ("caf\u00e9/1.jpg", "cafe\u0301/2.jpg")],
)
def test_names_that_differ_in_case_or_accents_only_are_refused_naming_both(
    data_sets: DataSets, first: str, second: str
) -> None:
    upload = data_sets.uploads.begin("photos", 2, 100)
    send(upload, first, b"one")
    with pytest.raises(UsageError) as told:
        send(upload, second, b"two")
    assert first.partition("/")[0] in told.value.message
    assert second.partition("/")[0] in told.value.message


def test_a_file_is_never_overwritten(data_sets: DataSets) -> None:
    upload = data_sets.uploads.begin("photos", 2, 100)
    send(upload, "a.jpg", b"one")
    with pytest.raises(UsageError, match="here already"):
        send(upload, "a.jpg", b"two")
    assert (upload.arrived / "a.jpg").read_bytes() == b"one"


def test_a_file_where_a_folder_is_needed_is_refused(data_sets: DataSets) -> None:
    upload = data_sets.uploads.begin("photos", 2, 100)
    send(upload, "a", b"one")
    with pytest.raises(UsageError, match="something of that name"):
        send(upload, "a/b.jpg", b"two")


def test_files_and_folders_belong_to_their_owner_alone(data_sets: DataSets) -> None:
    upload = data_sets.uploads.begin("photos", 1, 100)
    send(upload, "cat/a.jpg", b"one")
    assert stat.S_IMODE((upload.arrived / "cat/a.jpg").stat().st_mode) == 0o600
    assert stat.S_IMODE((upload.arrived / "cat").stat().st_mode) == 0o700
    assert stat.S_IMODE(upload.folder.stat().st_mode) == 0o700


def test_a_file_beyond_its_limit_is_refused_and_gone(data_sets: DataSets) -> None:
    upload = data_sets.uploads.begin("photos", 1, 1_000)
    with pytest.raises(UsageError, match="more bytes than the limit image_bytes of 10 "):
        send(upload, "a.jpg", b"x" * 11, Limits(image_bytes=10))
    assert everything(upload.folder) == ["upload.json"]


def test_more_than_was_announced_is_refused(data_sets: DataSets) -> None:
    upload = data_sets.uploads.begin("photos", 2, 10)
    send(upload, "a.jpg", b"x" * 8)
    with pytest.raises(UsageError, match="announced"):
        send(upload, "b.jpg", b"x" * 8)


def test_an_upload_beyond_the_limits_is_not_begun(data_sets: DataSets) -> None:
    limits = Limits()
    with pytest.raises(UsageError, match="upload_bytes"):
        data_sets.uploads.begin("photos", 1, limits.upload_bytes + 1)
    with pytest.raises(UsageError, match="upload_files"):
        data_sets.uploads.begin("photos", limits.upload_files + 1, 1)


def test_an_upload_for_which_there_is_no_room_is_not_begun(
    data_sets: DataSets, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=300 * 2**20))
    with pytest.raises(ModuleOutOfMemoryError, match="room for"):
        data_sets.uploads.begin("photos", 1, 100 * 2**20)


def test_a_full_disk_is_told_in_words(data_sets: DataSets, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = data_sets.uploads.begin("photos", 1, 100)
    arrival = upload.receive("a.jpg", Limits())

    class Full:
        def write(self, data: bytes) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        def close(self) -> None:
            pass

    arrival._stream.close()
    monkeypatch.setattr(arrival, "_stream", Full())
    with pytest.raises(ModuleOutOfMemoryError, match="full"):
        arrival.write(b"data")
    arrival.abort()
    assert everything(upload.folder) == ["upload.json"]


def test_a_file_that_broke_off_can_be_sent_again(data_sets: DataSets) -> None:
    upload = data_sets.uploads.begin("photos", 1, 100)
    arrival = upload.receive("a.jpg", Limits())
    arrival.write(b"ha")
    arrival.abort()
    send(upload, "a.jpg", b"whole")
    assert (upload.arrived / "a.jpg").read_bytes() == b"whole"


def test_an_upload_is_finished_only_when_everything_came(data_sets: DataSets, photos: Path) -> None:
    upload = data_sets.uploads.begin("photos", 2, 100_000)
    with pytest.raises(UsageError, match="2 of 2 files have not arrived"):
        data_sets.finish(upload.id)
    send(upload, "cat/a.png", b"")
    with pytest.raises(UsageError, match="1 of 2"):
        data_sets.finish(upload.id)


def test_a_refused_file_does_not_hold_up_the_others(data_sets: DataSets) -> None:
    upload = data_sets.uploads.begin("My cats: 2024?", 2, 100_000)
    send(upload, "cat/a.png", b"not looked at yet")
    with pytest.raises(UsageError):
        send(upload, "cat/.hidden.png", b"x")
    made = data_sets.finish(upload.id)
    assert (made.name, made.files) == ("My-cats-2024", 1)
    assert not upload.folder.exists()


def test_a_name_that_is_taken_is_numbered(data_sets: DataSets) -> None:
    names = []
    for _ in range(3):
        upload = data_sets.uploads.begin("cats", 1, 100)
        send(upload, "a.png", b"x")
        names.append(data_sets.finish(upload.id).name)
    assert names == ["cats", "cats-2", "cats-3"]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("../../etc/passwd", "etc-passwd"),
        ("CON", "photos"),
        (".about", "about"),
        (".incoming", "incoming"),
        ("\u202e\x00", "photos"),
        ("a/b\\c", "a-b-c"),
        ("Vögel im Garten", "Vögel-im-Garten"),
        ("x" * 255, "x" * 120),
    ],
)
def test_the_name_of_a_data_set_is_a_plain_folder(
    data_sets: DataSets, settings: Settings, title: str, name: str
) -> None:
    upload = data_sets.uploads.begin(title, 1, 100)
    send(upload, "a.png", b"x")
    made = data_sets.finish(upload.id)
    assert made.name == name
    assert made.path == settings.datasets / name


def test_files_without_a_picture_are_no_data_set(data_sets: DataSets, settings: Settings) -> None:
    upload = data_sets.uploads.begin("notes", 1, 100)
    send(upload, "notes.txt", b"hello")
    with pytest.raises(InvalidDatasetError):
        data_sets.finish(upload.id)
    assert data_sets.list() == []
    assert not upload.folder.exists()


def test_one_archive_stays_an_archive(data_sets: DataSets, shared_data: Path) -> None:
    data = (shared_data / "sign_digits.zip").read_bytes()
    upload = data_sets.uploads.begin("digits.zip", 1, len(data))
    send(upload, "sign_digits.zip", data)
    made = data_sets.finish(upload.id)
    assert (made.name, made.files) == ("digits", 620)
    assert made.path.name == "sign_digits.zip"
    assert data_sets.path_of(made.id) == made.path


def test_a_hostile_archive_is_refused_whole(
    data_sets: DataSets, settings: Settings, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.zip"
    with zipfile.ZipFile(bad, "w") as archive:
        archive.writestr("cat/a.jpg", b"x")
        archive.writestr("../../evil.jpg", b"x")
    upload = data_sets.uploads.begin("bad.zip", 1, bad.stat().st_size)
    send(upload, "bad.zip", bad.read_bytes())
    with pytest.raises(InvalidZipFileError, match=r"^bad\.zip is refused"):
        data_sets.finish(upload.id)
    assert data_sets.list() == []
    assert not upload.folder.exists()


def test_an_upload_goes_on_after_the_program_was_started_again(
    data_sets: DataSets, settings: Settings
) -> None:
    upload = data_sets.uploads.begin("cats", 2, 100)
    send(upload, "a.png", b"x")
    upload.receive("half.png", Limits()).write(b"ha")
    again = DataSets(settings)
    found = again.uploads.get(upload.id)
    assert (found.files, found.bytes) == (1, 1)
    send(found, "half.png", b"whole")
    assert again.finish(upload.id).files == 2


@pytest.mark.parametrize(
    "upload", ["", "..", "../..", "0" * 31, "0" * 32, "%2e%2e", "a/b", "A" * 32]
)
def test_an_unknown_upload_is_not_there(data_sets: DataSets, upload: str) -> None:
    with pytest.raises(NotThereError):
        data_sets.uploads.get(upload)
    with pytest.raises(NotThereError):
        data_sets.uploads.drop(upload)


DAY_BEFORE = time.time() - room._KEPT_SECONDS - 3_600


def test_an_upload_that_nobody_goes_on_with_goes_after_a_day(data_sets: DataSets) -> None:
    old, new = (data_sets.uploads.begin("cats", 2, 10) for _ in range(2))
    send(old, "a.png", b"x")
    old.touched_at = DAY_BEFORE
    data_sets.uploads.sweep()
    assert not old.folder.exists()
    assert new.folder.exists()
    with pytest.raises(NotThereError):
        data_sets.uploads.get(old.id)
    with pytest.raises(NotThereError):
        send(old, "b.png", b"x")
    assert not old.folder.exists()


def test_an_upload_of_a_server_before_goes_after_a_day(
    data_sets: DataSets, settings: Settings
) -> None:
    old, new = (data_sets.uploads.begin("cats", 1, 10) for _ in range(2))
    send(old, "a.png", b"x")
    for path in [old.folder, *old.folder.rglob("*")]:
        os.utime(path, (DAY_BEFORE, DAY_BEFORE))
    DataSets(settings).uploads.begin("more", 1, 10)
    assert not old.folder.exists()
    assert new.folder.exists()


def test_uploads_whose_pages_are_gone_keep_no_room_and_no_place(
    data_sets: DataSets, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=300 * 2**20))
    left = [data_sets.uploads.begin("cats", 1, 2**20) for _ in range(32)]
    with pytest.raises(UsageError, match="32 uploads are open"):
        data_sets.uploads.begin("more", 1, 40 * 2**20)
    for upload in left:
        upload.touched_at -= room._GOES_ON_WITHIN + 1
    data_sets.uploads.begin("more", 1, 40 * 2**20)
    send(left[0], "a.png", b"x")
    with pytest.raises(ModuleOutOfMemoryError):
        data_sets.uploads.begin("more", 1, 4 * 2**20)


def test_of_two_who_finish_one_upload_one_is_told_that_it_is_finished(
    data_sets: DataSets, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = data_sets.uploads.begin("cats", 1, 100)
    send(upload, "a.png", b"x")
    checks = data_sets._check_pictures
    told: list[type[Exception]] = []

    def meanwhile(path: Path) -> None:
        for act in (data_sets.finish, data_sets.uploads.drop, data_sets.uploads.get):
            with pytest.raises(NotThereError) as caught:
                act(upload.id)
            told.append(caught.type)
        with pytest.raises(NotThereError):
            upload.receive("b.png", Limits())
        checks(path)

    monkeypatch.setattr(data_sets, "_check_pictures", meanwhile)
    assert data_sets.finish(upload.id).files == 1
    assert len(told) == 3
    assert [one.name for one in data_sets.list()] == ["cats"]
    assert list((settings.datasets / ".incoming").iterdir()) == []


def test_an_upload_that_is_being_dropped_is_not_taken_up_again(
    data_sets: DataSets, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = data_sets.uploads.begin("cats", 2, 100)
    send(upload, "a.png", b"x")
    half = upload.receive("b.png", Limits())
    half.write(b"ha")

    def meanwhile(folder: Path) -> None:
        with pytest.raises(NotThereError):
            data_sets.uploads.get(upload.id)
        remove_tree(folder)

    monkeypatch.setattr(room, "remove_tree", meanwhile)
    data_sets.uploads.drop(upload.id)
    with pytest.raises(NotThereError):
        half.finish()
    half.abort()
    assert list((settings.datasets / ".incoming").iterdir()) == []


def test_a_name_that_somebody_takes_meanwhile_is_numbered(
    data_sets: DataSets, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = data_sets.uploads.begin("cats", 1, 100)
    send(upload, "a.png", b"x")
    exists = Path.exists

    def taken_after_the_look(path: Path) -> bool:
        if path == settings.datasets / "cats" and not exists(path):
            path.mkdir()
            (path / "theirs.png").write_bytes(b"theirs")
            return False
        return exists(path)

    monkeypatch.setattr(Path, "exists", taken_after_the_look)
    assert data_sets.finish(upload.id).name == "cats-2"
    assert everything(settings.datasets / "cats") == ["theirs.png"]


def test_an_upload_that_could_not_be_put_in_its_place_can_be_finished_again(
    data_sets: DataSets, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = data_sets.uploads.begin("cats", 1, 100)
    send(upload, "a.png", b"x")

    def full(*_: object) -> None:
        raise ModuleOutOfMemoryError("The disk is full.")

    with monkeypatch.context() as patched:
        patched.setattr(data_sets, "_publish", full)
        with pytest.raises(ModuleOutOfMemoryError):
            data_sets.finish(upload.id)
    assert data_sets.finish(upload.id).name == "cats"


def test_more_files_than_announced_are_refused_also_at_once(data_sets: DataSets) -> None:
    upload = data_sets.uploads.begin("photos", 2, 100)
    send(upload, "a.jpg", b"x")
    coming = upload.receive("b.jpg", Limits())
    with pytest.raises(UsageError, match="2 files that were announced"):
        upload.receive("c.jpg", Limits())
    coming.abort()
    send(upload, "c.jpg", b"x")
    assert upload.files == 2


def test_bytes_that_are_under_way_count_against_what_was_announced(data_sets: DataSets) -> None:
    upload = data_sets.uploads.begin("photos", 2, 10)
    first, second = (upload.receive(name, Limits()) for name in ("a.jpg", "b.jpg"))
    first.write(b"x" * 8)
    with pytest.raises(UsageError, match="10 bytes that were announced"):
        second.write(b"x" * 8)
    second.abort()
    first.finish()
    send(upload, "b.jpg", b"xx")
    assert upload.bytes == 10


def test_a_file_that_has_arrived_cannot_be_given_up(data_sets: DataSets) -> None:
    upload = data_sets.uploads.begin("photos", 1, 10)
    arrival = upload.receive("a.jpg", Limits())
    arrival.write(b"x")
    arrival.finish()
    arrival.abort()
    with pytest.raises(UsageError, match="announced"):
        upload.receive("b.jpg", Limits())
    assert data_sets.finish(upload.id).files == 1


def test_no_upload_can_reach_settings_records_or_drafts(
    data_sets: DataSets, settings: Settings
) -> None:
    (settings.home / "drafts").mkdir(parents=True)
    (settings.home / "records.sqlite").write_bytes(b"records")
    (settings.home / "targets.toml").write_bytes(b"targets")
    tries = [
        "../records.sqlite", "../../records.sqlite", "../../../records.sqlite",
        "..%2frecords.sqlite", "a/../../../targets.toml", "targets.toml", "records.sqlite",
        "drafts/x/pipeline.yml", "sitecustomize.pth", "upload.json", "visionloom.json",
    ]  # fmt: skip
    upload = data_sets.uploads.begin("../drafts", len(tries) + 1, 1_000)
    for path in tries:
        try:
            send(upload, path, b"evil")
        except UsageError:
            continue
    send(upload, "a.png", b"x")
    made = data_sets.finish(upload.id)
    assert made.path.parent == settings.datasets
    assert (settings.home / "records.sqlite").read_bytes() == b"records"
    assert (settings.home / "targets.toml").read_bytes() == b"targets"
    assert list((settings.home / "drafts").iterdir()) == []
    outside = [n for n in everything(settings.home) if not n.startswith("datasets/")]
    assert outside == ["records.sqlite", "targets.toml"]
