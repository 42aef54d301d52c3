"""Optimizers, and the learning rate as a function of the step."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterable
from typing import Any

import torch

from visionloom.training.options import TrainingOptions

FINAL_RATE = 1e-7
"""Where the polynomial and cosine schedules end, as in the original."""


class _Uncompiled(torch.optim.Optimizer):
    """What torch keeps its compiler away from, without the compiler.

    Torch loads its compiler, for over a second, when an optimizer is first made or stepped, to say
    that the method is not to be compiled. Ours never are; the methods below are torch's own, as
    they were before they were wrapped.
    """

    add_param_group: Any = inspect.unwrap(torch.optim.Optimizer.add_param_group)
    zero_grad: Any = inspect.unwrap(torch.optim.Optimizer.zero_grad)
    state_dict: Any = inspect.unwrap(torch.optim.Optimizer.state_dict)
    load_state_dict: Any = inspect.unwrap(torch.optim.Optimizer.load_state_dict)


class SGD(_Uncompiled, torch.optim.SGD):
    """Stochastic gradient descent."""

    step: Any = torch.no_grad()(inspect.unwrap(torch.optim.SGD.step))


class AdamW(_Uncompiled, torch.optim.AdamW):
    """Adam with decoupled weight decay."""

    step: Any = torch.no_grad()(inspect.unwrap(torch.optim.AdamW.step))


def learning_rate(step: int, steps: int, warmup_steps: int, peak: float, schedule: str) -> float:
    """The rate of step ``step`` (from 0) of ``steps``.

    During the warm-up the rate rises linearly and reaches ``peak`` at its last step; afterwards
    ``polynomial`` falls as (1 - progress)^2, ``cosine`` as half a cosine, both to 1e-7.
    """
    if step < warmup_steps:
        return peak * (step + 1) / warmup_steps
    if schedule == "constant":
        return peak
    progress = min(1.0, (step - warmup_steps) / max(1, steps - warmup_steps))
    shape = (1.0 - progress) ** 2
    if schedule == "cosine":
        shape = 0.5 * (1.0 + math.cos(math.pi * progress))
    end = min(FINAL_RATE, peak)
    return end + (peak - end) * shape


def make_optimizer(
    parameters: Iterable[torch.nn.Parameter], options: TrainingOptions, device_kind: str
) -> torch.optim.Optimizer:
    """SGD with Nesterov momentum, or AdamW; the fused kernels where the device has them."""
    trainable = [p for p in parameters if p.requires_grad]
    fused = device_kind in {"cpu", "cuda"}
    if options.optimizer == "adamw":
        return AdamW(
            trainable, lr=options.learning_rate, weight_decay=options.weight_decay, fused=fused
        )
    return SGD(
        trainable,
        lr=options.learning_rate,
        momentum=options.momentum,
        nesterov=options.momentum > 0,
        weight_decay=options.weight_decay,
        fused=fused,
    )


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Set the rate of every group."""
    for group in optimizer.param_groups:
        group["lr"] = rate
