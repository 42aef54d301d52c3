"""`visionloom demo`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from visionloom.cli.console import Console
from visionloom.cli.signals import stopping
from visionloom.cli.train import tell
from visionloom.errors import RunInterrupted


def demo(
    out: Annotated[
        Path, typer.Option("--out", help="Folder to write to; an earlier demo is replaced.")
    ] = Path("visionloom-demo"),
    no_reuse: Annotated[
        bool, typer.Option("--no-reuse", help="Train again even if nothing changed.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Train a ResNet-18 from scratch on 1,797 handwritten digits, offline, in two minutes."""
    with Console(as_json=json) as console, stopping(console, "the demo ends") as stop:
        from visionloom.runs.demo import run_demo
        from visionloom.runs.places import user_path
        from visionloom.workspace import Workspace

        out = user_path(out)
        try:
            summary = run_demo(out, Workspace(), console.listener, stop.event, no_reuse=no_reuse)
        except RunInterrupted as error:
            raise RunInterrupted(error.message, error.remedy, stop.status) from error
        run, photos = (shlex.quote(str(out / name)) for name in ("run", "photos"))
        tell(
            console,
            summary,
            out / "run",
            [
                f"visionloom score {run}/model {photos} --out {shlex.quote(str(out))}/scores",
                "visionloom train PHOTOS --out run      (a folder of photos per class)",
            ],
        )
        console.result(summary)


def command() -> typer.Typer:
    """The command."""
    app = typer.Typer(add_completion=False)
    app.command("demo")(demo)
    return app
