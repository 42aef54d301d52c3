"""`visionloom train`."""

from __future__ import annotations

import dataclasses
import shlex
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from visionloom.cli.console import Console
from visionloom.cli.options import parsed, with_parameters
from visionloom.cli.signals import stopping
from visionloom.cli.text import duration
from visionloom.errors import RunInterrupted, UsageError

Option = typer.Option
_PICTURES, _MODEL = "Pictures", "Model"
_SHOWN = {
    "preset": "standard",
    "epochs": "10; 30 from scratch",
    "batch_size": "32",
    "warmup_epochs": "1",
    "learning_rate": "0.003; 0.01 from scratch",
    "patience": "5; 10 from scratch",
    "schedule": "cosine",
    "label_smoothing": "0.05",
    "fine_tuning_mode": "head-then-whole; whole from scratch",
}


def train(
    photos: Annotated[
        str | None,
        typer.Argument(help="Folder, archive (.zip, .tar) or list (.csv, .jsonl, .parquet)."),
    ] = None,
    out: Annotated[Path, Option("--out", help="Folder to write to.")] = Path("visionloom-run"),
    resume: Annotated[
        bool, Option("--resume", help="Go on with the stopped run in --out.")
    ] = False,
    finish: Annotated[
        bool, Option("--finish", help="End the stopped run in --out with its best model so far.")
    ] = False,
    overwrite: Annotated[
        bool, Option("--overwrite", help="Replace an earlier run in --out.")
    ] = False,
    verify_resume: Annotated[
        bool,
        Option(
            "--verify-resume",
            help="Replay some steps of the stopped run in --out and compare every bit; nothing "
            "else is done.",
        ),
    ] = False,
    no_reuse: Annotated[
        bool, Option("--no-reuse", help="Run every step, also those whose results are there.")
    ] = False,
    save_pipeline: Annotated[
        Path | None,
        Option(
            "--save-pipeline",
            help="Write what would be done to this pipeline file, every value resolved, and stop.",
            metavar="FILE",
        ),
    ] = None,
    offline: Annotated[bool, Option("--offline", help="Fetch nothing from other hosts.")] = False,
    json: Annotated[bool, Option("--json", help="Print the summary as JSON.")] = False,
    validation: Annotated[
        str | None,
        Option(
            help="Separate validation pictures; otherwise a part is held out.",
            rich_help_panel=_PICTURES,
        ),
    ] = None,
    validation_fraction: Annotated[
        float | None,
        Option(
            help="Share of the pictures held out to choose the best epoch. Default 0.2.",
            rich_help_panel=_PICTURES,
        ),
    ] = None,
    test_fraction: Annotated[
        float | None,
        Option(
            help="Share held out for one figure that chose nothing. Default 0.",
            rich_help_panel=_PICTURES,
        ),
    ] = None,
    split_seed: Annotated[
        int | None,
        Option(help="Draws which pictures are held out. Default 42.", rich_help_panel=_PICTURES),
    ] = None,
    group_by: Annotated[
        str | None,
        Option(
            help="What must not be separated: parent (the folder), a column of the list, or a "
            "regular expression on the file name.",
            rich_help_panel=_PICTURES,
        ),
    ] = None,
    class_map: Annotated[
        str | None,
        Option(
            help="Rename or join classes: old=new,old2=new, or a CSV file.",
            rich_help_panel=_PICTURES,
        ),
    ] = None,
    intensity: Annotated[
        str | None,
        Option(
            help="Range of 16-bit pictures: type, image or MIN,MAX. Default type.",
            rich_help_panel=_PICTURES,
        ),
    ] = None,
    check: Annotated[
        str | None,
        Option(
            help="full decodes every picture once before training; headers reads the "
            "headers. Default full.",
            rich_help_panel=_PICTURES,
        ),
    ] = None,
    near_duplicates: Annotated[
        bool | None,
        Option(
            "--near-duplicates/--no-near-duplicates",
            help="Find near duplicates and keep them on one side. It is the default.",
            rich_help_panel=_PICTURES,
        ),
    ] = None,
    image_size: Annotated[
        str | None,
        Option(
            help="Side in pixels of what the network sees. auto: 224 with pretrained weights, "
            "else the pictures' own, at most 224. Default auto.",
            rich_help_panel=_PICTURES,
        ),
    ] = None,
    augmentation: Annotated[
        str | None,
        Option(
            help="none, standard, strong or any-orientation. Default standard.",
            rich_help_panel=_PICTURES,
        ),
    ] = None,
    model: Annotated[
        str | None,
        Option(
            help="resnet18, densenet121 and so on, or timm:NAME. Default resnet18.",
            rich_help_panel=_MODEL,
        ),
    ] = None,
    start_from: Annotated[
        str | None,
        Option(
            "--from", help="An own trained model to continue or re-head.", rich_help_panel=_MODEL
        ),
    ] = None,
    pretrained: Annotated[
        bool | None,
        Option(
            "--pretrained/--no-pretrained",
            help="Start from weights trained on ImageNet. It is the default.",
            rich_help_panel=_MODEL,
        ),
    ] = None,
    weights: Annotated[
        str | None,
        Option(help="A file with pretrained weights (.safetensors, .pth).", rich_help_panel=_MODEL),
    ] = None,
    *,
    parameters: Mapping[str, str | bool],
) -> None:
    """Train a classifier on labelled photos: convert, split, train, score, evaluate, report.

    Ctrl-C saves the state; --resume goes on, --finish keeps the best model so far.
    """
    options = {
        "photos": photos, "validation": validation, "validation_fraction": validation_fraction,
        "test_fraction": test_fraction, "split_seed": split_seed, "group_by": group_by,
        "class_map": class_map, "intensity": intensity, "check": check,
        "near_duplicates": near_duplicates, "image_size": image_size,
        "augmentation": augmentation, "model": model, "start_from": start_from,
        "pretrained": pretrained, "weights": weights,
    }  # fmt: skip
    with Console(as_json=json) as console, stopping(console, "the state is being saved") as stop:
        from visionloom.runs.places import user_path
        from visionloom.runs.train_folder import prepare
        from visionloom.runs.train_request import TRAINER, make_request
        from visionloom.runs.train_run import TrainRun
        from visionloom.settings import load_settings
        from visionloom.workspace import Workspace

        out = user_path(out)
        workspace = Workspace(load_settings(offline=offline or None))
        said: dict[str, Any] = {name: v for name, v in options.items() if v is not None}
        said |= parsed(workspace.registry.find(TRAINER), parameters)
        if verify_resume:
            if said or resume or finish or overwrite or no_reuse or save_pipeline is not None:
                raise UsageError(
                    "--verify-resume goes with --out alone: it replays what the run there began "
                    "with.",
                    "Leave the other options out.",
                )
            _verify(console, workspace, out, stop.event)
            return
        if save_pipeline is not None:
            request = make_request(said, workspace.registry)
            _save(console, workspace, request, out, save_pipeline)
            return
        request = prepare(
            out,
            said,
            workspace.registry,
            resume=resume,
            finish=finish,
            overwrite=overwrite,
            no_reuse=no_reuse,
        )
        run = TrainRun(
            workspace, request, out, console.listener, stop.event, "train", no_reuse, finish
        )
        try:
            summary = run.go()
        except RunInterrupted as error:
            raise RunInterrupted(error.message, error.remedy, stop.status) from error
        model = shlex.quote(str(out / "model"))
        tell(console, summary, out, [f"visionloom score {model} PHOTOS --out scores"])
        console.result(summary)


