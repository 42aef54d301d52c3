"""`visionloom evaluate`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from visionloom.cli.console import Console

Option = typer.Option
_MISTAKES_SHOWN = 5


def evaluate(
    scores: Annotated[
        list[Path],
        typer.Argument(help="Scores of labelled photos; a second set is compared with the first."),
    ],
    out: Annotated[Path, Option("--out", help="Folder to write to.")] = Path("evaluation"),
    json: Annotated[bool, Option("--json", help="Print the evaluation as JSON.")] = False,
) -> None:
    """Say how good scores are, how sure that is, and which photos are wrong."""
    with Console(as_json=json) as console:
        from visionloom.runs.evaluate_run import evaluate_scores
        from visionloom.runs.places import user_path
        from visionloom.runs.steps import Steps
        from visionloom.workspace import Workspace

        out = user_path(out)
        document = evaluate_scores(Steps(Workspace(), console.listener), scores, out)
        console.say()
        _tell_classes(console, document["scores"])
        _tell_mistakes(console, document["scores"]["mistakes"])
        if "comparison" in document:
            _tell_comparison(console, document["comparison"])
        console.say()
        console.say(f"Evaluation  {out / 'evaluation.json'}")
        console.result(document)


def command() -> typer.Typer:
    """The command."""
    app = typer.Typer(add_completion=False)
    app.command("evaluate")(evaluate)
    return app


def _tell_classes(console: Console, figures: Mapping[str, Any]) -> None:
    rows = [
        [
            row["label"],
            str(row["images"]),
            *(_share(row[name]) for name in ("precision", "recall", "f1")),
        ]
        for row in figures["per_class"]
    ]
    console.table(["class", "images", "precision", "recall", "F1"], rows)


def _tell_mistakes(console: Console, mistakes: list[Mapping[str, Any]]) -> None:
    if not mistakes:
        return
    console.say()
    console.say(f"{len(mistakes)} pictures wrong, the worst first:")
    for mistake in mistakes[:_MISTAKES_SHOWN]:
        console.say(
            f"  {mistake['file']}: {mistake['label']} taken for {mistake['scored_label']} "
            f"({mistake['probability']:.0%})"
        )


def _tell_comparison(console: Console, found: Mapping[str, Any]) -> None:
    interval = ""
    if found["low"] is not None:
        interval = f"95 % interval {found['low']:+.1%} to {found['high']:+.1%}, "
    console.say()
    console.say(
        f"Second less first: {found['difference']:+.1%} accuracy on {found['images']} pictures "
        f"({interval}p = {found['p_value']:.3g}): {found['verdict']}.",
        "bold",
    )


def _share(figure: Mapping[str, float] | None) -> str:
    return "" if figure is None else f"{figure['value']:.1%}"
