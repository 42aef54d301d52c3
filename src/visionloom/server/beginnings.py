"""What a draft begins with: nothing, a text, an example, a run, another draft, photos."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection
from pathlib import Path

from visionloom.drafts.content import Content
from visionloom.drafts.draft import Draft
from visionloom.drafts.drafts import PIPELINE_FILE
from visionloom.drafts.moving import moved_text
from visionloom.drafts.paths import path_for
from visionloom.errors import NotThereError, UsageError
from visionloom.runs.train_pipeline import train_pipeline
from visionloom.runs.train_request import make_request
from visionloom.server.desk import Desk
from visionloom.server.edits import EMPTY
from visionloom.server.models import drafts as m
from visionloom.server.run_drafts import pipeline_of
from visionloom.server.states import picture_of
from visionloom.spec.layout import Layout, read_layout
from visionloom.spec.pipeline import Data, Pipeline
from visionloom.spec.pipeline_document import PipelineDocument
from visionloom.spec.pipeline_file import read_pipeline, write_pipeline

_KEPT = ("model", "evaluation")
_PACKAGE = Path(__file__).parents[1]
_PLACES = (_PACKAGE / "templates", _PACKAGE.parents[1] / "examples" / "pipelines")


def templates() -> dict[str, Path]:
    """Name -> file of the example pipelines: in the package, or in a checkout beside it."""
    folder = next((place for place in _PLACES if place.is_dir()), None)
    return {} if folder is None else {file.stem: file for file in sorted(folder.glob("*.yml"))}


def template_views(desk: Desk) -> list[m.TemplateView]:
    """The example pipelines, each with what its first comment says."""
    found = []
    for name, file in templates().items():
        read = read_pipeline(file, desk.workspace.settings.limits)
        steps, wires = picture_of(read.pipeline, read_layout(file))
        found.append(
            m.TemplateView(
                name=name,
                title=read.pipeline.display_name or name,
                description=read.pipeline.description or _first_comment(read.text),
                steps=steps,
                wires=wires,
            )
        )
    return found


def begin_draft(desk: Desk, wanted: m.NewDraft) -> Draft:
    """Begin a draft with what is asked for.

    Raises:
        UsageError: Two things are asked for at once.
        NotThereError: There is no such template, run or draft.
        MachineError: It could not be written.
    """
    named = [key for key in ("template", "text", "run", "draft") if getattr(wanted, key)]
    if len(named) > 1:
        raise UsageError(f"A draft begins with one thing; {' and '.join(named)} were given.")
    return desk.drafts.create(_beginning(desk, wanted))


def _beginning(desk: Desk, wanted: m.NewDraft) -> Callable[[Path], Content]:
    limits = desk.workspace.settings.limits
    content = Content(wanted.text or EMPTY, Layout())
    before: Path | None = None
    if wanted.run:
        content, before = pipeline_of(desk.workspace.records.get_run(wanted.run))
    elif wanted.template:
        content = _from_template(desk, wanted.template)
    elif wanted.draft:
        source = desk.drafts.get(wanted.draft)
        content, before = source.now().content, source.file.parent

    def make(folder: Path) -> Content:
        text = content.text
        if before is not None:
            text = moved_text(text, before, folder, limits, desk.workspace.registry)
        document = PipelineDocument(text, folder, PIPELINE_FILE, content.marked)
        if wanted.name and not document.pipeline.is_unreadable():
            text = document.set_head("display_name", wanted.name).text
        return dataclasses.replace(content, text=text)

    return make


def _from_template(desk: Desk, name: str) -> Content:
    """An example, with its data left to be chosen."""
    file = templates().get(name)
    if file is None:
        raise NotThereError(
            f"There is no template {name[:80]}.", f"There are: {', '.join(templates())}."
        )
    read = read_pipeline(file, desk.workspace.settings.limits)
    document: PipelineDocument = read.document
    for key, value in read.pipeline.inputs.items():
        if isinstance(value, Data):
            chosen = dataclasses.replace(value, path=None)
            document = document.set_pipeline_input(key, chosen)
    return Content(document.text, Layout())


def begin_quickly(desk: Desk, wanted: m.QuickStart) -> Draft:
    """A draft of the pipeline that `visionloom train` is for the same photos.

    Raises:
        NotThereError: There are no such photos.
        UsageError: There is no such model or preset.
        NotLabeledDatasetError, InvalidDatasetError: The photos cannot be trained on.
    """
    photos = desk.datasets.path_of(wanted.folder)
    workspace = desk.workspace
    said = {
        "photos": str(photos),
        "pretrained": wanted.weights == "pretrained",
        "preset": wanted.preset,
        **({"model": wanted.model} if wanted.model else {}),
    }
    request = make_request(said, workspace.registry)

    def make(folder: Path) -> Content:
        pipeline = train_pipeline(workspace, request, None, folder=folder)
        file = folder / PIPELINE_FILE
        inputs = {
            name: dataclasses.replace(value, path=path_for(photos, file, workspace.settings.home))
            if isinstance(value, Data) and value.path == str(photos)
            else value
            for name, value in pipeline.inputs.items()
        }
        title = wanted.name or f"Train on {photos.name}"
        pipeline = dataclasses.replace(
            _with_outputs(pipeline, _KEPT), inputs=inputs, display_name=title
        )
        text = write_pipeline(pipeline)
        return Content(text, Layout())

    return desk.drafts.create(make)


def _with_outputs(pipeline: Pipeline, names: Collection[str]) -> Pipeline:
    """With these outputs alone; the other results can be looked at all the same."""
    steps = {
        name: dataclasses.replace(
            step, outputs={port: out for port, out in step.outputs.items() if out in names}
        )
        for name, step in pipeline.steps.items()
    }
    kept = {name: form for name, form in pipeline.outputs.items() if name in names}
    return dataclasses.replace(pipeline, outputs=kept, steps=steps)


def _first_comment(text: str) -> str:
    """The first paragraph of the comment a file begins with, on one line."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("#") or not line.strip("# "):
            break
        lines.append(line.strip("# "))
    return " ".join(lines)
