"""What can be said of a training before it runs, and which parameters decide its result.

Nothing here loads torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from visionloom.errors import ParameterRangeError, UsageError, VisionloomError
from visionloom.images.classes import common_classes
from visionloom.images.foresight import images_facts
from visionloom.spec.foresight import UNKNOWN, AboutInput, Facts, Outlook
from visionloom.spec.ports import Value
from visionloom.training.options import TrainingOptions
from visionloom.training.recipe import resolve

_WHERE_IT_RUNS = ("preset", "device", "precision", "random_seed")
_TWO = ("one", "another")
_PORTS = ("training_dataset", "validation_dataset")


def foresee_training(outlook: Outlook) -> Mapping[str, Facts]:
    """Of Train PyTorch Model: labels, equal classes, a recipe that can be followed.

    Raises:
        AboutInput: With the error that training would raise.
    """
    start = outlook.inputs.get("untrained_model", UNKNOWN)
    options = _options(outlook.parameters, pretrained=start.weights is not False)
    seen, held_out = (images_facts(outlook, port) for port in _PORTS)
    if seen.labelled is False:
        _check_classes("training_dataset", None, held_out.classes)
    elif held_out.labelled is False:
        _check_classes("validation_dataset", seen.classes or _TWO, None)
    elif seen.classes is not None:
        port = "training_dataset" if len(seen.classes) < 2 else "validation_dataset"
        _check_classes(port, seen.classes, held_out.classes or seen.classes)
    if options.fine_tuning_mode == "head" and seen.random:
        raise AboutInput(
            "training_dataset",
            UsageError(
                "Head-only training computes features once, so it cannot use a random "
                "transformation, and the training images carry one.",
                "Switch off what is random in it (random_horizontal_flip is on unless it is set "
                "to false), apply it for inference, or choose the fine-tuning mode "
                "head-then-whole.",
            ),
        )
    return {"trained_model": Facts(classes=seen.classes, trained=True, weights=True)}


def effective_training(
    parameters: Mapping[str, Value], inputs: Mapping[str, Facts]
) -> Mapping[str, Any]:
    """The choices that decide the result, presets resolved; so that saying a preset's value
    changes nothing.

    Where it is not known before the run whether training starts from trained weights, both sets are
    given where they differ. What it runs on counts by itself.
    """
    recipes = []
    known = inputs.get("untrained_model", UNKNOWN).weights
    for pretrained in (True, False) if known is None else (known, known):
        try:
            recipes.append(_options(parameters, pretrained=pretrained).recipe())
        except AboutInput as fault:
            recipes.append({"refused": str(fault.error)})
    with_weights, without = (
        {k: v for k, v in recipe.items() if k not in _WHERE_IT_RUNS} for recipe in recipes
    )
    changed = {
        f"{name} without weights": value
        for name, value in without.items()
        if with_weights.get(name) != value
    }
    return {**with_weights, **changed, "random_seed": parameters["random_seed"]}


def _options(parameters: Mapping[str, Value], *, pretrained: bool) -> TrainingOptions:
    explicit = {name: value for name, value in parameters.items() if name != "preset"}
    if explicit.get("random_seed") is None:
        # one would be drawn; none is needed to judge the rest
        explicit["random_seed"] = 0
    try:
        return resolve(str(parameters["preset"]), explicit, pretrained=pretrained)
    except ParameterRangeError as error:
        raise AboutInput(_blamed(parameters), error) from error


def _blamed(parameters: Mapping[str, Value]) -> str:
    return "warmup_epochs" if parameters.get("warmup_epochs") is not None else "epochs"


def _check_classes(
    port: str, training: tuple[str, ...] | None, validation: tuple[str, ...] | None
) -> None:
    """Raise what training would raise, about a port."""
    try:
        common_classes(training, validation)
    except VisionloomError as error:
        raise AboutInput(port, error) from error
