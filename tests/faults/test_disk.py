"""Faults of disk and files: nothing half, nothing lost that was acknowledged, and it is said."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.artifacts.interrupting import make
from tests.faults.injected import obstacle
from tests.faults.namespaces import ROOT, needs_namespaces, run_inside
from visionloom.artifacts.manifest import MANIFEST_NAME, read_manifest
from visionloom.errors import ArtifactError

needs_strace = pytest.mark.skipif(bool(obstacle()), reason=obstacle() or "it is there")


def run(module: str, *words: object, seconds: float = 300) -> str:
    """What a command of this package prints; it must end well."""
    done = subprocess.run(
        [sys.executable, "-m", f"tests.faults.{module}", *map(str, words)],
        cwd=ROOT, check=False, capture_output=True, text=True, timeout=seconds,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@needs_strace
def test_settings_killed_or_refused_at_any_sync_or_rename_are_old_or_new() -> None:
    """R1, R2, R26: one writer, two kinds of calls."""
    words = ("--work", "settings", "--calls", "write", "fsync", "rename")
    assert "absent or whole" in run("injected", *words)


@needs_strace
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_writer_killed_or_refused_at_any_call_leaves_old_or_new() -> None:
    """R1, R2, R26: publishing, delivering, checkpoints, settings, tokens; nine kinds of calls."""
    assert "absent or whole" in run("injected", seconds=880)


@needs_namespaces
def test_records_are_read_and_changed_on_a_disk_without_a_free_byte(tmp_path: Path) -> None:
    """R4."""
    assert "300 changes" in run_inside("tests.faults.full_records", tmp_path / "home")


@needs_namespaces
@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_training_waits_on_a_full_disk_and_ends_as_on_one_that_was_never_full(
    tmp_path: Path,
) -> None:
    """R4."""
    told = run_inside("tests.faults.fill_the_disk", tmp_path, seconds=380)
    assert "waiting: disk full: " in told
    assert "the same weights as on a disk that was never full" in told


@needs_namespaces
@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_training_that_waits_on_a_full_disk_can_be_cancelled(tmp_path: Path) -> None:
    """R4."""
    told = run_inside("tests.faults.fill_the_disk", tmp_path, "--cancel", seconds=380)
    assert "interrupted after" in told


@needs_namespaces
@pytest.mark.slow
@pytest.mark.timeout(400)
def test_in_a_home_that_is_read_only_what_writes_names_it_and_what_reads_works(
    tmp_path: Path,
) -> None:
    """R5."""
    told = run_inside("tests.faults.read_only_home", tmp_path, seconds=380)
    assert told.count("works, ") == 4
    assert told.count(" ends with ") == 3


def test_any_byte_of_a_manifest_that_is_another_is_noticed(tmp_path: Path) -> None:
    """R6."""
    make(tmp_path / "made")
    path = tmp_path / "made" / MANIFEST_NAME
    whole = path.read_bytes()
    for place in range(len(whole)):
        for bit in (1, 32):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :])
            with pytest.raises(ArtifactError, match=MANIFEST_NAME):
                read_manifest(path.parent)
    for other in (whole[:-1], whole + b"\n", whole + b" ", b""):
        path.write_bytes(other)
        with pytest.raises(ArtifactError, match=MANIFEST_NAME):
            read_manifest(path.parent)
    path.write_bytes(whole)
    assert read_manifest(path.parent).type == "ImageDirectory"


@pytest.mark.slow
def test_200_damages_over_all_types_of_artifacts_are_found_and_the_file_named() -> None:
    """R6."""
    assert "200 damages, seed 1: all found" in run("damage")
