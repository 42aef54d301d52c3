"""After a power cut what was acknowledged is there and whole."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

from tests.faults.injected import WORKS, is_in_store
from tests.faults.power_cuts import Disk, recorded
from visionloom.artifacts.atomic import remove_tree

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")


@pytest.mark.parametrize("clones", [40, pytest.param(200, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", WORKS)
def test_after_a_power_cut_there_is_the_old_or_the_new_and_the_new_once_acknowledged(
    tmp_path: Path, name: str, clones: int
) -> None:
    """R3, over clones of what is left: publish, delivery, checkpoint, settings, token."""
    work, draws = WORKS[name], random.Random(1)
    root, clone = tmp_path / "root", tmp_path / "clone"
    root.mkdir()
    work.prepare(root)
    seen: list[bool] = []

    def cut(disk: Disk, *, acknowledged: bool = False) -> None:
        disk.clone(clone, draws)
        # what is not in the store yet may be lost with the run that makes it
        there = is_in_store(clone) if name == "publish" else work.look(clone)
        seen.append(there)
        assert there or not acknowledged
        remove_tree(clone)

    with recorded(root, cut) as disk:
        work.do(root)
        while len(seen) < clones:
            cut(disk, acknowledged=True)
    assert len(seen) >= clones
    assert not seen[0]
