"""Model artifacts: untrained (architecture, weights if any) and trained (everything)."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import nn

from visionloom.artifacts.digest import sha256_of_json
from visionloom.artifacts.manifest import read_limited, read_manifest
from visionloom.artifacts.store import new_artifact, open_artifact
from visionloom.artifacts.tables import ColumnType, read_parquet, write_parquet
from visionloom.artifacts.types import TrainedModel, UntrainedModel
from visionloom.errors import ArtifactError, InvalidModelDirectoryError
from visionloom.models.build import (
    Architecture,
    architecture_from_json,
    build,
    build_empty,
    classifier_name,
)
from visionloom.models.normalisation import Normalisation
from visionloom.models.tensors import (
    Tensors,
    check_finite,
    check_fit,
    read_tensors,
    weights_digest,
)

_MODEL, _WEIGHTS, _LABELS, _HISTORY = (
    "model.json",
    "model.safetensors",
    "labels.txt",
    "history.parquet",
)


@dataclass(frozen=True)
class UntrainedSpec:
    """What an untrained model is.

    Attributes:
        architecture: Name and arguments.
        normalisation: What the weights expect.
        input_size: Side the weights expect, pixels; None from scratch.
        weights: Where the weights come from, in words; None from scratch.
        classes: Of an own trained model that training starts from; else None.
    """

    architecture: Architecture
    normalisation: Normalisation
    input_size: int | None
    weights: str | None
    classes: tuple[str, ...] | None = None


@dataclass(frozen=True)
class TrainedSpec:
    """What a trained model is.

    Attributes:
        architecture: Name and arguments.
        classes: In the order of the outputs.
        input_size: (width, height) of what the network sees, pixels.
        normalisation: Per channel, on values from 0 to 1.
        transformation: Operations done to a picture before, as JSON.
        intensity: Rule for values of more than 8 bits.
        weights_origin: What training started from, in words; None from scratch.
        recipe: All training choices.
        data: Digests of training and validation data and of the untrained model.
        seed: Random seed.
        versions: Libraries, device, precision, layout, threads.
        metrics: Figures of the best epoch, with counts.
        best_epoch: From 1.
        history: Reproducible figures of every epoch.
        weights_digest: SHA-256 over the tensors; filled in when written.
    """

    architecture: Architecture
    classes: tuple[str, ...]
    input_size: tuple[int, int]
    normalisation: Normalisation
    transformation: list[dict[str, Any]]
    intensity: str
    weights_origin: str | None
    recipe: Mapping[str, Any]
    data: Mapping[str, str]
    seed: int
    versions: Mapping[str, Any]
    metrics: Mapping[str, Any]
    best_epoch: int
    history: tuple[Mapping[str, float | int | None], ...]
    weights_digest: str = ""


def write_untrained(spec: UntrainedSpec, tensors: Tensors | None, target: Path) -> UntrainedModel:
    """Write an untrained model; without tensors, training draws the weights by its seed."""
    document = {
        "architecture": spec.architecture.to_json(),
        "normalisation": dataclasses.asdict(spec.normalisation),
        "input_size": spec.input_size,
        "weights": spec.weights,
        "weights_digest": weights_digest(tensors) if tensors is not None else None,
    }
    with new_artifact(UntrainedModel, target) as draft:
        _write_json(draft.folder / _MODEL, document)
        if tensors is not None:
            save_file(_contiguous(tensors), draft.folder / _WEIGHTS)
        draft.digest = sha256_of_json({k: v for k, v in document.items() if k != "weights"})
    return UntrainedModel(target)


def read_untrained(model: UntrainedModel) -> tuple[UntrainedSpec, Tensors | None]:
    """Read an untrained model, or an own trained model to start from.

    Raises:
        InvalidModelDirectoryError: Neither.
        ArtifactError: Damaged, or of a newer format.
    """
    kind = _type_of(model.path)
    if kind == TrainedModel.type_name:
        trained = read_trained(TrainedModel(model.path))
        spec = UntrainedSpec(
            trained.architecture,
            trained.normalisation,
            max(trained.input_size),
            f"own model {trained.weights_digest[:12]}",
            trained.classes,
        )
        return spec, _fitting(model.path / _WEIGHTS, spec.architecture, trained.classes)
    open_artifact(model, wrong_type=InvalidModelDirectoryError)
    document = _read_json(model.path / _MODEL)
    try:
        spec = UntrainedSpec(
            architecture_from_json(document["architecture"]),
            _normalisation(document["normalisation"]),
            document["input_size"],
            document["weights"],
        )
        has_weights = document["weights_digest"] is not None
    except (KeyError, TypeError, ValueError) as error:
        raise ArtifactError(f"{model.path / _MODEL} is damaged: {error}.") from error
    if not has_weights:
        return spec, None
    return spec, _fitting(model.path / _WEIGHTS, spec.architecture, None)


def write_trained(spec: TrainedSpec, tensors: Tensors, target: Path) -> TrainedModel:
    """Write a trained model.

    Raises:
        InvalidModelDirectoryError: A weight is not finite.
    """
    check_finite(tensors, "The trained weights")
    spec = dataclasses.replace(spec, weights_digest=weights_digest(tensors))
    document = {f.name: getattr(spec, f.name) for f in dataclasses.fields(spec)}
    document["architecture"] = spec.architecture.to_json()
    document["normalisation"] = dataclasses.asdict(spec.normalisation)
    history = document.pop("history")
    with new_artifact(TrainedModel, target) as draft:
        _write_json(draft.folder / _MODEL, document)
        labels = "".join(_one_line(name) + "\n" for name in spec.classes)
        (draft.folder / _LABELS).write_text(labels, encoding="utf-8")
        save_file(_contiguous(tensors), draft.folder / _WEIGHTS)
        _write_history(draft.folder / _HISTORY, history)
        draft.digest = sha256_of_json(
            {
                "weights": spec.weights_digest,
                "classes": list(spec.classes),
                "transformation": spec.transformation,
                "normalisation": document["normalisation"],
                "intensity": spec.intensity,
                "architecture": document["architecture"],
            }
        )
    return TrainedModel(target)


def read_trained(model: TrainedModel, *, verify: bool = True) -> TrainedSpec:
    """Read everything but the weights of a trained model.

    Raises:
        InvalidModelDirectoryError: No model, a model of another kind, an untrained model.
        ArtifactError: Damaged, or of a newer format.
    """
    if _type_of(model.path) == UntrainedModel.type_name:
        raise InvalidModelDirectoryError(
            f"{model.path} is an untrained model; a trained one is needed here.",
            "Train it first: visionloom train, or the component Train PyTorch Model.",
        )
    open_artifact(model, verify=verify, wrong_type=InvalidModelDirectoryError)
    document = _read_json(model.path / _MODEL)
    table = read_parquet(model.path / _HISTORY)
    rows = [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
    try:
        document["architecture"] = architecture_from_json(document["architecture"])
        document["normalisation"] = _normalisation(document["normalisation"])
        document["classes"] = tuple(str(name) for name in document["classes"])
        width, height = document["input_size"]
        document["input_size"] = (int(width), int(height))
        return TrainedSpec(**document, history=tuple(rows))
    except (KeyError, TypeError, ValueError) as error:
        raise ArtifactError(f"{model.path / _MODEL} is damaged: {error}.") from error


def load_trained(model: TrainedModel) -> tuple[TrainedSpec, nn.Module]:
    """Read a trained model with its network, in eval mode, on the host.

    Raises:
        InvalidModelDirectoryError: See `read_trained`; or weights that do not fit.
        ArtifactError: Damaged, or of a newer format.
    """
    spec = read_trained(model)
    path = model.path / _WEIGHTS
    tensors = _fitting(path, spec.architecture, spec.classes)
    if weights_digest(tensors) != spec.weights_digest:
        raise ArtifactError(f"{path} is damaged: its weights are not the recorded ones.")
    with torch.random.fork_rng(devices=[]):
        network = build(spec.architecture, len(spec.classes))
    network.load_state_dict(tensors)
    return spec, network.eval()


def _fitting(path: Path, architecture: Architecture, classes: tuple[str, ...] | None) -> Tensors:
    """The weights of an artifact: of the architecture, whose classifier may differ without classes.

    Raises:
        InvalidModelDirectoryError: They do not fit, or are not finite.
    """
    what = f"The weights in {path}"
    empty = build_empty(architecture, len(classes) if classes is not None else 1)
    ignore = "" if classes is not None else classifier_name(empty)
    tensors = read_tensors(path, fits=lambda s: check_fit(s, empty, what, ignore=ignore))
    check_finite(tensors, what)
    return tensors


def _type_of(path: Path) -> str:
    try:
        return read_manifest(path).type
    except ArtifactError as error:
        raise InvalidModelDirectoryError(
            f"{path} is no model: {error.message}", "Name a model folder that Visionloom wrote."
        ) from error


def _normalisation(value: Mapping[str, Any]) -> Normalisation:
    (r, g, b), (s, t, u) = value["mean"], value["std"]
    return Normalisation((float(r), float(g), float(b)), (float(s), float(t), float(u)))


def _write_history(path: Path, rows: tuple[Mapping[str, float | int | None], ...]) -> None:
    names = list(rows[0]) if rows else ["epoch"]
    schema: dict[str, ColumnType] = {n: "BIGINT" if n == "epoch" else "DOUBLE" for n in names}
    write_parquet(path, schema, {name: [row[name] for row in rows] for name in names})


def _contiguous(tensors: Tensors) -> Tensors:
    return {name: tensor.contiguous() for name, tensor in tensors.items()}


def _one_line(name: str) -> str:
    return name.replace("\r", " ").replace("\n", " ")


def _write_json(path: Path, value: object) -> None:
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    path.write_text(text, encoding="utf-8")


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(read_limited(path, "artifact_json_bytes"))
    except (ValueError, RecursionError) as error:
        raise ArtifactError(f"{path} is damaged: {error}.") from error
    if not isinstance(value, dict):
        raise ArtifactError(f"{path} is damaged: not an object.")
    return value
