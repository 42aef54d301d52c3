"""Densely connected networks (Huang et al. 2016). State-dict keys and initial distributions are
torchvision's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint


@dataclass(frozen=True)
class Plan:
    """Sizes of one network: channels each layer adds, layers per block, channels of the stem."""

    growth: int
    layers: tuple[int, ...]
    stem: int
    bottleneck: int = 4


PLANS: Mapping[str, Plan] = {
    "densenet121": Plan(32, (6, 12, 24, 16), 64),
    "densenet161": Plan(48, (6, 12, 36, 24), 96),
    "densenet169": Plan(32, (6, 12, 32, 32), 64),
    "densenet201": Plan(32, (6, 12, 48, 32), 64),
}


class DenseLayer(nn.Module):
    """BatchNorm, 1x1 and 3x3 convolutions over everything before.

    Args:
        inputs: Channels of everything before.
        plan: Sizes.
        memory_efficient: Compute the 1x1 part again in the backward pass instead of keeping it.
    """

    def __init__(self, inputs: int, plan: Plan, *, memory_efficient: bool) -> None:
        super().__init__()
        inner = plan.bottleneck * plan.growth
        self.norm1 = nn.BatchNorm2d(inputs)
        self.relu1 = nn.ReLU(inplace=True)
        self.conv1 = nn.Conv2d(inputs, inner, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(inner)
        self.relu2 = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(inner, plan.growth, 3, padding=1, bias=False)
        self.memory_efficient = memory_efficient

    def forward(self, before: list[torch.Tensor]) -> torch.Tensor:
        """List of (B, C_i, H, W) -> (B, growth, H, W)."""
        if self.memory_efficient and torch.is_grad_enabled():
            inner = checkpoint(self._bottleneck, *before, use_reentrant=False)
        else:
            inner = self._bottleneck(*before)
        added: torch.Tensor = self.conv2(self.relu2(self.norm2(inner)))
        return added

    def _bottleneck(self, *before: torch.Tensor) -> torch.Tensor:
        inner: torch.Tensor = self.conv1(self.relu1(self.norm1(torch.cat(before, 1))))
        return inner


class DenseBlock(nn.ModuleDict):
    """Layers that each see the outputs of all before."""

    def __init__(self, count: int, inputs: int, plan: Plan, *, memory_efficient: bool) -> None:
        super().__init__()
        for number in range(count):
            layer = DenseLayer(
                inputs + number * plan.growth, plan, memory_efficient=memory_efficient
            )
            self.add_module(f"denselayer{number + 1}", layer)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, C, H, W) -> (B, C + count x growth, H, W)."""
        outputs = [x]
        for layer in self.values():
            outputs.append(layer(outputs))
        return torch.cat(outputs, 1)


class Transition(nn.Sequential):
    """Halves the channels and the sides between blocks."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(inputs)
        self.relu = nn.ReLU(inplace=True)
        self.conv = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.pool = nn.AvgPool2d(2, 2)


class DenseNet(nn.Module):
    """A densely connected network.

    Args:
        plan: Sizes.
        classes: Outputs.
        memory_efficient: Trade time for memory in the dense layers.
    """

    def __init__(self, plan: Plan, classes: int, *, memory_efficient: bool = False) -> None:
        super().__init__()
        stages = nn.Sequential()
        stages.add_module("conv0", nn.Conv2d(3, plan.stem, 7, 2, padding=3, bias=False))
        stages.add_module("norm0", nn.BatchNorm2d(plan.stem))
        stages.add_module("relu0", nn.ReLU(inplace=True))
        stages.add_module("pool0", nn.MaxPool2d(3, 2, padding=1))
        channels = plan.stem
        for number, count in enumerate(plan.layers, 1):
            block = DenseBlock(count, channels, plan, memory_efficient=memory_efficient)
            stages.add_module(f"denseblock{number}", block)
            channels += count * plan.growth
            if number < len(plan.layers):
                stages.add_module(f"transition{number}", Transition(channels, channels // 2))
                channels //= 2
        stages.add_module("norm5", nn.BatchNorm2d(channels))
        self.features = stages
        self.classifier = nn.Linear(channels, classes)
        _initialise(self)

    def pooled(self, x: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) -> pooled features (B, F)."""
        x = torch.relu_(self.features(x))
        return torch.flatten(nn.functional.adaptive_avg_pool2d(x, 1), 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) -> logits (B, classes)."""
        logits: torch.Tensor = self.classifier(self.pooled(x))
        return logits


def _initialise(network: DenseNet) -> None:
    if network.classifier.weight.is_meta:
        return  # there are no values, and torch would load its compiler to know that
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight)
        elif isinstance(module, nn.Linear):
            nn.init.zeros_(module.bias)