def _verify(console: Console, workspace: Any, out: Path, stop: threading.Event) -> None:
    """Say whether the stopped run in ``out`` goes on to the same bits on this machine.

    Raises:
        VisionloomError: It does not, or there is nothing to replay.
    """
    from visionloom.runs.verify_run import verify_training

    found = verify_training(workspace, out, console.listener, stop)
    console.close()
    differs = f" Since then: {', '.join(found.environment)}." if found.environment else ""
    console.say(
        f"Bit-exact: {found.steps} steps replayed, from {found.begin} to {found.end}.{differs}",
        "bold",
    )
    for part, digest in found.replayed.items():
        console.say(f"  {part:14} {digest}", "dim")
    console.say(f"Next    visionloom train --out {shlex.quote(str(out))} --resume")
    console.result(dataclasses.asdict(found))


def _save(console: Console, workspace: Any, request: Any, out: Path, file: Path) -> None:
    """Write the pipeline of a training, every value resolved.

    Raises:
        OutputExistsError: The file exists.
        VisionloomError: What keeps the training from running.
    """
    from visionloom.runs.save_pipeline import save_train_pipeline

    save_train_pipeline(workspace, request, out, file, console.listener)
    console.close()
    console.say(f"The pipeline is in {file}.")
    console.say(f"Next    visionloom run {shlex.quote(str(file))}")
    console.result({"pipeline": str(file)})


def command() -> typer.Typer:
    """The command, with an option for every parameter of the trainer."""
    from visionloom.workspace import Workspace

    trainer = Workspace().registry.find("train_pytorch_model")
    app = typer.Typer(add_completion=False)
    app.command("train")(with_parameters(train, trainer, _SHOWN))
    return app


def tell(console: Console, summary: Mapping[str, Any], out: Path, commands: Sequence[str]) -> None:
    """Say in a few lines what came out, how sure it is, where it is, and what to type next."""
    from visionloom.runs.near_summary import near_lines

    console.close()
    console.say()
    for name in ("validation", "test"):
        if summary.get(name) is not None:
            _tell_part(console, name, summary[name])
    near = summary.get("near_duplicates")
    for line in near_lines(near) if near is not None else []:
        console.say(line)
    skipped = summary["skipped_images"]
    if skipped:
        console.say(f"{skipped} files were skipped: {out / 'skipped.csv'} says which and why.")
    console.say()
    console.say(f"Model   {out / 'model'}")
    console.say(f"Report  {out / 'report.html'}")
    console.say(f"Took    {duration(summary['wall_seconds'])}")
    for number, line in enumerate(commands):
        console.say(f"{'Next' if number == 0 else '':8}{line}")


def _tell_part(console: Console, name: str, figures: Mapping[str, Any]) -> None:
    right = round(figures["accuracy"] * figures["images"])
    console.say(
        f"{name.capitalize()} accuracy {figures['accuracy']:.1%}: {right} of {figures['images']} "
        "pictures right",
        "bold",
    )
    if figures["accuracy_interval"] is not None:
        low, high = figures["accuracy_interval"]
        console.say(f"  With 95 % confidence it is between {low:.1%} and {high:.1%}.")
    if name == "validation":
        console.say(
            "  These pictures also chose the best epoch, so the figure is a little optimistic; "
            "--test-fraction holds out others."
        )
    else:
        console.say("  These pictures were used for no choice.")
