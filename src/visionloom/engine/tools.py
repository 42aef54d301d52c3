"""What every step of a run is carried out with."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from visionloom.engine.desk import Desk
from visionloom.engine.executors.base import FINISH_NAME, Executor
from visionloom.engine.journal import Journal
from visionloom.engine.resolved import ResolvedPipeline, ResolvedStep
from visionloom.engine.reuse import Decision, Produced
from visionloom.engine.timings import Attention, Clock, Timings
from visionloom.errors import RecordsError
from visionloom.records.recorder import Recorder
from visionloom.records.rows import Asked, MetricPoint, OutputRow, RunRow
from visionloom.settings import Settings

if TYPE_CHECKING:
    from visionloom.artifacts.objects import ObjectStore

Given = Mapping[tuple[str, str], Produced]
_INDEX = "epoch"


class Decider(Protocol):
    """Decides steps; `visionloom.engine.plan.Planner`."""

    def decide(self, step: ResolvedStep, produced: Given) -> Decision:
        """What happens to a step, given what the steps before it gave."""

    def inputs(self, step: ResolvedStep, produced: Given) -> dict[str, Path]:
        """Input port -> what is handed to its process."""

    def unchanged(self, step: ResolvedStep) -> str:
        """Empty, or what of the user's data changed since it was decided on."""


@dataclass
class Tools:
    """What every step of a run is carried out with.

    Attributes:
        run, pipeline: What is carried out.
        planner, recorder, store, executor, settings, timings, clock: See `Supervisor`.
        attention: Time in which the supervisor watched.
        journal: Told everything.
        desk: Does what is slow.
        fence: Of this supervisor.
        origin: Id of the run that this one goes on with, over all runs between; its own by default.
        finish: Whether trainings end at once with their best model so far.
        cancel: What was asked for: nothing, ``cancel`` or ``kill``.
        asked: Step -> what was asked of it alone.
        produced: What steps gave so far.
        metrics: Figures that go to the records.
    """

    run: RunRow
    pipeline: ResolvedPipeline
    planner: Decider
    recorder: Recorder
    store: ObjectStore
    executor: Executor
    settings: Settings
    timings: Timings
    clock: Clock
    attention: Attention
    journal: Journal
    desk: Desk
    fence: int
    origin: str
    finish: bool
    cancel: str = ""
    asked: Mapping[str, Asked] = field(default_factory=dict)
    produced: dict[tuple[str, str], Produced] = field(default_factory=dict)
    metrics: Curves = field(init=False)

    def __post_init__(self) -> None:
        self.metrics = Curves(self.run.id, self.recorder)

    @property
    def folder(self) -> Path:
        """The run's folder."""
        return Path(self.run.folder)

    @property
    def is_to_finish(self) -> bool:
        """Whether trainings are to end now: asked when the run was, or by a file since."""
        return self.finish or (self.folder / FINISH_NAME).exists()

    def stopping(self, step: str) -> str:
        """How a step is to stop, with its run or alone: empty, ``cancel`` or ``kill``."""
        asked = self.asked.get(step, "")
        if "kill" in (self.cancel, asked):
            return "kill"
        return "cancel" if self.cancel or asked == "cancel" else ""

    def finishing(self, step: str) -> bool:
        """Whether a step is to end with its best so far."""
        return self.is_to_finish or self.asked.get(step) == "finish"

    def attempt_folder(self, step: str, number: int) -> Path:
        """The folder of an attempt."""
        return self.folder / "steps" / step / str(number)

    def give(self, step: str, port: str, output: Produced) -> None:
        """Remember and tell what a step gave."""
        self.produced[step, port] = output
        self.journal.write(
            "output",
            step,
            port=port,
            object=output.object,
            digest=output.digest,
            type=output.type,
            bytes=output.bytes,
        )


class Curves:
    """Figures on their way to the records; they wait while those cannot be written.

    Args:
        run: The run's id.
        recorder: The records.
    """

    def __init__(self, run: str, recorder: Recorder) -> None:
        self._run = run
        self._recorder = recorder
        self._rows: dict[tuple[str, int], Mapping[str, Any]] = {}
        self._waiting: list[MetricPoint] = []

    def add(self, step: str, row: Mapping[str, Any]) -> bool:
        """Take an epoch's figures; False when just these were told before.

        A training that goes on from a checkpoint tells its past again.
        """
        index = row.get(_INDEX)
        if not isinstance(index, int):
            index = 1 + max((i for s, i in self._rows if s == step), default=0)
        if self._rows.get((step, index)) == row:
            return False
        self._rows[step, index] = row
        self._waiting += [
            MetricPoint(self._run, step, index, name, value)
            for name, value in row.items()
            if name != _INDEX and (value is None or isinstance(value, int | float))
        ]
        return True

    def flush(self) -> None:
        """Write what waits, if the records can be written."""
        if self._waiting:
            with contextlib.suppress(RecordsError):
                self._recorder.add_metrics(self._waiting)
                self._waiting = []


def produced_of(row: OutputRow) -> Produced:
    """An output of the records as a value."""
    return Produced(row.object, row.digest, row.type, row.bytes, row.refers_to)
