"""Prints the description of all routes, from which the front end's types are made.

``python -m visionloom.server.openapi FILE`` writes it; with ``--check`` it says whether FILE is
as it should be, and exits with 1 where it is not.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from visionloom.server.app import create_app
from visionloom.server.desk import open_desk
from visionloom.workspace import Workspace


def description() -> str:
    """The OpenAPI description as JSON text, the same for the same routes."""
    app = create_app(open_desk(Workspace()))
    return json.dumps(app.openapi(), indent=1, sort_keys=True) + "\n"


def main(arguments: list[str]) -> int:
    """Write or check the file; returns the exit status."""
    file, *words = arguments
    text = description()
    if "--check" in words:
        same = Path(file).read_text(encoding="utf-8") == text
        if not same:
            sys.stderr.write(f"{file} is not what the routes say; run: make types\n")
        return 0 if same else 1
    Path(file).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
