"""Train a model: from an untrained model and two image directories to a trained model."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from visionloom._version import __version__
from visionloom.artifacts.manifest import read_manifest
from visionloom.artifacts.types import ImageDirectory, TrainedModel, UntrainedModel
from visionloom.errors import UsageError
from visionloom.images.batches import BatchReader, DecodedCache, cache_budget, decode_threads
from visionloom.images.decode import decoder_versions
from visionloom.models.build import classifier, set_classifier
from visionloom.models.device import Hardware, choose_hardware, hardware_from_json
from visionloom.models.directory import (
    TrainedSpec,
    UntrainedSpec,
    read_untrained,
    write_trained,
)
from visionloom.models.forward import ToModel
from visionloom.spec.context import Context
from visionloom.training import checkpoint
from visionloom.training.checkpoint import Identity, State, Tensors
from visionloom.training.data import Part, TrainingData, describe, open_data
from visionloom.training.features import FeatureScale, backbone_features, fit_head
from visionloom.training.feed import FeatureFeed, Feed, PictureFeed
from visionloom.training.loop import Fitted, Trainer
from visionloom.training.network import check_batch_size, check_picture_size, starting_network
from visionloom.training.options import TrainingOptions


@dataclass(frozen=True)
class _Readers:
    """The two parts as they are read, and the training part without random transformation."""

    training: BatchReader
    plain: BatchReader
    validation: BatchReader


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
    start, _ = read_untrained(untrained)
    options = choose(start.weights is not None)
    saved, warnings = checkpoint.load_latest(context.scratch)
    hardware, more = _hardware(options, saved)
    for warning in (*warnings, *more):
        context.warn(warning)
    hardware.use()
    context.log(hardware.describe())
    untrained_manifest = read_manifest(untrained.path)
    with open_data(training, validation, input_size=start.input_size, context=context) as data:
        describe(data, context)
        _refuse_random_head(options, data)
        network, spec = starting_network(untrained, data.classes, options.random_seed, context)
        check_picture_size(network, spec.architecture.name, data.size)
        identity = Identity(
            options.recipe(),
            {**data.digests(), "untrained model": untrained_manifest.digest},
            environment(hardware),
        )
        if saved is not None:
            _compare(saved, identity, context)
        fitted = _fit(network, spec, data, options, hardware, identity, saved, context)
        return _write(network, spec, data, options, fitted, identity, context)


def _refuse_several_processes() -> None:
    """Each process would train alone on everything, and nobody would notice."""
    processes = os.environ.get("WORLD_SIZE", "1")
    if processes != "1":
        raise UsageError(
            f"A launcher started {processes} training processes (WORLD_SIZE); Visionloom trains "
            "in one.",
            "Start it without the launcher, or unset WORLD_SIZE.",
        )


def environment(hardware: Hardware) -> dict[str, Any]:
    """Versions and hardware that decide bits, as JSON values."""
    return {
        "visionloom": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        **decoder_versions(),
        **hardware.to_json(),
    }


def _fit(
    network: nn.Module,
    spec: UntrainedSpec,
    data: TrainingData,
    options: TrainingOptions,
    hardware: Hardware,
    identity: Identity,
    saved: State | None,
    context: Context,
) -> Fitted:
    """Train in the mode asked for; the network ends with the best epoch's weights."""
    network.to(hardware.device, memory_format=hardware.memory_format)  # type: ignore[call-overload]
    to_model = ToModel(spec.normalisation).to(hardware.device)
    readers = _readers(data, options, context)
    weights = _class_weights(data.training, len(data.classes), options, hardware)
    feed: Feed
    scale: FeatureScale | None = None
    if options.fine_tuning_mode == "head":
        trained: nn.Module = classifier(network)
        feed, scale = _feature_feed(network, data, readers, to_model, options, hardware, context)
        scale.apply(classifier(network))
    else:
        check_batch_size(network, options.batch_size, len(data.training.labels), context)
        if options.fine_tuning_mode == "head-then-whole" and saved is None:
            _fit_head_first(network, data, readers, to_model, weights, hardware, context)
        trained = network
        feed = _picture_feed(data, readers, to_model, options, hardware)
    trainer = Trainer(trained, feed, options, hardware, weights, identity, context, context.scratch)
    if saved is not None:
        trainer.resume(saved)
        for row in saved.history.rows:
            context.metrics(row.all())
        context.log(
            f"Resumed in epoch {saved.position.epoch} after {saved.position.batch} batches."
        )
    fitted = trainer.fit()
    trained.load_state_dict(fitted.best)
    if scale is not None:
        scale.fold(classifier(network))
    return fitted


