"""Run as a program: loads and validates files with Azure's own client, without a network.

Usage: ``python client.py FILE...``; prints one JSON line per file.
"""

from __future__ import annotations

import json
import logging
import socket
import sys
import warnings
from typing import Any


def _refuse(*_: object, **__: object) -> Any:
    raise OSError("the network is cut off")


def check(path: str) -> dict[str, Any]:
    """What the client says of a job or component file."""
    from azure.ai.ml import load_component, load_job

    with open(path, encoding="utf-8") as stream:
        is_job = "\ntype: pipeline\n" in stream.read()
    loaded: Any = load_job(path) if is_job else load_component(path)
    found = loaded._validate(raise_error=False)
    return {
        "path": path,
        "passed": found.passed,
        "errors": dict(found.error_messages),
        "warnings": [str(warning) for warning in getattr(found, "_warnings", [])],
    }


def main() -> None:
    """Check every file named on the command line."""
    for name in ("connect", "connect_ex", "sendto"):
        setattr(socket.socket, name, _refuse)
    socket.getaddrinfo = _refuse
    socket.create_connection = _refuse
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    for path in sys.argv[1:]:
        try:
            answer = check(path)
        except Exception as error:  # noqa: BLE001 - whatever the client raises is its answer
            answer = {"path": path, "passed": False, "errors": {type(error).__name__: str(error)}}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
