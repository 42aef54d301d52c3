"""The pipeline of a draft planned, and run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from visionloom.engine.plan import expected_seconds
from visionloom.engine.reuse import Decision
from visionloom.errors import InvalidPipelineError, RunStateError
from visionloom.records.rows import RUN_ENDS, RunRow
from visionloom.runs.pipeline_run import (
    RunRequest,
    continue_run,
    prepare_pipeline,
    submit,
)
from visionloom.server.desk import Desk
from visionloom.server.models.runs import DecisionView, PlanView, ReasonView, RunChoice
from visionloom.server.summaries import draft_of
from visionloom.server.texts import problem_views, whole_facts
from visionloom.spec.problems import Problem


def plan_file(desk: Desk, file: Path, choice: RunChoice, *, revision: int) -> PlanView:
    """What a run of a draft's file would do; its faults instead where it has some.

    Raises:
        UsageError: A step that is chosen is not there.
        VisionloomError: The user's data cannot be read.
    """
    try:
        prepared = prepare_pipeline(desk.workspace, file, request_of(choice))
    except InvalidPipelineError as error:
        if not error.problems:
            raise
        return plan_view({}, error.problems, revision)
    return plan_view(prepared.decisions, prepared.warnings, revision)


def run_file(
    desk: Desk,
    file: Path,
    choice: RunChoice,
    *,
    draft: str,
    name: str,
    reading: AbstractContextManager[object] | None = None,
) -> str:
    """Start a run of a draft's file, under the draft's name; returns the run's id.

    Args:
        desk: Where.
        file: The draft's.
        choice: What of it, and how.
        draft: Id of the draft, or empty.
        name: What the run is called.
        reading: The file is read in it; what it raises keeps the run from being started.

    Raises:
        InvalidPipelineError: It has faults.
        VisionloomError: See `visionloom.runs.pipeline_run.submit`.
    """
    with reading or nullcontext():
        prepared = prepare_pipeline(desk.workspace, file, request_of(choice))
    # the server carries nothing out itself, be it no more than a copy
    return submit(prepared, name=name, draft=draft, here=False)


def resume(desk: Desk, run: RunRow) -> str:
    """Start a run that goes on with one that was stopped or failed; returns its id.

    Raises:
        RunStateError: It goes on still, or succeeded.
        InvalidPipelineError: It does not fit this program or this machine any more.
    """
    if run.state not in RUN_ENDS - {"succeeded"}:
        raise RunStateError(f"Run {run.id} is {run.state}; it cannot be gone on with.")
    prepared = continue_run(desk.workspace, run)
    return submit(prepared, kind=run.kind, name=run.name, draft=draft_of(run), here=False)


def request_of(choice: RunChoice) -> RunRequest:
    """A choice of the user's as the planner is told."""
    return RunRequest(
        values=choice.values,
        target=choice.target,
        up_to=choice.up_to,
        start_from=choice.start_from,
        only=choice.only,
        no_reuse=choice.no_reuse,
    )


def choice_of(run: RunRow) -> RunChoice:
    """What was chosen when a run was started."""
    request: Mapping[str, Any] = run.options.get("request", {})
    return RunChoice(**{name: request[name] for name in RunChoice.model_fields if name in request})


def plan_view(
    decisions: Mapping[str, Decision], problems: Iterable[Problem], revision: int
) -> PlanView:
    """Decisions as they go over the wire."""
    views = [decision_view(name, d.to_json()) for name, d in decisions.items()]
    actions = [view.action for view in views]
    return PlanView(
        revision=revision,
        steps=views,
        run=actions.count("run"),
        reuse=actions.count("reuse"),
        leave=actions.count("leave"),
        refuse=actions.count("refuse"),
        seconds=expected_seconds(decisions.values()) if decisions else None,
        problems=problem_views(problems),
    )


def decision_view(step: str, decision: Mapping[str, Any]) -> DecisionView:
    """A decision, given as `Decision.to_json` writes it."""
    return DecisionView(
        step=step,
        action=decision["action"],
        why=decision["why"],
        reasons=[ReasonView(**whole_facts(reason)) for reason in decision["reasons"]],
        key=decision["key"],
        compared_to=decision["compared_to"],
        seconds=decision["seconds"],
        provisional=decision["provisional"],
    )
