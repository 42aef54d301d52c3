"""`visionloom gc`: free the space of results that nothing needs any more."""

from __future__ import annotations

from typing import Annotated

import typer

from visionloom.cli.console import Console
from visionloom.cli.text import size_text
from visionloom.workspace import Workspace


def collect_garbage(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be removed; remove nothing.")
    ] = False,
    older_than: Annotated[
        float,
        typer.Option(help="Days for which results are kept though no run names them.", min=0),
    ] = 14.0,
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Remove results that no run needs; runs that are kept stay whole."""
    with Console(as_json=json) as console:
        from visionloom.engine.collect import collect

        workspace = Workspace()
        found = collect(
            workspace.records,
            workspace.store,
            older_than_days=older_than,
            dry_run=dry_run,
            scratch=workspace.settings.scratch,
        )
        if found.removed:
            console.table(
                ["what", "size", "why"],
                [[r.name, size_text(r.bytes), r.why] for r in found.removed],
            )
        verb = "would be freed" if dry_run else "freed"
        console.say(f"{size_text(found.bytes)} {verb}.")
        console.result({"bytes": found.bytes, "removed": [vars(row) for row in found.removed]})


def command() -> typer.Typer:
    """The command."""
    app = typer.Typer(add_completion=False)
    app.command("gc")(collect_garbage)
    return app
