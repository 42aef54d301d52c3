"""Head-only training: the backbone's features, computed once."""

from __future__ import annotations

from dataclasses import dataclass

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

_REGULARISATION = 0.1
_ITERATIONS = 200
_SMALLEST_SPREAD = 0.1


@dataclass(frozen=True)
class FeatureScale:
    """Mean and spread of the training features, float32 (F,): the head learns faster on z-scores.

    The head is rewritten so that it computes the same from standardised features, and folded
    back after training, so the model itself needs no further step. A feature that hardly varies
    (a quarter of DenseNet-121's on 245 photos have a spread below 0.002, the others around 0.5)
    is not blown up to full size: its folded weight would be thousands, harmless while the
    backbone is frozen and ruinous as soon as it moves.
    """

    mean: torch.Tensor
    spread: torch.Tensor

    @staticmethod
    def of(features: torch.Tensor) -> FeatureScale:
        """The scale of features float32 (n, F)."""
        spread = features.std(0, correction=0)
        typical = spread.square().mean().sqrt()
        return FeatureScale(features.mean(0), spread.clamp_min(_SMALLEST_SPREAD * typical + 1e-6))

    def standard(self, features: torch.Tensor) -> torch.Tensor:
        """Features with mean 0 and spread 1 over the training images."""
        return (features - self.mean) / self.spread

    def apply(self, head: nn.Linear) -> None:
        """Make the head take standardised features."""
        with torch.no_grad():
            if head.bias is not None:
                head.bias.add_(head.weight @ self.mean)
            head.weight *= self.spread

    def fold(self, head: nn.Linear) -> None:
        """Make the head take features as they are again."""
        with torch.no_grad():
            head.weight /= self.spread
            if head.bias is not None:
                head.bias.sub_(head.weight @ self.mean)


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
    scale = FeatureScale.of(inputs)
    standard = scale.standard(inputs)
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
        folded = weight / scale.spread
        return folded.detach(), (bias - folded @ scale.mean).detach()
