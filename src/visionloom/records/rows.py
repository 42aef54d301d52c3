"""What is remembered, as values: runs, steps, attempts, outputs, results, events, metrics.

Times are seconds since 1970 (UTC, from the wall clock): shown, never compared to decide anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, get_args

State = Literal["queued", "running", "succeeded", "failed", "cancelled", "interrupted", "lost"]
StepState = Literal[
    "queued",
    "running",
    "succeeded",
    "failed",
    "cancelled",
    "interrupted",
    "lost",
    "reused",
    "skipped",
]
Asked = Literal["", "finish", "cancel", "kill"]
ASKED: tuple[Asked, ...] = get_args(Asked)
"""From the softest to the hardest; who asked for a harder one does not get a softer one."""
RUN_ENDS: frozenset[str] = frozenset({"succeeded", "failed", "cancelled", "interrupted", "lost"})
STEP_ENDS: frozenset[str] = RUN_ENDS | {"reused", "skipped"}
# what may follow what; end states are absorbing
RUN_MOVES: Mapping[str, frozenset[str]] = {
    "queued": frozenset({"running", *RUN_ENDS}),
    "running": RUN_ENDS,
}
STEP_MOVES: Mapping[str, frozenset[str]] = {
    "queued": frozenset({"running", *STEP_ENDS}),
    # a lost attempt may be tried again
    "running": STEP_ENDS | {"queued"},
}


@dataclass(frozen=True)
class ProcessIdentity:
    """Which process, also after its number is used again.

    Attributes:
        host: Host name.
        boot: Id of the machine's boot.
        pid: Process number.
        started: Start time in clock ticks since boot (``/proc/PID/stat`` field 22), or an
            equivalent of the platform.
    """

    host: str
    boot: str
    pid: int
    started: int


@dataclass(frozen=True)
class RunRow:
    """One execution of a pipeline.

    Attributes:
        id: Time-sortable, e.g. ``20261125-103000-7f3a``.
        name: Display name.
        kind: ``pipeline``, ``train``, ``demo`` or ``score``.
        state: See `State`.
        reason: Why it is in that state, one sentence; empty when it needs none.
        created, started, ended: Seconds since 1970; None while not.
        pipeline: Text of the pipeline file as submitted.
        pipeline_digest: SHA-256 of that text.
        file: Where it was read from; empty when built in Python.
        options: How it was asked for: ``request`` (of a pipeline, as
            `visionloom.runs.pipeline_run.RunRequest` writes it), ``folder`` (what its paths are
            relative to), ``draft`` (id of the draft it is a run of), as a JSON value.
        folder: The run's folder with journal and logs.
        parent: The run it continues; empty for none.
        fence: Grows with each takeover by a supervisor; 0 before the first.
        supervisor: The supervisor's process, or None.
        lease_until: Boot-time clock seconds until which the lease holds; 0 for none.
        cancel: ``""``, ``cancel`` or ``kill``: what was asked for.
        note: The user's own words.
        host: Facts of the machine (system, cores, memory, versions), as a JSON value.
    """

    id: str
    name: str
    kind: str = "pipeline"
    state: State = "queued"
    reason: str = ""
    created: float = 0.0
    started: float | None = None
    ended: float | None = None
    pipeline: str = ""
    pipeline_digest: str = ""
    file: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    folder: str = ""
    parent: str = ""
    fence: int = 0
    supervisor: ProcessIdentity | None = None
    lease_until: float = 0.0
    cancel: str = ""
    note: str = ""
    host: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class StepRow:
    """A component in a run.

    Attributes:
        run, name: Which.
        position: Place in execution order, from 0.
        component, version: Which component.
        state, reason: As of a run; a queued one says what it waits for.
        key, parts: See `visionloom.engine.reuse.Decision`.
        decision: `Decision.to_json`.
        source: Id of the run whose result is reused; empty for none.
        target: Name of the target.
        started, ended: Seconds since 1970.
        seconds: Its own run time; of a reused one, that of its source.
        asked: What was asked of it: nothing, ``finish``, ``cancel`` or ``kill``.
    """

    run: str
    name: str
    position: int
    component: str
    version: str
    state: StepState = "queued"
    reason: str = ""
    key: str = ""
    parts: Mapping[str, Any] = field(default_factory=dict)
    decision: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    target: str = ""
    started: float | None = None
    ended: float | None = None
    seconds: float | None = None
    asked: Asked = ""


@dataclass(frozen=True)
class AttemptRow:
    """One try at a step.

    Attributes:
        run, step, number: Which; numbers count from 1.
        state: ``running`` or an end state.
        reason: Why it ended so.
        process: Its process.
        started, ended: Seconds since 1970.
        exit: Exit status; negative for a signal; None when it could not be waited for.
        peak_bytes: Largest resident memory seen; None when not known.
    """

    run: str
    step: str
    number: int
    state: StepState = "running"
    reason: str = ""
    process: ProcessIdentity | None = None
    started: float = 0.0
    ended: float | None = None
    exit: int | None = None
    peak_bytes: int | None = None


@dataclass(frozen=True)
class OutputRow:
    """An output port of a step and the object it gave."""

    run: str
    step: str
    port: str
    object: str
    digest: str
    type: str
    bytes: int
    refers_to: tuple[str, ...] = ()


@dataclass(frozen=True)
class ResultRow:
    """What a step with a key gave: the source of reuse.

    Attributes:
        key: See `visionloom.engine.reuse.Decision`.
        run, step: Who made it.
        component, version: Which component.
        parts: What the key is made of.
        sources: Input port -> path of the user's data bound to it.
        outputs: Output port -> output.
        files: Object id -> (relative name -> bytes): what must be there for a hit.
        seconds: Run time.
        created: Seconds since 1970.
    """

    key: str
    run: str
    step: str
    component: str
    version: str
    parts: Mapping[str, Any]
    sources: Mapping[str, str]
    outputs: Mapping[str, OutputRow]
    files: Mapping[str, Mapping[str, int]]
    seconds: float
    created: float


@dataclass(frozen=True)
class EventRow:
    """One change of state, in the order of ``sequence``."""

    sequence: int
    run: str
    step: str
    kind: str
    old: str
    new: str
    reason: str
    at: float


@dataclass(frozen=True)
class Standing:
    """How far the steps of a run are.

    Attributes:
        steps, done: How many there are, how many have ended.
        running: How many run.
        waiting: What the first step waits for that says so; empty for none.
    """

    steps: int = 0
    done: int = 0
    running: int = 0
    waiting: str = ""


@dataclass(frozen=True)
class MetricPoint:
    """One figure of one epoch of a step."""

    run: str
    step: str
    index: int
    name: str
    value: float | None


class DecisionLike(Protocol):
    """What is remembered of a `visionloom.engine.reuse.Decision`."""

    @property
    def key(self) -> str:
        """The digest that decides reuse."""

    @property
    def parts(self) -> Mapping[str, Any]:
        """What the key is made of."""

    def to_json(self) -> dict[str, Any]:
        """The whole decision as a JSON value."""
