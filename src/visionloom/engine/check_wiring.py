"""Rules B3, B4, C1, C2, O1, O2, P1, P3 and T1: components, bindings, types, outputs, order."""

from __future__ import annotations

import heapq
import importlib.util
from collections.abc import Iterable, Mapping

from visionloom.artifacts.types import (
    Artifact,
    Photos,
    TrainedModel,
    UntrainedModel,
)
from visionloom.engine.checking import Checking, Declared, GivenValue
from visionloom.engine.resolved import DataSource, StepSource
from visionloom.spec.component import Component
from visionloom.spec.component_reader import component_name
from visionloom.spec.names import MAXIMUM_LENGTH
from visionloom.spec.pipeline import (
    Bound,
    Data,
    InputBinding,
    PipelineOutput,
    Step,
    StepBinding,
)
from visionloom.spec.ports import InputPort, OutputPort, Parameter, nearest
from visionloom.spec.yaml_reader import shown

# what a port also takes beside its own type
WIDENING: Mapping[type[Artifact], tuple[type[Artifact], ...]] = {UntrainedModel: (TrainedModel,)}
"""Port type -> further types that it takes."""


def data_types(port: type[Artifact]) -> tuple[str, ...]:
    """Types of data of the file format that a port takes, or that its output may be called."""
    if port is Photos:
        return ("uri_folder", "uri_file")
    if port in {UntrainedModel, TrainedModel}:
        return ("uri_folder", "custom_model")
    return ("uri_folder",)


def fits(given: type[Artifact], port: type[Artifact]) -> bool:
    """Whether an output of type ``given`` may be bound to an input of type ``port``."""
    return given is port or given in WIDENING.get(port, ())


def find_components(state: Checking) -> None:
    """Every step's component, with its version."""
    for name, step in state.pipeline.steps.items():
        if state.pipeline.is_unreadable("jobs", name, "component"):
            continue
        found = _component(state, name, step)
        if found is not None and (
            step.component.document is None or _agrees(state, name, step, found)
        ):
            state.declared[name] = Declared(found, step.component.document)


def _component(state: Checking, name: str, step: Step) -> Component | None:
    reference = step.component
    place = state.pipeline.place("jobs", name, "component", value=True)
    foreign = reference.document is not None and not component_name(reference.document)
    found = None if foreign else state.registry.components.get(reference.name)
    if found is None:
        if foreign:
            message = "The component's command does not run a component of Visionloom."
            remedy = "Steps run `visionloom component NAME ...`, nothing else."
        else:
            message = f"There is no component {shown(reference.name)}."
            remedy = "`visionloom components` lists them."
        known = () if foreign else state.registry.components
        near = nearest(reference.name[:MAXIMUM_LENGTH], known) or ""
        state.problems.error(
            "C1", message, place, step=name, name="component",
            found=reference.text or reference.name, remedy=remedy, nearest=near,
        )  # fmt: skip
        return None
    if found.extra and importlib.util.find_spec(found.extra) is None:
        state.problems.error(
            "C1",
            f"{found.title} needs the package {found.extra}, which is not installed.",
            place,
            step=name,
            name="component",
            found=found.name,
            remedy=f"pip install 'visionloom[{found.extra}]'",
        )
    if reference.version is None:
        state.problems.warning(
            "O2",
            f"The component {found.name} is named without a version.",
            place,
            step=name,
            name="component",
            found=reference.text or reference.name,
            expected=f"azureml:{found.name}:{found.version}",
            remedy=f"Write azureml:{found.name}:{found.version}."
            if reference.document is None
            else f"Add version: '{found.version}'.",
        )
    elif reference.version != found.version:
        state.problems.error(
            "C2",
            f"{found.title} has version {found.version} here, not {shown(reference.version)}.",
            place,
            step=name,
            name="component",
            found=reference.version,
            expected=found.version,
            remedy=f"Write azureml:{found.name}:{found.version} after a look at what it does now: "
            f"visionloom components {found.kebab}.",
        )
    return found


