"""`visionloom targets`: where steps may run."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from visionloom.cli.console import Console
from visionloom.engine.targets import (
    LOCAL,
    Target,
    load_targets,
    make_target,
    memory_text,
    save_targets,
)
from visionloom.settings import load_settings

Option = typer.Option
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of a target.")]


def command() -> typer.Typer:
    """The group."""
    app = typer.Typer(
        help="Where steps run: list, add, remove, default.",
        add_completion=False,
        invoke_without_command=True,
    )

    @app.callback()
    def root(context: typer.Context) -> None:
        if context.invoked_subcommand is None:
            list_targets(json=False)

    for name, function in (
        ("list", list_targets), ("add", add), ("remove", remove), ("default", default),
    ):  # fmt: skip
        app.command(name)(function)
    return app


def list_targets(
    json: Annotated[bool, Option("--json", help="Print as JSON.")] = False,
) -> None:
    """List the targets: what this machine has, and what was added."""
    with Console(as_json=json) as console:
        from visionloom.engine.devices import count_gpus

        targets = load_targets(load_settings())
        found = targets.all(count_gpus())
        default_name = targets.default.name
        rows = [
            [
                target.name,
                target.device,
                str(target.slots),
                memory_text(target.memory_bytes) or "no limit",
                "default" if target.name == default_name else "",
            ]
            for target in found
        ]
        console.table(["target", "device", "slots", "memory", ""], rows)
        console.result([_json(target, target.name == default_name) for target in found])


def add(
    name: Name,
    device: Annotated[
        str, Option(help="What its steps may use: auto, cpu, mps, cuda or cuda:N.")
    ] = "auto",
    slots: Annotated[int, Option(help="Steps that may run at once.")] = 1,
    memory: Annotated[
        str, Option(help="Memory one step may use, e.g. '12 GiB'; empty for no limit.")
    ] = "",
    kind: Annotated[str, Option(help="What runs the steps: local.")] = "local",
) -> None:
    """Add a target, or change the one of this name; `compute: azureml:NAME` then means it."""
    with Console() as console:
        settings = load_settings()
        target = make_target(name, kind=kind, device=device, slots=slots, memory=memory)
        targets = load_targets(settings)
        word = "changed" if name in targets.named else "added"
        save_targets(targets.added(target), settings)
        console.say(f"Target {name} {word}: {_words(target)}.")


def remove(name: Name) -> None:
    """Remove a target that was added."""
    with Console() as console:
        settings = load_settings()
        save_targets(load_targets(settings).removed(name), settings)
        console.say(f"Target {name} removed.")


def default(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of a target.")] = "",
) -> None:
    """Show where steps run that name no target, or choose it."""
    with Console() as console:
        settings = load_settings()
        targets = load_targets(settings)
        if name:
            targets = targets.with_default(name)
            save_targets(targets, settings)
        hint = "" if targets.default.name != LOCAL else ", this machine as a whole"
        console.say(f"Steps that name no target run on {targets.default.name}{hint}.")


def _words(target: Target) -> str:
    memory = memory_text(target.memory_bytes)
    limit = f", {memory} of memory for a step" if memory else ""
    return f"device {target.device}, {target.slots} slot{'s' * (target.slots > 1)}{limit}"


def _json(target: Target, is_default: bool) -> dict[str, object]:
    return {**asdict(target), "default": is_default}
