"""The store holds each artifact once, whole, read-only, under the digest of what it is."""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import stat
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from visionloom.artifacts import checked, copying
from visionloom.artifacts.atomic import TEMPORARY_PREFIX
from visionloom.artifacts.digest import sha256_of_file
from visionloom.artifacts.manifest import MANIFEST_NAME
from visionloom.artifacts.objects import ObjectStore
from visionloom.artifacts.store import new_artifact, open_artifact
from visionloom.artifacts.types import ImageDirectory
from visionloom.errors import ArtifactError, FailedToWriteOutputsError, OutputExistsError

DEAD = 2**22 + 1  # no process has this number


def make(target: Path, content: str = "alpha", **origin: object) -> Path:
    """An artifact of two files."""
    with new_artifact(ImageDirectory, target, origin=origin) as draft:
        (draft.folder / "a.txt").write_text(content)
        (draft.folder / "deep").mkdir()
        (draft.folder / "deep" / "b.bin").write_bytes(bytes(range(200)))
        draft.digest = "0" * 64
    return target


def damage(path: Path, data: bytes) -> None:
    """Give a read-only file other bytes."""
    path.chmod(0o644)
    path.write_bytes(data)
    path.chmod(0o444)


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    """A store that is not there yet."""
    return ObjectStore(tmp_path / "store")


def test_a_published_artifact_is_in_the_store_and_nowhere_else(
    store: ObjectStore, tmp_path: Path
) -> None:
    made = make(tmp_path / "made", refers_to=["/photos"])
    told = store.identify(made)
    stored = store.publish(made)
    assert stored == told
    assert (stored.type, stored.digest, stored.bytes) == ("ImageDirectory", "0" * 64, 205)
    assert stored.files == {"a.txt": 5, "deep/b.bin": 200}
    assert stored.refers_to == ("/photos",)
    assert not made.exists()
    open_artifact(ImageDirectory(store.path(stored.id)))
    assert list(store.ids()) == [stored.id]
    assert store.is_whole(stored.id, stored.files) == ""
    store.verify(stored.id)


def test_nobody_may_write_to_an_object(store: ObjectStore, tmp_path: Path) -> None:
    place = store.path(store.publish(make(tmp_path / "made")).id)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (place, *place.rglob("*"))}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o555}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o444}


def test_an_equal_artifact_made_elsewhere_is_the_same_object(
    store: ObjectStore, tmp_path: Path
) -> None:
    first = store.publish(make(tmp_path / "one", seconds=1))
    time.sleep(0.01)
    second = store.publish(make(tmp_path / "two", seconds=2))
    assert first == second
    assert list(store.ids()) == [first.id]
    assert not (tmp_path / "two").exists()


@pytest.mark.parametrize("difference", ["content", "refers_to", "digest"])
def test_an_artifact_that_differs_in_what_it_is_is_another_object(
    store: ObjectStore, tmp_path: Path, difference: str
) -> None:
    first = store.publish(make(tmp_path / "one"))
    if difference == "content":
        other = make(tmp_path / "two", "beta!")
    elif difference == "refers_to":
        other = make(tmp_path / "two", refers_to=["/other"])
    else:
        other = make(tmp_path / "two")
        path = other / MANIFEST_NAME
        value = {**json.loads(path.read_text()), "digest": "1" * 64}
        del value["sha256"]
        path.write_text(json.dumps(value))
    assert store.publish(other).id != first.id


def test_an_artifact_made_in_the_stores_own_folder_is_moved(store: ObjectStore) -> None:
    folder = store.incoming("run-1-train-1")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    stored = store.publish(make(folder / "model"))
    assert store.is_whole(stored.id) == ""
    assert list(folder.iterdir()) == []
    assert store.incoming("run-1-train-1") == folder