def _agrees(state: Checking, name: str, step: Step, found: Component) -> bool:
    """Whether a component file declares what the component has."""
    document = step.component.document or {}
    declared_in = dict(document.get("inputs") or {})
    known_in = [*(p.name for p in found.inputs), *(p.name for p in found.parameters)]
    known_out = [p.name for p in found.outputs]
    faults: list[tuple[str, str, list[str]]] = [
        *(("input", n, known_in) for n in declared_in if n not in known_in),
        *(("output", n, known_out) for n in document.get("outputs") or {} if n not in known_out),
    ]
    place = state.pipeline.place("jobs", name, "component", value=True)
    for kind, declared, known in faults:
        state.problems.error(
            "C1",
            f"{step.component.text or 'The component'} declares the {kind} {shown(declared)}, "
            f"which {found.title} does not have.",
            place, step=name, name=declared, found=declared, expected=", ".join(known), known=known,
        )  # fmt: skip
    kinds: dict[str, str] = {p.name: p.kind for p in found.parameters}
    for declared, entry in declared_in.items():
        known_kind = kinds.get(declared)
        given = str(entry.get("type"))
        wrong = given != known_kind if known_kind else given not in _FOLDERS
        if declared in known_in and wrong:
            faults.append(("type", declared, []))
            state.problems.error(
                "C1",
                f"{step.component.text or 'The component'} declares {declared} as {given}; "
                f"{found.title} has {known_kind or 'uri_folder'}.",
                place, step=name, name=declared, found=given, expected=known_kind or "uri_folder",
            )  # fmt: skip
    ports: list[InputPort | Parameter] = [*found.inputs, *found.parameters]
    for port in ports:
        needed = not port.optional if isinstance(port, InputPort) else port.required
        if needed and port.name not in declared_in:
            faults.append(("input", port.name, []))
            state.problems.error(
                "C1",
                f"{step.component.text or 'The component'} does not declare {port.name}, "
                f"which {found.title} needs.",
                place, step=name, name=port.name,
            )  # fmt: skip
    return not faults


_FOLDERS = ("uri_folder", "uri_file", "custom_model")


def follow_bindings(state: Checking) -> None:
    """Every input of every step: what it is bound to is there, and of the right type."""
    for name, step in state.pipeline.steps.items():
        state.sources[name] = {}
        state.given[name] = {}
        for key, bound in state.step_inputs(step, name).items():
            _follow(state, name, key, bound)
        _require(state, name, step)


def _follow(state: Checking, step: str, key: str, bound: Bound) -> None:
    if isinstance(bound, InputBinding):
        if bound.input in state.pipeline.inputs:
            state.used_inputs.add(bound.input)
        else:
            _unknown_input(state, step, key, bound)
            return
    elif isinstance(bound, StepBinding) and not _step_is_there(state, step, key, bound):
        return
    declared = state.declared.get(step)
    if declared is None:
        return
    port = declared.ports.get(key)
    if port is not None:
        _to_port(state, step, port, bound)
        return
    parameter = _parameter(declared, key)
    if parameter is not None:
        _to_parameter(state, step, key, parameter, bound)
        return
    known = [*declared.ports, *declared.parameters]
    state.problems.error(
        "P1",
        f"{declared.component.title} has no input {shown(key)}.",
        state.pipeline.place("jobs", step, "inputs", key),
        step=step,
        name=key,
        found=key,
        expected=", ".join(known) or "none",
        known=known,
        remedy="" if nearest(key, known) else f"It has: {', '.join(known) or 'none'}.",
    )


def _parameter(declared: Declared, key: str) -> Parameter | None:
    for parameter in declared.parameters.values():
        if key == parameter.name or key in parameter.setting.aliases:
            return parameter
    return None


def _unknown_input(state: Checking, step: str, key: str, bound: InputBinding) -> None:
    known = list(state.pipeline.inputs)
    state.problems.error(
        "B3",
        f"The pipeline has no input {shown(bound.input)}.",
        state.place_of_bound(step, key),
        step=step,
        name=key,
        found=str(bound),
        expected=", ".join(known) or "no input is declared",
        nearest=nearest(bound.input, known) or "",
        remedy="" if nearest(bound.input, known) else f"Declare it: inputs.{bound.input}.",
    )


def _step_is_there(state: Checking, step: str, key: str, bound: StepBinding) -> bool:
    place = state.place_of_bound(step, key)
    if bound.step == step:
        state.problems.error(
            "B4", f"The step {step} is bound to itself.", place, step=step, name=key,
            found=str(bound), remedy="Bind it to the step that gives this input.",
        )  # fmt: skip
        return False
    if bound.step not in state.pipeline.steps:
        known = list(state.pipeline.steps)
        state.problems.error(
            "B3",
            f"There is no step {shown(bound.step)}.",
            place,
            step=step,
            name=key,
            found=str(bound),
            expected=", ".join(known),
            nearest=nearest(bound.step, known) or "",
        )
        return False
    state.consumers.setdefault(bound.step, set()).add(step)
    other = state.declared.get(bound.step)
    if other is None or bound.port in other.outputs:
        return True
    known = list(other.outputs)
    state.problems.error(
        "B3",
        f"{other.component.title} (step {bound.step}) has no output {shown(bound.port)}.",
        place,
        step=step,
        name=key,
        found=str(bound),
        expected=", ".join(known),
        nearest=nearest(bound.port, known) or (known[0] if len(known) == 1 else ""),
        remedy="" if len(known) < 2 else f"It has: {', '.join(known)}.",
    )
    return False


