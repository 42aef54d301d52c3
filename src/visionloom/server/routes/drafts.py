"""Drafts: list, open, edit, undo, versions, plan, run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from visionloom.drafts.clipboard import copied
from visionloom.drafts.draft import Draft, DraftConflictError
from visionloom.server.beginnings import begin_draft, begin_quickly, template_views
from visionloom.server.desk import Desk, DeskOf
from visionloom.server.edits import Editing
from visionloom.server.models import drafts as m
from visionloom.server.models.runs import PlanView, RunChoice, Started
from visionloom.server.plans import plan_file, run_file
from visionloom.server.states import (
    difference_to,
    difference_view,
    name_of,
    read_content,
    state_of,
    steps_of,
    summary_of,
    value_of,
)
from visionloom.server.texts import whole

router = APIRouter(prefix="/api", tags=["drafts"])
CONFLICT: dict[int | str, dict[str, Any]] = {409: {"model": m.Conflict}}


@router.get("/drafts")
def list_drafts(desk: DeskOf) -> list[m.DraftSummary]:
    """All drafts, the one changed last first."""
    last_runs = desk.workspace.records.newest_of_drafts()
    return [summary_of(desk, card, last_runs) for card in desk.drafts.cards()]


@router.post("/drafts", status_code=201)
def new_draft(desk: DeskOf, body: m.NewDraft) -> m.DraftState:
    """Begin a draft."""
    return state_of(desk, begin_draft(desk, body))


@router.post("/quickstart", status_code=201)
def quick_start(desk: DeskOf, body: m.QuickStart) -> m.DraftState:
    """A draft with the canonical pipeline, filled in for a folder of photos."""
    return state_of(desk, begin_quickly(desk, body))


@router.get("/templates")
def list_templates(desk: DeskOf) -> list[m.TemplateView]:
    """Example pipelines."""
    return template_views(desk)


@router.get("/drafts/{draft}")
def get_draft(desk: DeskOf, draft: str) -> m.DraftState:
    """A draft as it is now."""
    return state_of(desk, desk.drafts.get(draft))


@router.get("/drafts/{draft}/standing", status_code=204, responses=CONFLICT, response_model=None)
def see_standing(desk: DeskOf, draft: str) -> JSONResponse | None:
    """Nothing, or how a draft is whose file somebody else has changed on disk."""
    seen = desk.drafts.get(draft)
    try:
        seen.check_disk()
    except DraftConflictError as error:
        return _conflict(desk, seen, error)
    return None


@router.delete("/drafts/{draft}", status_code=204)
def delete_draft(desk: DeskOf, draft: str) -> None:
    """Delete a draft; a file opened in place stays."""
    desk.drafts.delete(draft)


@router.post("/drafts/{draft}/edits", responses=CONFLICT, response_model=m.DraftState)
def edit_draft(desk: DeskOf, draft: str, body: m.EditRequest) -> m.DraftState | JSONResponse:
    """Apply edits as one entry of the history."""
    edited = desk.drafts.get(draft)
    editing = Editing(
        file=edited.file,
        settings=desk.workspace.settings,
        registry=desk.workspace.registry,
        place_of=desk.datasets.path_of,
        value_of=lambda pipeline, step, name: value_of(desk, pipeline, step, name),
        steps_of=lambda text: steps_of(desk, edited, text),
    )
    moved = all(isinstance(edit, m.Move | m.SetNotes) for edit in body.edits)
    label = body.label or "Edit"
    return _changed(
        desk,
        edited,
        lambda: edited.change(
            body.base, lambda content: editing.apply(content, body.edits), label, body.merge
        ),
        lambda: state_of(desk, edited, moved=moved, remarks=editing.remarks),
    )


@router.post("/drafts/{draft}/undo", responses=CONFLICT, response_model=m.DraftState)
def undo(desk: DeskOf, draft: str, body: m.BaseRevision) -> m.DraftState | JSONResponse:
    """Take back the newest entry of the history."""
    edited = desk.drafts.get(draft)
    return _changed(desk, edited, lambda: edited.undo(body.base))


@router.post("/drafts/{draft}/redo", responses=CONFLICT, response_model=m.DraftState)
def redo(desk: DeskOf, draft: str, body: m.BaseRevision) -> m.DraftState | JSONResponse:
    """Do again what was taken back."""
    edited = desk.drafts.get(draft)
    return _changed(desk, edited, lambda: edited.redo(body.base))


@router.post("/drafts/{draft}/restore", responses=CONFLICT, response_model=m.DraftState)
def restore(desk: DeskOf, draft: str, body: m.Restore) -> m.DraftState | JSONResponse:
    """Go back to a revision; undo takes that back."""
    edited = desk.drafts.get(draft)
    return _changed(desk, edited, lambda: edited.restore(body.base, body.revision))


@router.post("/drafts/{draft}/reload", responses=CONFLICT, response_model=m.DraftState)
def reload_from_disk(desk: DeskOf, draft: str, body: m.BaseRevision) -> m.DraftState | JSONResponse:
    """Take the file as somebody else wrote it; undo takes that back."""
    edited = desk.drafts.get(draft)
    return _changed(desk, edited, lambda: edited.reload(body.base))


@router.post("/drafts/{draft}/overwrite", responses=CONFLICT, response_model=m.DraftState)
def overwrite_disk(desk: DeskOf, draft: str, body: m.BaseRevision) -> m.DraftState | JSONResponse:
    """Write the draft over what somebody else wrote to its file."""
    edited = desk.drafts.get(draft)
    return _changed(desk, edited, lambda: edited.overwrite(body.base))


@router.post(
    "/drafts/{draft}/versions", status_code=201, responses=CONFLICT, response_model=m.DraftState
)
def name_version(desk: DeskOf, draft: str, body: m.NewVersion) -> m.DraftState | JSONResponse:
    """Give the present revision a name."""
    named = desk.drafts.get(draft)
    return _changed(desk, named, lambda: named.name_version(body.base, body.name))


@router.get("/drafts/{draft}/revisions/{revision}")
def get_revision(desk: DeskOf, draft: str, revision: int) -> m.CopiedText:
    """The text of a revision."""
    return m.CopiedText(text=whole(desk.drafts.get(draft).content_of(revision).text))


@router.put("/drafts/{draft}/name", responses=CONFLICT, response_model=m.DraftState)
def rename_draft(desk: DeskOf, draft: str, body: m.NewName) -> m.DraftState | JSONResponse:
    """Give a draft another name: the pipeline's display name."""
    named = desk.drafts.get(draft)
    base = named.now().revision.number
    edit = m.SetHead(kind="set_head", key="display_name", value=body.name)
    request = m.EditRequest(base=base, label="Rename", edits=[edit])
    return edit_draft(desk, draft, request)


