"""What `visionloom train` was asked to do, and how it is remembered in the run's folder."""

from __future__ import annotations

import dataclasses
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from visionloom.artifacts.atomic import write_file
from visionloom.errors import ArtifactError, InvalidModelDirectoryError, UsageError
from visionloom.runs.places import user_path
from visionloom.spec.pipeline import Literal
from visionloom.spec.ports import Value, nearest
from visionloom.spec.registry import Registry

STATE_FILE = "run.json"
TRAINER = "Train PyTorch Model"
PRESET = "standard"
AUTOMATIC = "auto"
_FORMAT = 1
_HELD_OUT = 0.2
_FAMILIES = ("resnet", "densenet")
_PATHS = ("photos", "validation", "start_from", "weights")
_MORE = "more_epochs"
_SPEED_ONLY = ("decode_threads", "cache", "print_frequency", "checkpoint_minutes")
_LATER = (*_SPEED_ONLY, _MORE)
_EXCLUDED_BY_FROM = ("model", "pretrained", "weights")


@dataclass(frozen=True)
class TrainRequest:
    """All options of `visionloom train`, complete: what is not said has its default.

    Attributes:
        photos: Folder, archive or list of pictures.
        validation: Separate validation pictures, or None.
        validation_fraction: Share of the pictures held out to choose the epoch; None: 0.2, or
            what the pictures are divided into already.
        test_fraction: Share held out for one honest figure at the end; None or 0 for none.
        split_seed: Draws which pictures are held out; apart from the training's seed, so that
            trainings with different seeds are judged on the same pictures.
        group_by, class_map, intensity, check, near_duplicates: See Convert to Image Directory.
        model: Architecture; not used with ``start_from``.
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
    validation_fraction: float | None = None
    test_fraction: float | None = None
    split_seed: int = 42
    group_by: str | None = None
    class_map: str | None = None
    intensity: str = "type"
    check: str = "full"
    near_duplicates: bool = True
    model: str = "resnet18"
    start_from: str | None = None
    pretrained: bool = True
    weights: str | None = None
    image_size: int | None = None
    augmentation: str | None = None
    training: Mapping[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for option, value, low in (
            ("--validation-fraction", self.held_out, "above 0"),
            ("--test-fraction", self.tested, "0 or more"),
        ):
            if not 0 <= value < 1 or (low == "above 0" and value == 0):
                raise UsageError(f"{option} is {value:g}; it must be {low} and below 1.")
        if self.held_out + self.tested >= 1:
            raise UsageError(
                f"--validation-fraction {self.held_out:g} and --test-fraction {self.tested:g} "
                "leave no picture for training.",
                "Make them smaller.",
            )
        if self.validation is not None and self.validation_fraction is not None:
            raise UsageError(
                "--validation and --validation-fraction exclude each other.", "Give one of them."
            )
        if self.weights is not None and not self.pretrained:
            raise UsageError(
                "--weights and --no-pretrained exclude each other.", "Leave one of them out."
            )
        if self.image_size is not None and not 8 <= self.image_size <= 4096:
            raise UsageError(f"--image-size is {self.image_size}; it must be from 8 to 4096.")
        head = self.training.get("fine_tuning_mode") == "head"
        if head and self.augmentation not in {None, "none"}:
            raise UsageError(
                "Head-only training computes features once, so it cannot use the random "
                f"transformation of --augmentation {self.augmentation}.",
                "Leave --augmentation out, or choose --fine-tuning-mode head-then-whole.",
            )

    @property
    def held_out(self) -> float:
        """Share held out to choose the epoch."""
        return _HELD_OUT if self.validation_fraction is None else self.validation_fraction

    @property
    def tested(self) -> float:
        """Share held out for the test."""
        return self.test_fraction or 0.0


REQUEST_NAMES = tuple(
    f.name for f in dataclasses.fields(TrainRequest) if f.name not in {"photos", "training"}
)


def make_request(said: Mapping[str, Any], registry: Registry) -> TrainRequest:
    """The complete request, checked as far as it can be before a picture is read.

    Args:
        said: What was said: fields of `TrainRequest` and parameters of Train PyTorch Model, under
            their Python names. ``random_seed`` None draws a seed here, so that it is remembered.
        registry: The catalog.

    Raises:
        UsageError: An unknown name, a value out of range, options that exclude each other.
        InvalidModelDirectoryError: ``start_from`` is no model.
    """
    if said.get("photos") is None:
        raise UsageError("Say which pictures to train on.", "visionloom train PHOTOS --out DIR")
    given = normal(said)
    if given.get("start_from") is not None:
        given["start_from"] = _model_folder(Path(given["start_from"]))
        for name in _EXCLUDED_BY_FROM:
            if name in given:
                option = "no-pretrained" if given[name] is False else name
                raise UsageError(
                    f"--from and --{option} exclude each other: the model brings its own.",
                    "Leave one of them out.",
                )
    else:
        weights = given.get("weights")
        if weights is not None and not Path(weights).is_file():
            raise InvalidModelDirectoryError(f"The weights file {weights} does not exist.")
        model_component(registry, str(given.get("model", TrainRequest.model)))
    training: dict[str, Any] = {"preset": PRESET}
    training |= {name: value for name, value in given.items() if name not in _FIELDS}
    if "random_seed" in training and training["random_seed"] is None:
        training["random_seed"] = secrets.randbelow(2**31)
    registry.find(TRAINER).resolve(training)
    fields = {name: value for name, value in given.items() if name in _FIELDS}
    return TrainRequest(**fields, training=training)


def normal(said: Mapping[str, Any]) -> dict[str, Any]:
    """What was said in comparable form: absolute paths, the picture size as a number or None.

    Raises:
        UsageError: The size is neither.
    """
    given = dict(said)
    for name in _PATHS:
        if given.get(name) is not None:
            given[name] = str(user_path(given[name]).absolute())
    if isinstance(given.get("image_size"), str):
        given["image_size"] = _image_size(given["image_size"])
    return given


def model_component(registry: Registry, model: str) -> tuple[str, str]:
    """The component that makes a model of this name, and the name as that component knows it.

    Raises:
        UsageError: No such model; the nearest name is given.
    """
    if model.startswith("timm:"):
        return "timm Model", model.removeprefix("timm:")
    known: dict[str, str] = {}
    for name in _FAMILIES:
        item = registry.find(name)
        choices = item.parameter("model_name").setting.choices
        known.update(dict.fromkeys(choices, item.title))
    if model in known:
        return known[model], model
    near = nearest(model, known)
    hint = f"Did you mean {near}? " if near else ""
    raise UsageError(
        f"There is no model {model!r}.",
        f"{hint}Known: {', '.join(known)}, and timm:NAME for any classifier of timm.",
    )


def write_request(folder: Path, request: TrainRequest) -> None:
    """Remember the request in the run's folder."""
    document = {"format": _FORMAT, "kind": "train", "request": dataclasses.asdict(request)}
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    write_file(folder / STATE_FILE, text.encode("utf-8", "surrogateescape"))


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
        document = json.loads(path.read_bytes().decode("utf-8", "surrogateescape"))
        if document["format"] > _FORMAT:
            raise ArtifactError(
                f"{path} was written by a newer Visionloom.", "Update Visionloom to go on."
            )
        return TrainRequest(**document["request"])
    except (ValueError, KeyError, TypeError) as error:
        raise ArtifactError(f"{path} is damaged: {error}.") from error