def _to_port(state: Checking, step: str, port: InputPort, bound: Bound) -> None:
    place = state.place_of_bound(step, port.name)
    facts = {"step": step, "name": port.name, "found": shown(str(bound))}
    if isinstance(bound, StepBinding):
        other = state.declared.get(bound.step)
        given = other.outputs[bound.port].type if other is not None else None
        if given is not None and not fits(given, port.type):
            state.problems.error(
                "T1",
                f"{port.title} takes {_takes(port.type)}; {bound.step}.{bound.port} gives "
                f"{given.type_name}.",
                place,
                expected=_takes(port.type),
                remedy=_offers(state, step, port.type),
                **facts,
            )
            return
        state.sources[step][port.name] = StepSource(bound.step, bound.port)
        return
    if not isinstance(bound, InputBinding):
        state.problems.error(
            "P3",
            f"{port.title} is data ({port.type.type_name}); {shown(str(bound))} is a value.",
            place,
            expected="${{parent.inputs.NAME}} or ${{parent.jobs.STEP.outputs.PORT}}",
            remedy=_offers(state, step, port.type)
            or "Declare the data as an input of the pipeline, and bind to it.",
            **facts,
        )
        return
    value = state.inputs.get(bound.input)
    if value is None:
        return
    if not isinstance(value, Data):
        state.problems.error(
            "P3",
            f"{port.title} is data ({port.type.type_name}); the pipeline input {bound.input} is "
            f"the value {shown(str(value))}.",
            place,
            expected="data",
            remedy=f"Write inputs.{bound.input} as data: type: uri_folder, and path.",
            **facts,
        )
        return
    if value.type not in data_types(port.type):
        state.problems.error(
            "T1",
            f"{port.title} takes {' or '.join(data_types(port.type))}; the pipeline input "
            f"{bound.input} is {value.type}.",
            state.pipeline.place("inputs", bound.input, "type", value=True),
            expected=" or ".join(data_types(port.type)),
            **facts,
        )
        return
    state.sources[step][port.name] = DataSource(bound.input, state.pipeline.folder)


def _to_parameter(state: Checking, step: str, key: str, parameter: Parameter, bound: Bound) -> None:
    place = state.place_of_bound(step, key)
    facts = {"step": step, "name": key, "found": shown(str(bound))}
    if key != parameter.name:
        state.problems.warning(
            "P1", f"{key} is called {parameter.name} here.",
            state.pipeline.place("jobs", step, "inputs", key),
            nearest=parameter.name, **facts,
        )  # fmt: skip
    if parameter.name in state.given[step]:
        state.problems.error(
            "P1", f"{parameter.title} is given twice.",
            state.pipeline.place("jobs", step, "inputs", key),
            remedy="Keep one of them.", **facts,
        )  # fmt: skip
        return
    value: object = bound
    if isinstance(bound, InputBinding):
        place = state.place_of_input(bound.input)
        value = state.inputs.get(bound.input)
        if value is None:
            return
    if isinstance(value, StepBinding | Data):
        what = "an output of a step" if isinstance(value, StepBinding) else "data"
        state.problems.error(
            "P3",
            f"{parameter.title} is a value; {shown(str(bound))} is {what}.",
            state.place_of_bound(step, key),
            expected="a value",
            **facts,
        )
        return
    if isinstance(value, bool | int | float | str):
        state.given[step][parameter.name] = GivenValue(value, place, key)


