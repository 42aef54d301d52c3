"""Archives that attack: each is refused whole, with the reason, and nothing of it stays."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import picture
from tests.faults.hostile_archives import (
    WRITE,
    Entry,
    disagreeing,
    overlapping,
    png,
    special,
    write,
    write_tar,
    zip_bytes,
)
from visionloom.errors import InvalidDatasetError, InvalidZipFileError
from visionloom.images.convert import convert
from visionloom.images.directory import Images
from visionloom.limits import MIB
from visionloom.settings import load_settings
from visionloom.spec.context import Context

KINDS = pytest.mark.parametrize("kind", WRITE)


@pytest.fixture(autouse=True)
def nothing_stays(tmp_path: Path) -> Iterator[None]:
    """After each test: no file outside the folder that the archive lies in, none in the home."""
    before = {*tmp_path.parent.iterdir()}
    yield
    assert {*tmp_path.parent.iterdir()} == before
    left = [p for p in (tmp_path / "home").rglob("*") if p.is_file()]
    assert left == []


def converted(path: Path) -> Images:
    """The pictures of an archive."""
    return convert(path, Context({}, path.parent, load_settings())).parts[""]


def refused(path: Path) -> str:
    """Why an archive is refused."""
    with pytest.raises(InvalidZipFileError) as caught:
        converted(path)
    assert str(path) in caught.value.message
    return caught.value.message


GOOD = [("cat/1.png", png(1)), ("dog/1.png", png(2))]


@pytest.mark.parametrize("kind", [".zip", ".tar"])
def test_an_honest_archive_is_read(tmp_path: Path, kind: str) -> None:
    images = converted(write(tmp_path / f"good{kind}", GOOD))
    assert [r.file for r in images.records] == ["cat/1.png", "dog/1.png"]


@pytest.mark.parametrize(
    "name",
    [
        "../x.png", "/x.png", "C:\\x.png", "C:/x.png", "..\\x.png", "a/../../x.png",
        "a//x.png", "./../x.png", "a/./x.png", "a/\x1b]0;x.png", "x" * 300 + ".png",
        "/".join("abcdefghijklmnopqr") + ".png", "\\\\host\\share\\x.png",
    ],
)  # fmt: skip
@KINDS
def test_names_that_lead_elsewhere(tmp_path: Path, kind: str, name: str) -> None:
    """A5."""
    reason = refused(write(tmp_path / f"evil{kind}", [*GOOD, (name, png(3))]))
    assert "member" in reason


def test_a_name_that_ends_early_for_some(tmp_path: Path) -> None:
    """A5."""
    refused(write(tmp_path / "evil.zip", [*GOOD, ("cat/a.png\0.txt", png(3))]))


@pytest.mark.parametrize("mode", ["w", "w:gz"])
@pytest.mark.parametrize(
    ("first", "through"),
    [
        (special("a", tarfile.SYMTYPE, "/tmp"), "a/x.png"),
        (special("a.png", tarfile.LNKTYPE, "/etc/passwd"), "b.png"),
        (special("a.png", tarfile.CHRTYPE), "b.png"),
        (special("a.png", tarfile.BLKTYPE), "b.png"),
        (special("a.png", tarfile.FIFOTYPE), "b.png"),
        (special("a.png", tarfile.GNUTYPE_SPARSE), "b.png"),
        (special("a.png", tarfile.CONTTYPE), "b.png"),
    ],
)
def test_links_and_devices(
    tmp_path: Path, mode: str, first: tuple[tarfile.TarInfo, bytes], through: str
) -> None:
    """A6."""
    name = "evil.tar" if mode == "w" else "evil.tar.gz"
    second = tarfile.TarInfo(through)
    path = write_tar(tmp_path / name, [first, (second, png())], mode)
    assert "link, a device or has holes" in refused(path)
    assert not (tmp_path / "home" / "cache").exists(), "refused before anything was written"


def test_the_long_path_behind_links_of_2025(tmp_path: Path) -> None:
    """A6."""
    headers, at = [], ""
    for step in "abcdefghijklmnop":
        folder = tarfile.TarInfo(at + "d" * 247)
        folder.type = tarfile.DIRTYPE
        headers += [(folder, b""), special(at + step, tarfile.SYMTYPE, "d" * 247)]
        at += step + "/"
    headers += [special(at + "l" * 254, tarfile.SYMTYPE, "../" * 16)]
    path = write_tar(tmp_path / "evil.tar.gz", headers, "w:gz")
    assert "link" in refused(path)


def test_a_link_in_a_zip(tmp_path: Path) -> None:
    """A6."""
    path = tmp_path / "evil.zip"
    path.write_bytes(zip_bytes([Entry(b"a.png", b"/etc/passwd", mode=0o120777)]))
    assert "link" in refused(path)


def test_members_that_share_bytes(tmp_path: Path) -> None:
    """A7."""
    path = tmp_path / "evil.zip"
    path.write_bytes(overlapping())
    reason = refused(path)
    assert "cat/1.png" in reason
    assert "dog/1.png" in reason
    assert "overlap" in reason


def test_a_thousand_to_one(tmp_path: Path) -> None:
    """A7."""
    zeros = bytes(40 * MIB)
    path = tmp_path / "evil.zip"
    path.write_bytes(zip_bytes([Entry(b"cat/1.png", zeros, method=8)]))
    assert "archive_entry_ratio" in refused(path)
    many = [Entry(f"cat/{n}.png".encode(), zeros[: 3 * MIB], method=8) for n in range(10)]
    path.write_bytes(zip_bytes(many))
    assert "VISIONLOOM_LIMIT_ARCHIVE_RATIO" in refused(path)


@pytest.mark.parametrize("kind", [".tar.gz", ".tar.bz2", ".tar.xz"])
def test_a_compressed_tar_is_stopped_by_the_bytes_that_come_out(tmp_path: Path, kind: str) -> None:
    """A7."""
    begun = time.perf_counter()
    path = write(tmp_path / f"evil{kind}", [("cat/1.png", bytes(64 * MIB))])
    assert "archive_ratio" in refused(path)
    assert time.perf_counter() - begun < 60


def test_a_tar_is_stopped_however_much_a_header_claims(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A7."""
    header = tarfile.TarInfo("x.png")
    header.size = 2**60
    path = tmp_path / "claims.tar.gz"
    path.write_bytes(gzip.compress(header.tobuf()))
    assert "archive_bytes" in refused(path)
    # behind the end, where no header claims anything
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("x.png"))
    path = tmp_path / "behind.tar.gz"
    path.write_bytes(gzip.compress(plain.getvalue() + bytes(64 * MIB)))
    assert "archive_ratio" in refused(path)
    # a name as long as memory
    name = tarfile.TarInfo("././@LongLink")
    name.type, name.size = tarfile.GNUTYPE_LONGNAME, 2**32
    path = tmp_path / "name.tar.gz"
    path.write_bytes(gzip.compress(name.tobuf(tarfile.GNU_FORMAT)))
    assert "tar_header_bytes" in refused(path)


