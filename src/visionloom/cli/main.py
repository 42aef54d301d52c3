"""The command line: `visionloom`. A command's file is imported when the command is used."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from visionloom._version import __version__
from visionloom.cli.console import Console


@dataclass(frozen=True)
class _Entry:
    """A command: its file, and the line the list of commands shows."""

    module: str
    summary: str
    panel: str


_WORK, _PIPELINES = "From photos to answers", "Pipelines"
_PIECES, _MACHINE = "Piece by piece", "This machine"
_COMMANDS = {
    "train": _Entry("train", "Train a classifier on labelled photos.", _WORK),
    "score": _Entry("score", "Give every photo a probability per class.", _WORK),
    "evaluate": _Entry("evaluate", "Say how good scores are, and how sure that is.", _WORK),
    "report": _Entry("report", "Write the page of a finished run again.", _WORK),
    "designer": _Entry("designer", "Draw, run and look, in a browser.", _WORK),
    "run": _Entry("run", "Run a pipeline file; what is unchanged is reused.", _PIPELINES),
    "validate": _Entry("validate", "Find every fault of a pipeline file.", _PIPELINES),
    "diff": _Entry("diff", "Say in what two pipeline files differ.", _PIPELINES),
    "runs": _Entry("runs", "What was run: show, why, logs, cancel, resume, ...", _PIPELINES),
    "targets": _Entry("targets", "Where steps run: list, add, remove, default.", _PIPELINES),
    "gc": _Entry("gc", "Free the space of results nothing needs.", _PIPELINES),
    "azure": _Entry("azure", "Export a pipeline for Azure Machine Learning.", _PIPELINES),
    "components": _Entry("components", "List the components, or show one.", _PIECES),
    "component": _Entry("component", "Run one component on artifact folders.", _PIECES),
    "datasets": _Entry("datasets", "Photos in the home folder: list, add, delete.", _MACHINE),
    "drafts": _Entry(
        "drafts", "Pipelines being edited in the designer: list, new, delete.", _PIPELINES
    ),
    "weights": _Entry("weights", "Pretrained weights: list, fetch, add.", _MACHINE),
    "demo": _Entry("demo", "Train on handwritten digits, offline, in two minutes.", _MACHINE),
    "doctor": _Entry("doctor", "Show what is here and what would be chosen.", _MACHINE),
}


class Commands(TyperGroup):
    """The list of commands, of which only the one that is used is imported."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, entry in _COMMANDS.items():
            self.commands[name] = TyperCommand(
                name, help=entry.summary, rich_help_panel=entry.panel, add_help_option=False
            )

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The command itself in place of its line in the list."""
        name, listed, rest = super().resolve_command(ctx, args)
        if name not in _COMMANDS:
            return name, listed, rest
        module = importlib.import_module(f"visionloom.cli.{_COMMANDS[name].module}")
        made = typer.main.get_command(module.command())
        made.name = name
        return name, made, rest


app = typer.Typer(
    cls=Commands,
    name="visionloom",
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


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; the exit status is documented in ``docs/errors.md``.

    Raises:
        SystemExit: Always.
    """
    try:
        with Console():
            app(args=None if arguments is None else list(arguments))
    except typer.Exit as done:
        raise SystemExit(done.exit_code) from None


if __name__ == "__main__":
    main()