def _require(state: Checking, name: str, step: Step) -> None:
    declared = state.declared.get(name)
    if declared is None or state.pipeline.is_unreadable("jobs", name, "inputs"):
        return
    given = set(step.inputs)
    # a misspelt name stands for the one that was meant
    known = [*declared.ports, *declared.parameters]
    given |= {nearest(key, known) or "" for key in step.inputs if key not in known}
    needed: list[InputPort | Parameter] = [p for p in declared.ports.values() if not p.optional]
    needed += [
        p
        for p in declared.parameters.values()
        if p.required
        and "default" not in declared.of_input(p.name)
        and not given & set(p.setting.aliases)
    ]
    for port in needed:
        if port.name in given:
            continue
        kind = port.type.type_name if isinstance(port, InputPort) else port.range_text
        offer = _offers(state, name, port.type) if isinstance(port, InputPort) else ""
        state.problems.error(
            "P1",
            f"{declared.component.title} needs the input {port.name} ({port.title}).",
            state.pipeline.place("jobs", name),
            step=name,
            name=port.name,
            expected=kind or port.kind if isinstance(port, Parameter) else kind,
            remedy=offer or (f"Allowed: {kind}." if kind else ""),
        )


def _offers(state: Checking, step: str, wanted: type[Artifact]) -> str:
    """Outputs of other steps that an input would take, as a remedy."""
    found = [
        str(StepBinding(name, port.name))
        for name, declared in state.declared.items()
        if name != step
        for port in declared.outputs.values()
        if fits(port.type, wanted)
    ]
    return f"Bind it to {' or '.join(found[:3])}." if found else ""


def _takes(port: type[Artifact]) -> str:
    return " or ".join(t.type_name for t in (port, *WIDENING.get(port, ())))


def check_outputs(state: Checking) -> None:
    """Each pipeline output is written by one step, with the right type."""
    pipeline = state.pipeline
    complete = True
    for name, step in pipeline.steps.items():
        complete &= not pipeline.is_unreadable("jobs", name, "outputs")
        declared = state.declared.get(name)
        for key, output in step.outputs.items():
            if pipeline.is_unreadable("jobs", name, "outputs", key):
                continue
            port = _output_port(state, name, declared, key)
            _deliver(state, name, key, output, port)
        for key, form in step.output_forms.items():
            port = _output_port(state, name, declared, key)
            if port is not None:
                _check_output_type(state, name, key, port, form, ("jobs", name, "outputs", key))
    broken = {p.nearest for p in state.problems if p.code == "B3"}
    complete &= not any(path[:1] == ("jobs",) and "outputs" in path for path in pipeline.unreadable)
    for output in pipeline.outputs:
        if output not in state.writers and complete and output not in broken:
            state.problems.error(
                "O1",
                f"No step writes the pipeline output {shown(output)}.",
                pipeline.place("outputs", output),
                name=output,
                remedy=f"Write ${{{{parent.outputs.{output}}}}} at the output of a step, or leave "
                "it out.",
            )


def _output_port(
    state: Checking, step: str, declared: Declared | None, key: str
) -> OutputPort | None:
    if declared is None or key in declared.outputs:
        return None if declared is None else declared.outputs[key]
    known = list(declared.outputs)
    state.problems.error(
        "P1",
        f"{declared.component.title} has no output {shown(key)}.",
        state.pipeline.place("jobs", step, "outputs", key),
        step=step,
        name=key,
        found=key,
        expected=", ".join(known),
        nearest=nearest(key, known) or (known[0] if len(known) == 1 else ""),
    )
    return None


def _deliver(state: Checking, step: str, key: str, output: str, port: OutputPort | None) -> None:
    pipeline = state.pipeline
    place = pipeline.place("jobs", step, "outputs", key, value=True)
    facts = {"step": step, "name": key, "found": output}
    form = pipeline.outputs.get(output)
    if form is None:
        known = list(pipeline.outputs)
        near = nearest(output, known) or ""
        state.problems.error(
            "B3", f"The pipeline has no output {shown(output)}.", place,
            expected=", ".join(known) or "no output is declared", nearest=near,
            remedy="" if near else f"Declare it: outputs.{output}.", **facts,
        )  # fmt: skip
        return
    writers = state.writers.setdefault(output, [])
    if writers:
        first = pipeline.place("jobs", writers[0][0], "outputs", writers[0][1], value=True)
        where = f" in line {first.line}" if first.line else ""
        state.problems.error(
            "O1",
            f"The pipeline output {output} is written by {writers[0][0]}.{writers[0][1]}{where} "
            f"already.",
            place,
            remedy="Declare an output of its own for each.",
            **facts,
        )
        return
    writers.append((step, key))
    if port is not None and not pipeline.is_unreadable("outputs", output):
        _check_output_type(state, step, key, port, form, ("outputs", output))


