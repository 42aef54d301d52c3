"""`visionloom report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from visionloom.cli.console import Console


def report(
    run: Annotated[Path, typer.Argument(help="Folder that `train` wrote.")],
) -> None:
    """Write the page of a finished run again: RUN/report.html."""
    with Console() as console:
        from visionloom.runs.report_run import rewrite_report

        console.say(f"Report: {rewrite_report(run)}")


def command() -> typer.Typer:
    """The command."""
    app = typer.Typer(add_completion=False)
    app.command("report")(report)
    return app
