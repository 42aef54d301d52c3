"""Any classifier of timm, by name, with its own preprocessing: the extra ``timm``."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

import torch
from torch import nn

from visionloom.errors import FailedToDownloadFilesError, UsageError
from visionloom.models.normalisation import Normalisation
from visionloom.spec.ports import nearest

_KEPT_LIBRARIES: list[torch.library.Library] = []
"""Operator libraries must outlive their definition."""


def load_timm() -> ModuleType:
    """Import timm.

    Raises:
        UsageError: The extra is not installed.
    """
    try:
        _load_torchvision()
        return importlib.import_module("timm")
    except ModuleNotFoundError as error:
        raise UsageError(
            f"Models of timm need the package {error.name}, which is not installed.",
            "Install it: pip install 'visionloom[timm]'.",
        ) from error


def _load_torchvision() -> ModuleType:
    """Import torchvision, also where its compiled part does not fit a CPU-only torch.

    Its Python part registers fake kernels for two operators of the compiled part and fails where
    they do not exist (pytorch/vision#8985); declaring their schemas first is enough.
    """
    try:
        return importlib.import_module("torchvision")
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
    for name in [m for m in sys.modules if m.split(".")[0] == "torchvision"]:
        del sys.modules[name]
    library = torch.library.Library("torchvision", "FRAGMENT")
    _KEPT_LIBRARIES.append(library)
    for operator in ("nms", "qnms"):
        library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    return importlib.import_module("torchvision")


def build(name: str, classes: int) -> nn.Module:
    """A classifier of timm with random weights.

    Raises:
        UsageError: timm is not installed, or has no such model (the nearest is given).
    """
    timm = load_timm()
    if not timm.is_model(name):
        near = nearest(name, timm.list_models())
        hint = f"Did you mean timm:{near}?" if near else "See timm.list_models()."
        raise UsageError(f"timm has no model {name!r}.", hint)
    model: nn.Module = timm.create_model(name, pretrained=False, num_classes=classes)
    return model


def preprocessing(name: str) -> tuple[Normalisation, int]:
    """The normalisation and the square input size that timm states for a model's weights."""
    timm = load_timm()
    build(name, 1)
    settings: dict[str, Any] = timm.models.get_pretrained_cfg(name).to_dict()
    mean, std = tuple(settings["mean"]), tuple(settings["std"])
    return Normalisation(mean, std), int(settings["input_size"][-1])


def pretrained_tensors(name: str) -> dict[str, torch.Tensor]:
    """The tensors of timm's own weights for a model; downloads them when they are not cached.

    Raises:
        FailedToDownloadFilesError: They could not be had.
    """
    timm = load_timm()
    build(name, 1)
    try:
        model: nn.Module = timm.create_model(name, pretrained=True)
    except Exception as error:
        raise FailedToDownloadFilesError(
            f"timm could not load the pretrained weights of {name}: {error}",
            "Give a file with --weights FILE, or start from nothing with --no-pretrained.",
        ) from error
    return dict(model.state_dict())


def classifier_name(network: nn.Module) -> str:
    """Name of a timm network's classifier."""
    settings = getattr(network, "pretrained_cfg", None) or {}
    name = settings.get("classifier")
    if not isinstance(name, str):
        raise UsageError("This network has no single linear classifier.", "Choose another model.")
    return name


def features(network: nn.Module, inputs: torch.Tensor) -> torch.Tensor:
    """Pooled features of a timm network, (B, F)."""
    module: Any = network
    pooled: torch.Tensor = module.forward_head(module.forward_features(inputs), pre_logits=True)
    return pooled