def _check_output_type(
    state: Checking,
    step: str,
    key: str,
    port: OutputPort,
    form: PipelineOutput,
    path: tuple[str, ...],
) -> None:
    allowed = tuple(t for t in data_types(port.type) if t != "uri_file")
    if form.type not in allowed:
        state.problems.error(
            "T1",
            f"{port.title} of {step} is {' or '.join(allowed)}; {'.'.join(path)} says {form.type}.",
            state.pipeline.place(*path, "type", value=True),
            step=step,
            name=key,
            found=form.type,
            expected=" or ".join(allowed),
        )


def check_unused(state: Checking) -> None:
    """Warn of inputs nobody uses and of steps whose results nobody takes."""
    pipeline = state.pipeline
    bound = " ".join(p.found for p in state.problems if p.code in {"B1", "B2", "B3", "B4"})
    meant = {p.nearest for p in state.problems}
    open_ends = any(
        path[:1] == ("jobs",) and ("inputs" in path or len(path) < 3)
        for path in pipeline.unreadable
    )
    for name in pipeline.inputs:
        if name not in state.used_inputs and not open_ends and name not in meant:
            state.problems.warning(
                "O2",
                f"No step uses the pipeline input {shown(name)}.",
                pipeline.place("inputs", name),
                name=name,
                remedy="Bind a step to it, or leave it out.",
            )
    delivering = {step for writers in state.writers.values() for step, _ in writers}
    for name, step in pipeline.steps.items():
        taken = name in state.consumers or name in delivering or step.outputs
        if taken or open_ends or name in meant or name in bound:
            continue
        if pipeline.is_unreadable("jobs", name) or pipeline.is_unreadable("jobs", name, "outputs"):
            continue
        state.problems.warning(
            "O2",
            f"Nothing takes what the step {shown(name)} gives.",
            pipeline.place("jobs", name),
            step=name,
            name=name,
            remedy="Bind a step to it, deliver it as an output of the pipeline, or leave it out.",
        )


def put_in_order(state: Checking) -> None:
    """The order of execution; every loop is a fault."""
    steps = state.pipeline.steps
    needs = {
        name: {
            bound.step
            for bound in state.step_inputs(step, name).values()
            if isinstance(bound, StepBinding) and bound.step in steps and bound.step != name
        }
        for name, step in steps.items()
    }
    position = {name: number for number, name in enumerate(steps)}
    open_ = {name: len(before) for name, before in needs.items()}
    ready = [position[name] for name, count in open_.items() if count == 0]
    heapq.heapify(ready)
    names = list(steps)
    while ready:
        name = names[heapq.heappop(ready)]
        state.order.append(name)
        for after in state.consumers.get(name, ()):
            if name in needs[after]:
                open_[after] -= 1
                if open_[after] == 0:
                    heapq.heappush(ready, position[after])
    left = set(steps) - set(state.order)
    for loop in _loops({name: needs[name] & left for name in names if name in left}):
        _report_loop(state, loop)


def _loops(needs: Mapping[str, set[str]]) -> Iterable[list[str]]:
    """One loop through each knot of steps that need each other."""
    seen: set[str] = set()
    for start in needs:
        if start in seen:
            continue
        trail = [start]
        at = {start: 0}
        while True:
            nearer = sorted(needs[trail[-1]] - seen)
            if not nearer:
                seen.update(trail)
                break
            step = nearer[0]
            if step in at:
                yield trail[at[step] :]
                seen.update(trail)
                break
            at[step] = len(trail)
            trail.append(step)


def _report_loop(state: Checking, loop: list[str]) -> None:
    """Name the loop in the direction of the data, with the lines of its bindings."""
    forward = list(reversed(loop))
    first = min(forward, key=list(state.pipeline.steps).index)
    forward = forward[forward.index(first) :] + forward[: forward.index(first)]
    places = []
    for before, after in zip(forward, [*forward[1:], forward[0]], strict=True):
        for key, bound in state.pipeline.steps[after].inputs.items():
            if isinstance(bound, StepBinding) and bound.step == before:
                places.append(state.place_of_bound(after, key))
                break
    lines = ", ".join(str(place.line) for place in places if place.line)
    where = f" (lines {lines})" if lines else ""
    state.problems.error(
        "B4",
        f"Steps wait for each other: {' -> '.join([*forward, forward[0]])}{where}.",
        min(places, default=state.pipeline.place("jobs", first)),
        step=first,
        name=first,
        found=" -> ".join([*forward, forward[0]]),
        remedy="Take one of these bindings away.",
    )
