"""Rules O1 and O2: each output of the pipeline is written once, to a folder of its own, and nothing
is unused.
"""

from __future__ import annotations

from pathlib import Path

from visionloom.engine.checking import Checking, Declared
from visionloom.engine.paths import absolute
from visionloom.engine.port_types import data_types
from visionloom.spec.pipeline import PipelineOutput
from visionloom.spec.ports import OutputPort, nearest
from visionloom.spec.yaml_nodes import shown


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
    _check_folders(state)


def _check_folders(state: Checking) -> None:
    """No output is written over another one, or into its folder."""
    pipeline = state.pipeline
    taken: dict[Path, str] = {}
    for name, output in pipeline.outputs.items():
        if output.path is None or pipeline.is_unreadable("outputs", name, "path"):
            continue
        folder = absolute(output.path, pipeline.folder)
        for other, owner in taken.items():
            if folder == other or folder in other.parents or other in folder.parents:
                where = "the folder of" if folder == other else "a folder that overlaps that of"
                state.problems.error(
                    "O1",
                    f"The pipeline output {shown(name)} goes to {where} {shown(owner)}.",
                    pipeline.place("outputs", name, "path", value=True),
                    name=name,
                    found=output.path,
                    remedy="Give each a folder of its own.",
                )
                break
        taken[folder] = name


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
