"""A pipeline prepared, handed to a supervisor, and followed."""

from __future__ import annotations

import os
import platform
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from visionloom._version import __version__
from visionloom.artifacts.atomic import explained, write_file
from visionloom.artifacts.digest import sha256_of_bytes
from visionloom.engine import key_lock
from visionloom.engine.check_values import absolute_values
from visionloom.engine.finishing import refused_delivery
from visionloom.engine.plan import Planner, PlanOptions
from visionloom.engine.resolve import resolve
from visionloom.engine.resolved import ResolvedPipeline
from visionloom.engine.reuse import Decision
from visionloom.engine.starting import origin_of, outer_lock, state_folder
from visionloom.errors import InvalidPipelineError, OutputExistsError, RunStateError, UsageError
from visionloom.records.rows import RunRow, StepRow
from visionloom.spec.layout import Layout, read_layout, write_layout
from visionloom.spec.pipeline import Literal, Pipeline
from visionloom.spec.pipeline_file import pipeline_from_text, read_pipeline, write_pipeline
from visionloom.spec.problems import Problem, errors_among, in_order
from visionloom.workspace import PIPELINE_FILE, Workspace

_MORE_EPOCHS = "more_epochs"


@dataclass(frozen=True)
class RunRequest:
    """How a pipeline is to be run; remembered with the run.

    Attributes:
        values: Pipeline input -> value, from ``--set``.
        target: Target for every step that names none; empty for the pipeline's own default.
        up_to, start_from, only, no_reuse: See `visionloom.engine.plan.PlanOptions`.
        finish: Whether training ends at once with its best model so far.
        continue_from: Id of the run this one continues; empty for none.
        anew, not_exact: See `visionloom.engine.plan.PlanOptions`.
    """

    values: Mapping[str, Literal] = field(default_factory=dict)
    target: str = ""
    up_to: str = ""
    start_from: str = ""
    only: str = ""
    no_reuse: bool = False
    finish: bool = False
    continue_from: str = ""
    anew: tuple[str, ...] = ()
    not_exact: tuple[str, ...] = ()

    @property
    def plan(self) -> PlanOptions:
        """The part the planner is told."""
        return PlanOptions(
            self.up_to,
            self.start_from,
            self.only,
            self.no_reuse,
            bool(self.continue_from),
            tuple(self.anew),
            tuple(self.not_exact),
        )

    def to_json(self) -> dict[str, Any]:
        """As a JSON value; `request_from_json` reads it."""
        return dict(vars(self))


def request_from_json(value: Mapping[str, Any]) -> RunRequest:
    """Read what `RunRequest.to_json` wrote."""
    return RunRequest(**value)


@dataclass(frozen=True)
class Prepared:
    """A pipeline that may run: checked and planned.

    Attributes:
        workspace: Where.
        pipeline: Checked.
        request: How it is to be run.
        planner: Decides its steps.
        decisions: Step -> decision, as far as it can be known before.
        warnings: What was found and does not keep it from running.
        text: The pipeline's file.
    """

    workspace: Workspace
    pipeline: ResolvedPipeline
    request: RunRequest
    planner: Planner
    decisions: Mapping[str, Decision]
    warnings: tuple[Problem, ...]
    text: str

    @property
    def nothing_runs(self) -> bool:
        """Whether every step is reused or left out."""
        return all(decision.action in {"reuse", "leave"} for decision in self.decisions.values())


def prepare_pipeline(
    workspace: Workspace, pipeline: Pipeline | Path, request: RunRequest, *, strict: bool = False
) -> Prepared:
    """Check and plan a pipeline.

    Raises:
        InvalidPipelineError: It has faults; all of them are named.
        UsageError: A step that is named is not there.
        VisionloomError: The user's data cannot be read.
    """
    problems: list[Problem] = []
    if isinstance(pipeline, Path):
        read = read_pipeline(pipeline, workspace.settings.limits)
        problems += read.problems
        pipeline, text = read.pipeline, read.text
    else:
        text = write_pipeline(pipeline)
    # remembered with the run, which may be gone on with from another working folder
    values = absolute_values(pipeline, workspace.registry, request.values)
    request = replace(request, values=values)
    resolved, more = resolve(
        pipeline,
        workspace.registry,
        values=request.values,
        target=request.target or None,
        targets=workspace.targets,
        settings=workspace.settings,
    )
    problems = in_order([*problems, *more])
    refuse_faults(problems, strict=strict)
    if resolved is None:
        raise AssertionError("a pipeline without errors resolves")
    planner = workspace.planner(resolved, request.plan)
    return Prepared(workspace, resolved, request, planner, planner.plan(), tuple(problems), text)


