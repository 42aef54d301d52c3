"""A training killed at every one of its batches and gone on with ends as the undisturbed one did.

    python -m tests.faults.kill_at_every_batch [--threads 1 4] [--every 1]

Three epochs on augmented digits, ended by early stopping, killed in one batch after the other with
each number of decode threads; and once in every life, until it ends. Weights, optimizer, history,
best epoch and stop epoch are compared. Prints a row for each; exits with 1 when one differs.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.faults.trainings import (
    Material,
    compared,
    end_of,
    in_a_child,
    make_material,
    preload,
    read_report,
    recipes,
    undisturbed,
)

EPOCHS, BATCHES = 3, 6


def stopping_early() -> dict[str, Any]:
    """A recipe that patience ends after three epochs of six."""
    recipe = recipes(1)[1]
    assert (recipe["schedule"], recipe["patience"]) == ("cosine", 2)
    return recipe


def killed_once(
    material: Material, recipe: Mapping[str, Any], folder: Path, batch: int
) -> dict[str, Any]:
    """What a training comes to that died in a batch and was gone on with."""
    (folder / "scratch").mkdir(parents=True)
    report = folder / "report.json"
    status = end_of(in_a_child(material, recipe, folder / "scratch", report, die_at=batch))
    assert status == -signal.SIGKILL, f"it did not die in batch {batch}: {status}"
    return read_report(report, end_of(in_a_child(material, recipe, folder / "scratch", report)))


def killed_in_every_life(
    material: Material, recipe: Mapping[str, Any], folder: Path
) -> tuple[dict[str, Any], int]:
    """What a training comes to that dies in the third batch of every life; and its lives."""
    (folder / "scratch").mkdir(parents=True)
    report, lives = folder / "report.json", 0
    while True:
        lives += 1
        assert lives <= EPOCHS * BATCHES, "it gets nowhere"
        status = end_of(in_a_child(material, recipe, folder / "scratch", report, die_at=3))
        if status != -signal.SIGKILL:
            return read_report(report, status), lives


def main(arguments: list[str]) -> int:
    """Do it; returns 1 when one ended otherwise."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.kill_at_every_batch")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 4], help="decode threads")
    parser.add_argument("--every", type=int, default=1, help="kill at every so manieth batch")
    said = parser.parse_args(arguments)
    os.environ["OMP_NUM_THREADS"] = "1"
    os.environ["VISIONLOOM_OFFLINE"] = "1"
    wrong = tried = 0
    with tempfile.TemporaryDirectory(prefix="visionloom-kills-") as temporary:
        folder = Path(temporary)
        os.environ["VISIONLOOM_HOME"] = str(folder / "home")
        material = make_material(folder / "material")
        preload()
        wanted = undisturbed(material, stopping_early(), folder / "undisturbed")
        assert wanted["stopped because"] == "no improvement for 2 epochs"
        assert wanted["told"] == list(range(1, EPOCHS + 1))
        for threads in said.threads:
            recipe = {**stopping_early(), "decode_threads": threads}
            rows = {
                f"killed in batch {batch}": killed_once(
                    material, recipe, folder / f"{threads}-{batch}", batch
                )
                for batch in range(1, EPOCHS * BATCHES + 1, said.every)
            }
            found, lives = killed_in_every_life(material, recipe, folder / f"{threads}-lives")
            rows[f"killed in each of {lives - 1} lives"] = found
            for name, row in rows.items():
                differing = compared(row, wanted)
                wrong += bool(differing)
                tried += 1
                outcome = f"otherwise: {', '.join(differing)}" if differing else "the same"
                print(f"{threads} decode threads, {name:28} {outcome}", flush=True)
    print(f"{tried} trainings: {f'{wrong} ended otherwise' if wrong else 'all ended the same'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
