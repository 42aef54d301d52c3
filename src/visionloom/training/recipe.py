"""Presets, and how a full set of options comes from what was said.

Precedence: explicit value, then preset, then the component's default (the preset ``original``).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from visionloom.errors import ParameterRangeError
from visionloom.spec.ports import nearest
from visionloom.training.options import TrainingOptions

_ORIGINAL: dict[str, Any] = {
    "epochs": 5,
    "more_epochs": 0,
    "batch_size": 16,
    "warmup_epochs": 0,
    "learning_rate": 0.001,
    "random_seed": 1,
    "patience": 3,
    "print_frequency": 10,
    "optimizer": "sgd",
    "schedule": "polynomial",
    "weight_decay": 1e-4,
    "momentum": 0.9,
    "label_smoothing": 0.0,
    "balance": "none",
    "fine_tuning_mode": "whole",
    "monitor": "valid_loss",
    "minimum_improvement": 0.0,
    "time_limit": None,
    "device": "auto",
    "precision": "auto",
    "decode_threads": None,
    "cache": True,
    "checkpoint_minutes": 3.0,
}

_STANDARD: dict[str, Any] = {
    **_ORIGINAL,
    "epochs": 10,
    "batch_size": 32,
    "warmup_epochs": 1,
    "learning_rate": 0.003,
    "schedule": "cosine",
    "label_smoothing": 0.05,
    "patience": 5,
    "fine_tuning_mode": "head-then-whole",
}

PRESETS: Mapping[str, Mapping[str, Any]] = {"original": _ORIGINAL, "standard": _STANDARD}


def resolve(
    preset: str, explicit: Mapping[str, Any], *, pretrained: bool = True
) -> TrainingOptions:
    """The complete options.

    Args:
        preset: Name of a preset.
        explicit: What was said; an absent name or None means "as the preset says". For
            ``random_seed`` a present None draws a seed and records it.
        pretrained: Whether training starts from trained weights; ``standard`` trains a network
            from scratch whole, longer and at a higher rate.

    Raises:
        ParameterRangeError: An unknown preset or a value out of range.
        TypeError: An unknown name in ``explicit``.
    """
    if preset not in PRESETS:
        near = nearest(preset, PRESETS)
        hint = f"Did you mean {near}? " if near else ""
        raise ParameterRangeError(
            f"Preset is {preset!r}, which is not known.",
            f"{hint}Choose one of {', '.join(PRESETS)}.",
        )
    values = dict(PRESETS[preset])
    if preset == "standard" and not pretrained:
        values.update(fine_tuning_mode="whole", epochs=30, patience=10, learning_rate=0.01)
    unknown = sorted(set(explicit) - set(values))
    if unknown:
        raise TypeError(f"no training option is called {unknown[0]!r}")
    for name, value in explicit.items():
        if value is not None:
            values[name] = value
        elif name == "random_seed":
            values[name] = secrets.randbelow(2**31)
    if values["epochs"] <= values["warmup_epochs"] and explicit.get("warmup_epochs") is None:
        values["warmup_epochs"] = 0
    return TrainingOptions(preset=preset, **values)
