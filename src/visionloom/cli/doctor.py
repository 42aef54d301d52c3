"""`visionloom doctor`."""

from __future__ import annotations

from typing import Annotated

import typer

from visionloom.cli.console import Console


def doctor(
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Show versions, devices, folders and limits, and what would be chosen and why."""
    with Console(as_json=json) as console:
        from visionloom.runs.doctor import examine

        found = examine()
        for heading, rows in found.items():
            console.say(heading, "bold")
            width = max(len(name) for name in rows)
            for name, value in rows.items():
                console.say(f"  {name:{width}}  {value}")
        console.result(found)


def command() -> typer.Typer:
    """The command."""
    app = typer.Typer(add_completion=False)
    app.command("doctor")(doctor)
    return app
