"""What `visionloom train` was asked to do, and how it is remembered in the run's folder."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from visionloom.artifacts.atomic import write_file
from visionloom.errors import ArtifactError, UsageError
from visionloom.spec.ports import Value

STATE_FILE = "run.json"
_FORMAT = 1
_NESTED = ("training",)


@dataclass(frozen=True)
class TrainRequest:
    """All options of `visionloom train`.

    Attributes:
        photos: Folder, archive or list of pictures.
        validation: Separate validation pictures, or None.
        validation_fraction: Share of the pictures held out to choose the epoch.
        test_fraction: Share held out for one honest figure at the end; 0 for none.
        group_by, class_map, intensity, check: See Convert to Image Directory.
        model: Architecture, or None with ``start_from``.
        start_from: An own trained model to continue or re-head, or None.
        pretrained: Whether to start from published weights.
        weights: A weights file, or None.
        image_size: Side in pixels, or None to choose.
        augmentation: ``none``, ``standard``, ``strong`` or ``any-orientation``; None: standard,
            or none when only the head is trained.
        training: Parameters of Train PyTorch Model that were said.
    """

    photos: str
    validation: str | None = None
    validation_fraction: float = 0.2
    test_fraction: float = 0.0
    group_by: str | None = None
    class_map: str | None = None
    intensity: str = "type"
    check: str = "full"
    model: str = "resnet18"
    start_from: str | None = None
    pretrained: bool = True
    weights: str | None = None
    image_size: int | None = None
    augmentation: str | None = None
    training: Mapping[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for title, value, low in (
            ("--validation-fraction", self.validation_fraction, 0.0),
            ("--test-fraction", self.test_fraction, -1.0),
        ):
            if not low < value < 1 or value < 0:
                raise UsageError(f"{title} is {value}; it must be above 0 and below 1.")
        if self.validation_fraction + self.test_fraction >= 1:
            raise UsageError(
                "--validation-fraction and --test-fraction leave no picture for training.",
                "Make them smaller.",
            )
        if self.start_from is not None and self.weights is not None:
            raise UsageError("--from and --weights exclude each other.", "Give one of them.")
        if self.weights is not None and not self.pretrained:
            raise UsageError(
                "--weights and --no-pretrained exclude each other.", "Leave one of them out."
            )
        if self.image_size is not None and not 8 <= self.image_size <= 4096:
            raise UsageError(f"--image-size is {self.image_size}; it must be from 8 to 4096.")


def write_request(folder: Path, request: TrainRequest) -> None:
    """Remember the request in the run's folder."""
    document = {"format": _FORMAT, "kind": "train", "request": dataclasses.asdict(request)}
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    write_file(folder / STATE_FILE, text.encode())


def read_request(folder: Path) -> TrainRequest:
    """Read what `write_request` wrote.

    Raises:
        UsageError: The folder is no run of ours.
        ArtifactError: It is damaged, or of a newer program.
    """
    path = folder / STATE_FILE
    if not path.is_file():
        raise UsageError(
            f"{folder} is not the folder of a training run: it has no {STATE_FILE}.",
            "Name the folder given to --out.",
        )
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] > _FORMAT:
            raise ArtifactError(
                f"{path} was written by a newer Visionloom.", "Update Visionloom to go on."
            )
        return TrainRequest(**document["request"])
    except (ValueError, KeyError, TypeError) as error:
        raise ArtifactError(f"{path} is damaged: {error}.") from error


def same_request(saved: TrainRequest, given: TrainRequest) -> None:
    """Refuse to resume with other options than the run began with.

    Raises:
        UsageError: Which option differs.
    """
    changed = []
    for item in dataclasses.fields(TrainRequest):
        ours, theirs = getattr(given, item.name), getattr(saved, item.name)
        if item.name in _NESTED:
            names = sorted(set(ours) | set(theirs))
            neutral = {"decode_threads", "cache", "print_frequency"}
            changed += [n for n in names if n not in neutral and ours.get(n) != theirs.get(n)]
        elif ours != theirs:
            changed.append(item.name)
    if changed:
        options = ", ".join("--" + name.replace("_", "-") for name in changed)
        raise UsageError(
            f"The run began with other values of {options}.",
            "Resume with the same options, or start anew with --overwrite.",
        )
