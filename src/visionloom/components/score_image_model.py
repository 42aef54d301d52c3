"""Score Image Model."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from visionloom.artifacts.types import ImageDirectory, Scores, TrainedModel
from visionloom.spec.component import component
from visionloom.spec.context import Context
from visionloom.spec.foresight import later
from visionloom.spec.ports import Input, Output, Setting


@component(
    title="Score Image Model",
    category="Model scoring and evaluation",
    aliases=("azureml.designer.dl.pytorch.score.score_image_model.module_invoker",),
    differs=(
        "Every row carries the original file name (C33).",
        "A picture that cannot be read is listed, and the others are scored (C47).",
        "No weights are looked up: the model folder is enough (C10).",
        "The device is chosen now, not at training time (C49).",
        "An untrained model is refused (C48).",
        "Labels that look like numbers or NA stay text (C37).",
        "Pictures of any size are scored, in batches that do not depend on the machine (C47).",
    ),
    computes=True,
    preload=("visionloom.inference.predictor", "visionloom.inference.scores"),
    foresee=later("visionloom.inference.foresight", "foresee_scores"),
)
def score_image_model(
    trained_model: Annotated[TrainedModel, Input("Trained model")],
    dataset: Annotated[ImageDirectory, Input("Dataset", "Labelled or not.")],
    *,
    device: Annotated[
        str,
        Setting(
            "Device",
            "auto, cpu, cuda, cuda:N or mps.",
            choices=("auto", "cpu", "cuda", "mps"),
            open_choices=True,
            group="advanced",
        ),
    ] = "auto",
    precision: Annotated[
        str,
        Setting(
            "Precision",
            "Number format of the arithmetic.",
            choices=("auto", "fp32", "bf16", "fp16"),
            group="advanced",
        ),
    ] = "auto",
    role: Annotated[
        str,
        Setting(
            "Role",
            "What these pictures were used for; printed next to the figures.",
            explanation="validation: they chose the best epoch. test: they chose nothing. auto: "
            "validation if the model records them as its validation data.",
            choices=("auto", "validation", "test", "none"),
            group="advanced",
        ),
    ] = "auto",
    decode_threads: Annotated[
        int | None,
        Setting(
            "Decode threads",
            "Threads that decode pictures; changes no bit of the result.",
            minimum=1,
            group="advanced",
            affects_result=False,
        ),
    ] = None,
    context: Context,
) -> Annotated[Scores, Output("Scored dataset")]:
    """Give every picture a probability per class."""
    from visionloom.images.directory import read_images
    from visionloom.inference.predictor import load_predictor
    from visionloom.inference.scores import write_scores

    images = read_images(dataset)
    predictor, warnings = load_predictor(trained_model, device=device, precision=precision)
    for warning in warnings:
        context.warn(warning)
    context.log(predictor.hardware.describe())
    table = predictor.score(images, dataset, context, decode_threads)
    unreadable = table.skipped[len(images.skipped) :]
    for file, reason in unreadable[:5]:
        context.warn(f"Not scored: {file}: {reason}")
    if len(unreadable) > 5:
        context.warn(f"Not scored: {len(unreadable) - 5} more pictures; see skipped.parquet.")
    if role == "auto":
        used = predictor.spec.data.get("validation data") == images.digest
        role = "validation" if used else "none"
    table = replace(table, role="" if role == "none" else role)
    return write_scores(table, context.output("scored_dataset"))
