"""The user's data has one digest for one content, and is read once."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from visionloom.artifacts import memo
from visionloom.artifacts.digest import sha256_of_file
from visionloom.artifacts.memo import DigestMemo
from visionloom.errors import InvalidDatasetError
from visionloom.images import formats

LATER = 3_000_000_000


def in_three_seconds() -> int:
    """A clock for which the files of a test are old enough."""
    return time.time_ns() + LATER


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder of three files."""
    folder = tmp_path / "photos"
    for name, content in {"cat/1.jpg": b"cat", "dog/1.jpg": b"dog", "list.csv": b"x"}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that were read since."""
    names: list[str] = []
    read = memo._read

    def noting(name: str, path: str, stamp: memo.Stamp) -> str:
        names.append(name)
        return read(name, path, stamp)

    monkeypatch.setattr(memo, "_read", noting)
    return names


def digest(source: Path, tmp_path: Path) -> str:
    """The digest with a memo of the test's own."""
    return DigestMemo(tmp_path / "memo", clock_ns=in_three_seconds).digest(source).digest


def test_a_folder_is_its_names_and_contents_wherever_it_is(source: Path, tmp_path: Path) -> None:
    found = DigestMemo(tmp_path / "memo").digest(source)
    assert (found.files, found.bytes) == (3, 7)
    shutil.copytree(source, tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "empty").mkdir()
    assert digest(tmp_path / "elsewhere", tmp_path) == found.digest


@pytest.mark.parametrize(
    "change",
    [
        lambda s: (s / "cat" / "1.jpg").write_bytes(b"cot"),
        lambda s: (s / "cat" / "1.jpg").write_bytes(b"cats"),
        lambda s: (s / "cat" / "1.jpg").rename(s / "cat" / "2.jpg"),
        lambda s: (s / "cat").rename(s / "kat"),
        lambda s: (s / "cat" / "1.jpg").unlink(),
        lambda s: (s / "more.jpg").write_bytes(b""),
        lambda s: (s / "link.jpg").symlink_to("/etc/hostname"),
        lambda s: (s / "link.jpg").symlink_to(s / "nothing"),
        lambda s: (s / "link.jpg").symlink_to(s / "cat" / "1.jpg"),
        lambda s: (s / "link").symlink_to(s / "cat"),
    ],
)
def test_every_change_changes_the_digest(
    source: Path, tmp_path: Path, change: Callable[[Path], object]
) -> None:
    before = digest(source, tmp_path)
    change(source)
    changed = digest(source, tmp_path)
    assert changed != before
    assert digest(source, tmp_path) == changed


def test_a_link_inside_counts_by_the_content_it_leads_to(source: Path, tmp_path: Path) -> None:
    (source / "dog" / "2.jpg").symlink_to(source / "cat" / "1.jpg")
    linked = digest(source, tmp_path)
    (source / "dog" / "2.jpg").unlink()
    (source / "dog" / "2.jpg").write_bytes(b"cat")
    assert digest(source, tmp_path) == linked


@pytest.mark.parametrize(
    "name", [".DS_Store", "cat/.hidden", ".git/config", "Thumbs.db", "__MACOSX/1.jpg"]
)
def test_hidden_files_do_not_count(source: Path, tmp_path: Path, name: str) -> None:
    before = digest(source, tmp_path)
    (source / name).parent.mkdir(exist_ok=True)
    (source / name).write_bytes(b"x")
    assert digest(source, tmp_path) == before


def test_what_desktops_leave_behind_is_the_same_as_for_the_conversion() -> None:
    assert memo._DESKTOP == formats._DESKTOP_FILES | formats._DESKTOP_FOLDERS


def test_a_single_file_is_its_content(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"content")
    before = digest(tmp_path / "a.zip", tmp_path)
    (tmp_path / "a.zip").rename(tmp_path / "b.zip")
    assert digest(tmp_path / "b.zip", tmp_path) == before


def test_files_that_a_list_names_belong_to_it(source: Path, tmp_path: Path) -> None:
    remembered = DigestMemo(tmp_path / "memo")
    named = [source / "cat" / "1.jpg", source / "dog" / "1.jpg"]
    before = remembered.digest(source / "list.csv", named)
    assert (before.files, before.bytes) == (3, 7)
    assert remembered.digest(source / "list.csv", named[:1]).digest != before.digest
    (source / "cat" / "1.jpg").write_bytes(b"cot")
    assert remembered.digest(source / "list.csv", named).digest != before.digest


