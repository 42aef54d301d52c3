"""From uint8 pictures to logits: the one forward pass of validation, scoring and serving."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import torch
from torch import nn

from visionloom.models.device import Hardware
from visionloom.models.normalisation import Normalisation

INFERENCE_BATCH_SIZE = 32
"""Pictures per forward pass outside training; fixed, since the size of a batch can change bits."""


class ToModel(nn.Module):
    """uint8 (B, H, W, 3) on the device -> normalised float32 (B, 3, H, W), channels last."""

    mean: torch.Tensor
    scale: torch.Tensor

    def __init__(self, normalisation: Normalisation) -> None:
        super().__init__()
        mean = torch.tensor(normalisation.mean).view(1, 3, 1, 1) * 255.0
        std = torch.tensor(normalisation.std).view(1, 3, 1, 1) * 255.0
        self.register_buffer("mean", mean, persistent=False)
        self.register_buffer("scale", 1.0 / std, persistent=False)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Normalise a batch."""
        return (pixels.permute(0, 3, 1, 2).float() - self.mean) * self.scale


def run_forward(
    function: Callable[[torch.Tensor], torch.Tensor],
    batches: Iterable[np.ndarray[tuple[int, int, int, int], np.dtype[np.uint8]]],
    to_model: ToModel,
    hardware: Hardware,
    on_batch: Callable[[int], None] | None = None,
) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Apply a function to every batch without gradients; returns float32 (n, K) in order.

    Args:
        function: (B, 3, H, W) -> (B, K); a model in eval mode, or its backbone.
        batches: uint8 (B, H, W, 3) pictures in order.
        to_model: Normalisation, on the device.
        hardware: Device, precision and layout.
        on_batch: Called with the number of pictures done.
    """
    outputs: list[torch.Tensor] = []
    done = 0
    with torch.inference_mode():
        for batch in batches:
            pixels = torch.from_numpy(batch).to(hardware.device, non_blocking=True)
            inputs = to_model(pixels).contiguous(memory_format=hardware.memory_format)
            with hardware.autocast():
                result = function(inputs)
            outputs.append(result.float())
            done += len(batch)
            if on_batch is not None:
                on_batch(done)
    if not outputs:
        return np.empty((0, 0), dtype=np.float32)
    return torch.cat(outputs).cpu().numpy()
