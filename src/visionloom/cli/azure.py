"""`visionloom azure export FILE --out DIR`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from visionloom.cli.console import Console

Option = typer.Option


def command() -> typer.Typer:
    """The group."""
    app = typer.Typer(
        help="Azure Machine Learning: export a pipeline for it.",
        no_args_is_help=True,
        add_completion=False,
    )
    app.callback()(lambda: None)
    app.command("export")(export_pipeline)
    return app


def export_pipeline(
    file: Annotated[Path, typer.Argument(help="A pipeline file (YAML).")],
    out: Annotated[Path, Option("--out", help="Folder to write to.")],
    compute: Annotated[
        str, Option(help="Compute target of steps that name none.", metavar="NAME")
    ] = "",
    environment: Annotated[
        str,
        Option(
            help="An environment there that has Visionloom; one is defined by default.",
            metavar="NAME:VERSION",
        ),
    ] = "",
    overwrite: Annotated[bool, Option("--overwrite", help="Replace an earlier export.")] = False,
    json: Annotated[bool, Option("--json", help="Print what was written as JSON.")] = False,
) -> None:
    """Write a pipeline as a job, component files and environment that Azure accepts."""
    with Console(as_json=json) as console:
        from visionloom.azure.export import JOB_FILE, export
        from visionloom.runs.export_run import checked_pipeline
        from visionloom.runs.places import user_path
        from visionloom.workspace import Workspace

        out = user_path(out)
        workspace = Workspace()
        pipeline = checked_pipeline(workspace, file)
        done = export(
            pipeline,
            workspace.registry,
            out,
            compute=compute,
            environment=environment,
            replace=overwrite,
        )
        console.say(f"{len(done.components)} components and the job {out / JOB_FILE}")
        for note in done.notes:
            console.paragraph(note)
        console.say(f"Next    az ml job create --file {out / JOB_FILE}")
        console.result({"folder": str(out), "components": list(done.components)})
