"""The untrained model: architecture and the weights training starts from, if any."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from visionloom.artifacts.digest import sha256_of_file
from visionloom.artifacts.types import UntrainedModel
from visionloom.models import weights as published
from visionloom.models.build import (
    TIMM_PREFIX,
    Architecture,
    build_empty,
    check_architecture,
    classifier_name,
)
from visionloom.models.directory import UntrainedSpec, write_untrained
from visionloom.models.normalisation import CENTRED, IMAGENET
from visionloom.models.tensors import Tensors, check_finite, check_fit, read_tensors
from visionloom.settings import Settings

_IMAGENET_CLASSES = 1000
_IMAGENET_SIZE = 224


def untrained_model(
    architecture: Architecture,
    target: Path,
    *,
    pretrained: bool,
    weights: str | None,
    settings: Settings,
    say: Callable[[str], None],
) -> UntrainedModel:
    """Write an untrained model.

    Args:
        architecture: Which network.
        target: Where it appears.
        pretrained: Whether it carries weights; without, training draws them by its seed.
        weights: A file to take them from, or None for the published ones.
        settings: Where weights are kept, and whether fetching is allowed.
        say: Told where the weights come from.

    Raises:
        UsageError: An unknown model.
        InvalidModelDirectoryError: Weights that do not fit.
        FailedToDownloadFilesError: Published weights that cannot be had.
    """
    check_architecture(architecture)
    if not pretrained:
        spec = UntrainedSpec(architecture, CENTRED, None, None)
        return write_untrained(spec, None, target)
    timm = architecture.name.startswith(TIMM_PREFIX)
    normalisation, size = IMAGENET, _IMAGENET_SIZE
    if timm:
        from visionloom.models import timm_models

        name = architecture.name.removeprefix(TIMM_PREFIX)
        normalisation, size = timm_models.preprocessing(name)
    if weights is not None:
        path = Path(weights)
        tensors = read_tensors(path, settings.limits, fits=_fits(architecture, f"in {path}"))
        origin = f"file {path.name}, SHA-256 {sha256_of_file(path)[:12]}"
        say(f"Weights: {origin}")
    elif timm:
        tensors = timm_models.pretrained_tensors(name)
        origin = f"timm {name}"
    else:
        path = published.obtain(architecture.name, settings, say)
        tensors = read_tensors(path, settings.limits, fits=_fits(architecture, f"in {path}"))
        origin = f"{path.name}, {published.LICENCE}"
    _check(architecture, tensors, origin)
    return write_untrained(
        UntrainedSpec(architecture, normalisation, size, origin), tensors, target
    )


def _fits(
    architecture: Architecture, where: str
) -> Callable[[Mapping[str, tuple[int, ...]]], None]:
    """Compares shapes with the architecture, but for the classifier."""
    empty = build_empty(architecture, _IMAGENET_CLASSES)
    ignore = classifier_name(empty)
    return lambda shapes: check_fit(shapes, empty, f"The weights {where}", ignore=ignore)


def _check(architecture: Architecture, tensors: Tensors, origin: str) -> None:
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    _fits(architecture, f"({origin})")(shapes)
    check_finite(tensors, f"The weights ({origin})")
