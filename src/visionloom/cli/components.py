"""`visionloom components [NAME]`."""

from __future__ import annotations

from typing import Annotated

import typer

from visionloom.cli.console import Console
from visionloom.cli.options import default_text
from visionloom.spec.component import Component
from visionloom.spec.ports import InputPort, OutputPort, Parameter
from visionloom.spec.schema import catalog_entry
from visionloom.workspace import Workspace


def components(
    name: Annotated[
        str | None, typer.Argument(help="One component, by name, title or the original's name.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """List the components, or show one with its ports and parameters."""
    with Console(as_json=json) as console:
        registry = Workspace().registry
        if name is not None:
            item = registry.find(name)
            _show(console, item)
            console.result(catalog_entry(item))
            return
        width = max(len(item.title) for item in registry)
        category = ""
        for item in registry:
            if item.category != category:
                if category:
                    console.say()
                category = item.category
                console.say(category, "bold")
            console.entry(item.title, item.summary, width)
        for problem in registry.problems:
            console.say(f"Not loaded: {problem}", "yellow")
        console.say()
        console.say("visionloom components NAME shows one; visionloom component NAME runs it.")
        console.result([catalog_entry(item) for item in registry])


def command() -> typer.Typer:
    """The command."""
    app = typer.Typer(add_completion=False)
    app.command("components")(components)
    return app


def _show(console: Console, item: Component) -> None:
    console.say(f"{item.title} ({item.kebab}, version {item.version})", "bold")
    console.paragraph(item.summary)
    for text in item.description.split("\n\n"):
        if text:
            console.paragraph(" ".join(text.split()))
    ports: list[tuple[str, list[InputPort] | list[OutputPort]]] = [
        ("Inputs", list(item.inputs)),
        ("Outputs", list(item.outputs)),
    ]
    for heading, found in ports:
        if found:
            console.say()
            console.say(heading, "bold")
            width = max(len(port.name) for port in found)
            for port in found:
                console.entry(port.name, _port_text(port), width)
    groups = (("Parameters", "basic"), ("Advanced parameters", "advanced"))
    for heading, group in groups:
        chosen = [p for p in item.parameters if p.setting.group == group]
        if chosen:
            console.say()
            console.say(heading, "bold")
            width = max(len(p.kebab) for p in chosen)
            for parameter in chosen:
                console.entry(parameter.kebab, _parameter_text(parameter), width)
    if item.differs:
        console.say()
        console.say("Differs from the original", "bold")
        for sentence in item.differs:
            console.entry("-", sentence, 1)


def _port_text(port: InputPort | OutputPort) -> str:
    optional = ", optional" if isinstance(port, InputPort) and port.optional else ""
    return f"{port.title}: {port.type.type_name}{optional}. {port.help}".strip()


def _parameter_text(parameter: Parameter) -> str:
    rule = parameter.setting
    parts = [rule.help]
    if parameter.range_text:
        parts.append(f"{parameter.range_text[0].upper()}{parameter.range_text[1:]}.")
    default = default_text(parameter)
    if parameter.required:
        parts.append("Must be chosen.")
    elif default:
        parts.append(f"Default {default}.")
    if rule.shown_when is not None:
        name, value = rule.shown_when
        shown = str(value).lower() if isinstance(value, bool) else value
        parts.append(f"Used when {name.replace('_', '-')} is {shown}.")
    return " ".join(parts)
