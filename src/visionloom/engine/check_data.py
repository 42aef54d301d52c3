"""Rules D1 and D3: the user's data is there, and suits the steps as far as can be foreseen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from visionloom.artifacts.manifest import read_manifest
from visionloom.artifacts.types import Artifact, Photos
from visionloom.engine.checking import Checking
from visionloom.engine.paths import absolute, is_file, is_folder
from visionloom.engine.port_types import WIDENING
from visionloom.engine.resolved import DataSource, StepSource
from visionloom.errors import (
    DeviceNotAvailableError,
    ParameterRangeError,
    VisionloomError,
)
from visionloom.spec.foresight import UNKNOWN, AboutInput, Facts, Outlook
from visionloom.spec.pipeline import Data, is_address
from visionloom.spec.ports import Value
from visionloom.spec.problems import Place
from visionloom.spec.yaml_nodes import shown


def find_data(state: Checking) -> None:
    """Paths of the pipeline's inputs, as absolute paths in the steps' sources."""
    found = {
        name: path
        for name, value in state.inputs.items()
        if isinstance(value, Data) and (path := _find(state, name, value)) is not None
    }
    told: set[tuple[str, str]] = set()
    for name, sources in state.sources.items():
        for port, source in list(sources.items()):
            if not isinstance(source, DataSource):
                continue
            path = found.get(source.input)
            if path is None:
                del sources[port]
                continue
            sources[port] = replace(source, path=path)
            kind = state.declared[name].ports[port].type
            if (source.input, kind.type_name) not in told:
                told.add((source.input, kind.type_name))
                if not _suits(state, source.input, path, kind):
                    del sources[port]


def _find(state: Checking, name: str, data: Data) -> Path | None:
    pipeline = state.pipeline
    if pipeline.is_unreadable("inputs", name, "path"):
        return None
    if data.path is None or data.path == "":
        if name in state.used_inputs:
            state.problems.error(
                "D1",
                f"The pipeline input {name} has no path.",
                pipeline.place("inputs", name),
                name=name,
                expected="the path of a folder or file",
                remedy=f"Write path: FOLDER, or run with --set {name}=FOLDER.",
            )
        return None
    place = (
        Place(f"--set {name}")
        if name in state.set_names
        else pipeline.place("inputs", name, "path", value=True)
    )
    facts = {"name": name, "found": data.path}
    if is_address(data.path) or "\0" in data.path:
        state.problems.error(
            "D1", f"{shown(data.path)} is no path on this machine.", place,
            expected="a path relative to the pipeline's file",
            remedy="Bring the data here, and name its folder or file.", **facts,
        )  # fmt: skip
        return None
    path = absolute(data.path, pipeline.folder)
    reason = ""
    try:
        if not path.exists():
            reason = "does not exist"
        elif name in state.mistyped:
            return None
        elif data.type == "uri_file" and path.is_dir():
            reason = "is a folder; type says uri_file"
        elif data.type != "uri_file" and not path.is_dir():
            reason = f"is a file; type says {data.type}"
    except OSError as error:
        reason = f"cannot be looked at: {error.strerror}"
    if reason:
        state.problems.error(
            "D1",
            f"{path} {reason}.",
            place,
            expected="a file" if data.type == "uri_file" else "a folder",
            remedy=_remedy(reason, by_hand=name in state.set_names),
            **facts,
        )
        return None
    return path


def _remedy(reason: str, *, by_hand: bool) -> str:
    if reason != "does not exist":
        return "Correct type or path."
    if by_hand:
        return "Check the path."
    return "Paths are relative to the pipeline's file."


def _suits(state: Checking, name: str, path: Path, port: type[Artifact]) -> bool:
    """Whether data bound to a port for artifacts is an artifact of its type."""
    if port is Photos:
        return True
    place = (
        Place(f"--set {name}")
        if name in state.set_names
        else state.pipeline.place("inputs", name, "path", value=True)
    )
    allowed = [t.type_name for t in (port, *WIDENING.get(port, ()))]
    try:
        kind = read_manifest(path).type
    except VisionloomError as error:
        state.problems.error(
            "D1", error.message, place, name=name, found=str(path), expected=" or ".join(allowed),
            remedy=error.remedy,
        )  # fmt: skip
        return False
    except OSError as error:
        state.problems.error(
            "D1", f"{path} cannot be read: {error.strerror}.", place, name=name, found=str(path)
        )
        return False
    if kind not in allowed:
        state.problems.error(
            "T1", f"{path} is of type {kind}; {' or '.join(allowed)} is needed here.", place,
            name=name, found=kind, expected=" or ".join(allowed),
        )  # fmt: skip
        return False
    return True


def find_files(state: Checking) -> None:
    """Files that parameters name, as absolute paths in the steps' parameters."""
    for step, values in state.parameters.items():
        component = state.declared[step].component
        for parameter in component.parameters:
            rule = parameter.setting.file
            value = values[parameter.name]
            if not rule or not isinstance(value, str) or not component.is_shown(parameter, values):
                continue
            path = _absolute(state, step, parameter.name, value)
            if path is not None and is_file(path):
                values[parameter.name] = str(path)
            elif rule == "always":
                given = state.given[step].get(parameter.name)
                name = shown(str(path or value), 200)
                is_a_folder = path is not None and is_folder(path)
                state.problems.error(
                    "D1",
                    f"{parameter.title}: {name} is a folder; a file is needed."
                    if is_a_folder
                    else f"{parameter.title}: there is no file {name}.",
                    given.place if given else state.pipeline.place("jobs", step),
                    step=step,
                    name=parameter.name,
                    found=value,
                    expected="a file",
                    remedy="Paths are relative to the pipeline's file.",
                )