def continued(saved: TrainRequest, said: Mapping[str, Any]) -> TrainRequest:
    """The request to go on with: the saved one, with what was said that changes speed only.

    ``more_epochs`` may be said too: they come after all that was trained so far.

    Raises:
        UsageError: What was said differs from the saved request; each difference is named.
    """
    given = normal(said)
    if given.get("start_from") is not None:
        given["start_from"] = _model_folder(Path(given["start_from"]))
    changed = []
    for name, value in given.items():
        if name in _LATER:
            continue
        before = getattr(saved, name) if name in _FIELDS else saved.training.get(name)
        if before != value:
            option = {"start_from": "--from", "photos": "PHOTOS"}.get(
                name, "--" + name.replace("_", "-")
            )
            changed.append(f"{option} {_shown(value)} instead of {_shown(before)}")
    if changed:
        raise UsageError(
            f"The run began with another recipe or other data: {'; '.join(changed)}.",
            "Go on with what it began with (no other option is needed), or start anew with "
            "--overwrite.",
        )
    later = {name: given[name] for name in _LATER if name in given}
    return dataclasses.replace(saved, training={**saved.training, **later})


def said_later(request: TrainRequest) -> dict[str, Literal]:
    """Parameters of the training that may have been said since it began."""
    found = {name: request.training.get(name) for name in _LATER}
    return {name: value for name, value in found.items() if value is not None}


_FIELDS = ("photos", *REQUEST_NAMES)


def _model_folder(path: Path) -> str:
    """The model folder that a path names: itself, or ``model`` in a run's folder."""
    for folder in (path, path / "model"):
        if (folder / "model.json").is_file():
            return str(folder)
    raise InvalidModelDirectoryError(
        f"{path} is no model: it holds no model.json.",
        "Name the folder `model` that `visionloom train` wrote.",
    )


def _image_size(text: str) -> int | None:
    if text == AUTOMATIC:
        return None
    if not text.isdecimal():
        raise UsageError(f"--image-size is {text!r}; a whole number of pixels or auto is needed.")
    return int(text)


def _shown(value: object) -> str:
    return "the default" if value is None else str(value)
