"""`visionloom train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from visionloom.cli.console import Console
from visionloom.cli.signals import stopping

Option = typer.Option


def train(
    photos: Annotated[
        str | None,
        typer.Argument(help="Folder, archive (.zip, .tar) or list (.csv, .jsonl, .parquet)."),
    ] = None,
    out: Annotated[Path, Option("--out", help="Folder to write to.")] = Path("visionloom-run"),
    validation: Annotated[
        str | None, Option(help="Separate validation pictures; otherwise a part is held out.")
    ] = None,
    validation_fraction: Annotated[
        float, Option(help="Share of the pictures held out to choose the best epoch.")
    ] = 0.2,
    test_fraction: Annotated[
        float, Option(help="Share held out for one honest figure at the end.")
    ] = 0.0,
    group_by: Annotated[
        str | None,
        Option(help="What belongs together: parent, a column, or a regular expression."),
    ] = None,
    class_map: Annotated[str | None, Option(help="Rename or join classes: old=new,...")] = None,
    intensity: Annotated[
        str, Option(help="Scaling of 16-bit pictures: type, image or MIN,MAX.")
    ] = "type",
    check: Annotated[
        str, Option(help="full decodes every picture once; headers only reads headers.")
    ] = "full",
    model: Annotated[str, Option(help="resnet18, densenet121, ..., or timm:NAME.")] = "resnet18",
    from_: Annotated[
        str | None, Option("--from", help="An own trained model to continue or re-head.")
    ] = None,
    pretrained: Annotated[bool, Option(help="Start from weights trained on ImageNet.")] = True,
    weights: Annotated[str | None, Option(help="A file with weights.")] = None,
    image_size: Annotated[
        str, Option(help="Side in pixels of what the network sees, or auto.")
    ] = "auto",
    augmentation: Annotated[
        str | None,
        Option(help="none, standard, strong or any-orientation.", show_default="standard"),
    ] = None,
    epochs: Annotated[int | None, Option(help="Passes over the pictures.")] = None,
    batch_size: Annotated[int | None, Option(help="Pictures per step.")] = None,
    warmup_epochs: Annotated[
        int | None, Option(help="Epochs in which the learning rate rises.")
    ] = None,
    learning_rate: Annotated[float | None, Option(help="Highest learning rate.")] = None,
    random_seed: Annotated[
        str, Option(help="Any whole number; empty draws one and records it.")
    ] = "1",
    patience: Annotated[
        int | None, Option(help="Epochs without a new best before stopping.")
    ] = None,
    print_frequency: Annotated[
        int | None, Option(help="Steps between two looks at the loss.", show_default="10")
    ] = None,
    preset: Annotated[str, Option(help="original or standard: fills in the rest.")] = "standard",
    optimizer: Annotated[str | None, Option(help="sgd or adamw.")] = None,
    schedule: Annotated[str | None, Option(help="polynomial, cosine or constant.")] = None,
    weight_decay: Annotated[float | None, Option(help="Pull of the weights to zero.")] = None,
    momentum: Annotated[float | None, Option(help="Momentum of SGD.")] = None,
    label_smoothing: Annotated[float | None, Option(help="From 0 to below 1.")] = None,
    balance: Annotated[
        str | None, Option(help="none, class-weights or sampling, against unequal classes.")
    ] = None,
    fine_tuning_mode: Annotated[str | None, Option(help="whole, head or head-then-whole.")] = None,
    monitor: Annotated[
        str | None, Option(help="valid_loss, accuracy or macro_f1: decides the best epoch.")
    ] = None,
    minimum_improvement: Annotated[
        float | None, Option(help="How much better a new best must be.")
    ] = None,
    time_limit: Annotated[float | None, Option(help="Minutes after which training stops.")] = None,
    device: Annotated[str | None, Option(help="auto, cpu, cuda, cuda:N or mps.")] = None,
    precision: Annotated[str | None, Option(help="auto, fp32, bf16 or fp16.")] = None,
    decode_threads: Annotated[
        int | None, Option(help="Threads that decode; changes no bit of the result.")
    ] = None,
    cache: Annotated[bool, Option(help="Keep decoded pictures in memory; changes no bit.")] = True,
    resume: Annotated[bool, Option("--resume", help="Go on with an interrupted run.")] = False,
    finish: Annotated[
        bool, Option("--finish", help="End an interrupted run with its best model so far.")
    ] = False,
    overwrite: Annotated[
        bool, Option("--overwrite", help="Replace an earlier run in --out.")
    ] = False,
    offline: Annotated[bool, Option("--offline", help="Fetch nothing.")] = False,
    json: Annotated[bool, Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Train a classifier on labelled photos: convert, split, train, score, evaluate, report."""
    with Console(as_json=json) as console:
        from visionloom.errors import RunInterrupted
        from visionloom.runs.train_request import TrainRequest
        from visionloom.runs.train_run import TrainRun, prepare
        from visionloom.settings import load_settings
        from visionloom.workspace import Workspace

        said = {
            "epochs": epochs,
            "batch_size": batch_size,
            "warmup_epochs": warmup_epochs,
            "learning_rate": learning_rate,
            "patience": patience,
            "print_frequency": print_frequency,
            "optimizer": optimizer,
            "schedule": schedule,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "label_smoothing": label_smoothing,
            "balance": balance,
            "fine_tuning_mode": fine_tuning_mode,
            "monitor": monitor,
            "minimum_improvement": minimum_improvement,
            "time_limit": time_limit,
            "device": device,
            "precision": precision,
            "decode_threads": decode_threads,
        }
        chosen = {name: value for name, value in said.items() if value is not None}
        settings = load_settings(offline=offline or None)
        workspace = Workspace(settings)
        component = workspace.registry.find("Train PyTorch Model")
        seed = component.parameter("random_seed").parse(random_seed)
        training = {"preset": preset, **chosen, "random_seed": seed, "cache": cache}
        component.resolve(training)
        request = None
        if photos is not None:
            request = TrainRequest(
                photos=str(Path(photos).expanduser().absolute()),
                validation=_absolute(validation),
                validation_fraction=validation_fraction,
                test_fraction=test_fraction,
                group_by=group_by,
                class_map=class_map,
                intensity=intensity,
                check=check,
                model=model,
                start_from=_absolute(from_),
                pretrained=pretrained,
                weights=_absolute(weights),
                image_size=_image_size(image_size),
                augmentation=augmentation,
                training=training,
            )
        request = prepare(out, request, resume=resume, finish=finish, overwrite=overwrite)
        with stopping(console, "the state is being saved") as stop:
            run = TrainRun(workspace, request, out, console.listener, stop.event)
            if finish:
                run.finish.set()
            try:
                summary = run.go()
            except RunInterrupted as error:
                raise RunInterrupted(error.message, error.remedy, stop.status) from error
        tell(console, summary, out)
        console.result(summary)