def test_what_has_not_changed_is_not_read_again(
    source: Path, tmp_path: Path, reads: list[str]
) -> None:
    first = digest(source, tmp_path)
    assert sorted(reads) == ["cat/1.jpg", "dog/1.jpg", "list.csv"]
    assert digest(source, tmp_path) == first
    assert len(reads) == 3
    (source / "dog" / "1.jpg").write_bytes(b"dig")
    (source / "new.jpg").write_bytes(b"new")
    (source / "list.csv").unlink()
    digest(source, tmp_path)
    digest(source, tmp_path)
    assert sorted(reads[3:]) == ["dog/1.jpg", "new.jpg"]


def test_a_file_younger_than_two_seconds_is_read_again(
    source: Path, tmp_path: Path, reads: list[str]
) -> None:
    young = DigestMemo(tmp_path / "memo")
    young.digest(source)
    young.digest(source)
    assert len(reads) == 6


def test_same_size_and_time_with_another_content_is_noticed(source: Path, tmp_path: Path) -> None:
    path = source / "cat" / "1.jpg"
    before = digest(source, tmp_path)
    times = path.stat()
    path.write_bytes(b"cot")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert digest(source, tmp_path) != before


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format": 1}', b'{"format": 9}'])
def test_a_memo_of_no_use_is_made_again(
    source: Path, tmp_path: Path, content: bytes, reads: list[str]
) -> None:
    before = digest(source, tmp_path)
    (place,) = (tmp_path / "memo").iterdir()
    place.write_bytes(content)
    assert digest(source, tmp_path) == before
    assert len(reads) == 6
    assert digest(source, tmp_path) == before
    assert len(reads) == 6


def test_without_a_place_to_remember_in_it_works_all_the_same(source: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    remembered = DigestMemo(tmp_path / "file" / "memo", clock_ns=in_three_seconds)
    assert remembered.digest(source).digest == digest(source, tmp_path)


def test_a_missing_source_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidDatasetError, match="nothing is not there"):
        digest(tmp_path / "nothing", tmp_path)


def test_a_file_that_changes_while_it_is_read_is_named(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = os.read

    def growing(descriptor: int, count: int) -> bytes:
        with open(source / "cat" / "1.jpg", "ab") as stream:
            stream.write(b"more")
        return read(descriptor, count)

    monkeypatch.setattr("visionloom.artifacts.memo.os.read", growing)
    with pytest.raises(InvalidDatasetError, match=r"cat/1.jpg changed while it was read"):
        digest(source, tmp_path)


def test_a_file_that_vanishes_before_it_is_read_is_named(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = memo._list

    def late(root: str, further: list[Path]) -> memo._Listing:
        listing = listed(root, further)
        (source / "dog" / "1.jpg").unlink()
        return listing

    monkeypatch.setattr(memo, "_list", late)
    with pytest.raises(InvalidDatasetError, match=r"dog/1.jpg is not there \(any more\)"):
        digest(source, tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_a_pipe_is_not_waited_for(source: Path, tmp_path: Path) -> None:
    os.mkfifo(source / "cat" / "pipe.jpg")
    assert digest(source, tmp_path)


def test_names_that_are_no_text_are_told_apart(source: Path, tmp_path: Path) -> None:
    found = set()
    for name in (b"\xff.jpg", b"\xfe.jpg"):
        path = os.path.join(os.fsencode(source), name)
        with open(path, "wb"):
            found.add(digest(source, tmp_path))
            found.add(digest(source, tmp_path))
        os.unlink(path)
    assert len(found) == 2


def test_many_files_are_read_by_several_threads_with_the_same_result(
    tmp_path: Path, reads: list[str]
) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(300):
        (folder / f"{number}.jpg").write_bytes(bytes([number % 256]) * number)
    at_once = digest(folder, tmp_path)
    assert len(reads) == 300
    shutil.rmtree(tmp_path / "memo")
    for path in sorted(folder.iterdir())[:250]:
        path.rename(tmp_path / path.name)
        digest(folder, tmp_path)
    for path in tmp_path.glob("*.jpg"):
        path.rename(folder / path.name)
    assert digest(folder, tmp_path) == at_once


def test_a_large_file_is_digested_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(os.urandom(3 * 1024**2 + 17))
    content = memo._read("large", str(path), memo._stamp(path.stat()))
    assert content == sha256_of_file(path)
