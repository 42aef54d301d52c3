"""Artifacts are written whole or not at all, and verified when opened."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from visionloom.artifacts.atomic import TEMPORARY_PREFIX, new_folder, write_file
from visionloom.artifacts.manifest import MANIFEST_NAME
from visionloom.artifacts.store import new_artifact, open_artifact
from visionloom.artifacts.types import ImageDirectory, Scores
from visionloom.errors import (
    ArtifactError,
    FailedToWriteOutputsError,
    InvalidDatasetError,
    OutputExistsError,
)


def make(target: Path) -> ImageDirectory:
    with new_artifact(ImageDirectory, target) as draft:
        (draft.folder / "a.txt").write_text("alpha")
        (draft.folder / "deep").mkdir()
        (draft.folder / "deep" / "b.bin").write_bytes(bytes(range(200)))
        draft.digest = "0" * 64
    return ImageDirectory(target)


def fail(target: Path) -> None:
    with new_artifact(ImageDirectory, target, replace=True) as draft:
        (draft.folder / "half").write_text("half")
        raise RuntimeError


def test_an_artifact_that_was_written_opens(tmp_path: Path) -> None:
    manifest = open_artifact(make(tmp_path / "a"))
    assert set(manifest.files) == {"a.txt", "deep/b.bin"}
    assert manifest.digest == "0" * 64


def test_a_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        fail(tmp_path / "a")
    assert not list(tmp_path.iterdir())


def test_a_failure_while_replacing_keeps_the_old_one(tmp_path: Path) -> None:
    artifact = make(tmp_path / "a")
    with pytest.raises(RuntimeError):
        fail(artifact.path)
    open_artifact(artifact)


_WRITE_WITHOUT_ROOM = """
import resource, sys
from pathlib import Path
import numpy as np
from safetensors.numpy import save_file
from visionloom.artifacts.store import new_artifact
from visionloom.artifacts.tables import write_parquet
from visionloom.artifacts.types import ImageDirectory
from visionloom.errors import ModuleOutOfMemoryError

resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    with new_artifact(ImageDirectory, Path(sys.argv[1]) / "artifact") as draft:
        path = draft.folder / "file"
        if sys.argv[2] == "python":
            path.write_bytes(bytes(800_000))
        elif sys.argv[2] == "safetensors":
            save_file({"x": np.zeros(100_000)}, path)
        else:
            numbers = np.random.default_rng(0).integers(0, 2**60, 100_000)
            write_parquet(path, {"x": "BIGINT"}, {"x": numbers.tolist()})
        draft.digest = "0" * 64
except ModuleOutOfMemoryError as error:
    print(error)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit on file sizes")
@pytest.mark.parametrize("writer", ["python", "safetensors", "parquet"])
def test_c51_no_room_is_named_whoever_finds_it_and_leaves_nothing(
    tmp_path: Path, writer: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _WRITE_WITHOUT_ROOM, str(tmp_path), writer],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "A limit on the size of files is reached" in done.stdout, done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_an_existing_folder_is_not_replaced_unless_asked(tmp_path: Path) -> None:
    make(tmp_path / "a")
    with pytest.raises(OutputExistsError):
        make(tmp_path / "a")


@pytest.mark.parametrize("name", ["a.txt", "deep/b.bin"])
def test_a_flipped_byte_in_any_file_is_found_and_the_file_named(tmp_path: Path, name: str) -> None:
    artifact = make(tmp_path / "a")
    path = artifact.path / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(ArtifactError, match=Path(name).name):
        open_artifact(artifact)


def test_a_missing_and_a_longer_file_are_found(tmp_path: Path) -> None:
    artifact = make(tmp_path / "a")
    (artifact.path / "a.txt").write_text("alpha and more")
    with pytest.raises(ArtifactError, match="14 bytes instead of 5"):
        open_artifact(artifact)
    (artifact.path / "a.txt").unlink()
    with pytest.raises(ArtifactError, match="is missing"):
        open_artifact(artifact)


def test_another_type_is_named(tmp_path: Path) -> None:
    make(tmp_path / "a")
    with pytest.raises(InvalidDatasetError, match="ImageDirectory"):
        open_artifact(Scores(tmp_path / "a"), wrong_type=InvalidDatasetError)


def test_a_newer_format_is_refused_politely(tmp_path: Path) -> None:
    artifact = make(tmp_path / "a")
    path = artifact.path / MANIFEST_NAME
    document = json.loads(path.read_text())
    document["format_version"] = 99
    del document["sha256"]
    path.write_text(json.dumps(document))
    with pytest.raises(ArtifactError, match="Update Visionloom"):
        open_artifact(artifact)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"type": 1}', '{"files": {"../x": {}}}'])
def test_a_damaged_manifest_is_one_error(tmp_path: Path, text: str) -> None:
    artifact = make(tmp_path / "a")
    (artifact.path / MANIFEST_NAME).write_text(text)
    with pytest.raises(ArtifactError):
        open_artifact(artifact)


def test_a_manifest_that_names_files_outside_is_refused(tmp_path: Path) -> None:
    artifact = make(tmp_path / "a")
    path = artifact.path / MANIFEST_NAME
    document = json.loads(path.read_text())
    del document["sha256"]
    document["files"]["../outside"] = {"bytes": 1, "sha256": "0"}
    path.write_text(json.dumps(document))
    with pytest.raises(ArtifactError, match="leaves the artifact"):
        open_artifact(artifact)


def test_a_writer_that_is_killed_leaves_no_artifact_and_the_next_one_cleans_up(
    tmp_path: Path,
) -> None:
    target = tmp_path / "a"
    program = (
        "import time, pathlib\n"
        "from visionloom.artifacts.store import new_artifact\n"
        "from visionloom.artifacts.types import ImageDirectory\n"
        f"with new_artifact(ImageDirectory, pathlib.Path({str(target)!r})) as draft:\n"
        "    (draft.folder / 'half').write_text('half')\n"
        "    print('ready', flush=True)\n"
        "    time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert not target.exists()
    assert [p for p in tmp_path.iterdir() if p.name.startswith(TEMPORARY_PREFIX)]
    open_artifact(make(target))
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(TEMPORARY_PREFIX)]


def test_a_live_writer_s_scratch_folder_is_left_alone(tmp_path: Path) -> None:
    with new_folder(tmp_path / "a") as first:
        (first / "mine").write_text("1")
        with new_folder(tmp_path / "a") as second:
            (second / "theirs").write_text("2")
        assert (first / "mine").is_file()
        (tmp_path / "a" / "theirs").unlink()
        (tmp_path / "a").rmdir()
    assert (tmp_path / "a" / "mine").is_file()


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "f"
    write_file(path, b"old")
    write_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(TEMPORARY_PREFIX)]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(FailedToWriteOutputsError, match="file"):
        write_file(tmp_path / "file" / "below", b"x")


def test_published_folders_follow_the_umask(tmp_path: Path) -> None:
    if os.name == "nt":
        pytest.skip("no umask on this system")
    before = os.umask(0o027)
    try:
        make(tmp_path / "a")
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o750
    assert time.time() - (tmp_path / "a").stat().st_mtime < 60