def refuse_faults(problems: list[Problem], *, strict: bool = False) -> None:
    """Raise one error that names every fault.

    Raises:
        InvalidPipelineError: There is one.
    """
    faults = errors_among(problems, strict=strict)
    if faults:
        count = "a fault" if len(faults) == 1 else f"{len(faults)} faults"
        lines = "\n".join(f"  {fault}" for fault in faults)
        error = InvalidPipelineError(f"The pipeline has {count}:\n{lines}")
        error.causes = tuple(fault.cause for fault in faults if fault.cause is not None)
        error.problems = tuple(problems)
        raise error


def checked(workspace: Workspace, pipeline: Pipeline) -> ResolvedPipeline:
    """A pipeline built here, checked.

    Raises:
        VisionloomError: What a step would raise on the data as it is.
        InvalidPipelineError: It has other faults; all of them are named.
    """
    resolved, problems = resolve(
        pipeline,
        workspace.registry,
        values={},
        target=None,
        targets=workspace.targets,
        settings=workspace.settings,
    )
    try:
        refuse_faults(problems)
    except InvalidPipelineError as error:
        raise (error.causes or (error,))[0] from None
    if resolved is None:
        raise AssertionError("a pipeline without errors resolves")
    return resolved


def refuse_missing_results(prepared: Prepared) -> None:
    """Refuse a step alone whose inputs are not there.

    Raises:
        UsageError: Results that it needs were never made, or are gone.
    """
    missing = [name for name, d in prepared.decisions.items() if d.action == "refuse"]
    if missing:
        only = prepared.request.only
        raise UsageError(
            f"The step {only} alone needs results that are not there: {', '.join(missing)}.",
            f"Make them too: --up-to {only}.",
        )


def submit(
    prepared: Prepared,
    *,
    kind: str = "pipeline",
    name: str = "",
    draft: str = "",
    here: bool = True,
) -> str:
    """Record a run and start its supervisor, or, when nothing runs, carry it out here.

    Args:
        prepared: What is to run.
        kind, name: See `visionloom.records.rows.RunRow`.
        draft: Id of the draft it is a run of; empty for none.
        here: Whether a run in which nothing runs may be carried out by this process.

    Returns:
        The run's id.

    Raises:
        UsageError: A step is to run alone and what it needs is not there.
        OutputExistsError: What is not ours is where an output is to go.
        RecordsError: The records cannot be written.
        FailedToWriteOutputsError: The home folder cannot be written to.
    """
    refuse_missing_results(prepared)
    workspace = prepared.workspace
    obstacle = refused_delivery(prepared.pipeline)
    if obstacle:
        raise OutputExistsError(obstacle)
    run = _row(prepared, kind, name, draft)
    folder = Path(run.folder)
    write_file(folder / PIPELINE_FILE, prepared.text.encode())
    _keep_layout(prepared, folder)
    workspace.records.create_run(run, _step_rows(prepared, run.id))
    if prepared.nothing_runs and here:
        workspace.supervisor(run, prepared.pipeline, prepared.request.plan).run()
    else:
        start_supervisor(workspace, run.id, folder)
    return run.id


def _keep_layout(prepared: Prepared, folder: Path) -> None:
    """Keep how the pipeline was drawn when it was run."""
    before, file = prepared.request.continue_from, prepared.pipeline.pipeline.file
    drawn = prepared.workspace.settings.runs / before / PIPELINE_FILE if before else Path(file)
    layout = read_layout(drawn) if before or file else Layout()
    if layout != Layout():
        write_layout(folder / PIPELINE_FILE, layout)


