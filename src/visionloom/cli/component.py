"""`visionloom component NAME`: run one component on artifact folders."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from visionloom.artifacts.types import ImageDirectory
from visionloom.cli.console import Console
from visionloom.cli.options import parsed, with_parameters
from visionloom.cli.signals import stopping
from visionloom.errors import RunInterrupted, UsageError
from visionloom.spec.component import Component
from visionloom.workspace import Workspace

Option = typer.Option


class Components(TyperGroup):
    """One command per component, made from its declaration when it is used."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.registry = Workspace().registry
        for item in self.registry:
            self.commands[item.kebab] = TyperCommand(
                item.kebab, help=item.summary, rich_help_panel=item.category, add_help_option=False
            )

    def resolve_command(
        self,
        ctx: Any,  # noqa: ARG002 - typer's signature
        args: list[str],
    ) -> tuple[str | None, Any, list[str]]:
        """The component's command; its name, title and aliases are understood."""
        with Console():
            item = self.registry.find(args[0])
            single = typer.Typer(add_completion=False)
            single.command(item.kebab, help=_help(item))(with_parameters(_runner(item), item))
            made = typer.main.get_command(single)
        return item.kebab, made, args[1:]


def command() -> typer.Typer:
    """The group of all components."""
    app = typer.Typer(
        cls=Components,
        help="Run one component on artifact folders: visionloom component NAME --help.",
        no_args_is_help=True,
        add_completion=False,
    )
    app.callback()(lambda: None)
    return app


def _runner(item: Component) -> Callable[..., None]:
    def run(
        inputs: Annotated[
            list[str] | None,
            Option("--input", help="PORT=FOLDER, for each input.", metavar="PORT=FOLDER"),
        ] = None,
        outputs: Annotated[
            list[str] | None,
            Option(
                "--out",
                "--output",
                help="PORT=FOLDER, for each output; FOLDER alone when there is one.",
                metavar="PORT=FOLDER",
            ),
        ] = None,
        settings: Annotated[
            list[str] | None,
            Option(
                "--set",
                help="PARAMETER=VALUE, the same as --PARAMETER VALUE.",
                metavar="PARAMETER=VALUE",
            ),
        ] = None,
        scratch: Annotated[
            Path | None, Option(help="Folder kept between attempts, for checkpoints.")
        ] = None,
        json: Annotated[bool, Option("--json", help="Print the outputs as JSON.")] = False,
        *,
        parameters: Mapping[str, str | bool],
    ) -> None:
        with (
            Console(as_json=json) as console,
            stopping(console, "the state is being saved") as stop,
        ):
            given = _all_parameters(item, parameters, settings)
            if scratch is not None:
                scratch.mkdir(parents=True, exist_ok=True)
            try:
                made = Workspace().run(
                    item,
                    inputs={k: Path(v) for k, v in _pairs(inputs, "--input", item.inputs).items()},
                    parameters=given,
                    outputs={k: Path(v) for k, v in _pairs(outputs, "--out", item.outputs).items()},
                    scratch=scratch,
                    listener=console.listener,
                    stop=stop.event,
                )
            except RunInterrupted as error:
                raise RunInterrupted(error.message, _again(scratch), stop.status) from error
            console.close()
            for port, artifact in made.items():
                console.say(f"{port}: {artifact.path}")
                if isinstance(artifact, ImageDirectory):
                    _tell_images(console, artifact)
            console.result({port: str(artifact.path) for port, artifact in made.items()})

    return run


def _tell_images(console: Console, directory: ImageDirectory) -> None:
    """How many pictures, classes and skipped files an image directory lists."""
    from visionloom.images.directory import read_images

    images = read_images(directory, verify=False)
    classes = f" of {len(images.classes)} classes" if images.classes is not None else ", no labels"
    console.say(f"  {len(images.records)} pictures{classes}")
    if images.skipped:
        console.say(f"  {len(images.skipped)} skipped: {directory.path / 'skipped.parquet'}")


def _all_parameters(
    item: Component, options: Mapping[str, str | bool], settings: list[str] | None
) -> dict[str, object]:
    values: dict[str, object] = dict(parsed(item, options))
    for text in settings or []:
        key, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"--set {text!r} is not understood.", "Write --set PARAMETER=VALUE.")
        parameter = item.parameter(key)
        if parameter.name in values:
            raise UsageError(f"{parameter.title} is given twice.")
        values[parameter.name] = parameter.parse(value)
    return values


def _pairs(texts: list[str] | None, option: str, ports: Any) -> dict[str, str]:
    """``port=folder`` texts; with a single port the folder alone is enough."""
    pairs: dict[str, str] = {}
    names = [port.name for port in ports]
    for text in texts or []:
        key, equals, value = text.partition("=")
        key = key.replace("-", "_")
        if key not in names and len(names) == 1 and not (equals and key.isidentifier()):
            key, equals, value = names[0], "=", text
        if not equals or not value:
            raise UsageError(
                f"{option} {text!r} is not understood.", f"Write {option} PORT=FOLDER."
            )
        if key in pairs:
            raise UsageError(f"{option} {key} is given twice.")
        pairs[key] = value
    return pairs


def _help(item: Component) -> str:
    """The summary and the ports, a paragraph each."""
    lines = [item.summary, ""]
    for port in item.inputs:
        optional = ", optional" if port.optional else ""
        lines.append(f"--input {port.name}=  {port.title}: {port.type.type_name}{optional}")
        lines.append("")
    for out in item.outputs:
        lines.append(f"--out {out.name}=  {out.title}: {out.type.type_name}")
        lines.append("")
    return "\n".join(lines)


def _again(scratch: Path | None) -> str:
    return (
        "Run the same command again to go on."
        if scratch is not None
        else "Nothing was kept; --scratch FOLDER keeps the state of a training."
    )
