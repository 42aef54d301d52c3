"""In what two pipelines differ: steps, parameters, wires, inputs and outputs, not lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from visionloom.spec.pipeline import (
    Data,
    InputBinding,
    Pipeline,
    PipelineOutput,
    Step,
    StepBinding,
)

Change = Literal["added", "removed", "changed", "renamed"]
_ABSENT = object()
_HEAD = (
    "display_name", "experiment_name", "description", "default_compute", "default_datastore",
    "continue_on_step_failure", "force_rerun",
)  # fmt: skip
_STEP = ("display_name", "description", "comment", "compute")


@dataclass(frozen=True)
class Difference:
    """One thing that is not the same.

    Attributes:
        subject: ``pipeline``, ``input``, ``output``, ``step``, ``component``, ``parameter``,
            ``wire`` or ``setting``.
        change: What happened from the first to the second pipeline.
        step: The step it is in, by its name in the second pipeline if it is there.
        name: Of the step, port, parameter, input or setting.
        old, new: Ready to print; empty where it makes no sense.
    """

    subject: str
    change: Change
    step: str = ""
    name: str = ""
    old: str = ""
    new: str = ""

    def __str__(self) -> str:
        what = f"{self.subject} {self.name}".strip()
        if self.change == "renamed":
            return f"{self.subject} {self.old} is called {self.new}"
        if self.change == "added":
            return f"{what} added{f': {self.new}' if self.new else ''}"
        if self.change == "removed":
            return f"{what} removed{f': {self.old}' if self.old else ''}"
        return f"{what}: {self.old or 'not set'} -> {self.new or 'not set'}"

    def to_json(self) -> dict[str, str]:
        """As a JSON value."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


def differences(old: Pipeline, new: Pipeline) -> list[Difference]:
    """Everything in which ``new`` is not ``old``; renamed steps are recognised by what they do."""
    renamed = _renamed(old, new)
    before = {renamed.get(name, name): _moved(step, renamed) for name, step in old.steps.items()}
    found = [
        *_values("setting", "", _settings(old), _settings(new)),
        *_values("input", "", old.inputs, new.inputs),
        *_values("output", "", old.outputs, new.outputs),
        *(Difference("step", "renamed", b, b, a, b) for a, b in renamed.items()),
    ]
    found += [
        Difference("step", "removed", name, name, _component(step))
        for name, step in before.items()
        if name not in new.steps
    ]
    for name, step in new.steps.items():
        if name in before:
            found += _within(name, before[name], step)
        else:
            found.append(Difference("step", "added", name, name, "", _component(step)))
    return found


def _renamed(old: Pipeline, new: Pipeline) -> dict[str, str]:
    """Old name -> new name of steps that are the same but for their names and their sources'."""
    gone = [name for name in old.steps if name not in new.steps]
    come = [name for name in new.steps if name not in old.steps]
    pairs: dict[str, str] = {}
    found = True
    while found:
        found = False
        for name in [n for n in gone if n not in pairs]:
            for other in [n for n in come if n not in pairs.values()]:
                if _moved(old.steps[name], pairs) == new.steps[other]:
                    pairs[name] = other
                    found = True
                    break
    return pairs


def _moved(step: Step, renamed: Mapping[str, str]) -> Step:
    inputs = {
        name: StepBinding(renamed.get(bound.step, bound.step), bound.port)
        if isinstance(bound, StepBinding)
        else bound
        for name, bound in step.inputs.items()
    }
    return replace(step, inputs=inputs)


def _within(name: str, old: Step, new: Step) -> Iterator[Difference]:
    if old == new:
        return
    if _component(old) != _component(new):
        yield Difference("component", "changed", name, "", _component(old), _component(new))
    elif old.component.document != new.component.document:
        yield Difference("component", "changed", name, "", "as it was", "its description changed")
    for key in [*old.inputs, *(k for k in new.inputs if k not in old.inputs)]:
        before, now = old.inputs.get(key, _ABSENT), new.inputs.get(key, _ABSENT)
        if not _same(before, now):
            wire = any(isinstance(v, InputBinding | StepBinding) for v in (before, now))
            subject = "wire" if wire else "parameter"
            yield _difference(subject, name, key, before, now)
    yield from _values("wire", name, old.outputs, new.outputs)
    yield from _values("setting", name, _of_step(old), _of_step(new))


def _values(
    subject: str, step: str, old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[Difference]:
    for key in [*old, *(k for k in new if k not in old)]:
        before, now = old.get(key, _ABSENT), new.get(key, _ABSENT)
        if not _same(before, now):
            yield _difference(subject, step, key, before, now)


def _difference(subject: str, step: str, key: str, before: object, now: object) -> Difference:
    if before is _ABSENT:
        return Difference(subject, "added", step, key, "", _text(now))
    if now is _ABSENT:
        return Difference(subject, "removed", step, key, _text(before), "")
    return Difference(subject, "changed", step, key, _text(before), _text(now))


def _same(one: object, other: object) -> bool:
    """Equal and of one type: 1 is not true, and 3 is not 3.0."""
    return type(one) is type(other) and one == other


def _settings(pipeline: Pipeline) -> dict[str, object]:
    values = {name: getattr(pipeline, name) for name in _HEAD}
    tags = {f"tags.{name}": text for name, text in pipeline.tags.items()}
    return {name: value for name, value in values.items() if value not in (None, "", False)} | tags


def _of_step(step: Step) -> dict[str, object]:
    values = {name: getattr(step, name) for name in _STEP}
    kept: dict[str, object] = {k: v for k, v in values.items() if v not in (None, "")}
    for section in ("environment_variables", "tags", "resources", "output_forms"):
        kept |= {f"{section}.{name}": v for name, v in getattr(step, section).items()}
    return kept


def _component(step: Step) -> str:
    reference = step.component
    if reference.text:
        return reference.text
    version = f":{reference.version}" if reference.version else ""
    return f"{reference.name}{version}" or "no component"


def _text(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case StepBinding():
            return f"{value.step}.{value.port}"
        case InputBinding():
            return f"input {value.input}"
        case Data():
            parts = [value.path or "no path", value.type, value.mode or ""]
            return " ".join(part for part in parts if part)
        case PipelineOutput():
            return " ".join(part for part in (value.path, value.type, value.mode) if part)
        case str():
            return repr(value) if value == "" or value != value.strip() else value
    return str(value)