def _absolute(state: Checking, step: str, name: str, value: str) -> Path | None:
    if "\0" in value or len(value) > 4096:
        return None
    given = state.given[step].get(name)
    by_hand = given is not None and given.place.file.startswith("--set ")
    base = Path.cwd() if by_hand else state.pipeline.folder
    return absolute(value, base)


def foresee(state: Checking) -> None:
    """What steps say before they run, from what is known of their inputs."""
    known: dict[str, Mapping[str, Facts]] = {}
    hopeless: set[str] = set()
    for step in state.order:
        known[step] = {}
        sources = state.sources[step]
        # what comes after a fault would only repeat it
        if any(isinstance(s, StepSource) and s.step in hopeless for s in sources.values()):
            hopeless.add(step)
            continue
        declared = state.declared.get(step)
        values = state.parameters.get(step)
        if declared is None or values is None or declared.component.foresee is None:
            continue
        needed = [p.name for p in declared.ports.values() if not p.optional]
        if any(port not in sources for port in needed):
            continue
        inputs = {
            port: known.get(source.step, {}).get(source.port, UNKNOWN)
            if isinstance(source, StepSource)
            else UNKNOWN
            for port, source in sources.items()
        }
        state.facts[step] = inputs
        data = {p: s.path for p, s in sources.items() if isinstance(s, DataSource)}
        told = _ask(state, step, inputs, data, values)
        if told is None:
            hopeless.add(step)
        known[step] = told or {}


def _ask(
    state: Checking,
    step: str,
    inputs: Mapping[str, Facts],
    data: Mapping[str, Path],
    values: Mapping[str, Value],
) -> Mapping[str, Facts] | None:
    """What a step says of its outputs; None when it found a fault."""
    component = state.declared[step].component
    pipeline = state.pipeline

    def warn(text: str) -> None:
        state.problems.warning("D3", text, pipeline.place("jobs", step), step=step)

    outlook = Outlook(inputs, data, values, state.settings, warn)
    about = ""
    try:
        return state.look(component, outlook)
    except AboutInput as wrapped:
        about, fault = wrapped.name, wrapped.error
    except VisionloomError as error:
        fault = error
    except (OSError, ValueError) as error:
        warn(f"{component.title} could not be looked at before: {error}.")
        return {}
    code = "D3"
    if isinstance(fault, ParameterRangeError):
        code = "P2"
    elif isinstance(fault, DeviceNotAvailableError):
        code = "S2"
    place = pipeline.place("jobs", step)
    if about:
        place = state.place_of_bound(step, about)
        if about in state.given[step]:
            place = state.given[step][about].place
        elif about in data:
            place = _place_of_data(state, step, about)
    state.problems.error(
        code, fault.message, place, step=step, name=about, remedy=fault.remedy, cause=fault
    )
    return None


def _place_of_data(state: Checking, step: str, port: str) -> Place:
    source = state.sources[step][port]
    if not isinstance(source, DataSource):
        return state.place_of_bound(step, port)
    if source.input in state.set_names:
        return Place(f"--set {source.input}")
    return state.pipeline.place("inputs", source.input, "path", value=True)
