"""What is known while a pipeline is checked: shared by the rules, filled in by them in turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from visionloom.engine.resolved import Source
from visionloom.engine.targets import Target, Targets
from visionloom.settings import Settings
from visionloom.spec.component import Component
from visionloom.spec.foresight import Facts, Outlook
from visionloom.spec.pipeline import Bound, Data, Literal, Pipeline, Step
from visionloom.spec.ports import InputPort, OutputPort, Parameter, Value
from visionloom.spec.problems import Place, ProblemList
from visionloom.spec.registry import Registry

Look = Callable[[Component, Outlook], Mapping[str, Facts]]


def look_now(component: Component, outlook: Outlook) -> Mapping[str, Facts]:
    """What a component foresees; it looks at the user's data. Errors are its own."""
    return component.foresee(outlook) if component.foresee is not None else {}


@dataclass(frozen=True)
class Declared:
    """A step's component, and what the file that names it adds.

    Attributes:
        component: From the catalog.
        document: The component file or inline map, or None.
    """

    component: Component
    document: Mapping[str, Any] | None = None

    @property
    def ports(self) -> Mapping[str, InputPort]:
        """Input ports by name."""
        return {p.name: p for p in self.component.inputs if self._has("inputs", p.name)}

    @property
    def outputs(self) -> Mapping[str, OutputPort]:
        """Output ports by name."""
        return {p.name: p for p in self.component.outputs if self._has("outputs", p.name)}

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """Parameters by name."""
        return {p.name: p for p in self.component.parameters if self._has("inputs", p.name)}

    def of_input(self, name: str) -> Mapping[str, Any]:
        """What the component file says of an input."""
        section = (self.document or {}).get("inputs") or {}
        entry = section.get(name)
        return entry if isinstance(entry, Mapping) else {}

    def _has(self, section: str, name: str) -> bool:
        return self.document is None or name in (self.document.get(section) or {})


@dataclass(frozen=True)
class GivenValue:
    """A value for a parameter, where it stands, and under which name it was given."""

    value: Literal
    place: Place
    name: str


@dataclass
class Checking:
    """One check.

    Attributes:
        pipeline: What is checked.
        registry, settings, targets: What it is checked against.
        gpus: Counts the machine's GPUs.
        look: Asks a component what it foresees.
        problems: What was found.
        inputs: Inputs of the pipeline with ``--set`` values put in; a faulty one is absent.
        set_names: Inputs that were set.
        mistyped: Inputs whose declared type no port they are bound to takes.
        declared: Step -> component; a step without a usable one is absent.
        sources: Step -> input port -> where it comes from.
        given: Step -> parameter -> value as given.
        used_inputs: Inputs of the pipeline that a step is bound to.
        consumers: Step -> steps that are bound to it.
        parameters: Step -> every parameter's value; absent while one is faulty.
        placed: Step -> target.
        facts: Step -> input port -> what is known of it before the run.
        order: Steps, each after what it needs; those in a loop and behind it are absent.
        writers: Output of the pipeline -> (step, port) of those that write it.
    """

    pipeline: Pipeline
    registry: Registry
    settings: Settings
    targets: Targets
    gpus: Callable[[], int]
    look: Look = look_now
    problems: ProblemList = field(default_factory=ProblemList)
    inputs: dict[str, Literal | Data] = field(default_factory=dict)
    set_names: set[str] = field(default_factory=set)
    mistyped: set[str] = field(default_factory=set)
    declared: dict[str, Declared] = field(default_factory=dict)
    sources: dict[str, dict[str, Source]] = field(default_factory=dict)
    given: dict[str, dict[str, GivenValue]] = field(default_factory=dict)
    used_inputs: set[str] = field(default_factory=set)
    consumers: dict[str, set[str]] = field(default_factory=dict)
    parameters: dict[str, dict[str, Value]] = field(default_factory=dict)
    placed: dict[str, Target] = field(default_factory=dict)
    facts: dict[str, dict[str, Facts]] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    writers: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def place_of_input(self, name: str) -> Place:
        """Where the value of a pipeline input comes from."""
        if name in self.set_names:
            return Place(f"--set {name}")
        return self.pipeline.place("inputs", name, value=True)

    def place_of_bound(self, step: str, name: str) -> Place:
        """Where the value or binding of a step's input stands."""
        return self.pipeline.place("jobs", step, "inputs", name, value=True)

    def step_inputs(self, step: Step, name: str) -> Mapping[str, Bound]:
        """The inputs of a step that could be read."""
        skip = self.pipeline.is_unreadable
        return {k: v for k, v in step.inputs.items() if not skip("jobs", name, "inputs", k)}
