"""Runs: plans, lists, one run, its log and figures, two compared."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from visionloom.server.models.base import Model, ProblemView
from visionloom.server.models.drafts import DifferenceView, Graph, Value

RunStateName = Literal[
    "queued", "running", "succeeded", "failed", "cancelled", "interrupted", "lost"
]
StepStateName = Literal[
    "queued", "running", "succeeded", "failed", "cancelled", "interrupted", "lost", "reused",
    "skipped",
]  # fmt: skip


class RunChoice(Model):
    """What to run; see `visionloom.runs.pipeline_run.RunRequest`."""

    up_to: Annotated[str, Field(max_length=255)] = ""
    start_from: Annotated[str, Field(max_length=255)] = ""
    only: Annotated[str, Field(max_length=255)] = ""
    no_reuse: bool = False
    target: Annotated[str, Field(max_length=255)] = ""
    values: dict[str, Value] = {}


class ReasonView(Model):
    """One reason of a decision."""

    kind: str
    name: str
    old: str
    new: str


class DecisionView(Model):
    """What happens, or happened, to a step, and why.

    Attributes:
        key: The digest that decides reuse; empty while it is not known.
        compared_to: Id of the run whose result it was compared with; empty for none.
    """

    step: str
    action: Literal["run", "reuse", "refuse", "leave"]
    why: str
    reasons: list[ReasonView]
    key: str = ""
    compared_to: str
    seconds: float | None
    provisional: bool


class PlanView(Model):
    """What a run would do.

    Attributes:
        revision: Of the draft that was planned.
        steps: One per step; empty when problems keep it from running.
        run, reuse, leave, refuse: How many steps.
        seconds: Expected time, or None when history does not tell.
    """

    revision: int
    steps: list[DecisionView]
    run: int
    reuse: int
    leave: int
    refuse: int
    seconds: float | None
    problems: list[ProblemView]


class Started(Model):
    """A run that has begun."""

    run: str


class RunSummary(Model):
    """A run in a list.

    Attributes:
        draft: Id of the draft it was started from; empty for none.
        seconds: Wall time so far.
        figures: Of the newest epoch.
        steps, done: How many steps it has, and how many have ended.
        waiting: What it waits for while it is queued or no step runs.
    """

    id: str
    name: str
    kind: str
    state: RunStateName
    reason: str
    created: float
    started: float | None
    ended: float | None
    seconds: float | None
    draft: str
    file: str
    parent: str
    note: str
    figures: dict[str, float | None]
    steps: int
    done: int
    waiting: str


class RunPage(Model):
    """Runs, newest first; ``more`` tells whether older ones were left off."""

    runs: list[RunSummary]
    more: bool


class AttemptView(Model):
    """One try at a step."""

    number: int
    state: StepStateName
    reason: str
    started: float
    ended: float | None
    exit: int | None
    peak_bytes: int | None


class OutputView(Model):
    """What an output port gave; ``artifact`` is its opaque id for the looking routes."""

    port: str
    type: str
    artifact: str
    digest: str
    bytes: int


class RunStepView(Model):
    """A step of a run.

    Attributes:
        decision: Why it ran or was reused.
        error: What it failed with, in one message; empty otherwise.
        remedy: What to do about it.
        trains: Whether "stop and keep the best" can be asked of it while it runs.
    """

    name: str
    component: str
    version: str
    state: StepStateName
    reason: str
    decision: DecisionView | None
    source: str
    target: str
    started: float | None
    ended: float | None
    seconds: float | None
    attempts: list[AttemptView]
    outputs: list[OutputView]
    error: str
    remedy: str
    trains: bool


class RunView(Model):
    """One run: its frozen pipeline and how each step fared.

    Attributes:
        sequence: Number of the newest journal line; events after it follow.
        journal: Newest progress line of each running step, by step, as the journal has it.
    """

    summary: RunSummary
    text: str
    graph: Graph
    steps: list[RunStepView]
    choice: RunChoice
    host: dict[str, Any]
    sequence: int
    journal: dict[str, dict[str, Any]]


class CancelRequest(Model):
    """Stop a run or one step of it.

    Attributes:
        how: ``cancel`` lets steps save their state; ``kill`` does not; ``finish`` ends training
            with its best model so far, and what follows runs.
        step: Which step; empty for the whole run.
    """

    how: Literal["cancel", "kill", "finish"] = "cancel"
    step: Annotated[str, Field(max_length=255)] = ""


class NoteText(Model):
    """The user's own words on a run."""

    text: Annotated[str, Field(max_length=10_000)]


class LogLine(Model):
    """A line of a step's log; ``number`` is the same whatever is searched for."""

    number: int
    step: str
    level: Literal["info", "warning", "error", "output"]
    text: str


class LogPage(Model):
    """Lines of a log; ``total`` counts all that match."""

    lines: list[LogLine]
    total: int


class Curve(Model):
    """Figures of a training's epochs: a column per name, a row per epoch.

    Attributes:
        best_epoch: The epoch whose weights are the model's; None while not known.
        stopped_because: Why training ended; empty while it goes on.
        monitored: Which figure decides.
    """

    step: str
    names: list[str]
    rows: list[list[float | None]]
    best_epoch: int | None
    stopped_because: str
    monitored: str


class Verdict(Model):
    """Two evaluations of the same pictures compared, pair by pair.

    Attributes:
        sentence: In words, e.g. "B is better: 12 more right of 200, p = 0.004".
        first, second: Accuracies.
        difference, low, high: Of accuracy, with its interval (0 to 1).
        p_value: Of the paired test.
    """

    sentence: str
    first: float
    second: float
    difference: float
    low: float | None
    high: float | None
    p_value: float | None


class MetricPair(Model):
    """A figure of both runs; None where one has none."""

    name: str
    first: float | None
    second: float | None


class Comparison(Model):
    """Two runs side by side; ``why_no_verdict`` says what keeps them from being paired."""

    first: RunSummary
    second: RunSummary
    differences: list[DifferenceView]
    metrics: list[MetricPair]
    curves: list[Curve | None]
    verdict: Verdict | None
    why_no_verdict: str


class ScoringDraft(Model):
    """A scoring pipeline made from a finished training, and what was replaced."""

    draft: str
    differences: list[DifferenceView]
