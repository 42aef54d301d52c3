"""Writers that are killed, or refused, at each of their system calls in turn, by strace.

    python -m tests.faults.injected [--work publish ...] [--calls fsync ...] [--faults SIGKILL ...]

The libraries are loaded once; each try is a forked child that strace attaches to. Prints a row for
each writer and fault: how many calls were hit; exits with 1 at the first thing that is not so.
"""

from __future__ import annotations

import argparse
import functools
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from tests.artifacts.interrupting import make
from visionloom.artifacts.atomic import TEMPORARY_PREFIX, remove_tree, write_file
from visionloom.artifacts.objects import ObjectStore
from visionloom.artifacts.store import open_artifact
from visionloom.artifacts.types import ImageDirectory
from visionloom.errors import VisionloomError
from visionloom.server.access import write_private
from visionloom.training import checkpoint
from visionloom.training.checkpoint import Identity, Position, State
from visionloom.training.history import History

CALLS = ("write", "fsync", "rename", "close", "mkdir", "openat", "chmod", "unlink", "unlinkat")
FAULTS = ("SIGKILL", "EIO", "ENOSPC")
REFUSED, _MOST = 3, 200
_published: dict[Path, str] = {}
OLD, NEW = b"old" * 2000, b"new" * 3000


@dataclass(frozen=True)
class Work:
    """Something that is written.

    Attributes:
        prepare: Brings a folder to where it was before.
        do: Writes.
        look: Whether the new state is there; raises when it is neither the old nor the new one.
    """

    prepare: Callable[[Path], None]
    do: Callable[[Path], object]
    look: Callable[[Path], bool]


def _prepare_publish(folder: Path) -> None:
    make(folder / "made")


def _publish(folder: Path) -> None:
    ObjectStore(folder / "store").publish(folder / "made")


def _is_published(folder: Path) -> bool:
    there = is_in_store(folder)
    if not there:
        open_artifact(ImageDirectory(folder / "made"))
    return there


def is_in_store(folder: Path) -> bool:
    """Whether an object is in the store; raises when one is not whole."""
    store = ObjectStore(folder / "store")
    ids = list(store.ids())
    for object_id in ids:
        store.verify(object_id)
    return bool(ids)


def _prepare_delivery(folder: Path) -> None:
    make(folder / "made")
    stored = ObjectStore(folder / "store").publish(folder / "made")
    _published[folder] = stored.id


def _deliver(folder: Path) -> None:
    ObjectStore(folder / "store").deliver(_published[folder], folder / "out", replace=True)


def _is_delivered(folder: Path) -> bool:
    if (folder / "out").exists():
        open_artifact(ImageDirectory(folder / "out"))
        return True
    return False


def _state(epoch: int) -> State:
    model = {"weight": torch.full((100,), float(epoch))}
    return State(
        Position(epoch=epoch), History("valid_loss", 0.0), model, {}, None, {},
        Identity({}, {}, {}),
    )  # fmt: skip


