"""Runs: list, look, stop, go on, compare."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from visionloom.runs import journals
from visionloom.runs.history import ended, forget
from visionloom.runs.stopping import ask
from visionloom.server.comparisons import comparison
from visionloom.server.desk import DeskOf
from visionloom.server.models import runs as m
from visionloom.server.models.drafts import DraftState
from visionloom.server.plans import resume
from visionloom.server.run_drafts import draft_with_pipeline, scoring_draft
from visionloom.server.run_views import curve_view, find_run, log_page, run_view
from visionloom.server.states import state_of
from visionloom.server.summaries import page, summary_of

router = APIRouter(prefix="/api", tags=["runs"])
Word = Annotated[str, Query(max_length=255)]
_MOST_LINES = 5_000


@router.get("/runs")
def list_runs(
    desk: DeskOf,
    state: Word = "",
    kind: Word = "",
    draft: Word = "",
    search: Word = "",
    before: Word = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> m.RunPage:
    """Runs, newest first; ``before`` is the id of the last one seen."""
    return page(
        desk, state=state, kind=kind, draft=draft, search=search, before=before, limit=limit
    )


@router.get("/runs/{run}")
def get_run(desk: DeskOf, run: str) -> m.RunView:
    """One run."""
    return run_view(desk, find_run(desk, run))


@router.delete("/runs/{run}", status_code=204)
def delete_run(desk: DeskOf, run: str) -> None:
    """Forget a run that has ended."""
    forget(desk.workspace, ended(desk.workspace, find_run(desk, run).id))


@router.post("/runs/{run}/cancel", status_code=202)
def cancel_run(desk: DeskOf, run: str, body: m.CancelRequest) -> m.RunSummary:
    """Ask a run, or one step of it, to stop; it is told through the events when it has."""
    ask(desk.workspace, find_run(desk, run), body.how, body.step)
    return summary_of(desk, find_run(desk, run))


@router.post("/runs/{run}/resume", status_code=201)
def resume_run(desk: DeskOf, run: str) -> m.Started:
    """A new run that goes on with one that was stopped or failed."""
    return m.Started(run=resume(desk, find_run(desk, run)))


@router.put("/runs/{run}/note")
def note_run(desk: DeskOf, run: str, body: m.NoteText) -> m.RunSummary:
    """Write the user's own words on a run."""
    row = find_run(desk, run)
    desk.workspace.records.note(row.id, body.text)
    desk.events.touch(row.id)
    return summary_of(desk, find_run(desk, run))


@router.get("/runs/{run}/log")
def get_log(
    desk: DeskOf,
    run: str,
    step: Word = "",
    search: Word = "",
    output: bool = False,
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=5_000)] = 500,
) -> m.LogPage:
    """What steps told; with ``output`` what their processes printed."""
    return log_page(
        desk, find_run(desk, run), step, search, printed=output, offset=offset, limit=limit
    )


@router.get("/runs/{run}/curve")
def get_curve(desk: DeskOf, run: str, step: Word = "") -> m.Curve:
    """Figures of a training's epochs."""
    return curve_view(desk, find_run(desk, run), step)


@router.get("/runs/{run}/journal")
def get_journal(
    desk: DeskOf, run: str, after: Annotated[int, Query(ge=0)] = 0
) -> list[dict[str, object]]:
    """Lines of a run's journal after a number, at most 5,000."""
    return list(journals.lines_after(find_run(desk, run), after, _MOST_LINES))


@router.post("/runs/{run}/draft", status_code=201)
def edit_as_draft(desk: DeskOf, run: str) -> DraftState:
    """A draft with the pipeline of a run; its own draft when that is unchanged."""
    return state_of(desk, draft_with_pipeline(desk, find_run(desk, run)))


@router.post("/runs/{run}/scoring", status_code=201)
def make_scoring(desk: DeskOf, run: str) -> m.ScoringDraft:
    """A draft that scores new photos with the model of a finished training."""
    return scoring_draft(desk, find_run(desk, run))


@router.get("/compare")
def compare(desk: DeskOf, first: Word, second: Word) -> m.Comparison:
    """Two runs side by side."""
    return comparison(desk, first, second)