def _feature_feed(
    network: nn.Module,
    data: TrainingData,
    readers: _Readers,
    to_model: ToModel,
    options: TrainingOptions,
    hardware: Hardware,
    context: Context,
) -> tuple[FeatureFeed, FeatureScale]:
    def of(name: str, reader: BatchReader, part: Part) -> torch.Tensor:
        stage = f"features of the {name} images"
        count = len(part.labels)
        return backbone_features(network, reader, count, to_model, hardware, context, stage)

    training = of("training", readers.plain, data.training)
    scale = FeatureScale.of(training)
    feed = FeatureFeed(
        scale.standard(training),
        scale.standard(of("validation", readers.validation, data.validation)),
        data.training.labels,
        data.validation.labels,
        options.random_seed,
        options.batch_size,
        options.balance == "sampling",
        hardware,
    )
    return feed, scale


def _picture_feed(
    data: TrainingData,
    readers: _Readers,
    to_model: ToModel,
    options: TrainingOptions,
    hardware: Hardware,
) -> PictureFeed:
    return PictureFeed(
        readers.training,
        readers.validation,
        data.training.labels,
        data.validation.labels,
        options.random_seed,
        options.batch_size,
        data.training.transformation.is_random,
        options.balance == "sampling",
        to_model,
        hardware,
    )


def _fit_head_first(
    network: nn.Module,
    data: TrainingData,
    readers: _Readers,
    to_model: ToModel,
    weights: torch.Tensor | None,
    hardware: Hardware,
    context: Context,
) -> None:
    labels = data.training.labels
    stage = "features of the training images"
    inputs = backbone_features(
        network, readers.plain, len(labels), to_model, hardware, context, stage
    )
    weight, bias = fit_head(inputs, labels, len(data.classes), weights)
    set_classifier(network, weight, bias)
    context.log("The classifier is trained on the frozen backbone; now the whole network.")


def _readers(data: TrainingData, options: TrainingOptions, context: Context) -> _Readers:
    threads = decode_threads(options.decode_threads)
    budget = cache_budget() if options.cache else 0
    cache = DecodedCache(budget) if options.cache else None
    held = f"up to {budget / 2**30:.1f} GiB of decoded pictures kept" if options.cache else "off"
    context.log(f"decode threads {threads}, cache {held}")

    def reader(part: Part, *, plain: bool = False) -> BatchReader:
        transformation = data.inference if plain else part.transformation
        return BatchReader(
            part.source, part.images.records, transformation, threads=threads, cache=cache
        )

    return _Readers(
        reader(data.training), reader(data.training, plain=True), reader(data.validation)
    )


def _class_weights(
    part: Part, classes: int, options: TrainingOptions, hardware: Hardware
) -> torch.Tensor | None:
    """n / (C x count) for each class with images, as scikit-learn's "balanced"; else None."""
    if options.balance != "class-weights":
        return None
    counts = np.bincount(part.labels, minlength=classes)
    present = np.count_nonzero(counts)
    weights = np.where(counts > 0, len(part.labels) / (present * np.maximum(counts, 1)), 0.0)
    return torch.tensor(weights, dtype=torch.float32, device=hardware.device)


def _hardware(options: TrainingOptions, saved: State | None) -> tuple[Hardware, list[str]]:
    """The hardware to use; a resumed run keeps precision, layout and threads of its checkpoint."""
    hardware, warnings = choose_hardware(options.device, options.precision)
    if saved is not None:
        before = hardware_from_json(saved.identity.environment)
        if before.kind == hardware.kind and before.name == hardware.name:
            return before, warnings
    return hardware, warnings


def _compare(saved: State, identity: Identity, context: Context) -> None:
    changed = checkpoint.check_identity(saved.identity, identity)
    if changed:
        context.warn(f"The resumed run is not bit-exact: {', '.join(changed)}.")


def _refuse_random_head(options: TrainingOptions, data: TrainingData) -> None:
    if options.fine_tuning_mode == "head" and data.training.transformation.is_random:
        raise UsageError(
            "Head-only training computes features once, so it cannot use a random transformation; "
            f"the training images carry {data.training.transformation.describe()}.",
            "Apply the transformation for inference (--augmentation none), or choose the "
            "fine-tuning mode head-then-whole.",
        )


def _write(
    network: nn.Module,
    spec: UntrainedSpec,
    data: TrainingData,
    options: TrainingOptions,
    fitted: Fitted,
    identity: Identity,
    context: Context,
) -> TrainedModel:
    best = fitted.history.best
    if best is None:
        raise AssertionError("a fitted training has a best epoch")
    tensors: Tensors = checkpoint.model_tensors(network)
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
        data=dict(identity.data),
        seed=options.random_seed,
        versions=dict(identity.environment),
        metrics=dict(figures),
        best_epoch=best.epoch,
        history=tuple(rows),
    )
    target = context.output("trained_model")
    # what was learnt since the last checkpoint would be lost with it
    return context.when_there_is_room(lambda: write_trained(trained, tensors, target))
