"""A newest checkpoint that is damaged: training goes on from the one before and says so.

    python -m tests.faults.damage_the_newest

A training is killed, a file of its newest checkpoint truncated, emptied, altered or removed, and
it goes on: what it says must name the checkpoint and the steps lost, and it must end as the
undisturbed one did. Prints a row for each damage; exits with 1 when one is not as promised.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.faults.kill_at_every_batch import BATCHES, stopping_early
from tests.faults.trainings import (
    compared,
    end_of,
    in_a_child,
    make_material,
    preload,
    read_report,
    undisturbed,
)
from visionloom.artifacts.manifest import MANIFEST_NAME
from visionloom.training import checkpoint

FILES = (
    "model.safetensors", "optimizer.safetensors", "best.safetensors", "state.json", MANIFEST_NAME,
)  # fmt: skip


def _truncate(path: Path) -> None:
    # two bytes: the last one of a text only ends its line
    os.truncate(path, path.stat().st_size - 2)


def _empty(path: Path) -> None:
    os.truncate(path, 0)


def _alter(path: Path) -> None:
    """One bit of the last third, which in a file of tensors is one of a tensor."""
    content = bytearray(path.read_bytes())
    content[len(content) * 5 // 6] ^= 1
    path.write_bytes(content)


DAMAGES: tuple[Callable[[Path], None], ...] = (_truncate, _empty, _alter, Path.unlink)


def main() -> int:
    """Do it; returns 1 when one damage had another effect than promised."""
    os.environ["OMP_NUM_THREADS"] = "1"
    os.environ["VISIONLOOM_OFFLINE"] = "1"
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="visionloom-damage-") as temporary:
        folder = Path(temporary)
        os.environ["VISIONLOOM_HOME"] = str(folder / "home")
        material, recipe = make_material(folder / "material"), stopping_early()
        preload()
        wanted = undisturbed(material, recipe, folder / "undisturbed")
        killed = folder / "killed"
        killed.mkdir()
        die_at = BATCHES + 6  # in the second epoch, with a best epoch that is not the newest state
        child = in_a_child(material, recipe, killed, folder / "killed.json", die_at=die_at)
        assert end_of(child) == -signal.SIGKILL
        older, newer = sorted(killed.glob("checkpoint-*"))
        both = [state.position.step for state in checkpoint.load_last_two(killed)]
        lost = f"{both[1] - both[0]} steps are done again"
        assert both[1] - both[0] > 1
        cases = [
            (f"{newer.name}/{name} {damage.__name__.strip('_')}", [newer], name, damage, older.name)
            for name in FILES
            for damage in DAMAGES
        ]
        cases.append(("both checkpoints emptied", [older, newer], FILES[0], _empty, "anew"))
        for case, damaged, name, damage, instead in cases:
            scratch = folder / "scratch"
            shutil.copytree(killed, scratch)
            for one in damaged:
                damage(scratch / one.name / name)
            report = folder / "report.json"
            found = read_report(report, end_of(in_a_child(material, recipe, scratch, report)))
            shutil.rmtree(scratch)
            told = [text for text in found["said"] if f"{newer.name} is not usable" in text]
            faults = compared(found, wanted)
            if len(told) != 1 or instead not in told[0]:
                faults.append(f"said {told}")
            elif len(damaged) == 1 and lost not in told[0]:
                faults.append(f"the steps lost are not {lost!r}: {told[0]}")
            wrong += bool(faults)
            print(f"{case:52} {'; '.join(faults) or told[0]}", flush=True)
    print(f"{len(cases)} damages: {f'{wrong} not as promised' if wrong else 'all as promised'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
