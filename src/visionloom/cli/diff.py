"""`visionloom diff FILE FILE`: in what two pipelines differ, in their own words."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from visionloom.cli.console import Console
from visionloom.errors import InvalidPipelineError
from visionloom.spec.pipeline import Pipeline


def diff(
    old: Annotated[Path, typer.Argument(help="A pipeline file (YAML).", metavar="OLD")],
    new: Annotated[Path, typer.Argument(help="Another one.", metavar="NEW")],
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Say in what two pipeline files differ: steps, parameters and wires, not lines."""
    with Console(as_json=json) as console:
        from visionloom.engine.difference import differences

        found = differences(_opened(old), _opened(new))
        heading = ""
        for difference in found:
            head = f"step {difference.step}" if difference.step else "pipeline"
            whole_step = difference.subject == "step"
            if whole_step:
                heading = ""
                console.say(str(difference))
                continue
            if head != heading:
                heading = head
                console.say(head, "bold")
            console.say(f"  {difference}")
        if not found:
            console.say("No difference.")
        console.result([difference.to_json() for difference in found])


def command() -> typer.Typer:
    """The command."""
    app = typer.Typer(add_completion=False)
    app.command("diff")(diff)
    return app


def _opened(file: Path) -> Pipeline:
    """The pipeline of a file that may have other faults than those of its text.

    Raises:
        InvalidPipelineError: It cannot be read as a pipeline.
    """
    from visionloom.settings import load_settings
    from visionloom.spec.pipeline_file import read_pipeline

    read = read_pipeline(file, load_settings().limits)
    if read.pipeline.is_unreadable():
        lines = "\n".join(f"  {problem}" for problem in read.problems)
        raise InvalidPipelineError(f"{file} cannot be read as a pipeline:\n{lines}")
    return read.pipeline