def start_supervisor(workspace: Workspace, run: str, folder: Path) -> None:
    """Start a supervisor that outlives this process and its terminal.

    Raises:
        FailedToWriteOutputsError, ModuleOutOfMemoryError: The run's folder cannot be written to.
    """
    environment = {**os.environ, "VISIONLOOM_HOME": str(workspace.settings.home)}
    environment["VISIONLOOM_OFFLINE"] = "1" if workspace.settings.offline else "0"
    with explained(folder):
        # somebody may have removed it; all that counts is in the records
        folder.mkdir(parents=True, exist_ok=True)
        log = open(folder / "supervisor.log", "ab")  # noqa: SIM115 - closed below
    with log:
        process = subprocess.Popen(
            # -P: nothing of the folder it is started from is a module of ours
            [sys.executable, "-P", "-m", "visionloom.runs.supervise", run],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
            start_new_session=True,
        )
    # where it ends before we do, somebody has to take note, or its number stays taken
    threading.Thread(target=process.wait, daemon=True).start()


def continue_run(
    workspace: Workspace,
    run: RunRow,
    *,
    finish: bool = False,
    changes: Mapping[str, Mapping[str, Literal]] | None = None,
) -> Prepared:
    """The pipeline of a run that ended, prepared to go on: what is finished is reused.

    Args:
        workspace: Whose run.
        run: The run to continue.
        finish: Whether its training ends at once with its best model so far.
        changes: Step -> parameters that are another value from now on.

    Raises:
        RunStateError: The run is no pipeline's.
        InvalidPipelineError: It does not fit this program or this machine any more.
    """
    pipeline, request = recorded_pipeline(workspace, run)
    text = _with_parameters(pipeline.pipeline, changes or {})
    if text:
        run = replace(run, pipeline=text)
        pipeline, request = recorded_pipeline(workspace, run)
    steps = workspace.records.steps(run.id)
    made = {step.name for step in steps if step.state in {"succeeded", "reused"}}
    anew = workspace.planner(pipeline, request.plan).forced - made
    request = replace(
        request,
        no_reuse=False,
        start_from="",
        finish=finish,
        continue_from=run.id,
        anew=tuple(sorted(anew)),
    )
    planner = workspace.planner(pipeline, request.plan)
    decisions = planner.plan()
    moved = _take_states_along(workspace, run, decisions)
    if moved:
        request = replace(request, not_exact=tuple(sorted({*request.not_exact, *moved})))
        planner = workspace.planner(pipeline, request.plan)
        decisions = planner.plan()
    return Prepared(workspace, pipeline, request, planner, decisions, (), run.pipeline)


def _with_parameters(pipeline: Pipeline, changes: Mapping[str, Mapping[str, Literal]]) -> str:
    """The pipeline's file with other values of parameters; empty when all are as they were."""
    steps = dict(pipeline.steps)
    for name, values in changes.items():
        new = {k: v for k, v in values.items() if steps[name].inputs.get(k) != v}
        if new:
            steps[name] = replace(steps[name], inputs={**steps[name].inputs, **new})
    return "" if steps == dict(pipeline.steps) else write_pipeline(replace(pipeline, steps=steps))


def _but_for_more_epochs(parts: Mapping[str, Any]) -> dict[str, Any]:
    """What decides a training's result, apart from what comes after all that was trained so far."""
    parameters = parts.get("parameters", {})
    if not isinstance(parameters, Mapping):
        return dict(parts)
    kept = {name: value for name, value in parameters.items() if name != _MORE_EPOCHS}
    return {**parts, "parameters": kept, "shown": None}


