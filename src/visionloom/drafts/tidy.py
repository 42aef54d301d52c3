"""A simple layout: steps in layers from top to bottom, each below what it needs."""

from __future__ import annotations

from collections.abc import Mapping

from visionloom.spec.pipeline import Pipeline, StepBinding

COLUMN = 280.0
ROW = 148.0


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
    new = [name for name in pipeline.steps if name not in known]
    below = max((y for name, (_, y) in known.items() if name in needs), default=-ROW) + ROW
    places = {name: at for name, at in known.items() if name in needs}
    for layer in sorted({layers[name] for name in new}):
        beside = [name for name in new if layers[name] == layer]
        for number, name in enumerate(beside):
            x = (number - (len(beside) - 1) / 2) * COLUMN
            places[name] = (x, below + layer * ROW)
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
