"""`visionloom designer [FILE]`: draw, run and look, in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from visionloom.cli.console import Console


def open_designer(
    file: Annotated[
        Path | None,
        typer.Argument(help="Pipeline file to edit where it is; the first page without one."),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            help="Port to listen at; 0 for any that is free. [default: 8321, or the next free one]",
            min=0,
            max=65_535,
        ),
    ] = None,
    host: Annotated[
        str,
        typer.Option(
            help="Only this machine's own addresses are taken; it listens at all of them."
        ),
    ] = "127.0.0.1",
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Print the link; open no browser.")
    ] = False,
    folder: Annotated[
        list[Path] | None,
        typer.Option(
            help="A folder whose photos may be used from the page, by default the one it is "
            "started in; may be repeated."
        ),
    ] = None,
) -> None:
    """Open the designer in a browser. Ctrl-C ends it; runs go on."""
    with Console() as console:
        from visionloom.server.listening import check_host
        from visionloom.server.serve import run_designer
        from visionloom.workspace import Workspace

        check_host(host, port)
        run_designer(
            Workspace(),
            port=port,
            folders=folder or [],
            file=file,
            with_browser=not no_browser,
            say=console.say,
        )


def command() -> typer.Typer:
    """The command."""
    app = typer.Typer(add_completion=False)
    app.command("designer")(open_designer)
    return app
