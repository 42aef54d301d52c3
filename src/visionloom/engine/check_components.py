"""Rules C1 and C2: every step's component is known, and so is its version."""

from __future__ import annotations

import importlib.util

from visionloom.engine.checking import Checking, Declared
from visionloom.spec.component import Component
from visionloom.spec.component_files import component_name
from visionloom.spec.names import MAXIMUM_LENGTH
from visionloom.spec.pipeline import Step
from visionloom.spec.ports import InputPort, Parameter, nearest
from visionloom.spec.yaml_nodes import shown


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
