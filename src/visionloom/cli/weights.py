"""`visionloom weights list | fetch | add`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from visionloom.cli.console import Console

app = typer.Typer(
    help="Pretrained weights: list, fetch, add.", no_args_is_help=True, add_completion=False
)


@app.command("list")
def list_weights(
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """List the pretrained weights and where they are on this machine."""
    with Console(as_json=json) as console:
        from visionloom.workspace import Workspace

        rows = Workspace().weights()
        console.table(
            ["model", "MB", "ImageNet top-1", "on this machine"],
            [
                [r["model"], f"{r['megabytes']:.0f}", f"{r['top1']:.1f} %", r["path"] or "no"]
                for r in rows
            ],
        )
        console.result(rows)


@app.command("fetch")
def fetch_weights(
    model: Annotated[str, typer.Argument(help="Model name, e.g. resnet18.")],
) -> None:
    """Download the pretrained weights of a model into the home folder."""
    with Console() as console:
        from visionloom.workspace import Workspace

        console.say(f"Weights: {Workspace().fetch_weights(model, console.say)}")


@app.command("add")
def add_weights(
    model: Annotated[str, typer.Argument(help="Model name, e.g. resnet18.")],
    file: Annotated[Path, typer.Argument(help="Weights file (.safetensors or .pth).")],
) -> None:
    """Copy a weights file into the home folder, after checking that it fits the model."""
    with Console() as console:
        from visionloom.workspace import Workspace

        console.say(f"Weights: {Workspace().add_weights(model, file)}")


def command() -> typer.Typer:
    """The group of commands."""
    return app
