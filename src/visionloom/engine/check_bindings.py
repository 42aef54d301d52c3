"""Rules B3, P1, P3 and T1: what inputs of steps are bound to is there, and fits."""

from __future__ import annotations

from visionloom.artifacts.types import Artifact
from visionloom.engine.checking import Checking, Declared, GivenValue
from visionloom.engine.port_types import WIDENING, data_types, fits
from visionloom.engine.resolved import DataSource, StepSource
from visionloom.spec.pipeline import Bound, Data, InputBinding, Step, StepBinding
from visionloom.spec.ports import InputPort, Parameter, nearest
from visionloom.spec.yaml_nodes import shown


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
        state.mistyped.add(bound.input)
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
