"""`visionloom score`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from visionloom.cli.console import Console
from visionloom.cli.signals import stopping

Option = typer.Option


def score(
    model: Annotated[Path, typer.Argument(help="Model folder that `train` wrote.")],
    photos: Annotated[
        list[Path],
        typer.Argument(help="Picture, folder, archive or list; several pictures (a glob) too."),
    ],
    out: Annotated[Path, Option("--out", help="Folder to write to.")] = Path("scores"),
    device: Annotated[str, Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
    precision: Annotated[str, Option(help="auto, fp32, bf16 or fp16.")] = "auto",
    decode_threads: Annotated[int | None, Option(help="Threads that decode.")] = None,
    overwrite: Annotated[bool, Option("--overwrite", help="Replace earlier scores.")] = False,
    json: Annotated[bool, Option("--json", help="Print where the scores are as JSON.")] = False,
) -> None:
    """Give every photo a probability per class."""
    with Console(as_json=json) as console:
        from visionloom.runs.score_run import score_photos
        from visionloom.workspace import Workspace

        parameters = {"device": device, "precision": precision, "decode_threads": decode_threads}
        with stopping(console, "nothing is written") as stop:
            done = score_photos(
                Workspace(),
                model,
                photos,
                out,
                parameters,
                overwrite=overwrite,
                listener=console.listener,
                stop=stop.event,
            )
        console.close()
        console.say(f"{done['scored']} pictures scored, {done['skipped']} skipped.", "bold")
        for name in ("scores.csv", "scores.parquet", "skipped.parquet"):
            console.say(f"  {out / name}")
        if done["labelled"]:
            console.say(f"Next: visionloom evaluate {out} --out evaluation")
        console.result(done)
