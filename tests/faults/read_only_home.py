"""A home folder that nobody may write to: what writes ends at once, what reads works.

    unshare -Ur -m python -m tests.faults.read_only_home FOLDER

Prints a row for each command.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import visionloom as vl
from tests.faults.namespaces import ROOT, make_read_only
from tests.faults.small_training import photos
from visionloom.runs.python_pipeline import Pipeline
from visionloom.spec.pipeline_file import write_pipeline
from visionloom.workspace import Workspace


def command(*words: str) -> tuple[int, str, float]:
    """Exit status, what was printed, and seconds."""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "visionloom.cli.main", *words],
        cwd=ROOT, check=False, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr, time.monotonic() - began


def main(folder: Path) -> None:
    """Do it."""
    home = folder / "home"
    os.environ["VISIONLOOM_HOME"] = str(home)
    pictures = photos(folder / "photos")
    with vl.Pipeline("small", folder=folder) as made:
        vl.init_image_transformation(step="transformation")
    assert isinstance(made, Pipeline)
    made.run()
    (folder / "pipeline.yml").write_text(write_pipeline(made.pipeline))
    workspace = Workspace()
    (run,) = workspace.records.list_runs()
    workspace.records.close()
    make_read_only(home)
    for words in (["runs", "list"], ["runs", "show", run.id], ["components"], ["doctor"]):
        status, said, seconds = command(*words)
        assert status == 0, f"{words}: {said}"
        print(f"{' '.join(words[:2]):16} works, {seconds:.1f} s")
    for object_id in workspace.store.ids():
        workspace.store.verify(object_id)
    print("every object verified")
    writing = (
        ["run", str(folder / "pipeline.yml")],
        ["train", str(pictures), "--out", str(folder / "out"), "--epochs", "1"],
        ["runs", "delete", run.id],
    )
    for words in writing:
        status, said, seconds = command(*words)
        assert status in {2, 5}, f"{words}: {status}: {said}"
        assert str(home) in said, f"{words}: {said}"
        assert "Traceback" not in said, f"{words}: {said}"
        print(f"{words[0]:16} ends with {status} after {seconds:.1f} s: {said.strip()[:200]}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
