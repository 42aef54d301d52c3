"""Rules S1 and S2: the compute is known, and the devices asked for are there."""

from __future__ import annotations

import re

from visionloom.engine.checking import Checking
from visionloom.engine.devices import fault_of_device
from visionloom.engine.targets import Target
from visionloom.spec.ports import nearest
from visionloom.spec.problems import Place
from visionloom.spec.yaml_nodes import shown

_DEVICE = re.compile(r"auto|cpu|mps|cuda(:[0-9]{1,3})?")
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
    for name in pipeline.steps:
        _check_device(state, name, by_hand=target is not None)


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


def _check_device(state: Checking, step: str, *, by_hand: bool) -> None:
    """The device that a step asks for, else its target's, is on this machine."""
    declared = state.declared.get(step)
    if declared is None or not declared.component.computes:
        return
    target = state.placed[step]
    given = state.given[step].get("device")
    if given is None or given.value in {"", "auto"}:
        _check_target(state, step, target, by_hand=by_hand)
        return
    asked = str(given.value)
    facts = {"step": step, "name": "device", "found": asked}
    if not _DEVICE.fullmatch(asked):
        state.problems.error(
            "P2", f"Device is {shown(asked)!r}, which is not known.", given.place,
            expected="auto, cpu, cuda, cuda:N, mps", remedy="Write auto, cpu, cuda, cuda:N or mps.",
            **facts,
        )  # fmt: skip
        return
    if target.device not in {asked, "auto"} and not _same(asked, target.device):
        state.problems.error(
            "S2",
            f"The step {step} asks for the device {asked}, and runs on the target {target.name}, "
            f"whose device is {target.device}.",
            given.place,
            expected=target.device,
            remedy="Leave device out, or give the step another compute.",
            **facts,
        )
        return
    reason, remedy = fault_of_device(asked, _gpus(state, asked))
    if reason:
        state.problems.error(
            "S2", f"The step {step} asks for the device {asked}, and {reason}.", given.place,
            expected="a device of this machine", remedy=remedy, **facts,
        )  # fmt: skip


def _check_target(state: Checking, step: str, target: Target, *, by_hand: bool) -> None:
    """The target's device is there; one fault for all steps that run on it for the same reason."""
    reason, remedy = fault_of_device(target.device, _gpus(state, target.device))
    if not reason:
        return
    pipeline = state.pipeline
    own = pipeline.steps[step].compute is not None
    place = Place(str(state.settings.targets))
    if own:
        place = pipeline.place("jobs", step, "compute", value=True)
    elif by_hand:
        place = Place("--target")
    elif pipeline.default_compute is not None:
        place = pipeline.place("settings", "default_compute", value=True)
    called = "" if target.name == target.device else f", whose device is {target.device}"
    state.problems.error(
        "S2",
        f"The target {target.name}{called}, cannot be used: {reason}."
        if called
        else f"The target {target.name} cannot be used: {reason}.",
        place,
        step=step if own else "",
        name="compute",
        found=target.name,
        expected="a device of this machine",
        remedy=remedy,
    )


def _gpus(state: Checking, device: str) -> int:
    return state.gpus() if device.startswith("cuda") else 0


def _same(asked: str, device: str) -> bool:
    return asked.partition(":")[0] == device.partition(":")[0] and "cuda" in {asked, device}
