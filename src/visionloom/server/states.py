"""A draft as it goes over the wire: text, graph, problems, what undo and redo are about."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from visionloom.drafts.content import Content
from visionloom.drafts.draft import Draft
from visionloom.drafts.drafts import DraftCard
from visionloom.engine.checking import Checking
from visionloom.engine.difference import Difference, differences
from visionloom.engine.resolve import examine
from visionloom.errors import InvalidPipelineError, NotThereError
from visionloom.records.rows import RunRow
from visionloom.server.desk import Desk
from visionloom.server.graphs import component_of, effective_of, graph_of, laid
from visionloom.server.models import drafts as m
from visionloom.server.readings import Reading
from visionloom.server.texts import problem_views, whole
from visionloom.settings import Limits
from visionloom.spec.layout import Layout, read_layout
from visionloom.spec.pipeline import Pipeline, StepBinding
from visionloom.spec.pipeline_file import ReadPipeline, pipeline_from_text, read_pipeline
from visionloom.spec.ports import Value
from visionloom.spec.problems import in_order

# the code of the remark on paths that hold on this machine only
_HOLDS_HERE_ONLY = "D2"


def read_content(desk: Desk, draft: Draft, content: Content) -> ReadPipeline:
    """The pipeline of a draft at some moment."""
    return read_text(desk, content.text, draft.file)


def read_text(desk: Desk, text: str, file: Path) -> ReadPipeline:
    """The pipeline that a text would be, were it the file's."""
    return pipeline_from_text(text, file.parent, file.name, desk.workspace.settings.limits)


def examined(desk: Desk, pipeline: Pipeline) -> Checking | None:
    """All that a check finds out; None of what could not be read."""
    if pipeline.is_unreadable():
        return None
    workspace = desk.workspace
    return examine(
        pipeline,
        workspace.registry,
        values={},
        target=None,
        targets=workspace.targets,
        settings=workspace.settings,
        look=desk.readings.look,
    )


def reading_of(desk: Desk, draft: Draft, content: Content) -> Reading:
    """The newest text of a draft, read, checked and drawn."""
    read = read_content(desk, draft, content)
    readable = not read.pipeline.is_unreadable()
    checking = examined(desk, read.pipeline)
    problems = in_order([*read.problems, *(checking.problems if checking is not None else ())])
    if not draft.in_place:
        # no other machine reads the file of a draft in the home folder
        problems = [problem for problem in problems if problem.code != _HOLDS_HERE_ONLY]
    pipeline = read.pipeline if readable else _last_readable(desk, draft)
    graph = graph_of(
        pipeline, content.layout, desk.workspace.registry, checking if readable else None
    )
    reading = Reading(content.text, pipeline, readable, problem_views(problems), graph)
    desk.readings.keep(draft.id, reading)
    return reading


def state_of(
    desk: Desk, draft: Draft, *, moved: bool = False, remarks: Sequence[str] = ()
) -> m.DraftState:
    """A draft as it is.

    Args:
        desk: Whose draft it is.
        draft: It.
        moved: Whether only its layout can be another than when it was read last.
        remarks: What is to be told of the edits that led to it.
    """
    moment = draft.now()
    content = moment.content
    known = desk.readings.of(draft.id, content.text) if moved else None
    if known is not None:
        graph = laid(known.graph, content.layout)
    else:
        known = reading_of(desk, draft, content)
        graph = known.graph
    pipeline = known.pipeline
    last_run = _last_run(desk, draft.id)
    return m.DraftState(
        id=draft.id,
        name=name_of(pipeline, draft.file, in_place=draft.in_place),
        file=whole(str(draft.file)),
        in_place=draft.in_place,
        revision=moment.revision.number,
        text=whole(content.text),
        readable=known.readable,
        graph=graph,
        problems=known.problems,
        undo=None if moment.undo is None else whole(moment.undo),
        redo=None if moment.redo is None else whole(moment.redo),
        saved_at=moment.saved_at,
        versions=[
            m.VersionView(revision=v.revision, name=v.name, at=v.at) for v in moment.versions
        ],
        last_run=last_run.id if last_run is not None else "",
        changed_since=_changed_since(desk, last_run, pipeline),
        remarks=[whole(text) for text in remarks],
    )


