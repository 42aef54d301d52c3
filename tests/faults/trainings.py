"""Small real trainings: a narrow network on the handwritten digits, in every mode."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import visionloom as vl
from visionloom.artifacts.digest import sha256_of_json
from visionloom.artifacts.types import TrainedModel
from visionloom.models.directory import read_trained
from visionloom.runs.digits import write_digits
from visionloom.spec.context import Event, Log, Metrics
from visionloom.training.options import FINE_TUNING_MODES, OPTIMIZERS, SCHEDULES
from visionloom.workspace import Workspace

CLASSES, OF_EACH = 4, 16


@dataclass(frozen=True)
class Material:
    """Inputs of a training, on disk.

    Attributes:
        start: Untrained model.
        augmented, plain: Training images, seen at random or always alike.
        validation: Validation images.
    """

    start: Path
    augmented: Path
    plain: Path
    validation: Path

    def inputs(self, recipe: Mapping[str, Any]) -> dict[str, Path]:
        """Port -> artifact, for a recipe."""
        head = recipe.get("fine_tuning_mode") == "head"
        return {
            "untrained_model": self.start,
            "training_dataset": self.plain if head else self.augmented,
            "validation_dataset": self.validation,
        }


def make_material(folder: Path) -> Material:
    """Digits as pictures, divided, transformed; and a network of half a million weights."""
    with tempfile.TemporaryDirectory() as temporary:
        write_digits(Path(temporary) / "digits")
        for label in range(CLASSES):
            target = folder / "photos" / str(label)
            target.mkdir(parents=True)
            pictures = sorted((Path(temporary) / "digits" / str(label)).iterdir())
            for picture in pictures[:OF_EACH]:
                shutil.copy(picture, target)
    images = vl.convert_to_image_directory(folder / "photos", out=folder / "images")
    training, validation = vl.split_image_directory(
        images,
        fraction=0.75,
        out=(folder / "training", folder / "validation"),
    )
    transformation = vl.init_image_transformation(
        resize=True, size=36, random_crop=True, random_crop_size=32, random_horizontal_flip=True,
        center_crop=False,
        out=folder / "transformation",
    )  # fmt: skip
    parts = {
        name: vl.apply_image_transformation(
            transformation, part, mode=mode, out=folder / f"applied-{name}"
        )
        for name, part, mode in (
            ("augmented", training, "For training"),
            ("plain", training, "For inference"),
            ("validation", validation, "For inference"),
        )
    }
    start = vl.timm_model(model_name="test_resnet", pretrained=False, out=folder / "start")
    return Material(
        start.path, parts["augmented"].path, parts["plain"].path, parts["validation"].path
    )


def recipes(seed: int) -> list[dict[str, Any]]:
    """20 recipes: every mode with every optimizer and schedule, and two ways to balance."""
    common: dict[str, Any] = {
        "batch_size": 8, "epochs": 6, "patience": 2, "device": "cpu", "precision": "fp32",
        "random_seed": seed, "print_frequency": 2, "checkpoint_minutes": 1e-6,
    }  # fmt: skip
    made = [
        {
            **common, "fine_tuning_mode": mode, "optimizer": optimizer, "schedule": schedule,
            "learning_rate": 0.02 if optimizer == "sgd" else 0.002, "warmup_epochs": number % 2,
            "decode_threads": (1, 4)[number % 2], "cache": number % 3 > 0,
        }
        for number, (mode, optimizer, schedule) in enumerate(
            itertools.product(FINE_TUNING_MODES, OPTIMIZERS, SCHEDULES)
        )
    ]  # fmt: skip
    for balance, momentum in (("sampling", 0.0), ("class-weights", 0.9)):
        made.append(
            {**common, "balance": balance, "momentum": momentum, "label_smoothing": 0.1,
             "monitor": "macro_f1", "learning_rate": 0.02, "decode_threads": 2}
        )  # fmt: skip
    return made


def outcome(model: TrainedModel) -> dict[str, Any]:
    """What of a trained model must not depend on what was killed."""
    found = read_trained(model)
    return {
        "weights": found.weights_digest,
        "history": sha256_of_json([dict(row) for row in found.history]),
        "best epoch": found.best_epoch,
        "epochs": len(found.history),
        "stopped because": found.metrics["stopped_because"],
    }


def train_here(
    material: Material,
    recipe: Mapping[str, Any],
    scratch: Path,
    out: Path,
    said: list[str] | None = None,
) -> dict[str, Any]:
    """Train in this process, going on from what is in ``scratch``; returns the outcome.

    Added to it are the digests of the final state, optimizer included, which no model holds, and
    the epochs that were told.
    """
    from visionloom.training.loop import Fitted, Trainer
    from visionloom.training.verify import state_digests

    final: dict[str, str] = {}
    told: list[int] = []
    fit = Trainer.fit

    def remember(trainer: Trainer) -> Fitted:
        fitted = fit(trainer)
        final.update(state_digests(trainer.state()))
        return fitted

    def listen(event: Event) -> None:
        if isinstance(event, Metrics):
            told.append(int(event.row["epoch"] or 0))
        if isinstance(event, Log) and said is not None:
            said.append(event.text)

    Trainer.fit = remember  # type: ignore[method-assign,assignment]
    try:
        made = Workspace().run(
            "train_pytorch_model",
            inputs=material.inputs(recipe),
            parameters=recipe,
            outputs={"trained_model": out},
            scratch=scratch,
            listener=listen,
            stop=threading.Event(),
        )
    finally:
        Trainer.fit = fit  # type: ignore[method-assign]
    model = made["trained_model"]
    assert isinstance(model, TrainedModel)
    return {**outcome(model), **{f"final {k}": v for k, v in final.items()}, "told": told}


def in_a_child(
    material: Material,
    recipe: Mapping[str, Any],
    scratch: Path,
    report: Path,
    *,
    die_at: int = 0,
) -> int:
    """Fork a process that trains and writes the outcome to ``report``; returns its number.

    Args:
        material, recipe, scratch: See `train_here`.
        report: A JSON file; the lines that were told are in it under ``said``.
        die_at: The process kills itself in this step, counted from 1 in its own life; 0: never.
    """
    child = os.fork()
    if child:
        return child
    try:
        if die_at:
            _kill_in_step(die_at)
        said: list[str] = []
        out = report.with_suffix(".model")
        shutil.rmtree(out, ignore_errors=True)
        found = train_here(material, recipe, scratch, out, said)
        temporary = report.with_suffix(".tmp")
        temporary.write_text(json.dumps({**found, "said": said}))
        temporary.replace(report)
    except BaseException:  # noqa: BLE001 - the parent is told whatever it is
        import traceback

        report.with_suffix(".error").write_text(traceback.format_exc())
        os._exit(1)
    os._exit(0)


def end_of(child: int) -> int:
    """Wait for a child; its exit status, or minus the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def undisturbed(material: Material, recipe: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The outcome of a training that nobody disturbs, in a child."""
    folder.mkdir(parents=True)
    report = folder / "report.json"
    (folder / "scratch").mkdir()
    status = end_of(in_a_child(material, recipe, folder / "scratch", report))
    return read_report(report, status)


def read_report(report: Path, status: int) -> dict[str, Any]:
    """What a child wrote.

    Raises:
        AssertionError: It failed; with its traceback.
    """
    if status != 0:
        error = report.with_suffix(".error")
        raise AssertionError(error.read_text() if error.exists() else f"status {status}")
    found: dict[str, Any] = json.loads(report.read_text())
    return found


def compared(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """Names of what came out otherwise; what was said aside."""
    return [name for name in wanted if name != "said" and found.get(name) != wanted[name]]


def _kill_in_step(number: int) -> None:
    """Let step ``number`` of this process be its last: kill -9 when its gradients are there."""
    import signal

    from visionloom.training.optimize import SGD, AdamW

    steps = 0
    for kind in (SGD, AdamW):
        step = kind.step

        def last(self: Any, *args: Any, step: Any = step, **kwargs: Any) -> Any:
            nonlocal steps
            steps += 1
            if steps == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return step(self, *args, **kwargs)

        kind.step = last


def preload() -> None:
    """Load what a training needs, once, so that children need not; computes no gradient.

    A process in which torch computed gradients cannot fork one that does.
    """
    import torch

    import visionloom.training.train  # noqa: F401
    from visionloom.models.build import Architecture, build

    torch.set_num_threads(1)
    build(Architecture("timm:test_resnet", {}), CLASSES)
