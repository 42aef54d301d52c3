"""Models and evaluations in words, read from their folders without loading torch."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from visionloom.artifacts.manifest import Manifest, read_limited
from visionloom.errors import ArtifactError
from visionloom.images.transforms import Transformation
from visionloom.models.safetensors_header import header_shapes

_VERSIONS = ("visionloom", "torch", "python", "pillow", "simplejpeg")
_FIGURES = (
    ("accuracy", "Accuracy"),
    ("balanced_accuracy", "Balanced accuracy"),
    ("top5_accuracy", "Top-5 accuracy"),
    ("macro_precision", "Macro precision"),
    ("macro_recall", "Macro recall"),
    ("macro_f1", "Macro F1"),
    ("micro_precision", "Micro precision"),
    ("micro_recall", "Micro recall"),
    ("micro_f1", "Micro F1"),
    ("log_loss", "Log loss"),
)
_BINARY = (
    ("precision", "Precision of {positive}"),
    ("recall", "Recall of {positive}"),
    ("f1", "F1 of {positive}"),
    ("average_precision", "Average precision of {positive}"),
    ("matthews", "Matthews correlation"),
)
_ROLES = {
    "validation": "These pictures also chose the best epoch, so the figures are a little "
    "optimistic.",
    "test": "These pictures were used for no choice.",
}


@dataclass(frozen=True)
class ModelWords:
    """A model in words.

    Attributes:
        trained: Whether it is trained.
        architecture: Name of its network.
        classes: In order; of an untrained one none.
        facts: Name -> value in words, in the order to show.
        recipe: All training choices.
        figures: Of the best epoch.
        best_epoch: From 1, or None for an untrained one.
    """

    trained: bool
    architecture: str
    classes: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    recipe: Mapping[str, Any]
    figures: Mapping[str, float | None]
    best_epoch: int | None


@dataclass(frozen=True)
class FigureWords:
    """A figure with its interval; ``count`` of ``total`` where it is a share of pictures."""

    name: str
    title: str
    value: float | None
    low: float | None = None
    high: float | None = None
    count: int | None = None
    total: int | None = None


@dataclass(frozen=True)
class ClassWords:
    """Figures of one class."""

    name: str
    pictures: int
    precision: FigureWords
    recall: FigureWords
    f1: FigureWords


@dataclass(frozen=True)
class EvaluationWords:
    """An evaluation in words; ``confusion`` has rows of true classes, ``remarks`` are sentences."""

    pictures: int
    classes: tuple[str, ...]
    figures: tuple[FigureWords, ...]
    confusion: tuple[tuple[int, ...], ...]
    per_class: tuple[ClassWords, ...]
    remarks: tuple[str, ...]
    digests: Mapping[str, str]


def describe_model(folder: Path, manifest: Manifest, *, trained: bool) -> ModelWords:
    """A model in words.

    Raises:
        ArtifactError: Damaged.
    """
    document = read_document(folder / "model.json")
    try:
        facts = _trained(document) if trained else _untrained(document)
        facts[1:1] = _parameters(folder / "model.safetensors", manifest)
        metrics = document["metrics"] if trained else {}
        return ModelWords(
            trained=trained,
            architecture=str(document["architecture"]["name"]),
            classes=tuple(map(str, document["classes"])) if trained else (),
            facts=tuple(facts),
            recipe=dict(document["recipe"]) if trained else {},
            figures={name: _number(value) for name, value in metrics.items() if _is_figure(value)},
            best_epoch=int(document["best_epoch"]) if trained else None,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ArtifactError(f"{folder / 'model.json'} is damaged: {error}.") from error


def describe_evaluation(folder: Path) -> EvaluationWords:
    """An evaluation in words.

    Raises:
        ArtifactError: Damaged.
    """
    document = read_document(folder / "evaluation.json")
    try:
        scored = document["scores"]
        classes = tuple(map(str, scored["classes"]))
        confusion = tuple(tuple(map(int, row)) for row in scored["confusion"])
        images = int(scored["images"])
        right = sum(confusion[i][i] for i in range(len(confusion)))
        return EvaluationWords(
            pictures=images,
            classes=classes,
            figures=tuple(_figures(scored, images, right)),
            confusion=confusion,
            per_class=tuple(_per_class(scored["per_class"], confusion)),
            remarks=tuple(_remarks(document, scored)),
            digests={str(k): str(v) for k, v in scored["digests"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise ArtifactError(f"{folder / 'evaluation.json'} is damaged: {error}.") from error


def read_document(path: Path) -> dict[str, Any]:
    """A JSON object of an artifact.

    Raises:
        ArtifactError: Missing or damaged.
    """
    try:
        value = json.loads(read_limited(path, "artifact_json_bytes"))
    except (OSError, ValueError, RecursionError) as error:
        raise ArtifactError(f"{path} is damaged: {error}.") from error
    if not isinstance(value, dict):
        raise ArtifactError(f"{path} is damaged: not an object.")
    return value


def _trained(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    width, height = document["input_size"]
    preprocessing = Transformation.from_json(document["transformation"]).describe()
    metrics, versions = document["metrics"], document["versions"]
    facts = [
        ("Architecture", _architecture(document["architecture"])),
        ("Classes", str(len(document["classes"]))),
        ("Input size", f"{width} x {height} pixels"),
        ("Preprocessing", preprocessing),
        ("Normalisation", _normalisation(document["normalisation"])),
        ("Values of more than 8 bits", _intensity(str(document["intensity"]))),
        ("Started from", document["weights_origin"] or "nothing: weights drawn by the seed"),
        ("Trained on", f"{metrics['training_images']} pictures"),
        ("Validated on", f"{metrics['validation_images']} pictures"),
        ("Best epoch", f"{document['best_epoch']} of {metrics['epochs_run']}"),
        ("Stopped because", str(metrics["stopped_because"])),
        ("Seed", str(document["seed"])),
        *((_sentence(name), f"SHA-256 {str(value)[:16]}...") for name, value in _data(document)),
        ("Weights", f"SHA-256 {document['weights_digest'][:16]}..."),
        ("Device", str(versions.get("device", ""))),
        ("Precision", str(versions.get("precision", ""))),
        ("Versions", ", ".join(f"{n} {versions[n]}" for n in _VERSIONS if n in versions)),
    ]
    return [(name, value) for name, value in facts if value]


def _untrained(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    size, digest = document["input_size"], document["weights_digest"]
    facts = [
        ("Architecture", _architecture(document["architecture"])),
        ("Input size", f"{size} x {size} pixels" if size else "any; training chooses"),
        ("Normalisation", _normalisation(document["normalisation"])),
        ("Weights", document["weights"] or "none: training draws them by its seed"),
        ("Weights' digest", f"SHA-256 {digest[:16]}..." if digest else ""),
    ]
    return [(name, value) for name, value in facts if value]


def _architecture(value: Mapping[str, Any]) -> str:
    changed = [
        name.replace("_", " ") for name, on in value.get("arguments", {}).items() if on is True
    ]
    more = f" ({', '.join(changed)})" if changed else ""
    return f"{value['name']}{more}"


def _normalisation(value: Mapping[str, Any]) -> str:
    mean, std = (", ".join(f"{x:g}" for x in value[key]) for key in ("mean", "std"))
    return f"mean {mean}; standard deviation {std}"


def _intensity(rule: str) -> str:
    words = {"type": "the range of the number type", "image": "each picture's own range"}
    return words.get(rule, rule.replace(",", " to "))


def _data(document: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in document["data"].items() if value]


def _sentence(name: str) -> str:
    return name[:1].upper() + name[1:].replace("_", " ")


def _parameters(path: Path, manifest: Manifest) -> list[tuple[str, str]]:
    """How many numbers the weights hold, from the header of their file."""
    if path.name not in manifest.files:
        return []
    shapes = [
        shape for name, shape in header_shapes(path).items() if not name.endswith(_NO_PARAMETERS)
    ]
    count = sum(math.prod(shape) for shape in shapes)
    return [("Parameters", f"{count / 1e6:.1f} million" if count >= 100_000 else f"{count:,}")]


_NO_PARAMETERS = ("running_mean", "running_var", "num_batches_tracked")


def _figures(scored: Mapping[str, Any], images: int, right: int) -> list[FigureWords]:
    found = []
    for name, title in _FIGURES:
        value = scored.get(name)
        if value is not None:
            share = name in {"accuracy", "micro_precision", "micro_recall", "micro_f1"}
            counts = (right, images) if share else (None, None)
            found.append(_figure(name, title, value, *counts))
    if scored.get("auc") is not None:
        found.append(FigureWords("auc", "Area under the ROC curve", _number(scored["auc"])))
    binary = scored.get("binary") or {}
    positive = str(binary.get("positive_class", ""))
    for name, title in _BINARY:
        value = binary.get(name)
        if value is not None:
            shown = title.format(positive=positive)
            found.append(
                _figure(f"binary_{name}", shown, value)
                if isinstance(value, dict)
                else FigureWords(f"binary_{name}", shown, _number(value))
            )
    return found


def _figure(
    name: str,
    title: str,
    value: Mapping[str, Any] | None,
    count: int | None = None,
    total: int | None = None,
) -> FigureWords:
    if value is None:
        return FigureWords(name, title, None, count=count, total=total)
    low, high = value["interval"] or (None, None)
    return FigureWords(
        name, title, _number(value["value"]), _number(low), _number(high), count, total
    )


def _per_class(
    rows: list[Mapping[str, Any]], confusion: tuple[tuple[int, ...], ...]
) -> list[ClassWords]:
    found = []
    for i, row in enumerate(rows):
        right, given = confusion[i][i], sum(line[i] for line in confusion)
        found.append(
            ClassWords(
                str(row["label"]),
                int(row["images"]),
                _figure("precision", "Precision", row["precision"], right, given),
                _figure("recall", "Recall", row["recall"], right, int(row["images"])),
                _figure("f1", "F1", row["f1"]),
            )
        )
    return found


def _remarks(document: Mapping[str, Any], scored: Mapping[str, Any]) -> list[str]:
    remarks = [_ROLES[scored["role"]]] if scored["role"] in _ROLES else []
    if scored["groups"] is not None:
        remarks.append(f"The intervals count the {scored['groups']} groups, not single pictures.")
    empty = [str(row["label"]) for row in scored["per_class"] if not row["images"]]
    if empty:
        more = f", and {len(empty) - 10} more" if len(empty) > 10 else ""
        remarks.append(f"No picture of {', '.join(empty[:10])}{more}.")
    if scored["skipped"]:
        count = len(scored["skipped"])
        remarks.append(
            f"{count} {'file' if count == 1 else 'files'} of these photos could not be read and "
            f"{'does' if count == 1 else 'do'} not count."
        )
    note = str(document.get("comparison", {}).get("note", ""))
    return [*remarks, note] if note else remarks


def _is_figure(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _number(value: object) -> float | None:
    if isinstance(value, int | float) and math.isfinite(value):
        return float(value)
    return None