def _take_states_along(
    workspace: Workspace, run: RunRow, decisions: Mapping[str, Decision]
) -> tuple[str, ...]:
    """Steps whose saved state is taken along although the environment changed since.

    A state is kept under the step's key. When nothing but the environment (torch, threads, device)
    differs, going on from it is better than beginning anew, though not bit-exact. When nothing but
    the number of more epochs differs it is exact.

    Returns:
        The steps that are not bit-exact.
    """
    moved = []
    scratch, origin = workspace.settings.scratch, origin_of(workspace.records, run)
    for step in workspace.records.steps(run.id):
        decision = decisions.get(step.name)
        if decision is None or decision.action != "run" or not step.key or not decision.key:
            continue
        if step.key == decision.key:
            continue
        old, new = (_but_for_more_epochs(p) for p in (step.parts, decision.parts))
        exact = old == new
        if not exact and {**old, "environment": None} != {**new, "environment": None}:
            continue
        # a step whose result is no source of reuse has a state of its own run
        own = "" if exact and decision.reusable else origin
        before, after = state_folder(scratch, step.key), state_folder(scratch, decision.key, own)
        if not before.is_dir():
            before = state_folder(scratch, step.key, origin)
        if not before.is_dir() or after.exists():
            continue
        lock = key_lock.take(outer_lock(before), run.id)
        if lock is None:
            continue  # another run works on it
        if before.is_dir() and not after.exists():
            before.rename(after)
            if not exact:
                moved.append(step.name)
        lock.release(remove=True)
    return tuple(moved)


def changed_data(
    began: Sequence[StepRow], decisions: Mapping[str, Decision]
) -> list[tuple[str, str]]:
    """Steps, and inputs or files of theirs, that are not what a run began with."""
    found = []
    for step in began:
        decision = decisions.get(step.name)
        if decision is None or not decision.key or not step.key:
            continue
        for section in ("inputs", "files"):
            old, new = step.parts.get(section, {}), decision.parts.get(section, {})
            names = sorted({*old, *new})
            found += [(step.name, name) for name in names if old.get(name) != new.get(name)]
    return found


def recorded_pipeline(workspace: Workspace, run: RunRow) -> tuple[ResolvedPipeline, RunRequest]:
    """The pipeline of a run, as it was submitted.

    Raises:
        RunStateError: The run is no pipeline's.
        InvalidPipelineError: It does not fit this program or this machine any more.
    """
    if not run.pipeline:
        raise RunStateError(
            f"Run {run.id} is `visionloom {run.kind}` itself, which cannot be gone on with.",
            "Run the command again.",
        )
    request = request_from_json(run.options["request"])
    base = Path(run.options["folder"])
    read = pipeline_from_text(run.pipeline, base, run.file, workspace.settings.limits)
    resolved, problems = resolve(
        read.pipeline,
        workspace.registry,
        values=request.values,
        target=request.target or None,
        targets=workspace.targets,
        settings=workspace.settings,
    )
    refuse_faults(in_order([*read.problems, *problems]))
    if resolved is None:
        raise AssertionError("a pipeline without errors resolves")
    return resolved, request


def _row(prepared: Prepared, kind: str, name: str, draft: str) -> RunRow:
    identity = new_run_id()
    pipeline = prepared.pipeline.pipeline
    options = {"request": prepared.request.to_json(), "folder": str(pipeline.folder)}
    return RunRow(
        id=identity,
        name=name or pipeline.display_name or Path(pipeline.file).stem or kind,
        kind=kind,
        created=time.time(),
        pipeline=prepared.text,
        pipeline_digest=sha256_of_bytes(prepared.text.encode()),
        file=pipeline.file,
        options=options | ({"draft": draft} if draft else {}),
        folder=str(prepared.workspace.settings.runs / identity),
        parent=prepared.request.continue_from,
        host=host_facts(),
    )


def _step_rows(prepared: Prepared, run: str) -> list[StepRow]:
    rows = []
    for position, step in enumerate(prepared.pipeline.steps):
        decision = prepared.decisions[step.name]
        rows.append(
            StepRow(
                run=run,
                name=step.name,
                position=position,
                component=step.component.name,
                version=step.component.version,
                key=decision.key,
                parts=decision.parts,
                decision=decision.to_json(),
                target=step.target.name,
            )
        )
    return rows


def new_run_id() -> str:
    """A new id that sorts by time."""
    return f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"


def host_facts() -> dict[str, Any]:
    """What machine and program a run is carried out on."""
    return {
        "name": platform.node(),
        "system": platform.platform(),
        "processors": os.cpu_count(),
        "python": platform.python_version(),
        "visionloom": __version__,
    }
