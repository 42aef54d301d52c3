"""Run as ``python -m tests.engine.supervise HOME RUN CHANGES``: carries a test's run out."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.engine.harness import Bench
from visionloom.errors import VisionloomError


def main(home: str, run: str, changes: str) -> int:
    """Carry out the run; returns the exit status."""
    timings = json.loads(changes)
    bench = Bench(Path(home), busy_seconds=timings.pop("busy", 10.0))
    try:
        bench.supervisor(bench.run(run), **timings).run()
    except VisionloomError as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return error.exit_status
    finally:
        bench.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
