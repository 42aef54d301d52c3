"""`visionloom run FILE`: check, plan, carry out and follow a pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from visionloom.cli.console import Console
from visionloom.cli.set_values import given_values
from visionloom.cli.signals import stopping
from visionloom.cli.text import duration
from visionloom.workspace import Workspace

Option = typer.Option
_ACTIONS = {"run": "run", "reuse": "reuse", "refuse": "refused", "leave": "left out"}


def run(
    file: Annotated[Path, typer.Argument(help="A pipeline file (YAML).")],
    settings: Annotated[
        list[str] | None,
        Option("--set", help="INPUT=VALUE of a pipeline input.", metavar="INPUT=VALUE"),
    ] = None,
    target: Annotated[
        str, Option(help="Where steps run that name no target; `visionloom targets` lists them.")
    ] = "",
    up_to: Annotated[str, Option(help="Run this step and what it needs.", metavar="STEP")] = "",
    start_from: Annotated[
        str,
        Option(
            "--from", help="Run this step and what needs it, even if unchanged.", metavar="STEP"
        ),
    ] = "",
    only: Annotated[
        str, Option(help="Run this step alone, on results that are there.", metavar="STEP")
    ] = "",
    no_reuse: Annotated[bool, Option("--no-reuse", help="Run every step.")] = False,
    dry_run: Annotated[
        bool, Option("--dry-run", help="Say what would run, why and how long; run nothing.")
    ] = False,
    detach: Annotated[
        bool, Option("--detach", help="Return at once; `visionloom runs` shows how it goes.")
    ] = False,
    strict: Annotated[bool, Option("--strict", help="Warnings count as errors.")] = False,
    offline: Annotated[bool, Option("--offline", help="Fetch nothing from other hosts.")] = False,
    json: Annotated[bool, Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Run a pipeline: check it, say what runs and what is reused, carry it out.

    Ctrl-C stops it; a training keeps its state, and `visionloom runs resume` goes on.
    """
    with Console(as_json=json) as console:
        from visionloom.runs.pipeline_run import (
            RunRequest,
            prepare_pipeline,
            refuse_missing_results,
        )
        from visionloom.settings import load_settings

        workspace = Workspace(load_settings(offline=offline or None))
        request = RunRequest(
            values=given_values(settings),
            target=target,
            up_to=up_to,
            start_from=start_from,
            only=only,
            no_reuse=no_reuse,
        )
        prepared = prepare_pipeline(workspace, file, request, strict=strict)
        for warning in prepared.warnings:
            console.say(str(warning), "yellow")
        if dry_run:
            tell_plan(console, prepared)
            console.result(plan_json(prepared))
            refuse_missing_results(prepared)
            return
        carry_out(console, workspace, prepared, detach=detach)


def command() -> typer.Typer:
    """The command."""
    app = typer.Typer(add_completion=False)
    app.command("run")(run)
    return app


def carry_out(
    console: Console,
    workspace: Workspace,
    prepared: Any,
    *,
    kind: str = "pipeline",
    detach: bool = False,
) -> None:
    """Submit a prepared pipeline and follow it to its end, or return at once.

    Raises:
        VisionloomError: The error of the step that failed.
        RunInterrupted: Stopped.
    """
    from visionloom.cli.tree import StepTree
    from visionloom.runs.follow import follow, raise_failure
    from visionloom.runs.history import view
    from visionloom.runs.pipeline_run import submit

    tell_plan(console, prepared)
    run_id = submit(prepared, kind=kind)
    if detach:
        console.say(f"Run {run_id} has begun. See it: visionloom runs show {run_id}")
        console.result({"run": run_id})
        return
    with (
        stopping(console, "steps that keep a state save it") as stop,
        StepTree(console, prepared.pipeline, prepared.decisions) as tree,
    ):
        ended = follow(workspace, run_id, tree.show, stop.event)
    console.close()
    seen = view(workspace, run_id)
    _tell_end(console, seen, prepared)
    raise_failure(workspace, ended, status=stop.status)
    console.result(seen.to_json())


def tell_plan(console: Console, prepared: Any) -> None:
    """Say for every step whether it runs, and why."""
    from visionloom.engine.plan import expected_seconds

    decisions = prepared.decisions
    counts = {action: sum(d.action == action for d in decisions.values()) for action in _ACTIONS}
    parts = [f"{counts[a]} {_ACTIONS[a]}" for a in _ACTIONS if counts[a] or a in {"run", "reuse"}]
    seconds = expected_seconds(decisions.values())
    if counts["run"] and seconds is not None:
        parts.append(f"about {duration(seconds)}")
    console.say(f"{len(decisions)} steps: {', '.join(parts)}", "bold")
    console.table(
        ["step", "what", "expected", "why"],
        [
            [
                name,
                _ACTIONS[d.action],
                duration(d.seconds) if d.action == "run" and d.seconds is not None else "",
                _why(d),
            ]
            for name, d in decisions.items()
        ],
    )


def plan_json(prepared: Any) -> dict[str, Any]:
    """The plan as a JSON value."""
    from visionloom.engine.plan import expected_seconds

    decisions: Mapping[str, Any] = prepared.decisions
    return {
        "steps": {name: decision.to_json() for name, decision in decisions.items()},
        "seconds": expected_seconds(decisions.values()),
        "warnings": [problem.to_json() for problem in prepared.warnings],
    }


def _why(decision: Any) -> str:
    if decision.action == "reuse":
        return f"{decision.why}, from {decision.compared_to}"
    return str(decision.why)


def _tell_end(console: Console, seen: Any, prepared: Any) -> None:
    from visionloom.runs.history import seconds_of

    took = seconds_of(seen.run)
    style = "green" if seen.run.state == "succeeded" else "red"
    words = f"Run {seen.run.id} {seen.run.state}"
    console.say(f"{words}{f' in {duration(took)}' if took is not None else ''}", style)
    if seen.run.state != "succeeded":
        return
    made = {(output.step, output.port) for output in seen.outputs}
    for delivery in prepared.pipeline.deliveries:
        if delivery.path is not None and (delivery.step, delivery.port) in made:
            console.say(f"  {delivery.name}: {delivery.path}")