def summary_of(desk: Desk, card: DraftCard, last_runs: Mapping[str, str]) -> m.DraftSummary:
    """A draft in a list, as its file is."""
    pipeline, layout = _as_filed(card, desk.workspace.settings.limits)
    steps, wires = picture_of(pipeline, layout)
    return m.DraftSummary(
        id=card.id,
        name=name_of(pipeline, card.file, in_place=card.in_place),
        file=whole(str(card.file)),
        in_place=card.in_place,
        changed=card.changed,
        steps=steps,
        wires=wires,
        last_run=last_runs.get(card.id, ""),
    )


def title_of(card: DraftCard, limits: Limits) -> str:
    """What a draft in a list is called."""
    return name_of(_as_filed(card, limits)[0], card.file, in_place=card.in_place)


def _as_filed(card: DraftCard, limits: Limits) -> tuple[Pipeline, Layout]:
    try:
        return read_pipeline(card.file, limits).pipeline, read_layout(card.file)
    except InvalidPipelineError:
        # gone, or not to be read: what is known of it is shown all the same
        return Pipeline(), Layout()


def picture_of(
    pipeline: Pipeline, layout: Layout
) -> tuple[list[tuple[str, float, float]], list[tuple[int, int]]]:
    """Steps with their places, and wires between them, for a small picture."""
    from visionloom.drafts.tidy import laid_out

    places = laid_out(pipeline, layout.positions)
    numbers = {name: number for number, name in enumerate(pipeline.steps)}
    steps = [
        (whole(step.component.name or step.component.text), *places[name])
        for name, step in pipeline.steps.items()
    ]
    wires = dict.fromkeys(
        (numbers[bound.step], numbers[name])
        for name, step in pipeline.steps.items()
        for bound in step.inputs.values()
        if isinstance(bound, StepBinding) and bound.step in numbers
    )
    return steps, list(wires)


def name_of(pipeline: Pipeline, file: Path, *, in_place: bool) -> str:
    """What a draft is called: its display name, else its file's name."""
    return whole(pipeline.display_name or (file.stem if in_place else "Untitled pipeline"))


def value_of(desk: Desk, pipeline: Pipeline, step: str, name: str) -> Value:
    """The value of a step's parameter that holds; None where it has none."""
    component = component_of(pipeline.steps[step], desk.workspace.registry)
    if component is None:
        return None
    return effective_of(step, pipeline, component, examined(desk, pipeline)).get(name)


def steps_of(desk: Desk, draft: Draft, text: str) -> Collection[str] | None:
    """The steps of a draft's text, if that was read before and could be."""
    known = desk.readings.of(draft.id, text)
    return known.pipeline.steps if known is not None and known.readable else None


def difference_to(desk: Desk, run: RunRow, pipeline: Pipeline) -> list[Difference]:
    """In what a pipeline differs from that of a run."""
    folder = Path(str(run.options.get("folder", ".")))
    limits = desk.workspace.settings.limits
    return differences(
        pipeline_from_text(run.pipeline, folder, run.file, limits).pipeline, pipeline
    )


def difference_view(difference: Difference) -> m.DifferenceView:
    """A difference as it goes over the wire."""
    facts = {key: whole(value) for key, value in difference.to_json().items()}
    return m.DifferenceView(
        **{key: facts[key] for key in m.DifferenceView.model_fields if key in facts}
    )


def _last_readable(desk: Desk, draft: Draft) -> Pipeline:
    def readable(content: Content) -> bool:
        return not read_content(desk, draft, content).pipeline.is_unreadable()

    found = draft.newest_that(readable)
    if found is None:
        return Pipeline(folder=draft.file.parent, file=draft.file.name)
    return dataclasses.replace(read_content(desk, draft, found).pipeline, places={})


def _last_run(desk: Desk, draft: str) -> RunRow | None:
    records = desk.workspace.records
    listed = records.list_runs(limit=1, draft=draft)
    try:
        # lists leave out the pipeline's text
        return records.get_run(listed[0].id) if listed else None
    except NotThereError:
        return None


def _changed_since(desk: Desk, run: RunRow | None, pipeline: Pipeline) -> dict[str, list[str]]:
    if run is None or not run.pipeline:
        return {}
    changed: dict[str, list[str]] = {}
    for difference in difference_to(desk, run, pipeline):
        if difference.step and difference.step in pipeline.steps:
            names = changed.setdefault(whole(difference.step), [])
            name = "" if difference.subject in {"step", "component"} else whole(difference.name)
            if name not in names:
                names.append(name)
    return changed
