"""`visionloom score`."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from visionloom.cli.console import Console
from visionloom.cli.options import parsed, with_parameters
from visionloom.cli.signals import stopping
from visionloom.errors import RunInterrupted
from visionloom.workspace import Workspace

Option = typer.Option
_SCORER = "Score Image Model"


def score(
    model: Annotated[
        Path, typer.Argument(help="Model that `train` wrote, or the folder of the run.")
    ],
    photos: Annotated[
        list[str],
        typer.Argument(help="Folder, archive or list; or pictures, or a pattern such as '*.jpg'."),
    ],
    out: Annotated[Path, Option("--out", help="Folder to write to.")] = Path("scores"),
    overwrite: Annotated[bool, Option("--overwrite", help="Replace earlier scores.")] = False,
    json: Annotated[bool, Option("--json", help="Print counts and places as JSON.")] = False,
    *,
    parameters: Mapping[str, str | bool],
) -> None:
    """Give every photo a probability per class.

    Sub-folders that carry the model's class names are taken as labels.
    """
    with Console(as_json=json) as console, stopping(console, "nothing is written") as stop:
        from visionloom.runs.places import user_path
        from visionloom.runs.score_run import score_photos
        from visionloom.runs.steps import Steps

        out = user_path(out)
        workspace = Workspace()
        values = parsed(workspace.registry.find(_SCORER), parameters)
        steps = Steps(workspace, console.listener, stop.event)
        try:
            done = score_photos(steps, model, photos, out, values, overwrite=overwrite)
        except RunInterrupted as error:
            raise RunInterrupted(error.message, error.remedy, stop.status) from error
        console.close()
        console.say()
        console.say(f"{done.scored} pictures scored, {done.skipped} skipped", "bold")
        console.say(f"Scores   {out / 'scores.csv'}, {out / 'scores.parquet'}")
        if done.skipped:
            console.say(f"Skipped  {out / 'skipped.csv'}")
        if done.labelled:
            console.say(f"Next     visionloom evaluate {shlex.quote(str(out))} --out evaluation")
        console.result({**dataclasses.asdict(done), "scores": str(done.scores)})


def command() -> typer.Typer:
    """The command."""
    app = typer.Typer(add_completion=False)
    app.command("score")(with_parameters(score, Workspace().registry.find(_SCORER)))
    return app
