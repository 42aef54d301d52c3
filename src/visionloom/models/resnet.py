"""Residual networks (He et al. 2015), ResNeXt (Xie et al. 2016), wide ones (Zagoruyko 2016).

State-dict keys and initial distributions are torchvision's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import nn


@dataclass(frozen=True)
class Plan:
    """Sizes of one network.

    Attributes:
        bottleneck: Blocks of 1x1, 3x3, 1x1 convolutions; else two 3x3.
        blocks: Blocks per stage.
        groups: Groups of the 3x3 convolution.
        group_width: Channels per group in the first stage, of 64.
    """

    bottleneck: bool
    blocks: tuple[int, int, int, int]
    groups: int = 1
    group_width: int = 64


PLANS: Mapping[str, Plan] = {
    "resnet18": Plan(False, (2, 2, 2, 2)),
    "resnet34": Plan(False, (3, 4, 6, 3)),
    "resnet50": Plan(True, (3, 4, 6, 3)),
    "resnet101": Plan(True, (3, 4, 23, 3)),
    "resnet152": Plan(True, (3, 8, 36, 3)),
    "resnext50_32x4d": Plan(True, (3, 4, 6, 3), 32, 4),
    "resnext101_32x8d": Plan(True, (3, 4, 23, 3), 32, 8),
    "wide_resnet50_2": Plan(True, (3, 4, 6, 3), 1, 128),
    "wide_resnet101_2": Plan(True, (3, 4, 23, 3), 1, 128),
}


def _convolution(
    inputs: int, outputs: int, size: int, stride: int = 1, groups: int = 1
) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, size, stride, padding=size // 2, groups=groups, bias=False)


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a short cut."""

    expansion = 1

    def __init__(self, inputs: int, width: int, stride: int, _plan: Plan) -> None:
        super().__init__()
        self.conv1 = _convolution(inputs, width, 3, stride)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = _convolution(width, width, 3)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = _short_cut(inputs, width, stride)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, C, H, W) -> (B, width, H / stride, W / stride)."""
        short = x if self.downsample is None else self.downsample(x)
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return torch.relu_(y + short)


class Bottleneck(nn.Module):
    """1x1, 3x3 (with the stride), 1x1 convolutions and a short cut."""

    expansion = 4

    def __init__(self, inputs: int, width: int, stride: int, plan: Plan) -> None:
        super().__init__()
        inner = width * plan.group_width // 64 * plan.groups
        self.conv1 = _convolution(inputs, inner, 1)
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = _convolution(inner, inner, 3, stride, plan.groups)
        self.bn2 = nn.BatchNorm2d(inner)
        self.conv3 = _convolution(inner, width * self.expansion, 1)
        self.bn3 = nn.BatchNorm2d(width * self.expansion)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = _short_cut(inputs, width * self.expansion, stride)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, C, H, W) -> (B, 4 width, H / stride, W / stride)."""
        short = x if self.downsample is None else self.downsample(x)
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return torch.relu_(y + short)


class ResNet(nn.Module):
    """A residual network.

    Args:
        plan: Sizes.
        classes: Outputs.
        zero_init_residual: Start every block as its short cut: the last BatchNorm's weight is 0.
    """

    def __init__(self, plan: Plan, classes: int, *, zero_init_residual: bool = False) -> None:
        super().__init__()
        block = Bottleneck if plan.bottleneck else BasicBlock
        self.conv1 = nn.Conv2d(3, 64, 7, 2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, padding=1)
        inputs = 64
        for stage, count in enumerate(plan.blocks):
            width = 64 * 2**stage
            blocks: list[nn.Module] = []
            for number in range(count):
                stride = 2 if stage > 0 and number == 0 else 1
                blocks.append(block(inputs, width, stride, plan))
                inputs = width * block.expansion
            self.add_module(f"layer{stage + 1}", nn.Sequential(*blocks))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(inputs, classes)
        _initialise(self, zero_init_residual)

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) -> pooled features (B, F)."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        for stage in range(1, 5):
            x = self.get_submodule(f"layer{stage}")(x)
        return torch.flatten(self.avgpool(x), 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) -> logits (B, classes)."""
        logits: torch.Tensor = self.fc(self.features(x))
        return logits


def _short_cut(inputs: int, outputs: int, stride: int) -> nn.Sequential | None:
    if stride == 1 and inputs == outputs:
        return None
    return nn.Sequential(_convolution(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs))


def _initialise(network: ResNet, zero_init_residual: bool) -> None:
    if network.conv1.weight.is_meta:
        return  # there are no values, and torch would load its compiler to know that
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    if zero_init_residual:
        for module in network.modules():
            if isinstance(module, Bottleneck):
                nn.init.zeros_(module.bn3.weight)
            elif isinstance(module, BasicBlock):
                nn.init.zeros_(module.bn2.weight)
