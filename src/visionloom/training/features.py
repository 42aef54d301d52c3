"""Head-only training: the backbone's features, computed once."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from visionloom.errors import RunInterrupted
from visionloom.images.batches import BatchReader
from visionloom.models.build import features
from visionloom.models.device import Hardware
from visionloom.models.forward import ToModel
from visionloom.spec.context import Context
from visionloom.training.feed import forward_all

_REGULARISATION = 1e-3
_ITERATIONS = 200


def backbone_features(
    network: nn.Module,
    reader: BatchReader,
    count: int,
    to_model: ToModel,
    hardware: Hardware,
    context: Context,
    stage: str,
) -> torch.Tensor:
    """Pooled features of every picture of a reader in order, float32 (n, F) on the device."""
    network.eval()

    def tell(done: int) -> None:
        context.progress(stage, done, count)
        if context.stop.is_set():
            raise RunInterrupted("Stopped while features were computed.")

    rows = forward_all(
        lambda inputs: features(network, inputs), reader, count, to_model, hardware, tell
    )
    return torch.from_numpy(rows).to(hardware.device)


def fit_head(
    inputs: torch.Tensor,
    labels: np.ndarray[tuple[int], np.dtype[np.int64]],
    classes: int,
    class_weights: torch.Tensor | None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Multinomial logistic regression on features by L-BFGS; no randomness.

    Features are standardised for the fit and the result is folded back, so that it applies to
    the features as they are.

    Args:
        inputs: float32 (n, F).
        labels: int64 (n,).
        classes: Number of classes C.
        class_weights: float32 (C,) or None.

    Returns:
        Weight float32 (C, F) and bias float32 (C,), on the device of ``inputs``.
    """
    target = torch.from_numpy(labels).to(inputs.device)
    mean = inputs.mean(0)
    spread = inputs.std(0, correction=0).clamp_min(1e-6)
    standard = (inputs - mean) / spread
    weight = torch.zeros(classes, inputs.shape[1], device=inputs.device, requires_grad=True)
    bias = torch.zeros(classes, device=inputs.device, requires_grad=True)
    objective = nn.CrossEntropyLoss(class_weights)
    solver = torch.optim.LBFGS(
        [weight, bias], max_iter=_ITERATIONS, line_search_fn="strong_wolfe", tolerance_grad=1e-5
    )

    def closure() -> torch.Tensor:
        solver.zero_grad()
        loss: torch.Tensor = objective(standard @ weight.t() + bias, target)
        loss = loss + 0.5 * _REGULARISATION * weight.square().sum()
        loss.backward()
        return loss

    solver.step(closure)
    with torch.no_grad():
        folded = weight / spread
        return folded.detach(), (bias - folded @ mean).detach()
