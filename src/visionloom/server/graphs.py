"""Pipelines as they are drawn: steps, wires, values that hold, positions, notes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from visionloom.engine.checking import Checking
from visionloom.errors import VisionloomError
from visionloom.server.models import drafts as m
from visionloom.server.texts import whole
from visionloom.spec.component import Component
from visionloom.spec.component_files import component_name
from visionloom.spec.foresight import Facts
from visionloom.spec.layout import Layout
from visionloom.spec.pipeline import (
    Bound,
    Data,
    InputBinding,
    Literal,
    Pipeline,
    Step,
    StepBinding,
)
from visionloom.spec.ports import Parameter, Value
from visionloom.spec.registry import Registry

_LONGEST_NOTE = 10_000


def graph_of(
    pipeline: Pipeline, layout: Layout, registry: Registry, checking: Checking | None = None
) -> m.Graph:
    """A pipeline as it is drawn.

    Args:
        pipeline: As far as it could be read.
        layout: Where its steps stand.
        registry: The catalog.
        checking: What a check found out; without it values come from defaults and what is given.
    """
    return m.Graph(
        display_name=whole(pipeline.display_name),
        description=whole(pipeline.description),
        default_compute=None
        if pipeline.default_compute is None
        else whole(pipeline.default_compute),
        force_rerun=pipeline.force_rerun,
        continue_on_step_failure=pipeline.continue_on_step_failure,
        inputs=[_input(name, value) for name, value in pipeline.inputs.items()],
        outputs=[
            m.GraphOutput(name=whole(name), path=None if out.path is None else whole(out.path))
            for name, out in pipeline.outputs.items()
        ],
        steps=[
            _step(name, step, pipeline, layout, registry, checking)
            for name, step in pipeline.steps.items()
        ],
        notes=_notes(layout),
    )


def laid(graph: m.Graph, layout: Layout) -> m.Graph:
    """The same steps and wires in another layout."""
    places = {whole(name): at for name, at in layout.positions.items()}
    steps = [
        step.model_copy(update={"position": _position(places.get(step.name))})
        for step in graph.steps
    ]
    return graph.model_copy(update={"steps": steps, "notes": _notes(layout)})


def effective_of(
    name: str, pipeline: Pipeline, component: Component, checking: Checking | None = None
) -> dict[str, Value]:
    """Parameter -> the value that holds, of all of a step's that are used; presets resolved."""
    values = dict(checking.parameters.get(name, {})) if checking is not None else {}
    if not values:
        values = _values(pipeline, pipeline.steps[name], component)
    facts: Mapping[str, Facts] = checking.facts.get(name, {}) if checking is not None else {}
    if component.effective is not None:
        try:
            decided = component.effective(values, facts)
        except (VisionloomError, ValueError, TypeError, LookupError):
            decided = {}  # values that cannot be: the problems say so
        values |= {key: value for key, value in decided.items() if key in values}
    return {
        parameter.name: values[parameter.name]
        for parameter in component.parameters
        if component.is_shown(parameter, values)
    }


def component_of(step: Step, registry: Registry) -> Component | None:
    """A step's component, if the catalog has it."""
    reference = step.component
    if reference.document is not None and not component_name(reference.document):
        return None
    return registry.components.get(reference.name)


def parameter_of(component: Component, key: str) -> Parameter | None:
    """The parameter that a key of a file means: by its name or another it goes by."""
    for parameter in component.parameters:
        if key == parameter.name or key in parameter.setting.aliases:
            return parameter
    return None


def _values(pipeline: Pipeline, step: Step, component: Component) -> dict[str, Value]:
    """What is given where it can be, else defaults."""
    values: dict[str, Value] = {p.name: p.default for p in component.parameters}
    for key, bound in step.inputs.items():
        parameter = parameter_of(component, key)
        value: Any = pipeline.inputs.get(bound.input) if isinstance(bound, InputBinding) else bound
        if parameter is None or value is None or isinstance(value, Data | StepBinding):
            continue
        try:
            values[parameter.name] = parameter.check(
                None if value == "" and parameter.nullable else value
            )
        except (VisionloomError, ArithmeticError, ValueError):
            values[parameter.name] = value
    return values


def _input(name: str, value: Literal | Data) -> m.GraphInput:
    if isinstance(value, Data):
        path = None if value.path is None else whole(value.path)
        return m.GraphInput(
            name=whole(name), kind="data", type=whole(value.type), path=path, value=None
        )
    kind = {bool: "boolean", int: "integer", float: "number"}.get(type(value), "string")
    return m.GraphInput(name=whole(name), kind="value", type=kind, path=None, value=_sent(value))


def _step(
    name: str,
    step: Step,
    pipeline: Pipeline,
    layout: Layout,
    registry: Registry,
    checking: Checking | None,
) -> m.GraphStep:
    component = component_of(step, registry)
    reference = step.component
    shown = reference.name or reference.text
    inputs: dict[str, m.Binding] = {}
    for key, bound in step.inputs.items():
        parameter = parameter_of(component, key) if component is not None else None
        inputs[whole(parameter.name if parameter is not None else key)] = _binding(bound)
    effective = {}
    if component is not None:
        found = effective_of(name, pipeline, component, checking)
        effective = {key: None if v is None else _sent(v) for key, v in found.items()}
    return m.GraphStep(
        name=whole(name),
        component=whole(component.name if component is not None else shown),
        version=whole(reference.version or ""),
        known=component is not None,
        why_unknown="" if component is not None else _why_unknown(whole(shown)),
        title=whole(step.display_name or (component.title if component else shown) or name),
        display_name=whole(step.display_name),
        comment=whole(step.comment),
        compute=None if step.compute is None else whole(step.compute),
        inputs=inputs,
        outputs={whole(port): whole(output) for port, output in step.outputs.items()},
        effective=effective,
        position=_position(layout.positions.get(name)),
    )


def _notes(layout: Layout) -> list[m.NoteView]:
    return [
        m.NoteView(text=whole(note.text)[:_LONGEST_NOTE], x=note.x, y=note.y)
        for note in layout.notes
    ]


def _position(at: tuple[float, float] | None) -> m.Position | None:
    return None if at is None else m.Position(x=at[0], y=at[1])


def _why_unknown(shown: str) -> str:
    if not shown:
        return "Its component could not be read."
    return f"There is no component {shown[:80]} here; what is set for it is kept."


def _binding(bound: Bound) -> m.Binding:
    if isinstance(bound, InputBinding):
        return m.InputBindingView(input=whole(bound.input))
    if isinstance(bound, StepBinding):
        return m.StepBindingView(step=whole(bound.step), port=whole(bound.port))
    return m.ValueBinding(value=_sent(bound))


def _sent(value: Literal) -> Literal:
    """A value that can be sent: JSON has no word for what is not finite."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return whole(value) if isinstance(value, str) else value