def test_what_a_disk_has_no_room_for_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A7."""
    path = write(tmp_path / "good.tar.gz", GOOD)
    monkeypatch.setenv("VISIONLOOM_LIMIT_UNPACK_FREE_BYTES", "900000 GiB")
    assert "unpack_free_bytes" in refused(path)


def test_sizes_that_lie_are_counted_and_the_picture_is_named(tmp_path: Path) -> None:
    """A7."""
    path = tmp_path / "evil.zip"
    entries = [Entry(name.encode(), data) for name, data in GOOD]
    lying = Entry(b"dog/2.png", bytes(100 * MIB), method=8, claimed=100)
    path.write_bytes(zip_bytes([*entries, lying]))
    images = converted(path)
    assert len(images.records) == 2
    assert [s.file for s in images.skipped] == ["dog/2.png"]
    assert "archive is damaged" in images.skipped[0].reason


def test_an_archive_in_an_archive_stays_closed(tmp_path: Path) -> None:
    """A7."""
    inner = zip_bytes([Entry(b"cat/9.png", bytes(100 * MIB), method=8)])
    images = converted(write(tmp_path / "good.zip", [*GOOD, ("cat/inner.zip", inner)]))
    assert len(images.records) == 2
    assert images.ignored == 1


def test_members_are_counted_before_memory_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A7."""
    monkeypatch.setenv("VISIONLOOM_LIMIT_ARCHIVE_ENTRIES", "1000")
    path = tmp_path / "evil.zip"
    for count in (3000, 3000 % 65536, 1):
        path.write_bytes(zip_bytes([Entry(b"%d.png" % n, b"") for n in range(3000)], count=count))
        assert "archive_entries of 1000" in refused(path)
    many = [(f"x{n}", b"") for n in range(1001)]
    assert "archive_entries of 1000" in refused(write(tmp_path / "evil.tar", many))


