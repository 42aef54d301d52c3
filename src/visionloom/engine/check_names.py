"""Rules N1 and E1: names, and environment variables."""

from __future__ import annotations

import re
from collections.abc import Iterable

from visionloom.engine.checking import Checking
from visionloom.spec.names import fault_of_name, nearest_name
from visionloom.spec.pipeline import KeyPath, Step
from visionloom.spec.yaml_nodes import shown

_SECRET = re.compile(
    r"SECRET|TOKEN|PASSW|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|ACCOUNT_?KEY|CREDENTIAL"
    r"|CONNECTION_?STRING|(^|_)SAS(_|$)"
)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_STEERS = re.compile(r"LD_|DYLD_|PYTHON|VISIONLOOM_|PATH$|HOME$|SHELL$|BASH_ENV$|ENV$|IFS$")


def check_names(state: Checking) -> None:
    """Names of steps, inputs and outputs are allowed, and taken once."""
    pipeline = state.pipeline
    _names(state, "step", pipeline.steps, ("jobs",))
    _names(state, "pipeline input", pipeline.inputs, ("inputs",))
    _names(state, "pipeline output", pipeline.outputs, ("outputs",))
    taken = {name.lower(): name for name in pipeline.inputs}
    for name in pipeline.outputs:
        other = taken.get(name.lower())
        if other is not None:
            line = pipeline.place("inputs", other).line
            where = f" in line {line}" if line else ""
            state.problems.error(
                "N1",
                f"The pipeline output {shown(name)} has the name of an input{where}.",
                pipeline.place("outputs", name),
                name=name,
                found=name,
                remedy="Rename one of them.",
            )


def check_environment(state: Checking) -> None:
    """Environment variables carry no secrets and do not steer what is executed."""
    for name, step in state.pipeline.steps.items():
        for variable in step.environment_variables:
            _variable(state, name, step, variable)


def _names(state: Checking, kind: str, names: Iterable[str], path: KeyPath) -> None:
    taken: dict[str, str] = {}
    for name in names:
        place = state.pipeline.place(*path, name)
        step = name if kind == "step" else ""
        other = taken.setdefault(name.lower(), name)
        if other != name:
            state.problems.error(
                "N1",
                f"The {kind}s {shown(other)} and {shown(name)} differ only in case.",
                place,
                step=step,
                name=name,
                found=name,
                remedy="Rename one of them.",
            )
        elif fault := fault_of_name(name):
            near = nearest_name(name)
            state.problems.error(
                "N1",
                f"{shown(name)} cannot name a {kind}: {fault}.",
                place,
                step=step,
                name=name,
                found=name,
                expected="small letters, digits and _, at most 64",
                nearest=near if near != name else "",
            )


def _variable(state: Checking, name: str, step: Step, variable: str) -> None:
    place = state.pipeline.place("jobs", name, "environment_variables", variable)
    upper = variable.upper()
    if not _VARIABLE.fullmatch(variable):
        reason = "is no name of an environment variable"
        remedy = "Use letters, digits and _."
    elif _SECRET.search(upper):
        reason = "looks like a secret, and pipeline files are passed on"
        remedy = "Set it where the run is started; its steps see it there."
    elif _STEERS.match(upper):
        reason = "decides which programs and files are used"
        remedy = "Set it where the run is started."
    elif "\0" in step.environment_variables[variable]:
        reason = "has a value with a null character"
        remedy = "Leave it out."
    else:
        return
    state.problems.error(
        "E1",
        f"The environment variable {shown(variable)} {reason}.",
        place,
        step=name,
        name=variable,
        found=variable,
        remedy=remedy,
    )
