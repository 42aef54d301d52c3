"""`visionloom components` and `visionloom component`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from visionloom.cli.console import Console
from visionloom.cli.signals import stopping

if TYPE_CHECKING:
    from visionloom.spec.component import Component
    from visionloom.spec.ports import Parameter

Option = typer.Option


def components(
    name: Annotated[str | None, typer.Argument(help="One component, by name or title.")] = None,
    json: Annotated[bool, Option("--json", help="Print as JSON.")] = False,
) -> None:
    """List the components, or show one with its ports and parameters."""
    with Console(as_json=json) as console:
        from visionloom.spec.schema import catalog_entry
        from visionloom.workspace import Workspace

        registry = Workspace().registry
        if name is not None:
            item = registry.find(name)
            _show(console, item)
            console.result(catalog_entry(item))
            return
        category = ""
        for item in registry:
            if item.category != category:
                category = item.category
                console.say()
                console.say(category, "bold")
            console.say(f"  {item.title:30}  {item.summary}")
        for problem in registry.problems:
            console.say(f"Not loaded: {problem}", "yellow")
        console.result([catalog_entry(item) for item in registry])


def component(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name or title of the component.")],
    inputs: Annotated[
        list[str] | None, Option("--input", help="PORT=FOLDER, for each input.")
    ] = None,
    outputs: Annotated[
        list[str] | None, Option("--output", help="PORT=FOLDER, for each output.")
    ] = None,
    settings: Annotated[
        list[str] | None, Option("--set", help="PARAMETER=VALUE; or --PARAMETER VALUE.")
    ] = None,
    scratch: Annotated[
        Path | None, Option(help="Folder kept between attempts, for checkpoints.")
    ] = None,
) -> None:
    """Run one component on artifact folders."""
    with Console() as console:
        from visionloom.errors import UsageError
        from visionloom.workspace import Workspace

        workspace = Workspace()
        item = workspace.registry.find(name)
        given = {**_pairs(settings, "--set"), **_extra(context.args)}
        parameters: dict[str, object] = {}
        for key, text in given.items():
            parameter = item.parameter(key)
            if parameter.name in parameters:
                raise UsageError(f"{parameter.title} is given twice.")
            parameters[parameter.name] = parameter.parse(text)
        if scratch is not None:
            scratch.mkdir(parents=True, exist_ok=True)
        with stopping(console, "the state is being saved") as stop:
            made = workspace.run(
                item,
                inputs={key: Path(path) for key, path in _pairs(inputs, "--input").items()},
                parameters=parameters,
                outputs={key: Path(path) for key, path in _pairs(outputs, "--output").items()},
                scratch=scratch,
                listener=console.listener,
                stop=stop.event,
            )
        for port, artifact in made.items():
            console.say(f"{port}: {artifact.path}")


def _pairs(texts: list[str] | None, option: str) -> dict[str, str]:
    from visionloom.errors import UsageError

    pairs: dict[str, str] = {}
    for text in texts or []:
        key, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"{option} {text!r} is not understood.", f"Write {option} NAME=VALUE.")
        if key in pairs:
            raise UsageError(f"{option} {key} is given twice.")
        pairs[key.replace("-", "_")] = value
    return pairs


def _extra(arguments: list[str]) -> dict[str, str]:
    """``--name value`` and ``--name=value`` that are no options of the command itself."""
    from visionloom.errors import UsageError

    pairs: dict[str, str] = {}
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if not word.startswith("--"):
            raise UsageError(f"{word!r} is not understood.", "Write --PARAMETER VALUE.")
        key, equals, value = word[2:].partition("=")
        if not equals:
            if not rest:
                raise UsageError(f"{word} needs a value.")
            value = rest.pop(0)
        if key in pairs:
            raise UsageError(f"--{key} is given twice.")
        pairs[key.replace("-", "_")] = value
    return pairs


def _show(console: Console, item: Component) -> None:
    console.say(f"{item.title} ({item.name}, version {item.version})", "bold")
    console.say(item.summary)
    if item.description:
        console.say(item.description)
    for heading, ports in (("Inputs", item.inputs), ("Outputs", item.outputs)):
        ports_seen: Any = ports
        if ports_seen:
            console.say()
            console.say(heading, "bold")
            for port in ports_seen:
                open_port = " (optional)" if getattr(port, "optional", False) else ""
                console.say(f"  {port.name}: {port.type.type_name}{open_port}")
    if item.parameters:
        console.say()
        console.table(
            ["parameter", "default", "allowed", "help"],
            [
                [p.kebab, _default(p), p.range_text or p.kind, p.setting.help]
                for p in item.parameters
            ],
        )
    if item.differs:
        console.say()
        console.say("Differs from the original", "bold")
        for line in item.differs:
            console.say(f"  {line}")


def _default(parameter: Parameter) -> str:
    if parameter.required:
        return "(choose)"
    value = parameter.default
    if value is None:
        value = parameter.setting.preset_default
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