@router.post("/drafts/{draft}/copy")
def copy_steps(desk: DeskOf, draft: str, body: m.CopyRequest) -> m.CopiedText:
    """Steps as YAML text, with the wires between them."""
    source = desk.drafts.get(draft)
    content = source.now().content
    pipeline = read_content(desk, source, content).pipeline
    return m.CopiedText(
        text=whole(copied(pipeline, content.layout, body.steps, desk.workspace.registry))
    )


@router.get("/drafts/{draft}/difference")
def difference(
    desk: DeskOf, draft: str, run: Annotated[str, Query(max_length=255)]
) -> list[m.DifferenceView]:
    """In what a draft differs from the pipeline of a run."""
    compared = desk.drafts.get(draft)
    pipeline = read_content(desk, compared, compared.now().content).pipeline
    before = desk.workspace.records.get_run(run)
    return [difference_view(found) for found in difference_to(desk, before, pipeline)]


@router.post("/drafts/{draft}/plan", responses=CONFLICT, response_model=PlanView)
def plan(desk: DeskOf, draft: str, body: RunChoice) -> PlanView | JSONResponse:
    """What a run would do, and why."""
    planned = desk.drafts.get(draft)
    try:
        with planned.as_it_stands() as moment:
            return plan_file(desk, planned.file, body, revision=moment.revision.number)
    except DraftConflictError as error:
        return _conflict(desk, planned, error)


@router.post("/drafts/{draft}/runs", status_code=201, responses=CONFLICT, response_model=Started)
def run(desk: DeskOf, draft: str, body: RunChoice) -> Started | JSONResponse:
    """Run a draft as it is now."""
    wanted = desk.drafts.get(draft)
    read = read_content(desk, wanted, wanted.now().content)
    name = name_of(read.pipeline, wanted.file, in_place=wanted.in_place)
    try:
        started = run_file(
            desk, wanted.file, body, draft=wanted.id, name=name, reading=wanted.as_it_stands()
        )
    except DraftConflictError as error:
        return _conflict(desk, wanted, error)
    return Started(run=started)


def _changed(
    desk: Desk,
    draft: Draft,
    change: Callable[[], None],
    answer: Callable[[], m.DraftState] | None = None,
) -> m.DraftState | JSONResponse:
    """The draft after a change, or how it is since somebody else changed it."""
    try:
        change()
    except DraftConflictError as error:
        return _conflict(desk, draft, error)
    return answer() if answer is not None else state_of(desk, draft)


def _conflict(desk: Desk, draft: Draft, error: DraftConflictError) -> JSONResponse:
    conflict = m.Conflict(
        message=whole(error.message),
        remedy=whole(error.remedy),
        where=error.where,
        current=state_of(desk, draft),
    )
    return JSONResponse(conflict.model_dump(mode="json"), 409)
