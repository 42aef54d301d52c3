"""`visionloom datasets list | add | delete`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from visionloom.cli.console import Console
from visionloom.cli.text import size_text
from visionloom.errors import UsageError

_REFUSED_SHOWN = 20

app = typer.Typer(
    help="Photos kept in the home folder: list, add, delete.",
    no_args_is_help=True,
    add_completion=False,
)


@app.command("list")
def list_data_sets(
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """List the data sets: what was dropped on the designer, or added here."""
    with Console(as_json=json) as console:
        from visionloom.datasets import DataSets
        from visionloom.settings import load_settings

        found = DataSets(load_settings()).list()
        if found:
            rows = [
                [one.name, f"{one.files:,}", size_text(one.bytes), _day(one.created), str(one.path)]
                for one in found
            ]
            console.table(["data set", "pictures", "size", "since", "path"], rows)
        else:
            console.say("There are no data sets. `visionloom datasets add FOLDER` makes one.")
        console.result([{**vars(one), "path": str(one.path)} for one in found])


@app.command("add")
def add(
    source: Annotated[Path, typer.Argument(help="Folder of photos, zip or tar; it is copied.")],
    name: Annotated[str, typer.Option(help="What to call it; the source's name by default.")] = "",
) -> None:
    """Copy photos into the home folder, so that pipelines and the designer can name them."""
    with Console() as console:
        from visionloom.datasets import DataSets
        from visionloom.settings import load_settings

        refused: list[UsageError] = []
        made = DataSets(load_settings()).add(source, name, refused.append)
        for error in refused[:_REFUSED_SHOWN]:
            console.say(f"Left out: {error.message}", "yellow")
        if len(refused) > _REFUSED_SHOWN:
            console.say(f"and {len(refused) - _REFUSED_SHOWN:,} more.", "yellow")
        console.say(f"Data set {made.name}: {made.files:,} pictures, {size_text(made.bytes)}.")
        console.say(f"In a pipeline its path is {made.path}")


@app.command("delete")
def delete(
    name: Annotated[str, typer.Argument(help="Name of a data set.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete a data set; the photos it was copied from stay."""
    with Console() as console:
        from visionloom.datasets import DataSets
        from visionloom.drafts.drafts import Drafts
        from visionloom.server.in_use import refuse_used
        from visionloom.workspace import Workspace

        workspace = Workspace()
        data_sets = DataSets(workspace.settings)
        found = data_sets.find(name)
        refuse_used(workspace, Drafts(workspace.settings), found)
        if not yes and not typer.confirm(f"Delete {found.files:,} pictures of {found.name}?"):
            console.say("Nothing was deleted.")
            return
        data_sets.delete(found.id)
        console.say(f"Data set {found.name} deleted.")


def _day(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))


def command() -> typer.Typer:
    """The group of commands."""
    return app