def _prepare_checkpoint(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for epoch in (1, 2):
        checkpoint.save(folder, _state(epoch))


def _is_saved(folder: Path) -> bool:
    state, warnings = checkpoint.load_latest(folder)
    assert state is not None
    assert warnings == []
    assert state.position.epoch in {2, 3}
    assert float(state.model["weight"][0]) == state.position.epoch
    return state.position.epoch == 3


def _write_token(folder: Path) -> None:
    write_private(folder / "token", NEW)


def _prepare_token(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    write_private(folder / "token", OLD)


def _is_written(folder: Path) -> bool:
    path = folder / "token"
    data = path.read_bytes()
    assert data in {OLD, NEW}
    assert path.stat().st_mode & 0o077 == 0
    return data == NEW


def _is_replaced(folder: Path) -> bool:
    data = (folder / "file").read_bytes()
    assert data in {OLD, NEW}
    return data == NEW


WORKS = {
    "publish": Work(_prepare_publish, _publish, _is_published),
    "deliver": Work(_prepare_delivery, _deliver, _is_delivered),
    "checkpoint": Work(
        _prepare_checkpoint, lambda folder: checkpoint.save(folder, _state(3)), _is_saved
    ),
    "settings": Work(
        lambda folder: write_file(folder / "file", OLD),
        lambda folder: write_file(folder / "file", NEW),
        _is_replaced,
    ),
    "token": Work(_prepare_token, _write_token, _is_written),
}


@functools.cache
def obstacle() -> str:
    """Why strace cannot be used here; empty when it can."""
    if shutil.which("strace") is None:
        return "strace is not on this machine"
    child = _stopped_child(lambda: None)
    tracer = subprocess.Popen(
        ["strace", "-p", str(child)], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    attached = _await_tracer(child, tracer)
    os.kill(child, signal.SIGCONT)
    os.waitpid(child, 0)
    said = tracer.communicate()[1]
    return "" if attached else f"this machine permits no tracing: {said.strip()}"


def _stopped_child(work: Callable[[], object]) -> int:
    """A fork of this process that waits to be continued, then does something and ends."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.kill(os.getpid(), signal.SIGSTOP)
            work()
            status = 0
        except VisionloomError as error:
            one_sentence = len(re.findall(r"\. ", f"{error.message} ")) == 1
            status = REFUSED if one_sentence else 1
            if status == 1:
                traceback.print_exc()
        except BaseException:  # noqa: BLE001 - told by its status
            traceback.print_exc()
        sys.stderr.flush()
        os._exit(status)
    os.waitpid(child, os.WUNTRACED)
    return child


def _await_tracer(child: int, tracer: subprocess.Popen[str]) -> bool:
    until = time.monotonic() + 20
    while time.monotonic() < until and tracer.poll() is None:
        status = Path(f"/proc/{child}/status").read_text()
        if "TracerPid:\t0\n" not in status:
            return True
        time.sleep(0.002)
    return False


def try_one(work: Work, folder: Path, call: str, fault: str, number: int, trace: Path) -> int:
    """Do the work with a fault at the N-th such call; returns how the child ended."""
    child = _stopped_child(lambda: work.do(folder))
    how = f"signal={fault}" if fault.startswith("SIG") else f"error={fault}"
    tracer = subprocess.Popen(
        ["strace", "-f", "-y", "-o", str(trace), "-p", str(child), "-e", f"trace={call}",
         "-e", f"inject={call}:{how}:when={number}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert _await_tracer(child, tracer), "strace did not attach"
    os.kill(child, signal.SIGCONT)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    tracer.wait(20)
    return ended


def hit_every(name: str, call: str, fault: str, folder: Path) -> int:
    """Hit each call of a kind in turn; returns how many there were.

    Raises:
        AssertionError: Something half, something left, or a failure that is no plain refusal.
    """
    work, trace = WORKS[name], folder / "trace"
    for number in range(1, _MOST):
        place = folder / "place"
        remove_tree(place)
        work.prepare(place)
        trace.unlink(missing_ok=True)
        ended = try_one(work, place, call, fault, number, trace)
        lines = trace.read_text().splitlines() if trace.exists() else []
        where = f"{name}: {call} {number}: {fault}: ended {ended}: {lines[-3:]}"
        struck = [line for line in lines if "INJECTED" in line or "SIGKILL" in line]
        there = work.look(place)
        if not struck:
            assert ended == 0, where
            assert there, where
            return number - 1
        assert ended in {0, REFUSED, -signal.SIGKILL}, where
        assert there or ended, where
        if fault != "SIGKILL" and call == "fsync":
            _no_second_try(struck[0], lines, where)
            assert ended == REFUSED, where
        if not there or name != "publish":
            work.do(place)
            assert work.look(place), where
        if name == "publish":
            ObjectStore(place / "store").sweep_incoming(lambda _: False, 1e12, dry_run=False)
        left = list(place.rglob(f"{TEMPORARY_PREFIX}*"))
        assert not left, f"{where}: {left}"
    raise AssertionError(f"{name} makes more than {_MOST} calls of {call}")


def _no_second_try(struck: str, lines: list[str], where: str) -> None:
    """A failed fsync is final: what was written by it may be lost, whatever a second one says."""
    target = struck[struck.index("fsync(") : struck.index(")")]
    again = [line for line in lines[lines.index(struck) + 1 :] if target in line]
    assert not again, f"{where}: {again}"


def main(arguments: list[str]) -> int:
    """Do it."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.injected")
    parser.add_argument("--work", nargs="*", default=list(WORKS), choices=WORKS)
    parser.add_argument("--calls", nargs="*", default=list(CALLS), choices=CALLS)
    parser.add_argument("--faults", nargs="*", default=list(FAULTS), choices=FAULTS)
    said = parser.parse_args(arguments)
    if obstacle():
        print(obstacle())
        return 2
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(prefix="visionloom-injected-") as temporary:
        for name in said.work:
            for fault in said.faults:
                hit = {call: hit_every(name, call, fault, Path(temporary)) for call in said.calls}
                told = ", ".join(f"{call} {count}" for call, count in hit.items())
                print(f"{name:12}{fault:9}{sum(hit.values()):4} calls hit: {told}", flush=True)
    print("absent or whole, refused in one sentence, nothing left")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
