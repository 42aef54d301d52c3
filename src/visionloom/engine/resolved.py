"""A pipeline that has been checked: components found, parameters complete, bindings followed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from visionloom.engine.targets import Target
from visionloom.spec.component import Component
from visionloom.spec.foresight import Facts
from visionloom.spec.pipeline import Pipeline
from visionloom.spec.ports import Value


@dataclass(frozen=True)
class StepSource:
    """An input that an output port of another step gives."""

    step: str
    port: str


@dataclass(frozen=True)
class DataSource:
    """An input that is the user's own data.

    Attributes:
        input: Name of the pipeline input.
        path: Absolute path.
    """

    input: str
    path: Path


Source = StepSource | DataSource


@dataclass(frozen=True)
class ResolvedStep:
    """A step, ready to be decided and run.

    Attributes:
        name: Name in the pipeline.
        component: What runs.
        inputs: Input port -> where it comes from; an optional port may be absent.
        parameters: Every parameter's value, pipeline inputs put in, file names absolute.
        target: Where it runs.
        environment_variables: Given to its process.
        facts: Input port -> what was known of it before the run.
    """

    name: str
    component: Component
    inputs: Mapping[str, Source]
    parameters: Mapping[str, Value]
    target: Target
    environment_variables: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Facts] = field(default_factory=dict)

    @property
    def slots(self) -> int:
        """Slots of the target it takes."""
        return slots_of(self.component, self.target)

    @property
    def upstream(self) -> frozenset[str]:
        """Steps it needs."""
        return frozenset(s.step for s in self.inputs.values() if isinstance(s, StepSource))


@dataclass(frozen=True)
class Delivery:
    """An output of the pipeline.

    Attributes:
        name: Of the pipeline output.
        step, port: Who gives it.
        path: Absolute folder to write a copy to; None keeps it in the store only.
    """

    name: str
    step: str
    port: str
    path: Path | None


@dataclass(frozen=True)
class ResolvedPipeline:
    """A pipeline, ready to be planned and run.

    Attributes:
        pipeline: What it came from.
        steps: In an order in which each comes after what it needs; the file's order otherwise.
        deliveries: Its outputs.
    """

    pipeline: Pipeline
    steps: tuple[ResolvedStep, ...]
    deliveries: tuple[Delivery, ...]

    def step(self, name: str) -> ResolvedStep:
        """The step of this name."""
        return next(step for step in self.steps if step.name == name)

    def before(self, name: str) -> frozenset[str]:
        """Every step that ``name`` needs, directly or not."""
        return self._reach(name, {step.name: step.upstream for step in self.steps})

    def after(self, name: str) -> frozenset[str]:
        """Every step that needs ``name``, directly or not."""
        needed_by: dict[str, set[str]] = {step.name: set() for step in self.steps}
        for step in self.steps:
            for upstream in step.upstream:
                needed_by[upstream].add(step.name)
        return self._reach(name, {k: frozenset(v) for k, v in needed_by.items()})

    @staticmethod
    def _reach(name: str, edges: Mapping[str, frozenset[str]]) -> frozenset[str]:
        found: set[str] = set()
        open_ = list(edges[name])
        while open_:
            step = open_.pop()
            if step not in found:
                found.add(step)
                open_ += edges[step]
        return frozenset(found)


def slots_of(component: Component, target: Target) -> int:
    """Slots of a target that a step takes: all when it computes, since it uses all cores."""
    return target.slots if component.computes else 1
