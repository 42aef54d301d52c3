"""An architecture's name and arguments -> a network; its classifier and its features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from visionloom.errors import InvalidModelDirectoryError, UsageError
from visionloom.models import densenet, resnet
from visionloom.spec.ports import nearest

TIMM_PREFIX = "timm:"

FAMILIES: Mapping[str, tuple[str, ...]] = {
    "ResNet": tuple(resnet.PLANS),
    "DenseNet": tuple(densenet.PLANS),
}


@dataclass(frozen=True)
class Architecture:
    """A network's name (``resnet18``, ``timm:NAME``) and the arguments of its family."""

    name: str
    arguments: Mapping[str, bool] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As a JSON value; `architecture_from_json` reads it."""
        return {"name": self.name, "arguments": dict(self.arguments)}


def architecture_from_json(value: object) -> Architecture:
    """Read what `Architecture.to_json` wrote; names are looked up, never imported.

    Raises:
        InvalidModelDirectoryError: Not an architecture this program knows.
    """
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        raise InvalidModelDirectoryError("The model does not name its architecture.")
    arguments = value.get("arguments", {})
    if not isinstance(arguments, dict) or not all(isinstance(v, bool) for v in arguments.values()):
        raise InvalidModelDirectoryError("The arguments of the model's architecture are damaged.")
    architecture = Architecture(value["name"], arguments)
    try:
        check_architecture(architecture)
    except UsageError as error:
        raise InvalidModelDirectoryError(error.message, error.remedy) from error
    return architecture


def check_architecture(architecture: Architecture) -> None:
    """Check the name and the arguments.

    Raises:
        UsageError: An unknown name (the nearest is given) or argument.
    """
    name = architecture.name
    if name.startswith(TIMM_PREFIX):
        allowed: set[str] = set()
    elif name in resnet.PLANS:
        allowed = {"zero_init_residual"}
    elif name in densenet.PLANS:
        allowed = {"memory_efficient"}
    else:
        known = [known for names in FAMILIES.values() for known in names]
        near = nearest(name, known)
        hint = f"Did you mean {near}? " if near else ""
        raise UsageError(
            f"There is no model {name!r}.",
            f"{hint}Known: {', '.join(known)}, and timm:NAME for any classifier of timm.",
        )
    unknown = sorted(set(architecture.arguments) - allowed)
    if unknown:
        raise UsageError(f"{name} has no argument {unknown[0]!r}.")


def build(architecture: Architecture, classes: int) -> nn.Module:
    """A network with random weights, drawn from torch's default generator as it stands.

    Args:
        architecture: Which.
        classes: Number of outputs.

    Raises:
        UsageError: Unknown, or timm is not installed.
    """
    check_architecture(architecture)
    name, arguments = architecture.name, architecture.arguments
    if name in resnet.PLANS:
        return resnet.ResNet(resnet.PLANS[name], classes, **arguments)
    if name in densenet.PLANS:
        return densenet.DenseNet(densenet.PLANS[name], classes, **arguments)
    from visionloom.models import timm_models

    return timm_models.build(name.removeprefix(TIMM_PREFIX), classes)


def build_empty(architecture: Architecture, classes: int) -> nn.Module:
    """The network without memory for its weights: names and shapes only."""
    with torch.device("meta"):
        return build(architecture, classes)


def classifier_name(network: nn.Module) -> str:
    """Name of the last linear layer among the network's modules.

    Raises:
        UsageError: The network does not end in a linear classifier.
    """
    if isinstance(network, resnet.ResNet):
        return "fc"
    if isinstance(network, densenet.DenseNet):
        return "classifier"
    from visionloom.models import timm_models

    return timm_models.classifier_name(network)


def classifier(network: nn.Module) -> nn.Linear:
    """The last linear layer."""
    layer = network.get_submodule(classifier_name(network))
    if not isinstance(layer, nn.Linear):
        raise UsageError(
            "This network does not end in a linear classifier.", "Choose another model."
        )
    return layer


def set_classifier(network: nn.Module, weight: torch.Tensor, bias: torch.Tensor) -> None:
    """Put values into the classifier: weight (C, F), bias (C,)."""
    layer = classifier(network)
    with torch.no_grad():
        layer.weight.copy_(weight)
        if layer.bias is not None:
            layer.bias.copy_(bias)


def features(network: nn.Module, inputs: torch.Tensor) -> torch.Tensor:
    """Pooled features: what the classifier sees, (B, 3, H, W) -> (B, F)."""
    if isinstance(network, resnet.ResNet):
        return network.features(inputs)
    if isinstance(network, densenet.DenseNet):
        return network.pooled(inputs)
    from visionloom.models import timm_models

    return timm_models.features(network, inputs)