def test_an_artifact_from_another_file_system_is_copied_and_then_gone(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make(tmp_path / "made")
    real = Path.stat

    def far(self: Path, **more: bool) -> object:
        status = real(self, **more)
        if self != made:
            return status
        facts = {name: getattr(status, name) for name in dir(status) if name.startswith("st_")}
        return SimpleNamespace(**{**facts, "st_dev": -1})

    monkeypatch.setattr(Path, "stat", far)
    stored = store.publish(made)
    monkeypatch.undo()
    assert store.is_whole(stored.id, stored.files) == ""
    assert not made.exists()
    assert list((store.root / "incoming").iterdir()) == []


@pytest.mark.parametrize("fault", ["changed", "missing", "too many", "link", "no manifest"])
def test_what_is_no_whole_artifact_is_refused_and_left_alone(
    store: ObjectStore, tmp_path: Path, fault: str
) -> None:
    made = make(tmp_path / "made")
    match fault:
        case "changed":
            (made / "a.txt").write_text("alphb")
        case "missing":
            (made / "deep" / "b.bin").unlink()
        case "too many":
            (made / "extra").write_text("x")
        case "link":
            (made / "a.txt").unlink()
            (made / "a.txt").symlink_to("/etc/hostname")
        case "no manifest":
            (made / MANIFEST_NAME).unlink()
    before = sorted(made.rglob("*"))
    with pytest.raises(ArtifactError):
        store.publish(made)
    assert sorted(made.rglob("*")) == before
    assert list(store.ids()) == []


def test_r6_any_flipped_byte_any_cut_and_any_addition_is_found_and_named(
    store: ObjectStore, tmp_path: Path
) -> None:
    stored = store.publish(make(tmp_path / "made"))
    place = store.path(stored.id)
    draws = random.Random(0)
    for trial in range(200):
        path = draws.choice([p for p in place.rglob("*") if p.is_file()])
        sound = path.read_bytes()
        match trial % 5:
            case 0:
                bad = sound[:-1]
            case 1:
                bad = b""
            case 2:
                bad = sound + b"\n"
            case _:
                at = draws.randrange(len(sound))
                bad = bytes([*sound[:at], sound[at] ^ (1 << draws.randrange(8)), *sound[at + 1 :]])
        damage(path, bad)
        assert str(place) in store.is_whole(stored.id), (path, bad)
        with pytest.raises(ArtifactError, match=r"damaged|whole"):
            store.verify(stored.id)
        with pytest.raises(ArtifactError):
            store.deliver(stored.id, tmp_path / "copy", replace=False)
        assert not (tmp_path / "copy").exists()
        damage(path, sound)
        assert store.is_whole(stored.id) == ""


def test_a_missing_file_a_missing_object_and_other_files_are_found(
    store: ObjectStore, tmp_path: Path
) -> None:
    stored = store.publish(make(tmp_path / "made"))
    assert "is not in the store" in store.is_whole("ab" * 32)
    assert "other files than were recorded" in store.is_whole(stored.id, {"a.txt": 5})
    place = store.path(stored.id)
    (place / "deep").chmod(0o755)
    (place / "deep" / "b.bin").unlink()
    assert "b.bin is missing" in store.is_whole(stored.id)


def test_an_object_under_the_name_of_another_one_is_found(
    store: ObjectStore, tmp_path: Path
) -> None:
    stored = store.publish(make(tmp_path / "made"))
    other = store.path("ab" * 32)
    other.parent.mkdir(parents=True)
    shutil.copytree(store.path(stored.id), other)
    assert "its manifest is of another object" in store.is_whole("ab" * 32)


def test_files_that_look_as_they_did_are_not_read_again(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = store.publish(make(tmp_path / "made"))
    reads: list[Path] = []

    def noting(path: Path) -> str:
        reads.append(path)
        return sha256_of_file(path)

    monkeypatch.setattr(checked, "sha256_of_file", noting)
    assert store.is_whole(stored.id, stored.files) == ""
    assert reads == []
    shutil.rmtree(store.root / "checked")
    assert store.is_whole(stored.id) == ""
    assert len(reads) == 3
    assert store.is_whole(stored.id) == ""
    assert len(reads) == 3
    store.verify(stored.id)
    assert len(reads) == 6


@pytest.mark.parametrize("content", [b"", b"{", b'{"format": 1, "stamps": []}', b'{"format": 2}'])
def test_a_record_of_no_use_means_that_the_files_are_read(
    store: ObjectStore, tmp_path: Path, content: bytes
) -> None:
    stored = store.publish(make(tmp_path / "made"))
    (record,) = (store.root / "checked").rglob("*.json")
    record.write_bytes(content)
    assert store.is_whole(stored.id) == ""
    assert record.read_bytes() != content


def test_a_damaged_object_is_replaced_when_it_is_made_again(
    store: ObjectStore, tmp_path: Path
) -> None:
    stored = store.publish(make(tmp_path / "one"))
    damage(store.path(stored.id) / "a.txt", b"alphb")
    assert store.publish(make(tmp_path / "two")) == stored
    assert store.is_whole(stored.id) == ""
    store.verify(stored.id)
    assert list((store.root / "incoming").iterdir()) == []


def test_a_delivered_copy_is_whole_writable_and_the_users_own(
    store: ObjectStore, tmp_path: Path
) -> None:
    stored = store.publish(make(tmp_path / "made"))
    store.deliver(stored.id, tmp_path / "out" / "copy", replace=False)
    copy = tmp_path / "out" / "copy"
    open_artifact(ImageDirectory(copy))
    (copy / "a.txt").write_text("mine")
    assert stat.S_IMODE(copy.stat().st_mode) & 0o700 == 0o700
    assert store.is_whole(stored.id) == ""
    with pytest.raises(OutputExistsError):
        store.deliver(stored.id, copy, replace=False)
    store.deliver(stored.id, copy, replace=True)
    assert (copy / "a.txt").read_text() == "alpha"


@pytest.mark.parametrize("shares", [True, False])
def test_a_copy_shares_blocks_where_the_disk_can(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shares: bool
) -> None:
    stored = store.publish(make(tmp_path / "made"))
    calls = []

    def ioctl(copy: int, request: int, original: int) -> None:
        calls.append(request)
        if not shares:
            raise OSError(errno.EOPNOTSUPP, "not here")
        os.write(copy, os.pread(original, 1000, 0))

    monkeypatch.setattr("fcntl.ioctl", ioctl)
    store.deliver(stored.id, tmp_path / "copy", replace=False)
    open_artifact(ImageDirectory(tmp_path / "copy"))
    assert calls == [copying._FICLONE] * 3


def test_a_removed_object_gives_its_bytes_back(store: ObjectStore, tmp_path: Path) -> None:
    stored = store.publish(make(tmp_path / "made"))
    size = sum(p.stat().st_size for p in store.path(stored.id).rglob("*") if p.is_file())
    assert store.remove(stored.id) == size
    assert store.remove(stored.id) == 0
    assert list(store.ids()) == []
    assert not list((store.root / "checked").rglob("*.json"))
    assert not list((store.root / "incoming").iterdir())


def test_an_object_that_was_published_again_since_stays(store: ObjectStore, tmp_path: Path) -> None:
    stored = store.publish(make(tmp_path / "one"))
    decided = time.time()
    store.publish(make(tmp_path / "two"))
    assert store.remove(stored.id, published_before=decided) == 0
    assert store.is_whole(stored.id, stored.files) == ""
    assert stat.S_IMODE(store.path(stored.id).stat().st_mode) == 0o555
    assert store.remove(stored.id, published_before=time.time()) > 0


@pytest.mark.parametrize("name", ["", "../x", "a" * 63, "A" * 64, "g" * 64, "a" * 64 + "\n"])
def test_what_is_no_id_is_refused(store: ObjectStore, name: str) -> None:
    with pytest.raises(ArtifactError, match="no id"):
        store.path(name)


def test_what_dead_owners_left_on_the_way_in_is_swept(store: ObjectStore, tmp_path: Path) -> None:
    for name in ("run-1-train-1", "run-2-train-1", "run-3-train-1"):
        make(store.incoming(name) / "model")
    incoming = store.root / "incoming"
    for owner in (DEAD, os.getpid()):
        (incoming / f"{TEMPORARY_PREFIX}abc-{owner}-01234567").mkdir()
    old = time.time() - 1000
    for name in ("run-1-train-1", "run-2-train-1"):
        for path in (incoming / name, *(incoming / name).rglob("*")):
            os.utime(path, (old, old))
    before = sorted(path.name for path in incoming.iterdir())
    sweep = {"is_needed": lambda name: "run-1" in name, "older_than": time.time() - 500}
    counted = store.sweep_incoming(**sweep, dry_run=True)  # type: ignore[arg-type]
    assert sorted(path.name for path in incoming.iterdir()) == before
    assert store.sweep_incoming(**sweep, dry_run=False) == counted > 0  # type: ignore[arg-type]
    assert sorted(path.name for path in incoming.iterdir()) == [
        f"{TEMPORARY_PREFIX}abc-{os.getpid()}-01234567", "run-1-train-1", "run-3-train-1",
    ]  # fmt: skip


def test_a_store_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file in the way")
    with pytest.raises(FailedToWriteOutputsError, match="store could not be written"):
        ObjectStore(tmp_path / "store").publish(make(tmp_path / "made"))
    assert (tmp_path / "made" / "a.txt").exists()


def test_a_rename_that_a_network_file_system_repeats_is_a_success(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.rename

    def twice(self: Path, target: Path) -> Path:
        real(self, target)
        return real(self, target)

    monkeypatch.setattr(Path, "rename", twice)
    stored = store.publish(make(tmp_path / "made"))
    monkeypatch.undo()
    assert store.is_whole(stored.id) == ""
