"""Rules S1 and S2: the compute is known, and the devices asked for are there."""

from __future__ import annotations

import re

from visionloom.engine.checking import Checking
from visionloom.engine.devices import fault_of_device
from visionloom.engine.targets import Target
from visionloom.spec.ports import nearest
from visionloom.spec.problems import Place
from visionloom.spec.yaml_reader import shown

_COMPUTE = re.compile(r"(azureml:)?(?P<name>[A-Za-z][A-Za-z0-9_.-]*(:[0-9]+)?)")


def place_steps(state: Checking, target: str | None) -> None:
    """Every step's target: its own, else ``target``, else the pipeline's, else the default."""
    pipeline = state.pipeline
    default = state.targets.default
    if target is not None:
        chosen = state.targets.find(target)
        if chosen is None:
            state.problems.error(
                "S1",
                f"There is no target {shown(target)}.",
                Place("--target"),
                name=target,
                found=target,
                expected=", ".join(state.targets.known()),
                known=state.targets.known(),
                remedy="`visionloom targets` lists them.",
            )
        default = chosen or default
    elif pipeline.default_compute is not None:
        written = ("settings", "default_compute")
        default = _target(state, pipeline.default_compute, written, "") or default
    for name, step in pipeline.steps.items():
        own = None
        path = ("jobs", name, "compute")
        if step.compute is not None and not pipeline.is_unreadable(*path):
            own = _target(state, step.compute, path, name)
        state.placed[name] = own or default
    for name, chosen in state.placed.items():
        _check_device(state, name, chosen)


def _target(state: Checking, text: str, path: tuple[str, ...], step: str) -> Target | None:
    place = state.pipeline.place(*path, value=True)
    found = _COMPUTE.fullmatch(text)
    if found is None:
        state.problems.error(
            "S1", f"{shown(text)} cannot name a compute.", place, step=step, name=path[-1],
            found=text, expected="azureml:NAME", remedy="Write azureml:NAME, without blanks.",
        )  # fmt: skip
        return None
    name = found["name"]
    target = state.targets.find(name)
    if target is None:
        default = state.targets.default.name
        state.problems.warning(
            "S1",
            f"This runs on {default} here, since there is no target {name}.",
            place,
            step=step,
            name=path[-1],
            found=text,
            expected=", ".join(state.targets.known()),
            nearest=nearest(name, state.targets.known()) or "",
            remedy=f"visionloom targets add {name} says what it is here.",
        )
    return target


def _check_device(state: Checking, step: str, target: Target) -> None:
    """The target's device, and the one that the step itself asks for."""
    own = state.parameters.get(step, {}).get("device")
    declared = state.declared.get(step)
    if declared is None or not declared.component.computes:
        return
    asked = own if isinstance(own, str) and own != "auto" else target.device
    parameter_place = state.pipeline.place("jobs", step, "inputs", "device", value=True)
    if asked != target.device or "device" in state.given[step]:
        place, name = parameter_place, "device"
        if "device" in state.given[step]:
            place = state.given[step]["device"].place
    else:
        place, name = _place_of_target(state, step), "compute"
    if not re.fullmatch(r"auto|cpu|mps|cuda(:[0-9]{1,3})?", asked):
        state.problems.error(
            "P2", f"Device is {shown(asked)!r}, which is not known.", place, step=step, name=name,
            found=asked, expected="auto, cpu, cuda, cuda:N, mps",
            remedy="Write auto, cpu, cuda, cuda:N or mps.",
        )  # fmt: skip
        return
    if target.device not in {asked, "auto"} and not _same(asked, target.device):
        state.problems.error(
            "S2",
            f"The step {step} asks for the device {asked}, and runs on the target {target.name}, "
            f"which is {target.device}.",
            place,
            step=step,
            name=name,
            found=asked,
            expected=target.device,
            remedy="Leave device out, or give the step another compute.",
        )
        return
    gpus = state.gpus() if asked.startswith("cuda") else 0
    reason, remedy = fault_of_device(asked, gpus)
    if reason:
        where = f"the target {target.name} is {asked}" if name == "compute" else f"{asked}"
        state.problems.error(
            "S2",
            f"The step {step} cannot run: {where}, and {reason}.",
            place,
            step=step,
            name=name,
            found=asked,
            expected="a device of this machine",
            remedy=remedy,
        )


def _same(asked: str, device: str) -> bool:
    return asked.partition(":")[0] == device.partition(":")[0] and "cuda" in {asked, device}


def _place_of_target(state: Checking, step: str) -> Place:
    pipeline = state.pipeline
    if pipeline.steps[step].compute is not None:
        return pipeline.place("jobs", step, "compute", value=True)
    if pipeline.default_compute is not None:
        return pipeline.place("settings", "default_compute", value=True)
    return pipeline.place("jobs", step)
