"""Commands in a user and mount namespace of their own: small disks, read-only folders."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_ENTER = ("unshare", "-Ur", "-m", "--propagation", "private")


@functools.cache
def obstacle() -> str:
    """Why there are no namespaces here; empty when there are."""
    if shutil.which("unshare") is None:
        return "unshare (util-linux) is not on this machine"
    done = subprocess.run([*_ENTER, "true"], check=False, capture_output=True, text=True)
    return f"this machine permits no user namespaces: {done.stderr.strip()}" * bool(done.returncode)


needs_namespaces = pytest.mark.skipif(bool(obstacle()), reason=obstacle() or "there are some")


def run_inside(module: str, *words: object, seconds: float = 240) -> str:
    """What ``python -m MODULE WORDS`` prints in such a namespace; it must end well."""
    done = subprocess.run(
        [*_ENTER, sys.executable, "-m", module, *map(str, words)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "VISIONLOOM_OFFLINE": "1"},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def mount_small_disk(place: Path, mebibytes: int) -> None:
    """Put a disk of this size at ``place``, for this namespace."""
    place.mkdir(parents=True, exist_ok=True)
    options = f"size={mebibytes}m"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", str(place)], check=True)


def enlarge_disk(place: Path, mebibytes: int) -> None:
    """Give the small disk at ``place`` another size."""
    command = ["mount", "-o", f"remount,size={mebibytes}m", str(place)]
    subprocess.run(command, check=True)


def fill(home: Path) -> int:
    """Leave no byte on the disk; returns how many were free."""
    written = 0
    with open(home / "somebody-elses", "ab", buffering=0) as stream, contextlib.suppress(OSError):
        while True:
            written += stream.write(bytes(4096))
    return written


def make_read_only(place: Path) -> None:
    """Let nobody write below ``place``, for this namespace."""
    subprocess.run(["mount", "--bind", str(place), str(place)], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", str(place)], check=True)
