"""Trainings that are killed, and checkpoints that are damaged: every end is the undisturbed one.

Each test starts a command, since a process in which torch computed gradients cannot fork one that
does. The long forms are the commands themselves, and the tests marked slow.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.protections import Line, find_all

ROOT = Path(__file__).resolve().parents[2]


def run(module: str, *words: object, minutes: float = 5) -> str:
    """What a command of this package prints; it must end well."""
    done = subprocess.run(
        [sys.executable, "-m", f"tests.faults.{module}", *map(str, words)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=minutes * 60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_killed_in_some_batches_a_training_ends_as_the_undisturbed_one() -> None:
    """R11, at every fifth batch with four decode threads."""
    assert "5 trainings: all ended the same" in run(
        "kill_at_every_batch", "--threads", 4, "--every", 5
    )


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_killed_in_any_batch_a_training_ends_as_the_undisturbed_one() -> None:
    """R10 and R11, at every batch, with one and with four decode threads."""
    assert "38 trainings: all ended the same" in run("kill_at_every_batch", minutes=20)


@pytest.mark.slow
def test_a_damaged_newest_checkpoint_falls_back_and_says_which_and_how_many_steps() -> None:
    """R7."""
    assert "21 damages: all as promised" in run("damage_the_newest")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_at_random_alone_and_in_pipelines_trainings_end_the_same() -> None:
    """R10, small: a whole run is ``python -m tests.faults.kill_and_resume``."""
    told = run("kill_and_resume", "--cycles", 12, "--trainings", 3, minutes=10)
    assert "all ended the same" in told


def test_every_protection_is_where_the_table_says_and_its_test_is_there() -> None:
    titles = [one.title for one in find_all()]
    assert len(titles) == len(set(titles))
    for one in find_all():
        if isinstance(one.off, Line):
            text = (ROOT / one.off.file).read_text(encoding="utf-8")
            assert text.count(one.off.line) == 1, one.title
        file, _, name = one.test.partition("::")
        assert f"def {name.partition('[')[0]}(" in (ROOT / file).read_text(encoding="utf-8"), name