def tell(console: Console, summary: dict[str, object], out: Path) -> None:
    """Say in a few lines what came out, how sure it is, and what to do next."""
    console.close()
    for name in ("validation", "test"):
        figures = summary.get(name)
        if not isinstance(figures, dict):
            continue
        low, high = figures["accuracy_interval"] or (None, None)
        sure = f", 95 % interval {low:.1%} to {high:.1%}" if low is not None else ""
        remark = " (these pictures also chose the best epoch)" if name == "validation" else ""
        console.say(
            f"{name.capitalize()} accuracy {figures['accuracy']:.1%} on {figures['images']} "
            f"pictures{sure}{remark}",
            "bold",
        )
    if summary["skipped_images"]:
        console.say(f"{summary['skipped_images']} pictures were skipped; the report names them.")
    console.say(f"Model:  {out / 'model'}")
    console.say(f"Report: {out / 'report.html'}")
    console.say(f"Next:   visionloom score {out / 'model'} PHOTOS --out scores")


def _absolute(path: str | None) -> str | None:
    return None if path is None else str(Path(path).expanduser().absolute())


def _image_size(text: str) -> int | None:
    from visionloom.errors import UsageError

    if text == "auto":
        return None
    if not text.isdigit():
        raise UsageError(f"--image-size is {text!r}; a whole number of pixels or auto is needed.")
    return int(text)
