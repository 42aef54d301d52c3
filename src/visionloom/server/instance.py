"""Which designer runs for a home folder: one at a time, and how a second one finds the first."""

from __future__ import annotations

import contextlib
import http.client
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from visionloom._version import __version__
from visionloom.engine import process
from visionloom.errors import MachineError, UsageError
from visionloom.records.rows import ProcessIdentity
from visionloom.server.access import private_folder, read_token, write_private

_NAME = "instance.json"
_LOCK = "lock"
_ANSWERS_WITHIN = 10.0
_BEGINS_WITHIN = 10.0


@dataclass(frozen=True)
class Instance:
    """A designer that runs.

    Attributes:
        process: Which process.
        port: Where it listens.
        version: Of Visionloom.
        folders: Folders whose photos it may use.
    """

    process: ProcessIdentity
    port: int
    version: str
    folders: tuple[str, ...]


@contextlib.contextmanager
def only_one(folder: Path) -> Iterator[bool]:
    """Hold the place of the one designer of a home; yields False when another has it.

    Args:
        folder: Where token, lock and facts of the running one are.
    """
    private_folder(folder)
    lock = FileLock(folder / _LOCK, mode=0o600)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        (folder / _NAME).unlink(missing_ok=True)
        lock.release()


def announce(folder: Path, port: int, folders: tuple[Path, ...]) -> None:
    """Say where this process listens."""
    told = asdict(
        Instance(process.identify(), port, __version__, tuple(str(path) for path in folders))
    )
    write_private(folder / _NAME, json.dumps(told).encode())


def find_running(folder: Path) -> Instance:
    """The designer that holds the place; one that is just beginning is waited for.

    Raises:
        MachineError: It does not say where it listens, or runs on another machine.
    """
    deadline = time.monotonic() + _BEGINS_WITHIN
    found = None
    while time.monotonic() < deadline:
        found = _read(folder)
        # what a killed one left behind is of another process; what another machine's says may be
        # about to be replaced, and at its port here somebody else may listen
        if found is not None and process.is_alive(found.process):
            return found
        time.sleep(0.05)
    if found is not None and process.liveness(found.process) == "elsewhere":
        host, port = found.process.host, found.port
        raise MachineError(
            f"A designer of this home folder runs on {host}, and one at a time may.",
            f"Reach it from here: ssh -L {port}:127.0.0.1:{port} {host}, and run `visionloom "
            "designer` there for a link. Or end it there first.",
        )
    raise MachineError(
        "Another designer of this home folder is running, but does not say where.",
        "End it, or set VISIONLOOM_HOME to another folder.",
    )


def ask_for_link(folder: Path, running: Instance, file: str = "") -> str:
    """A new one-time link of the running designer.

    Args:
        folder: Where its token is.
        running: Which one.
        file: Pipeline file to be opened; empty for the first page.

    Raises:
        MachineError: It does not answer.
        UsageError: It cannot open the file.
    """
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=_ANSWERS_WITHIN)
    head = {
        "Authorization": f"Bearer {read_token(folder)}",
        "Content-Type": "application/json",
    }
    try:
        connection.request("POST", "/api/session/link", json.dumps({"file": file}), head)
        response = connection.getresponse()
        answer = json.loads(response.read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise MachineError(
            f"The designer of this home folder, process {running.process.pid} at port "
            f"{running.port}, does not answer.",
            "End it and try again.",
        ) from error
    finally:
        connection.close()
    if response.status != 201:
        raise UsageError(str(answer.get("message", "")), str(answer.get("remedy", "")))
    return f"http://127.0.0.1:{running.port}{answer['address']}"


def _read(folder: Path) -> Instance | None:
    try:
        value = json.loads((folder / _NAME).read_bytes())
        return Instance(
            ProcessIdentity(**value["process"]),
            int(value["port"]),
            str(value["version"]),
            tuple(map(str, value["folders"])),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
