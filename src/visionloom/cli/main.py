"""The command line: `visionloom`. Commands live in files of their own; heavy modules load late."""

from __future__ import annotations

import typer

from visionloom._version import __version__
from visionloom.cli import catalog, evaluate, report, score, train, weights
from visionloom.cli import demo as demo_command
from visionloom.cli import doctor as doctor_command

app = typer.Typer(
    name="visionloom",
    help="From a folder of labelled photos to an image classifier you can trust.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(value: bool) -> None:
    if value:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """From a folder of labelled photos to an image classifier you can trust."""


app.command("train")(train.train)
app.command("score")(score.score)
app.command("evaluate")(evaluate.evaluate)
app.command("report")(report.report)
app.command("components")(catalog.components)
app.command(
    "component",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)(catalog.component)
app.add_typer(weights.app, name="weights")
app.command("demo")(demo_command.demo)
app.command("doctor")(doctor_command.doctor)


def main() -> None:
    """Run the command line; the exit status is documented in ``docs/errors.md``."""
    app()
