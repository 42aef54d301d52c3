"""`visionloom validate FILE`: every fault of a pipeline file, each with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from visionloom.cli.console import Console
from visionloom.cli.set_values import given_values
from visionloom.workspace import Workspace

Option = typer.Option


def validate(
    file: Annotated[Path, typer.Argument(help="A pipeline file (YAML).")],
    settings: Annotated[
        list[str] | None,
        Option("--set", help="INPUT=VALUE of a pipeline input.", metavar="INPUT=VALUE"),
    ] = None,
    target: Annotated[
        str, Option(help="Where steps would run that name no target.", metavar="NAME")
    ] = "",
    strict: Annotated[bool, Option("--strict", help="Warnings count as errors.")] = False,
    offline: Annotated[bool, Option("--offline", help="Fetch nothing from other hosts.")] = False,
    json: Annotated[bool, Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Find every fault of a pipeline file, without running anything.

    Exit status 0: it may run; 2: it has faults. docs/pipelines.md explains the codes.
    """
    with Console(as_json=json) as console:
        from visionloom.engine.check import check_pipeline
        from visionloom.settings import load_settings
        from visionloom.spec.pipeline_file import read_pipeline
        from visionloom.spec.problems import errors_among

        workspace = Workspace(load_settings(offline=offline or None))
        read = read_pipeline(file, workspace.settings.limits)
        problems = check_pipeline(
            read,
            workspace.registry,
            targets=workspace.targets,
            settings=workspace.settings,
            values=given_values(settings),
            target=target or None,
        )
        for problem in problems:
            console.say(str(problem), "red" if problem.severity == "error" else "yellow")
        steps = len(read.pipeline.steps)
        errors = sum(problem.severity == "error" for problem in problems)
        console.say(_summary(steps, errors, len(problems) - errors))
        console.result(
            {
                "file": str(file),
                "steps": steps,
                "errors": errors,
                "warnings": len(problems) - errors,
                "problems": [problem.to_json() for problem in problems],
            }
        )
        if errors_among(problems, strict=strict):
            raise typer.Exit(2)


def command() -> typer.Typer:
    """The command."""
    app = typer.Typer(add_completion=False)
    app.command("validate")(validate)
    return app


def _summary(steps: int, errors: int, warnings: int) -> str:
    counted = f"{steps} step{'s' * (steps != 1)}"
    if not errors and not warnings:
        return f"{counted}, no problem."
    parts = [
        f"{count} {word}{'s' * (count != 1)}"
        for count, word in ((errors, "error"), (warnings, "warning"))
        if count
    ]
    return f"{counted}, {', '.join(parts)}."
