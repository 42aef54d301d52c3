"""What the processes of these tests do: one component that works, trains, or misbehaves."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from visionloom.artifacts.atomic import write_file
from visionloom.artifacts.digest import sha256_of_bytes
from visionloom.artifacts.store import new_artifact
from visionloom.artifacts.types import Artifact
from visionloom.engine.executors.base import Job
from visionloom.errors import InvalidDatasetError, RunInterrupted
from visionloom.spec.component import component
from visionloom.spec.context import Context
from visionloom.spec.ports import Input, Output, Setting

RUNNER = "tests.engine.work:run_job"


class Note(Artifact):
    """A text."""

    type_name = "Note"


class Number(Artifact):
    """Another type than a note; nothing makes one."""

    type_name = "Number"


def read_note(folder: Path) -> str:
    """The text of a note."""
    return (folder / "text").read_text()


def write_note(folder: Path, text: str) -> Note:
    """Make a note."""
    with new_artifact(Note, folder) as draft:
        (draft.folder / "text").write_text(text)
        draft.digest = sha256_of_bytes(text.encode())
    return Note(folder)


@component(title="Work", category="Tests")
def work(
    before: Annotated[Note | None, Input("Before")] = None,
    beside: Annotated[Note | None, Input("Beside")] = None,
    *,
    text: Annotated[str, Setting("Text", "What is written.")] = "",
    how: Annotated[str, Setting("How", "What is done.")] = "",
    seconds: Annotated[float, Setting("Seconds", "Of the whole.", affects_result=False)] = 0.0,
    epochs: Annotated[int, Setting("Epochs", "Of a training; 0 for none.")] = 0,
    context: Context,
) -> Annotated[Note, Output("Note")]:
    """Write a note of what came in and the text."""
    if os.environ.get("VISIONLOOM_TEST_COUNT"):
        with open(os.environ["VISIONLOOM_TEST_COUNT"], "a") as counted:
            counted.write(f"{context.output('note').parent.name}\n")
    if how in _DEEDS:
        _DEEDS[how](context)
    if epochs:
        text += _train(context, epochs, seconds)
    else:
        _pass_time(context, seconds)
    if how == "hand on" and before is not None:
        return before
    came_in = [read_note(note.path) for note in (before, beside) if note is not None]
    return write_note(context.output("note"), "(" + " ".join([*came_in, text]) + ")")


def run_job(job: Job, context: Context) -> Mapping[str, Artifact]:
    """Do a job of this component."""
    inputs = {port: Path(path) for port, path in job.inputs.items()}
    return work.run(inputs, job.parameters, context)


def _pass_time(context: Context, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if context.stop.is_set():
            raise RunInterrupted("Stopped while time passed.")
        context.progress("waiting", int(time.monotonic() * 1000), 0, "milliseconds")
        time.sleep(0.01)


def _train(context: Context, epochs: int, seconds: float) -> str:
    """A chain of digests, one per epoch, with a checkpoint after each."""
    checkpoint = context.scratch / "checkpoint.json"
    state = json.loads(checkpoint.read_text()) if checkpoint.exists() else {"rows": []}
    rows: list[str] = state["rows"]
    for epoch, row in enumerate(rows, 1):
        context.metrics({"epoch": epoch, "figure": int(row[:6], 16)})
    for epoch in range(len(rows) + 1, epochs + 1):
        until = time.monotonic() + seconds / epochs
        while time.monotonic() < until:
            context.progress(f"epoch {epoch}", epoch, epochs, "epochs")
            if context.stop.is_set():
                raise RunInterrupted(f"Stopped in epoch {epoch}; the state is saved.")
            if context.finish.is_set():
                return f" {len(rows)} epochs"
            time.sleep(0.002)
        rows.append(sha256_of_bytes(f"{epoch} {rows[-1:]}".encode())[:12])
        write_file(checkpoint, json.dumps({"rows": rows}).encode())
        context.metrics({"epoch": epoch, "figure": int(rows[-1][:6], 16)})
    return " ".join(rows)


def _fail(context: Context) -> None:
    raise InvalidDatasetError("The pictures are no pictures.", "Take some.")


def _bug(context: Context) -> None:
    raise ZeroDivisionError("a bug")


def _speak_long(context: Context) -> None:
    raise ValueError("x" * 1_000_000)


def _say_nothing(context: Context) -> None:
    class MuteError(Exception):
        def __str__(self) -> str:
            raise ValueError

    raise MuteError


def _exhaust_memory(context: Context) -> None:
    raise MemoryError


def _fill_memory(context: Context) -> None:
    held = []
    for _ in range(100):
        held.append(bytearray(os.urandom(1 << 20) * 8))
        time.sleep(0.02)


def _ask_too_much(context: Context) -> None:
    import resource

    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    limit = used + (64 << 20)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    held = []
    while True:
        held.append(bytearray(8 << 20))


def _fill_its_group(context: Context) -> None:
    group = Path(os.environ["VISIONLOOM_TEST_GROUP"])
    (group / "cgroup.procs").write_text(str(os.getpid()))
    held = []
    while True:
        held.append(bytearray(os.urandom(1 << 20) * 8))


def _kill_itself(context: Context) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _kill_itself_once(context: Context) -> None:
    done = context.scratch / "done"
    if not done.exists():
        done.touch()
        os.kill(os.getpid(), signal.SIGKILL)


def _crash(context: Context) -> None:
    ctypes.string_at(0)


def _leave_at_once(context: Context) -> None:
    os._exit(0)


def _start_grandchildren(context: Context, *, end: bool = False) -> None:
    """One in the group, one that left it, one that also lost its environment and its parent."""
    code = f"import signal, time  # of {context.scratch}\n"
    code += "signal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(600)"
    forever = [sys.executable, "-c", code]
    subprocess.Popen(forever)
    subprocess.Popen(forever, start_new_session=True)
    orphan = f"import subprocess\nsubprocess.Popen({forever!r}, start_new_session=True, env={{}})"
    subprocess.run([sys.executable, "-c", orphan], check=True)
    if not end:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        context.log("grandchildren are there")
        time.sleep(600)


def _leave_orphans(context: Context) -> None:
    _start_grandchildren(context, end=True)


def _loop(context: Context) -> None:
    context.log("looping")
    while True:
        time.sleep(0.001)


def _stop_itself(context: Context) -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def _ignore_term(context: Context) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    context.log("ignoring")
    time.sleep(600)


def _use_scratch(context: Context) -> None:
    with contextlib.suppress(FileExistsError):
        (context.scratch / "used").touch(exist_ok=False)


_DEEDS = {
    "fail": _fail,
    "bug": _bug,
    "speak long": _speak_long,
    "say nothing": _say_nothing,
    "memory error": _exhaust_memory,
    "fill memory": _fill_memory,
    "ask too much": _ask_too_much,
    "fill its group": _fill_its_group,
    "kill itself": _kill_itself,
    "kill itself once": _kill_itself_once,
    "crash": _crash,
    "leave at once": _leave_at_once,
    "grandchildren": _start_grandchildren,
    "orphans": _leave_orphans,
    "loop": _loop,
    "stop itself": _stop_itself,
    "ignore term": _ignore_term,
    "use scratch": _use_scratch,
}
