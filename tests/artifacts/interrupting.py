"""Publishes an artifact and is killed, or gets an error, at each system call in turn.

Libraries are loaded once; each try is a forked child.
"""

from __future__ import annotations

import builtins
import contextlib
import errno
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from visionloom.artifacts.atomic import remove_tree
from visionloom.artifacts.objects import ObjectStore
from visionloom.artifacts.store import new_artifact, open_artifact
from visionloom.artifacts.types import ImageDirectory
from visionloom.errors import FailedToWriteOutputsError, ModuleOutOfMemoryError

CALLS = (
    "rename",
    "replace",
    "chmod",
    "fsync",
    "utime",
    "mkdir",
    "open",
    "unlink",
    "rmdir",
    "close",
)
KILLED, REFUSED = 9, 3


def interrupt(number: int, failure: int) -> None:
    """Make the N-th call from now on end the process, or fail with an error number."""
    left = number

    def watched(call: Any) -> Any:
        def wrapper(*arguments: Any, **named: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0 and failure == 0:
                os._exit(KILLED)
            if left == 0:
                raise OSError(failure, os.strerror(failure))
            return call(*arguments, **named)

        return wrapper

    for name in CALLS:
        setattr(os, name, watched(getattr(os, name)))
    builtins.open = watched(builtins.open)


def publish_interrupted(root: Path, made: Path, number: int, failure: int) -> int:
    """How a child ended that publishes and is interrupted."""
    child = os.fork()
    if child == 0:
        status = 1
        with contextlib.suppress(BaseException):
            interrupt(number, failure)
            try:
                ObjectStore(root).publish(made)
                status = 0
            except (FailedToWriteOutputsError, ModuleOutOfMemoryError) as error:
                status = REFUSED if str(error).endswith(".") else 1
        os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def make(target: Path) -> None:
    """An artifact of two files."""
    with new_artifact(ImageDirectory, target) as draft:
        (draft.folder / "deep").mkdir()
        (draft.folder / "a.txt").write_text("alpha")
        (draft.folder / "deep" / "b.bin").write_bytes(bytes(1000))
        draft.digest = "0" * 64


def main(folder: Path, failure: int, before: str) -> int:
    """How many calls there were, after each of which the store was as it must be.

    Args:
        folder: To work in.
        failure: Error number, or 0 for a kill.
        before: What is in the store before: ``nothing``, ``equal`` or ``damaged``.
    """
    root, made = folder / "store", folder / "made"
    for number in range(1, 1000):
        remove_tree(root)
        remove_tree(made)
        store = ObjectStore(root)
        make(made)
        object_id = store.identify(made).id
        if before != "nothing":
            shutil.copytree(made, folder / "first")
            store.publish(folder / "first")
        if before == "damaged":
            path = store.path(object_id) / "a.txt"
            path.chmod(0o644)
            path.write_text("alphb")
        ended = publish_interrupted(root, made, number, failure)
        assert ended in {0, KILLED, REFUSED}, ended
        whole = store.is_whole(object_id) == ""
        if store.path(object_id).exists() and before != "damaged":
            assert whole, "never half"
        if made.exists() and not whole:
            open_artifact(ImageDirectory(made))
        assert ended or whole
        if not whole:
            remove_tree(made)
            make(made)
            store.publish(made)
        store.verify(object_id)
        store.sweep_incoming(lambda _: False, 1e12, dry_run=False)
        assert list(store.ids()) == [object_id]
        assert list((root / "incoming").iterdir()) == []
        if ended == 0 and number > 20:
            return number
    raise AssertionError


if __name__ == "__main__":
    print(main(Path(sys.argv[1]), getattr(errno, sys.argv[2], 0), sys.argv[3]))
