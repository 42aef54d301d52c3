"""Drafts that come from runs: the pipeline to be edited again, and the one that scores."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from visionloom.drafts.content import Content
from visionloom.drafts.draft import Draft
from visionloom.drafts.moving import moved_text
from visionloom.errors import NotThereError, RunStateError
from visionloom.records.rows import RunRow
from visionloom.runs.scoring_pipeline import scoring_pipeline
from visionloom.server.desk import Desk
from visionloom.server.models.drafts import DifferenceView
from visionloom.server.models.runs import ScoringDraft
from visionloom.server.states import difference_view
from visionloom.server.summaries import draft_of
from visionloom.spec.layout import Layout, read_layout
from visionloom.spec.pipeline_file import write_pipeline
from visionloom.workspace import PIPELINE_FILE


def draft_with_pipeline(desk: Desk, run: RunRow) -> Draft:
    """A draft with the pipeline of a run: its own one while that has the same text, else a new one.

    Raises:
        RunStateError: The run has no pipeline.
    """
    content, before = pipeline_of(run)
    if draft_of(run):
        try:
            own = desk.drafts.get(draft_of(run))
        except NotThereError:
            pass
        else:
            if own.now().content.text == run.pipeline:
                return own
    workspace = desk.workspace
    limits, registry = workspace.settings.limits, workspace.registry
    return desk.drafts.create(
        lambda folder: replace(
            content, text=moved_text(content.text, before, folder, limits, registry)
        )
    )


def pipeline_of(run: RunRow) -> tuple[Content, Path]:
    """The pipeline of a run as it was drawn, and the folder its paths are below.

    Raises:
        RunStateError: The run has none.
    """
    if not run.pipeline:
        raise RunStateError(f"Run {run.id} is `visionloom {run.kind}` itself: it has no pipeline.")
    layout = read_layout(Path(run.folder) / PIPELINE_FILE)
    return Content(run.pipeline, layout), Path(str(run.options.get("folder", ".")))


def scoring_draft(desk: Desk, run: RunRow) -> ScoringDraft:
    """A draft that scores new photos with the model of a finished training.

    Raises:
        RunStateError: The run has no finished training.
        VisionloomError: The model is gone, or cannot be copied.
    """
    replaced: list[DifferenceView] = []

    def make(folder: Path) -> Content:
        made = scoring_pipeline(desk.workspace, run, folder)
        replaced.extend(difference_view(difference) for difference in made.replaced)
        return Content(write_pipeline(made.pipeline), Layout())

    draft = desk.drafts.create(make)
    return ScoringDraft(draft=draft.id, differences=replaced)
