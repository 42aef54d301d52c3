"""The network training starts from: given weights with a new classifier, or drawn by the seed."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from visionloom.artifacts.types import UntrainedModel
from visionloom.errors import GreaterThanOrEqualToError, UsageError
from visionloom.images.randomness import seed_for
from visionloom.models.build import build, classifier, features
from visionloom.models.directory import UntrainedSpec, read_untrained
from visionloom.models.rehead import load_with_new_head
from visionloom.spec.context import Context


def starting_network(
    untrained: UntrainedModel, classes: Sequence[str], seed: int, context: Context
) -> tuple[nn.Module, UntrainedSpec]:
    """Build the network for these classes, on the host.

    From scratch the seed draws all weights. With given weights the classifier starts at zero,
    but for the rows of classes that an own trained model knows.

    Raises:
        InvalidModelDirectoryError: Not a model, or weights that do not fit.
    """
    spec, tensors = read_untrained(untrained)
    torch.manual_seed(seed_for(seed, "initial weights"))
    network = build(spec.architecture, len(classes))
    if tensors is not None:
        for note in load_with_new_head(network, tensors, spec.classes, tuple(classes)):
            context.log(note)
    return network, spec


def check_batch_size(network: nn.Module, batch_size: int, images: int, context: Context) -> None:
    """Refuse batches BatchNorm cannot work with; say when the batch size exceeds the images.

    Raises:
        GreaterThanOrEqualToError: One image per batch and a network with BatchNorm.
    """
    if batch_size > images:
        context.warn(
            f"Batch size is {batch_size} and there are {images} training images: "
            "each epoch is one batch."
        )
    normalised = any(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in network.modules())
    if normalised and min(batch_size, images) < 2:
        raise GreaterThanOrEqualToError(
            f"Batch size is {batch_size} with {images} training images; BatchNorm needs at least "
            "2 images in a batch.",
            "Use a batch size of 2 or more, or --fine-tuning-mode head.",
        )


def check_picture_size(network: nn.Module, name: str, size: tuple[int, int]) -> None:
    """Try one picture: some networks shrink a small one to nothing, some take one size only.

    Args:
        network: On the host; neither its weights nor its buffers change.
        name: Of the architecture.
        size: (width, height) of what it will see, pixels.

    Raises:
        UsageError: The network cannot work on pictures of this size.
    """
    network.eval()
    try:
        with torch.inference_mode():
            features(network, torch.zeros(1, 3, size[1], size[0]))
    except torch.OutOfMemoryError:
        raise
    except (RuntimeError, AssertionError, ValueError) as error:
        raise UsageError(
            f"{name} cannot work on pictures of {size[0]} x {size[1]} pixels: "
            f"{str(error).rstrip('.')}.",
            "Choose another --image-size; most networks take 32 or more, some 224 only.",
        ) from error


def head_tensors(network: nn.Module) -> dict[str, torch.Tensor]:
    """A copy of the classifier's tensors on the host."""
    return {n: t.detach().cpu().clone() for n, t in classifier(network).state_dict().items()}
