"""The folder of a training run: made, gone on with, replaced, put back."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from visionloom.artifacts.atomic import remove_tree, write_file
from visionloom.errors import FailedToWriteOutputsError, OutputExistsError, UsageError
from visionloom.runs.places import refuse_among_pictures, user_path
from visionloom.runs.train_request import (
    STATE_FILE,
    TrainRequest,
    continued,
    make_request,
    read_request,
    write_request,
)
from visionloom.spec.registry import Registry

_ELAPSED = "elapsed.json"
_RUN = "pipeline-run.json"


def prepare(
    out: Path,
    said: Mapping[str, Any],
    registry: Registry,
    *,
    resume: bool = False,
    finish: bool = False,
    overwrite: bool = False,
    no_reuse: bool = False,
) -> TrainRequest:
    """Make the run's folder ready; returns the request to follow.

    An overwritten run is put aside until the new training has begun; `settle` or `put_back` end
    that.

    Raises:
        OutputExistsError: The folder exists and none of the three was said.
        UsageError: Nothing to go on with, another request, a folder that is no run of ours, or
            one among the pictures.
    """
    out = user_path(out)
    if no_reuse and (resume or finish):
        raise UsageError(
            "--no-reuse is for a new training; --resume and --finish go on with one.",
            "Leave it out, or start anew with --overwrite.",
        )
    if sum((resume, finish, overwrite)) > 1:
        raise UsageError("--resume, --finish and --overwrite exclude each other.")
    if resume or finish:
        saved = read_request(out)
        request = continued(saved, said)
        if is_finished(out):
            raise UsageError(
                f"{out} is finished: there is nothing to go on with.",
                "See its report.html. More epochs: the same options with --overwrite and "
                "--more-epochs train it anew, to the same bits and further; "
                f"--from {shlex.quote(str(out))} begins another training with its best weights."
                if said.get("more_epochs")
                else "See its report.html.",
            )
        if request != saved:
            write_request(out, request)
        return request
    if out.exists() and not overwrite:
        raise OutputExistsError(
            f"{out} exists already.", "Choose another --out, or --resume, --finish or --overwrite."
        )
    if out.exists() and not (out / STATE_FILE).is_file():
        raise UsageError(
            f"{out} is no training run of Visionloom, so it is not overwritten.",
            "Remove it yourself or choose another --out.",
        )
    request = make_request(said, registry)
    refuse_among_pictures(out, [request.photos, request.validation])
    with ExitStack() as undo:
        if out.exists():
            remove_tree(_aside(out))
            os.replace(out, _aside(out))
        undo.callback(put_back, out)
        try:
            out.mkdir(parents=True)
        except OSError as error:
            raise FailedToWriteOutputsError(
                f"{out} could not be made: {error.strerror}.", "Choose a folder you may write to."
            ) from error
        write_request(out, request)
        undo.pop_all()
    return request


def is_finished(out: Path) -> bool:
    """Whether the run came to its end: the summary is written last."""
    return (out / "summary.json").is_file()


def put_back(out: Path) -> None:
    """Remove a run in which nothing was trained, and put back the one it was to replace."""
    remove_tree(out)
    if _aside(out).exists():
        os.replace(_aside(out), out)


def settle(out: Path) -> None:
    """Let go of a run that was replaced."""
    remove_tree(_aside(out))


def earlier_seconds(out: Path) -> float:
    """Wall time of the attempts before this one, seconds."""
    path = out / "work" / _ELAPSED
    if not path.is_file():
        return 0.0
    return float(json.loads(path.read_bytes())["seconds"])


def remember_seconds(out: Path, seconds: float) -> None:
    """Keep the wall time of all attempts so far, for the next one."""
    write_file(out / "work" / _ELAPSED, json.dumps({"seconds": seconds}).encode())


def read_run_id(out: Path) -> str | None:
    """The pipeline run that carried this training out last, or None."""
    path = out / "work" / _RUN
    return str(json.loads(path.read_bytes())["run"]) if path.is_file() else None


def remember_run_id(out: Path, run: str) -> None:
    """Keep which pipeline run carries this training out."""
    write_file(out / "work" / _RUN, json.dumps({"run": run}).encode())


def _aside(out: Path) -> Path:
    return out.with_name(f".{out.name}.before-overwrite")
