"""Train a model: from an untrained model and two image directories to a trained model."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from visionloom.artifacts.types import ImageDirectory, TrainedModel, UntrainedModel
from visionloom.errors import UsageError
from visionloom.models.directory import TrainedSpec, write_trained
from visionloom.spec.context import Context
from visionloom.training import checkpoint
from visionloom.training.assemble import Assembled, assembled
from visionloom.training.checkpoint import Tensors
from visionloom.training.loop import Fitted
from visionloom.training.options import TrainingOptions


def train(
    untrained: UntrainedModel,
    training: ImageDirectory,
    validation: ImageDirectory,
    choose: Callable[[bool], TrainingOptions],
    context: Context,
) -> TrainedModel:
    """Train and write the trained model to ``context.output("trained_model")``.

    ``choose`` is told whether training starts from trained weights and gives the options.
    Continues from the newest checkpoint in ``context.scratch`` when there is one. With
    ``context.finish`` set, the best model so far is written without further training.

    Raises:
        NotLabeledDatasetError, InvalidDatasetError, InvalidModelDirectoryError, UsageError: see
            `open_data`, `starting_network`, `check_picture_size`, `check_identity`; UsageError
            also when a launcher started several processes.
        TrainingFailedError: The loss is not finite, or nothing was learnt to save.
        RunInterrupted: Stopped; the state is in ``context.scratch``.
    """
    _refuse_several_processes()
    saved, warnings = checkpoint.load_latest(context.scratch)
    for warning in warnings:
        context.warn(warning)
    with assembled(untrained, training, validation, choose, saved, context) as made:
        return _write(made, made.fit(), context)


def _refuse_several_processes() -> None:
    """Each process would train alone on everything, and nobody would notice."""
    processes = os.environ.get("WORLD_SIZE", "1")
    if processes != "1":
        raise UsageError(
            f"A launcher started {processes} training processes (WORLD_SIZE); Visionloom trains "
            "in one.",
            "Start it without the launcher, or unset WORLD_SIZE.",
        )


def _write(made: Assembled, fitted: Fitted, context: Context) -> TrainedModel:
    spec, data, options = made.spec, made.data, made.options
    best = fitted.history.best
    if best is None:
        raise AssertionError("a fitted training has a best epoch")
    tensors: Tensors = checkpoint.model_tensors(made.network)
    rows = [row.reproducible() for row in fitted.history.rows]
    figures: Mapping[str, Any] = {
        **best.reproducible(),
        "validation_images": len(data.validation.labels),
        "training_images": len(data.training.labels),
        "epochs_run": len(rows),
        "stopped_because": fitted.stopped_because,
        "monitored": options.monitor,
    }
    context.log(
        f"Stopped: {fitted.stopped_because}. Best epoch {best.epoch} of {len(rows)}: "
        f"validation loss {best.valid_loss:.4f}, accuracy {best.top1_accuracy:.4f}."
    )
    trained = TrainedSpec(
        architecture=spec.architecture,
        classes=data.classes,
        input_size=data.size,
        normalisation=spec.normalisation,
        transformation=data.inference.to_json(),
        weights_origin=spec.weights,
        recipe=options.recipe(),
        intensity=data.training.images.intensity,
        data=dict(made.identity.data),
        seed=options.random_seed,
        versions=dict(made.identity.environment),
        metrics=dict(figures),
        best_epoch=best.epoch,
        history=tuple(rows),
    )
    target = context.output("trained_model")
    # what was learnt since the last checkpoint would be lost with it
    return context.when_there_is_room(lambda: write_trained(trained, tensors, target))
