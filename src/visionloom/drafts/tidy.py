"""A simple layout: steps in layers from left to right, each after what it needs."""

from __future__ import annotations

from collections.abc import Mapping

from visionloom.spec.pipeline import Pipeline, StepBinding

COLUMN = 280.0
ROW = 130.0


def laid_out(
    pipeline: Pipeline, standing: Mapping[str, tuple[float, float]] | None = None
) -> dict[str, tuple[float, float]]:
    """A place for every step; those that stand somewhere stay, unless none does.

    Args:
        pipeline: Its steps and wires.
        standing: Step -> place.
    """
    known = standing or {}
    needs = {
        name: {
            bound.step
            for bound in step.inputs.values()
            if isinstance(bound, StepBinding) and bound.step in pipeline.steps
        }
        for name, step in pipeline.steps.items()
    }
    layers = _layers(needs)
    rows: dict[int, int] = {}
    places = {}
    below = max((y for name, (_, y) in known.items() if name in needs), default=-ROW) + ROW
    for name in pipeline.steps:
        layer = layers[name]
        if name in known:
            places[name] = known[name]
            continue
        row = rows.get(layer, 0)
        rows[layer] = row + 1
        places[name] = (layer * COLUMN, below + row * ROW)
    return places


def _layers(needs: Mapping[str, set[str]]) -> dict[str, int]:
    """How many steps come before each; those in a loop stand behind all others."""
    layers: dict[str, int] = {}
    waiting = dict(needs)
    while waiting:
        ready = [name for name, sources in waiting.items() if sources <= layers.keys()]
        if not ready:
            last = max(layers.values(), default=-1) + 1
            return layers | dict.fromkeys(waiting, last)
        for name in ready:
            layers[name] = max((layers[source] + 1 for source in waiting[name]), default=0)
        for name in ready:
            del waiting[name]
    return layers
