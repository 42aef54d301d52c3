"""The statistics a network's input is normalised with; they follow the weights."""

from __future__ import annotations

from dataclasses import dataclass

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Normalisation:
    """Mean and standard deviation per channel (R, G, B) of values from 0 to 1."""

    mean: Triple
    std: Triple


IMAGENET = Normalisation((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
"""What torchvision's ImageNet weights expect."""

CENTRED = Normalisation((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
"""From -1 to 1: for networks trained from scratch."""
