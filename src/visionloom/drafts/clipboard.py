"""Steps as a text: copied out of one pipeline, pasted into another or the same.

What is copied is a small pipeline file: the steps, the wires between them, the inputs of the
pipeline they are bound to, and under ``x-canvas`` where they stand. Any pipeline file, a map of
steps, or one step may be pasted.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from visionloom.drafts.moving import moved
from visionloom.drafts.names import free_name
from visionloom.errors import InvalidPipelineError, UsageError
from visionloom.settings import Limits
from visionloom.spec.layout import FARTHEST, Layout
from visionloom.spec.names import fault_of_name, nearest_name
from visionloom.spec.pipeline import (
    Bound,
    Data,
    InputBinding,
    Literal,
    Pipeline,
    Step,
    StepBinding,
)
from visionloom.spec.pipeline_file import pipeline_from_text
from visionloom.spec.pipeline_writer import input_document, step_document
from visionloom.spec.problems import errors_among
from visionloom.spec.registry import Registry
from visionloom.spec.yaml_editor import value_at
from visionloom.spec.yaml_nodes import Map, plain_data
from visionloom.spec.yaml_reader import read_yaml
from visionloom.spec.yaml_writer import write_yaml

_CANVAS = "x-canvas"
_FOLDER = "x-folder"
_NEXT_TO = 40.0


@dataclass(frozen=True)
class Pasted:
    """What a text brings.

    Attributes:
        steps: Name -> step; names are free in the pipeline it comes to.
        inputs: Inputs of the pipeline that have to be added.
        positions: Name -> where it is to stand, of those that stood somewhere.
        dropped: (step, port or parameter) of what was bound to something that is not there.
    """

    steps: Mapping[str, Step]
    inputs: Mapping[str, Literal | Data]
    positions: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    dropped: tuple[tuple[str, str], ...] = ()


def copied(pipeline: Pipeline, layout: Layout, names: Collection[str], registry: Registry) -> str:
    """Steps of a pipeline as a text; wires from other steps stay behind.

    Raises:
        UsageError: A step is not there.
    """
    for name in names:
        if name not in pipeline.steps:
            raise UsageError(f"There is no step {name[:80]}.")
    steps, inputs = {}, {}
    for name, step in pipeline.steps.items():
        if name not in names:
            continue
        bound = {k: v for k, v in step.inputs.items() if _stays(v, names)}
        steps[name] = dataclasses.replace(step, inputs=bound, outputs={})
        for value in bound.values():
            if isinstance(value, InputBinding) and value.input in pipeline.inputs:
                inputs[value.input] = pipeline.inputs[value.input]
    standing = {n: list(layout.positions[n]) for n in steps if n in layout.positions}
    document: dict[str, Any] = {"type": "pipeline"}
    if standing:
        document[_CANVAS] = {n: {"x": round(x), "y": round(y)} for n, (x, y) in standing.items()}
    kept = dataclasses.replace(pipeline, inputs=inputs, steps=steps, outputs={})
    if moved(kept, pipeline.folder / "elsewhere", registry) != kept:
        document[_FOLDER] = str(pipeline.folder)
    if inputs:
        document["inputs"] = {n: input_document(v) for n, v in inputs.items()}
    document["jobs"] = {n: step_document(s) for n, s in steps.items()}
    return write_yaml(document, apart=("jobs",))


def pasted(
    text: str,
    into: Pipeline,
    layout: Layout,
    *,
    limits: Limits,
    registry: Registry,
    at: tuple[float, float] | None = None,
) -> Pasted:
    """What a text brings into a pipeline.

    Args:
        text: YAML that somebody copied, or has.
        into: The pipeline it comes to.
        layout: How that is drawn.
        limits: Size, depth and count allowed.
        registry: The catalog, which says what parameters name files.
        at: Where the upper left corner is to be; None: beside where it stood.

    Raises:
        InvalidPipelineError: There is no step in it that can be read; its faults are named.
    """
    whole = _as_pipeline(text, limits)
    read = pipeline_from_text(whole, into.folder, "pasted", limits)
    source = read.pipeline
    if source.is_unreadable() or not source.steps:
        faults = errors_among(read.problems)
        reason = str(faults[0]) if faults else "it has no steps"
        error = InvalidPipelineError(
            f"This cannot be pasted: {reason}", "Copy steps, or a pipeline file (YAML)."
        )
        error.problems = read.problems
        raise error
    folder = value_at(whole, (_FOLDER,)) if not errors_among(read.problems) else None
    base = Path(folder) if isinstance(folder, str) and "\0" not in folder else into.folder
    source = moved(dataclasses.replace(source, folder=base), into.folder, registry)
    names: dict[str, str] = {}
    taken = set(into.steps)
    for name in source.steps:
        wanted = name if not fault_of_name(name) else nearest_name(name)
        new = free_name(wanted or "step", taken)
        taken.add(new)
        names[name] = new
    inputs: dict[str, Literal | Data] = {}
    steps = {}
    dropped: list[tuple[str, str]] = []
    for name, step in source.steps.items():
        bound: dict[str, Bound] = {}
        for key, value in step.inputs.items():
            kept = _kept(value, names, source, into, inputs)
            if kept is not None:
                bound[key] = kept
            else:
                dropped.append((names[name], key))
        steps[names[name]] = dataclasses.replace(step, inputs=bound, outputs={})
    places = _placed(_standing(whole, names), layout, at)
    return Pasted(steps, inputs, places, tuple(dropped))


def _stays(value: Bound, names: Collection[str]) -> bool:
    return not isinstance(value, StepBinding) or value.step in names


def _kept(
    value: Bound,
    names: Mapping[str, str],
    source: Pipeline,
    into: Pipeline,
    inputs: dict[str, Literal | Data],
) -> Bound | None:
    """The binding in the pipeline it comes to; None where it would lead nowhere."""
    if isinstance(value, StepBinding):
        if value.step in names:
            return StepBinding(names[value.step], value.port)
        return None
    if isinstance(value, InputBinding) and value.input not in into.inputs:
        if value.input not in source.inputs or fault_of_name(value.input):
            return None
        inputs[value.input] = source.inputs[value.input]
    return value


def _as_pipeline(text: str, limits: Limits) -> str:
    """The text, made a pipeline file where it is a map of steps or one step."""
    found = read_yaml(text.encode("utf-8", "surrogatepass"), "pasted", limits)
    if not isinstance(found.root, Map) or found.problems.items or "jobs" in found.root.entries:
        return text
    data = plain_data(found.root)
    if "component" in data:
        data = {"step": data}
    if not all(isinstance(step, Mapping) and "component" in step for step in data.values()):
        return text
    return write_yaml({"type": "pipeline", "jobs": data})


def _standing(text: str, names: Mapping[str, str]) -> dict[str, tuple[float, float]]:
    table = value_at(text, (_CANVAS,))
    found = {}
    for name, place in table.items() if isinstance(table, dict) else ():
        at = [place.get(key) for key in ("x", "y")] if isinstance(place, dict) else []
        numbers = [float(n) for n in at if isinstance(n, int | float) and abs(n) <= FARTHEST]
        if name in names and len(numbers) == 2:
            found[names[name]] = (numbers[0], numbers[1])
    return found


def _placed(
    standing: Mapping[str, tuple[float, float]], layout: Layout, at: tuple[float, float] | None
) -> dict[str, tuple[float, float]]:
    if not standing:
        return {}
    left = min(x for x, _ in standing.values())
    top = min(y for _, y in standing.values())
    taken = set(layout.positions.values())
    dx, dy = (at[0] - left, at[1] - top) if at is not None else (0.0, 0.0)
    while at is None and any((x + dx, y + dy) in taken for x, y in standing.values()):
        dx, dy = dx + _NEXT_TO, dy + _NEXT_TO
    return {name: (x + dx, y + dy) for name, (x, y) in standing.items()}
