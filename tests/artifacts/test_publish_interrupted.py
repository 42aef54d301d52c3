"""Objects are whole however a publication is interrupted and whoever publishes beside it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from visionloom.artifacts.objects import ObjectStore

_ROOT = Path(__file__).parents[2]

_PUBLISHER = """
import sys, time
from pathlib import Path
from tests.artifacts.test_objects import make
from visionloom.artifacts.objects import ObjectStore

root, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
store = ObjectStore(root)
for number in range(count):
    for content in (f"same {number}", f"{name} {number}"):
        made = make(store.incoming(name) / "made", content, by=name)
        stored = store.publish(made)
        assert store.is_whole(stored.id, stored.files) == "", store.is_whole(stored.id)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.parametrize("before", ["nothing", "equal", "damaged"])
@pytest.mark.parametrize("failure", ["kill", "EIO", "ENOSPC"])
def test_r1_r2_interrupted_at_any_call_an_object_is_absent_or_whole(
    memory_folder: Path, failure: str, before: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.artifacts.interrupting", str(memory_folder), failure, before],
        cwd=_ROOT, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("rounds", [30, pytest.param(500, marks=pytest.mark.slow)])
def test_r8_two_processes_publish_the_same_and_different_content(
    tmp_path: Path, rounds: int
) -> None:
    command = [sys.executable, "-c", _PUBLISHER, str(tmp_path / "store")]
    publishers = [
        subprocess.Popen([*command, name, str(rounds)], cwd=_ROOT) for name in ("left", "right")
    ]
    assert [publisher.wait(240) for publisher in publishers] == [0, 0]
    store = ObjectStore(tmp_path / "store")
    ids = list(store.ids())
    assert len(ids) == 3 * rounds, "one of what is the same, two of what differs"
    for object_id in ids:
        store.verify(object_id)
