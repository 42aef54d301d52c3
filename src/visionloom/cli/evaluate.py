"""`visionloom evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from visionloom.cli.console import Console

Option = typer.Option


def evaluate(
    scores: Annotated[Path, typer.Argument(help="Scores of labelled photos.")],
    compared: Annotated[
        Path | None, typer.Argument(help="Scores of another model on the same photos.")
    ] = None,
    out: Annotated[Path, Option("--out", help="Folder to write to.")] = Path("evaluation"),
    json: Annotated[bool, Option("--json", help="Print the evaluation as JSON.")] = False,
) -> None:
    """Say how good scores are, how sure that is, and which photos are wrong."""
    with Console(as_json=json) as console:
        import json as json_module

        from visionloom.workspace import Workspace

        inputs = {"scored_dataset": scores}
        if compared is not None:
            inputs["scored_dataset_to_compare"] = compared
        Workspace().run(
            "Evaluate Model",
            inputs=inputs,
            parameters={},
            outputs={"evaluation_results": out},
            listener=console.listener,
        )
        text = (out / "evaluation.json").read_text(encoding="utf-8")
        document = json_module.loads(text)
        rows = [
            [
                row["label"],
                str(row["images"]),
                *(_share(row[name]) for name in ("precision", "recall", "f1")),
            ]
            for row in document["scores"]["per_class"]
        ]
        console.table(["class", "images", "precision", "recall", "F1"], rows)
        if "comparison" in document:
            found = document["comparison"]
            console.say(
                f"Second less first: {found['difference']:+.1%} accuracy on {found['images']} "
                f"pictures (95 % interval {found['low']:+.1%} to {found['high']:+.1%}, "
                f"p = {found['p_value']:.3g}): {found['verdict']}.",
                "bold",
            )
        console.say(f"Evaluation: {out / 'evaluation.json'}")
        console.result(document)


def _share(figure: dict[str, float] | None) -> str:
    return "" if figure is None else f"{figure['value']:.1%}"
