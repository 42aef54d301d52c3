"""Runs as they stand in a list, made from the records alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import get_args

from visionloom.errors import UsageError
from visionloom.records.rows import RUN_ENDS, RunRow, Standing, State
from visionloom.runs.history import seconds_of
from visionloom.server.desk import Desk
from visionloom.server.models.runs import RunPage, RunSummary

_ASKED = {
    "cancel": "it was asked to stop",
    "kill": "it was asked to stop at once",
}


def summary_of(desk: Desk, run: RunRow) -> RunSummary:
    """One run."""
    return summaries_of(desk, [run])[0]


def summaries_of(desk: Desk, runs: Sequence[RunRow]) -> list[RunSummary]:
    """Several runs, asked for together."""
    records = desk.workspace.records
    ids = [run.id for run in runs]
    standings = records.standings(ids)
    figures = records.last_metrics(ids)
    return [_summary(run, standings[run.id], figures[run.id]) for run in runs]


def page(
    desk: Desk,
    *,
    state: str = "",
    kind: str = "",
    draft: str = "",
    search: str = "",
    before: str = "",
    limit: int = 50,
) -> RunPage:
    """Runs, newest first; see `visionloom.records.recorder.Recorder.list_runs`.

    Raises:
        UsageError: There is no such state.
    """
    if state and state not in get_args(State):
        raise UsageError(f"There is no state {state!r}.", f"States: {', '.join(get_args(State))}.")
    rows = desk.workspace.records.list_runs(
        limit=limit + 1, before=before, state=state, kind=kind, draft=draft, search=search
    )
    return RunPage(runs=summaries_of(desk, rows[:limit]), more=len(rows) > limit)


def draft_of(run: RunRow) -> str:
    """Id of the draft a run was started from; empty for none."""
    return str(run.options.get("draft", ""))


def _summary(run: RunRow, standing: Standing, figures: Mapping[str, float | None]) -> RunSummary:
    return RunSummary(
        id=run.id,
        name=run.name,
        kind=run.kind,
        state=run.state,
        reason=run.reason or ("" if run.state in RUN_ENDS else _ASKED.get(run.cancel, "")),
        created=run.created,
        started=run.started,
        ended=run.ended,
        seconds=seconds_of(run),
        draft=draft_of(run),
        file=run.file,
        parent=run.parent,
        note=run.note,
        figures=dict(figures),
        steps=standing.steps,
        done=standing.done,
        waiting=_waiting(run, standing),
    )


def _waiting(run: RunRow, standing: Standing) -> str:
    """What keeps a run from going on; empty where something goes on, or all is over."""
    if run.state in RUN_ENDS or standing.running:
        return ""
    if run.state == "queued":
        return "its supervisor is starting"
    return standing.waiting
