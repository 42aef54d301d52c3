"""The demo replaces its own earlier output and nothing else."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from visionloom.errors import OutputExistsError, RunInterrupted
from visionloom.runs.demo import run_demo
from visionloom.runs.digits import write_digits
from visionloom.spec.context import Event, Progress
from visionloom.workspace import Workspace


def test_the_digits_are_written_as_a_labelled_folder(tmp_path: Path) -> None:
    assert write_digits(tmp_path / "digits") == 1797
    assert sorted(p.name for p in (tmp_path / "digits").iterdir()) == list("0123456789")
    assert len(list((tmp_path / "digits").rglob("*.png"))) == 1797


@pytest.mark.slow
def test_an_earlier_demo_is_replaced_and_other_files_stay(tmp_path: Path) -> None:
    out = tmp_path / "demo"

    def demo() -> None:
        stop = threading.Event()

        def stop_when_training(event: Event) -> None:
            if isinstance(event, Progress) and "training" in event.stage:
                stop.set()

        with pytest.raises(RunInterrupted, match="Start the demo again"):
            run_demo(out, Workspace(), stop_when_training, stop)

    demo()
    (out / "notes.txt").write_text("mine")
    (out / "photos" / "0" / "extra.txt").write_text("left by the earlier demo")
    demo()
    assert (out / "notes.txt").read_text() == "mine"
    assert not (out / "photos" / "0" / "extra.txt").exists()


def test_a_folder_that_is_not_the_demo_s_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(OutputExistsError):
        run_demo(tmp_path, Workspace())
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]
