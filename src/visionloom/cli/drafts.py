"""`visionloom drafts list | new | delete`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from visionloom.cli.console import Console

app = typer.Typer(
    help="Pipelines being edited in the designer: list, new, delete.",
    no_args_is_help=True,
    add_completion=False,
)


@app.command("list")
def list_drafts(
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """List the drafts, the one changed last first; `visionloom run FILE` runs one."""
    with Console(as_json=json) as console:
        from visionloom.drafts.drafts import Drafts
        from visionloom.settings import load_settings

        cards = Drafts(load_settings()).cards()
        if cards:
            console.table(
                ["draft", "changed", "file"],
                [[card.id, _minute(card.changed), str(card.file)] for card in cards],
            )
        else:
            console.say("There are no drafts. `visionloom designer` makes some.")
        console.result([{**vars(card), "file": str(card.file)} for card in cards])


@app.command("new")
def new(
    file: Annotated[Path, typer.Argument(help="A pipeline file (YAML); it is edited in place.")],
) -> None:
    """Make a draft of a file that is edited where it is; `visionloom designer` shows it."""
    with Console() as console:
        from visionloom.drafts.drafts import Drafts
        from visionloom.settings import load_settings

        draft = Drafts(load_settings()).open_file(file)
        console.say(f"Draft {draft.id} edits {draft.file}")


@app.command("delete")
def delete(
    draft: Annotated[str, typer.Argument(help="Id of a draft.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete a draft with its history; a file that is edited in place stays."""
    with Console() as console:
        from visionloom.drafts.drafts import Drafts
        from visionloom.settings import load_settings

        drafts = Drafts(load_settings())
        found = drafts.get(draft)
        what = "its history" if found.in_place else "the pipeline and its history"
        if not yes and not typer.confirm(f"Delete {what}?"):
            console.say("Nothing was deleted.")
            return
        drafts.delete(draft)
        console.say(f"Draft {draft} deleted.")


def _minute(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))


def command() -> typer.Typer:
    """The group of commands."""
    return app
