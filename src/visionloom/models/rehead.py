"""Give a network weights that were trained for other classes: the classifier is replaced."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from visionloom.models.build import classifier, classifier_name
from visionloom.models.tensors import check_fit


def load_with_new_head(
    network: nn.Module,
    tensors: Mapping[str, torch.Tensor],
    known: tuple[str, ...] | None,
    classes: tuple[str, ...],
) -> list[str]:
    """Load everything but the classifier; keep the classifier's rows of classes that are known.

    The rows of other classes start at zero: on trained features nothing has to be broken by
    chance, every class starts equally likely, and the first steps leave the backbone in peace.

    Args:
        network: Built for ``classes``.
        tensors: Weights of the same architecture, for any number of classes.
        known: Classes of an own trained model, in order; None for ImageNet weights.
        classes: The classes to come, in order.

    Returns:
        What the user should be told.

    Raises:
        InvalidModelDirectoryError: The weights are of another architecture.
    """
    head = classifier_name(network)
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    check_fit(shapes, network, "The weights", ignore=head)
    state = network.state_dict()
    for name, tensor in tensors.items():
        if name in state and not name.startswith(head + "."):
            state[name].copy_(tensor)
    for parameter in classifier(network).parameters():
        nn.init.zeros_(parameter)
    if known is None:
        return []
    if known == classes:
        for name in (f"{head}.weight", f"{head}.bias"):
            if name in state:
                state[name].copy_(tensors[name])
        return [f"Continues the model with its {len(classes)} classes."]
    layer = classifier(network)
    kept = [label for label in classes if label in known]
    with torch.no_grad():
        for label in kept:
            new, old = classes.index(label), known.index(label)
            layer.weight[new] = tensors[f"{head}.weight"][old]
            if layer.bias is not None:
                layer.bias[new] = tensors[f"{head}.bias"][old]
    fresh = [label for label in classes if label not in known]
    gone = [label for label in known if label not in classes]
    parts = [f"{len(kept)} classes are kept by name"]
    if fresh:
        parts.append(f"new: {', '.join(fresh[:10])}")
    if gone:
        parts.append(f"left out: {', '.join(gone[:10])}")
    return [f"The model gets a new classifier: {'; '.join(parts)}."]
