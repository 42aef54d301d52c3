"""`visionloom demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from visionloom.cli.console import Console
from visionloom.cli.signals import stopping


def demo(
    out: Annotated[
        Path, typer.Option("--out", help="Folder to write to; an earlier demo is replaced.")
    ] = Path("visionloom-demo"),
    json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Train a ResNet-18 from scratch on 1,797 handwritten digits, offline, in two minutes."""
    with Console(as_json=json) as console:
        from visionloom.cli.train import tell
        from visionloom.errors import RunInterrupted
        from visionloom.runs.demo import run_demo

        with stopping(console, "the demo ends") as stop:
            try:
                summary = run_demo(out, console.listener, stop.event)
            except RunInterrupted as error:
                raise RunInterrupted(error.message, error.remedy, stop.status) from error
        tell(console, summary, out / "run")
        console.say(f"Your own photos: visionloom train PHOTOS --out run (try it on {out}/photos)")
        console.result(summary)