@pytest.mark.slow
def test_three_million_empty_members(tmp_path: Path) -> None:
    """A7."""
    path = tmp_path / "evil.zip"
    one = zip_bytes([Entry(b"x", b"")])
    index = one[one.index(b"PK\1\2") : one.index(b"PK\5\6")]
    path.write_bytes(one[: one.index(b"PK\1\2")] + index * 3_000_000 + one[one.index(b"PK\5\6") :])
    with path.open("r+b") as stream:  # the place and size of the index, in the old 32 bits
        stream.seek(-10, os.SEEK_END)
        stream.write((len(index) * 3_000_000).to_bytes(4, "little"))
    code = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from visionloom.images.archives import open_archive\n"
        "from visionloom.settings import load_settings\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n    open_archive(Path(sys.argv[1]), load_settings())\n"
        "except Exception as error:\n    print(error)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    message, grown = done.stdout.splitlines()
    assert "archive_entries" in message
    assert int(grown) < 50_000, f"{grown} KiB"
    assert time.perf_counter() - begun < 30


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("cat/1.png", "cat/1.png"),
        ("Cat/1.png", "cat/2.png"),
        ("cat/A.png", "cat/a.png"),
        ("caf\u00e9/1.png", "cafe\u0301/2.png"),
        ("stra\u00dfe/1.png", "STRASSE/1.png"),
        ("cat/1.png", "cat/1.png/2.png"),
        ("cat/1.png/2.png", "cat/1.png"),
    ],
)
@KINDS
def test_twins(tmp_path: Path, kind: str, first: str, second: str) -> None:
    """A8."""
    reason = refused(write(tmp_path / f"evil{kind}", [(first, png(1)), (second, png(2))]))
    assert repr(first) in reason
    assert repr(second) in reason


@pytest.mark.parametrize(
    "name", ["CON", "con.png", "cat/NUL.png", "cat./1.png", "cat/1.png.", "cat /1.png",
             "cat/\u202egnp.exe", "cat/a\u200bb.png", "COM1/x.png"],
)  # fmt: skip
@KINDS
def test_names_that_other_systems_take_otherwise(tmp_path: Path, kind: str, name: str) -> None:
    """A8."""
    reason = refused(write(tmp_path / f"evil{kind}", [*GOOD, (name, png())]))
    assert "Windows" in reason or "dot or a space" in reason or "cannot be seen" in reason


@pytest.mark.parametrize("case", disagreeing())
def test_zips_that_two_readers_see_differently(tmp_path: Path, case: str) -> None:
    """A9."""
    path = tmp_path / "evil.zip"
    path.write_bytes(disagreeing()[case])
    refused(path)


def test_a_picture_that_is_also_a_zip_is_a_picture(tmp_path: Path) -> None:
    """A9."""
    both = png(3) + zip_bytes([Entry(b"cat/1.png", png(1))])
    (tmp_path / "photos" / "cat").mkdir(parents=True)
    (tmp_path / "photos" / "cat" / "both.png").write_bytes(both)
    assert len(converted(tmp_path / "photos").records) == 1
    (tmp_path / "both.zip").write_bytes(both)
    refused(tmp_path / "both.zip")


@pytest.mark.parametrize("damage", ["header", "end", "second"])
def test_a_tar_whose_end_is_not_the_end(tmp_path: Path, damage: str) -> None:
    """A9."""
    whole = bytearray(write(tmp_path / "good.tar", GOOD).read_bytes())
    if damage == "header":  # Python takes a damaged header for the end
        whole[1024 + 100 : 1024 + 108] = b"xxxxxxxx"
    elif damage == "end":
        whole += b"more"
    else:  # some readers go on behind the end
        whole += bytes(whole)
    path = tmp_path / "evil.tar"
    path.write_bytes(whole)
    refused(path)
    packed = tmp_path / "evil.tar.gz"
    packed.write_bytes(gzip.compress(bytes(whole)))
    refused(packed)


def test_what_common_programs_pack_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    for label in ("cat", "dog"):
        (folder / label).mkdir(parents=True)
        picture((8, 8), 1).save(folder / label / "1.png")
    streamed = io.BytesIO()

    class Pipe(io.RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            return streamed.write(data)  # type: ignore[arg-type]

    with zipfile.ZipFile(Pipe(), "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder))
    (tmp_path / "streamed.zip").write_bytes(streamed.getvalue())
    assert len(converted(tmp_path / "streamed.zip").records) == 2
    with zipfile.ZipFile(tmp_path / "large.zip", "w") as archive:
        for path in sorted(folder.rglob("*.png")):
            with archive.open(str(path.relative_to(folder)), "w", force_zip64=True) as member:
                member.write(path.read_bytes())
    assert len(converted(tmp_path / "large.zip").records) == 2
    (tmp_path / "streamed.zip").unlink()


def test_an_archive_that_is_none_is_one_error(tmp_path: Path) -> None:
    for kind in WRITE:
        path = tmp_path / f"none{kind}"
        path.write_bytes(b"no archive at all" * 100)
        refused(path)
        path.write_bytes(b"")
        with pytest.raises((InvalidZipFileError, InvalidDatasetError)):
            converted(path)
