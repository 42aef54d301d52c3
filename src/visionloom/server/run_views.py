"""One run as its page shows it: the frozen pipeline, how each step fared, curve and log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from visionloom.records.rows import AttemptRow, OutputRow, RunRow, StepRow
from visionloom.runs import journals, log_pages
from visionloom.runs.curves import curve_of
from visionloom.runs.follow import told_error
from visionloom.runs.stopping import trains
from visionloom.server.desk import Desk
from visionloom.server.graphs import graph_of
from visionloom.server.models.drafts import Graph
from visionloom.server.models.runs import (
    AttemptView,
    Curve,
    DecisionView,
    LogLine,
    LogPage,
    OutputView,
    RunStepView,
    RunView,
)
from visionloom.server.plans import choice_of, decision_view
from visionloom.server.summaries import summary_of
from visionloom.server.texts import whole
from visionloom.spec.layout import read_layout
from visionloom.spec.pipeline import Pipeline
from visionloom.spec.pipeline_file import pipeline_from_text
from visionloom.workspace import PIPELINE_FILE

T = TypeVar("T", AttemptRow, OutputRow)

_FAULTS = frozenset({"failed", "lost"})


def run_view(desk: Desk, run: RunRow) -> RunView:
    """One run.

    Its journal is looked at first: whoever goes on with the events after its newest line misses
    none, and is told nothing older than what stands here.
    """
    at = journals.newest(run)
    records = desk.workspace.records
    run = records.get_run(run.id)
    attempts = _by_step(records.attempts(run.id))
    outputs = _by_step(records.outputs(run.id))
    steps = records.steps(run.id)
    told = journals.errors(run) if any(step.state in _FAULTS for step in steps) else {}
    views = [
        _step_view(desk, run, step, attempts.get(step.name, []), outputs.get(step.name, []), told)
        for step in steps
    ]
    running = {step.name for step in steps if step.state == "running"}
    return RunView(
        summary=summary_of(desk, run),
        text=run.pipeline,
        graph=_graph(desk, run),
        steps=views,
        choice=choice_of(run),
        host=dict(run.host),
        sequence=at.sequence,
        journal={step: line for step, line in at.progress.items() if step in running},
    )


def curve_view(desk: Desk, run: RunRow, step: str = "") -> Curve:
    """The figures of a step's epochs."""
    found = curve_of(desk.workspace, run, step)
    return Curve(
        step=found.step,
        names=list(found.names),
        rows=[list(row) for row in found.rows],
        best_epoch=found.best_epoch,
        stopped_because=found.stopped_because,
        monitored=found.monitored,
    )


def find_run(desk: Desk, run: str) -> RunRow:
    """The run with this id.

    Raises:
        NoSuchRunError: There is none.
    """
    return desk.workspace.records.get_run(run)


def log_page(
    desk: Desk,
    run: RunRow,
    step: str,
    search: str,
    *,
    printed: bool,
    offset: int,
    limit: int,
) -> LogPage:
    """Lines of what steps told, or of what their processes printed."""
    if printed:
        page = log_pages.printed(desk.workspace, run, step, search, offset, limit)
    else:
        page = log_pages.told(run, step, search, offset, limit)
    lines = [
        LogLine(number=line.number, step=line.step, level=line.level, text=line.text)
        for line in page.lines
    ]
    return LogPage(lines=lines, total=page.total)


def _step_view(
    desk: Desk,
    run: RunRow,
    step: StepRow,
    attempts: list[AttemptRow],
    outputs: list[OutputRow],
    told: Mapping[str, dict[str, Any]],
) -> RunStepView:
    error = told_error(desk.workspace, run, step.name, told) if step.state in _FAULTS else {}
    return RunStepView(
        name=step.name,
        component=step.component,
        version=step.version,
        state=step.state,
        reason=step.reason,
        decision=_decision(step),
        source=step.source,
        target=step.target,
        started=step.started,
        ended=step.ended,
        seconds=step.seconds,
        attempts=[_attempt_view(attempt) for attempt in attempts],
        outputs=[_output_view(output) for output in outputs],
        error=whole(
            str(error.get("message", "")) or (step.reason if step.state in _FAULTS else "")
        ),
        remedy=whole(str(error.get("remedy", ""))),
        trains=trains(desk.workspace, step),
    )


def _decision(step: StepRow) -> DecisionView | None:
    decision: Mapping[str, Any] = step.decision
    return decision_view(step.name, decision) if decision else None


def _attempt_view(attempt: AttemptRow) -> AttemptView:
    return AttemptView(
        number=attempt.number,
        state=attempt.state,
        reason=attempt.reason,
        started=attempt.started,
        ended=attempt.ended,
        exit=attempt.exit,
        peak_bytes=attempt.peak_bytes,
    )


def _output_view(output: OutputRow) -> OutputView:
    return OutputView(
        port=output.port,
        type=output.type,
        artifact=output.object,
        digest=output.digest,
        bytes=output.bytes,
    )


def _by_step(rows: Iterable[T]) -> dict[str, list[T]]:
    found: dict[str, list[T]] = {}
    for row in rows:
        found.setdefault(row.step, []).append(row)
    return found


def _graph(desk: Desk, run: RunRow) -> Graph:
    """The pipeline as it was drawn when it was run; an empty one where a run has none."""
    workspace = desk.workspace
    folder = Path(str(run.options.get("folder", "")))
    limits = workspace.settings.limits
    read = pipeline_from_text(run.pipeline, folder, run.file, limits) if run.pipeline else None
    return graph_of(
        read.pipeline if read else Pipeline(),
        read_layout(Path(run.folder) / PIPELINE_FILE),
        workspace.registry,
    )
