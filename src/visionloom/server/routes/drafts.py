"""Drafts: list, open, edit, undo, versions, plan, run."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from visionloom.server.desk import DeskOf
from visionloom.server.models import drafts as m
from visionloom.server.models.runs import PlanView, RunChoice, Started
from visionloom.server.plans import plan_file, run_file
from visionloom.server.states import name_of, read_content

router = APIRouter(prefix="/api", tags=["drafts"])
CONFLICT: dict[int | str, dict[str, Any]] = {409: {"model": m.Conflict}}


@router.get("/drafts")
def list_drafts(desk: DeskOf) -> list[m.DraftSummary]:
    """All drafts, the one changed last first."""
    raise NotImplementedError


@router.post("/drafts", status_code=201)
def new_draft(desk: DeskOf, body: m.NewDraft) -> m.DraftState:
    """Begin a draft."""
    raise NotImplementedError


@router.post("/quickstart", status_code=201)
def quick_start(desk: DeskOf, body: m.QuickStart) -> m.DraftState:
    """A draft with the canonical pipeline, filled in for a folder of photos."""
    raise NotImplementedError


@router.get("/templates")
def list_templates(desk: DeskOf) -> list[m.TemplateView]:
    """Example pipelines."""
    raise NotImplementedError


@router.get("/drafts/{draft}")
def get_draft(desk: DeskOf, draft: str) -> m.DraftState:
    """A draft as it is now."""
    raise NotImplementedError


@router.delete("/drafts/{draft}", status_code=204)
def delete_draft(desk: DeskOf, draft: str) -> None:
    """Delete a draft; a file opened in place stays."""
    raise NotImplementedError


@router.post("/drafts/{draft}/edits", responses=CONFLICT)
def edit_draft(desk: DeskOf, draft: str, body: m.EditRequest) -> m.DraftState:
    """Apply edits as one entry of the history."""
    raise NotImplementedError


@router.post("/drafts/{draft}/undo", responses=CONFLICT)
def undo(desk: DeskOf, draft: str, body: m.BaseRevision) -> m.DraftState:
    """Take back the newest entry of the history."""
    raise NotImplementedError


@router.post("/drafts/{draft}/redo", responses=CONFLICT)
def redo(desk: DeskOf, draft: str, body: m.BaseRevision) -> m.DraftState:
    """Do again what was taken back."""
    raise NotImplementedError


@router.post("/drafts/{draft}/restore", responses=CONFLICT)
def restore(desk: DeskOf, draft: str, body: m.Restore) -> m.DraftState:
    """Go back to a revision; undo takes that back."""
    raise NotImplementedError


@router.post("/drafts/{draft}/reload", responses=CONFLICT)
def reload_from_disk(desk: DeskOf, draft: str, body: m.BaseRevision) -> m.DraftState:
    """Take the file as somebody else wrote it; undo takes that back."""
    raise NotImplementedError


@router.post("/drafts/{draft}/overwrite", responses=CONFLICT)
def overwrite_disk(desk: DeskOf, draft: str, body: m.BaseRevision) -> m.DraftState:
    """Write the draft over what somebody else wrote to its file."""
    raise NotImplementedError


@router.post("/drafts/{draft}/versions", status_code=201)
def name_version(desk: DeskOf, draft: str, body: m.NewVersion) -> m.DraftState:
    """Give the present revision a name."""
    raise NotImplementedError


@router.get("/drafts/{draft}/revisions/{revision}")
def get_revision(desk: DeskOf, draft: str, revision: int) -> m.CopiedText:
    """The text of a revision."""
    raise NotImplementedError


@router.put("/drafts/{draft}/name")
def rename_draft(desk: DeskOf, draft: str, body: m.NewName) -> m.DraftState:
    """Give a draft another name."""
    raise NotImplementedError


@router.post("/drafts/{draft}/copy")
def copy_steps(desk: DeskOf, draft: str, body: m.CopyRequest) -> m.CopiedText:
    """Steps as YAML text, with the wires between them."""
    raise NotImplementedError


@router.get("/drafts/{draft}/difference")
def difference(
    desk: DeskOf, draft: str, run: Annotated[str, Query(max_length=255)]
) -> list[m.DifferenceView]:
    """In what a draft differs from the pipeline of a run."""
    raise NotImplementedError


@router.post("/drafts/{draft}/plan")
def plan(desk: DeskOf, draft: str, body: RunChoice) -> PlanView:
    """What a run would do, and why."""
    planned = desk.drafts.get(draft)
    revision = planned.now().revision.number
    return plan_file(desk, planned.file, body, revision=revision)


@router.post("/drafts/{draft}/runs", status_code=201)
def run(desk: DeskOf, draft: str, body: RunChoice) -> Started:
    """Run a draft as it is now."""
    wanted = desk.drafts.get(draft)
    read = read_content(desk, wanted, wanted.now().content)
    name = name_of(read.pipeline, wanted.file, in_place=wanted.in_place)
    return Started(run=run_file(desk, wanted.file, body, draft=wanted.id, name=name))
