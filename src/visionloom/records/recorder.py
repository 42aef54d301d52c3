"""The one door to the records: every question and every change, each a transaction of its own.

A change of state is made only from a state it may follow, and only by the supervisor that holds the
run (the fence); its event is written in the same transaction. End states never change. A move that
is not allowed returns False and changes nothing. Any method may raise `RecordsError` when the
database is busy for too long, full or damaged; nothing has changed then, and it may be tried again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, Literal, ParamSpec, TypeVar

from visionloom.errors import RecordsError
from visionloom.records.rows import (
    Asked,
    AttemptRow,
    DecisionLike,
    EventRow,
    MetricPoint,
    OutputRow,
    ProcessIdentity,
    ResultRow,
    RunRow,
    Standing,
    State,
    StepRow,
    StepState,
)

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from visionloom.records.database import Database
    from visionloom.records.documents import Rebuilt
    from visionloom.records.watch import Watch

P = ParamSpec("P")
R = TypeVar("R")


def open_records(
    url: str, *, clock: Callable[[], float] = time.time, busy_seconds: float = 10.0
) -> Recorder:
    """Open the records; they are made, or brought to this program's schema, where needed.

    Args:
        url: ``sqlite:///PATH``.
        clock: Seconds since 1970, for the times that are shown.
        busy_seconds: How long a change waits for another process.

    Raises:
        RecordsError: Busy, damaged, of a newer program, or not to be written to.
    """
    from visionloom.records.database import Database
    from visionloom.records.schema import prepare

    database = Database(url, clock=clock, busy_seconds=busy_seconds)
    try:
        prepare(database)
    except BaseException:
        database.close()
        raise
    return Recorder(database)


class Recorder:
    """Questions and changes. May be used from several threads; a context manager.

    Args:
        database: Prepared.

    Attributes:
        database: For the rooms of this package.
    """

    def __init__(self, database: Database) -> None:
        from visionloom.records import metrics, references, results, runs, slots, steps

        self.database = database
        self._runs, self._steps, self._results = runs, steps, results
        self._slots, self._metrics, self._references = slots, metrics, references

    # runs

    def create_run(self, run: RunRow, steps: Sequence[StepRow]) -> None:
        """Add a run with its steps.

        Raises:
            RunStateError: There is a run with this id.
        """
        self._write(self._runs.create, run, steps, self._now())

    def get_run(self, run: str) -> RunRow:
        """The run with this id.

        Raises:
            RunStateError: There is none.
        """
        return self._read(self._runs.get, run)

    def find_run(self, word: str) -> RunRow:
        """The run with this id, with an id that alone begins so, or the newest for ``last``.

        Raises:
            RunStateError: None, or several.
        """
        return self._read(self._runs.find, word)

    def list_runs(
        self,
        *,
        limit: int = 50,
        before: str = "",
        state: str = "",
        kind: str = "",
        draft: str = "",
        search: str = "",
    ) -> list[RunRow]:
        """Runs, the newest first, without their pipelines' text.

        Args:
            limit: How many at most.
            before: Only runs older than this one.
            state, kind: Only such runs.
            draft: Only runs of the draft with this id.
            search: Only runs with this in their id, name, note or file, in any case.
        """
        return self._read(self._runs.newest, limit, before, state, kind, draft, search)

    def newest_of_drafts(self) -> dict[str, str]:
        """Draft -> id of its newest run."""
        return self._read(self._runs.newest_of_drafts)

    def open_runs(self) -> list[RunRow]:
        """Runs that are queued or running, the oldest first."""
        return self._read(self._runs.still_open)

    def events(self, run: str, after: int = 0) -> list[EventRow]:
        """Changes of a run and its steps in their order, those after a sequence number."""
        return self._read(self._runs.events_of, run, after)

    def changes_since(self, sequence: int, limit: int = 1_000) -> list[EventRow]:
        """Changes of all runs and their steps after a sequence number, in their order."""
        return self._read(self._runs.changes_since, sequence, limit)

    def newest_change(self) -> int:
        """Sequence number of the newest change; 0 before the first."""
        return self._read(self._runs.newest_change)

    def changed_runs(self, after: int) -> tuple[int, list[str]]:
        """Number of the newest change of all runs, and the runs that changed after a number."""
        return self._read(self._runs.changed, after)

    def watch(self) -> Watch:
        """Tells whether anybody wrote here."""
        from visionloom.records.watch import Watch

        return Watch(self.database)

    def acquire(
        self, run: str, process: ProcessIdentity, until: float, *, take_over: bool = False
    ) -> int:
        """Make a process the supervisor of a run; returns the fence its changes must carry.

        Args:
            run: An open run.
            process: The supervisor.
            until: Boot-time clock seconds until which the lease holds.
            take_over: Whether to take it from a supervisor that is known to be gone.

        Raises:
            RunStateError: It is held by another process, or has ended.
        """
        return self._write(self._runs.acquire, run, process, until, take_over, self._now())

    def renew(self, run: str, fence: int, until: float) -> str:
        """Prolong the lease; returns what was asked for: nothing, ``cancel`` or ``kill``.

        Raises:
            LeaseLostError: Another supervisor took the run over.
        """
        return self._write(self._runs.renew, run, fence, until)

    def move_run(self, run: str, new: State, reason: str = "", *, fence: int | None = None) -> bool:
        """Give a run another state.

        At an end no step stays open: one that runs ends like the run, one that waits is skipped (or
        cancelled with the run), and slots and pins are freed. A run does not succeed while a step
        of it is running.

        Raises:
            LeaseLostError: Another supervisor took the run over.
        """
        return self._write(self._runs.move, run, new, reason, fence, self._now())

    def request_cancel(self, run: str, how: Literal["cancel", "kill"] = "cancel") -> bool:
        """Ask the supervisor to end a run; False when it has ended already."""
        return self._write(self._runs.request_cancel, run, how, self._now())

    def note(self, run: str, text: str) -> None:
        """Keep the user's own words with a run."""
        self._write(self._runs.note, run, text)

    def delete_run(self, run: str) -> None:
        """Forget a run that has ended.

        Results of it that other runs reused stay, as theirs; objects that nobody needs any more
        become sweepable.

        Raises:
            RunStateError: It has not ended, or there is none.
        """
        self._write(self._runs.remove, run, self._now())

    # steps

    def steps(self, run: str) -> list[StepRow]:
        """Steps of a run by position."""
        return self._read(self._steps.steps_of, run)

    def steps_with_key(self, key: str, state: StepState = "running") -> list[StepRow]:
        """Steps of all runs with a key that are in a state."""
        return self._read(self._steps.with_key, key, state)

    def standings(self, runs: Iterable[str]) -> dict[str, Standing]:
        """How far the steps of runs are."""
        return self._read(self._steps.standings, runs)

    def attempts(self, run: str, step: str = "") -> list[AttemptRow]:
        """Attempts at a step, or at all steps of a run, by number."""
        return self._read(self._steps.attempts_of, run, step)

    def outputs(self, run: str, step: str = "") -> list[OutputRow]:
        """Outputs of a step, or of all steps of a run."""
        return self._read(self._steps.outputs_of, run, step)

    def move_step(
        self, run: str, step: str, new: StepState, reason: str = "", *, fence: int | None = None
    ) -> bool:
        """Give a step another state, or an open one another reason (without an event).

        Slots of a step that does not run any more are freed, an attempt left open is closed. A
        supervisor's step begins to run, succeeds and is reused by the methods below alone.

        Raises:
            LeaseLostError: Another supervisor took the run over.
        """
        return self._write(self._steps.move, run, step, new, reason, fence, self._now())

    def ask_step(self, run: str, step: str, how: Asked) -> bool:
        """Ask the supervisor to end a step, or to let it end with its best so far.

        Args:
            run, step: Which.
            how: ``cancel``, ``kill``; ``finish`` of a step that is running.

        Returns:
            False when the step has ended, or cannot be asked so.

        Raises:
            RunStateError: There is no such step.
        """
        return self._write(self._steps.ask, run, step, how, self._now())

    def asked(self, run: str) -> dict[str, Asked]:
        """Step -> what was asked of it, of steps of which something was."""
        return self._read(self._steps.asked, run)

    def decide(
        self, run: str, step: str, decision: DecisionLike, *, fence: int | None = None
    ) -> None:
        """Remember what was decided for an open step.

        Raises:
            LeaseLostError: Another supervisor took the run over.
        """
        self._write(self._steps.decide, run, step, decision, fence)

    def start_attempt(self, attempt: AttemptRow, *, fence: int | None = None) -> bool:
        """Add an attempt and move its step from queued to running; False when it is not queued.

        Raises:
            LeaseLostError: Another supervisor took the run over.
        """
        return self._write(self._steps.start_attempt, attempt, fence, self._now())

    def set_process(
        self, run: str, step: str, number: int, process: ProcessIdentity, *,
        fence: int | None = None,
    ) -> None:  # fmt: skip
        """Remember the process of an attempt.

        Raises:
            LeaseLostError: Another supervisor took the run over.
        """
        self._write(self._steps.set_process, run, step, number, process, fence)

    def end_attempt(
        self, run: str, step: str, number: int, state: StepState, reason: str = "", *,
        exit: int | None = None,  # noqa: A002 - the name of the field
        peak_bytes: int | None = None, fence: int | None = None,
    ) -> bool:  # fmt: skip
        """Remember how an attempt ended; its step stays as it is. False when it had ended.

        Raises:
            LeaseLostError: Another supervisor took the run over.
        """
        return self._write(
            self._steps.end_attempt, run, step, number, state, reason, exit, peak_bytes, fence,
            self._now(),
        )  # fmt: skip

    def commit_step(
        self, run: str, step: str, number: int, outputs: Sequence[OutputRow], *,
        result: ResultRow | None, seconds: float, fence: int | None = None,
        exit: int | None = 0,  # noqa: A002 - the name of the field
        peak_bytes: int | None = None, reason: str = "",
    ) -> bool:  # fmt: skip
        """A running step succeeded: the one moment at which what it made begins to count.

        Args:
            run, step, number: The attempt.
            outputs: Of every port; the objects are in the store.
            result: What later runs may reuse; None when they must not. Its files are remembered
                with the objects.
            seconds: Run time.
            fence: Of the supervisor.
            exit, peak_bytes, reason: See `AttemptRow`.

        Returns:
            False when the step or the attempt was not running any more.

        Raises:
            LeaseLostError: Another supervisor took the run over.
        """
        return self._write(
            self._steps.commit, run, step, number, outputs, result, seconds, exit, peak_bytes,
            reason, fence, self._now(),
        )  # fmt: skip

    def reuse_step(
        self, run: str, step: str, source: ResultRow, decision: DecisionLike, *,
        fence: int | None = None,
    ) -> bool:  # fmt: skip
        """A queued step takes an earlier result's outputs, which the run keeps from now on.

        Returns:
            False when the step is not queued, or an object was swept since the result was looked
            up; nothing is changed then.

        Raises:
            LeaseLostError: Another supervisor took the run over.
        """
        return self._write(self._steps.reuse, run, step, source, decision, fence, self._now())

    # results

    def results(self, keys: Iterable[str]) -> dict[str, ResultRow]:
        """The newest result of each key that has one."""
        return self._read(self._results.by_key, keys)

    def nearest(self, component: str, step: str, name: str) -> ResultRow | None:
        """The newest result to compare with: of this step in pipelines of this name, else of the
        component anywhere."""
        return self._read(self._results.nearest, component, step, name)

    def forget_result(self, key: str) -> None:
        """Let no later run reuse what there is of a key."""
        self._write(self._results.forget, key)

    def expected_seconds(self, component: str, step: str) -> float | None:
        """Median run time of the newest five successes of this step, else of the component."""
        return self._read(self._results.expected_seconds, component, step)

    # objects of the store

    def pin(self, run: str, objects: Collection[str]) -> None:
        """Keep objects from being swept until the run ends.

        Raises:
            RunStateError: It has ended.
        """
        self._write(self._references.pin, run, objects)

    def unpin(self, run: str) -> None:
        """Let go of what was pinned."""
        self._write(self._references.unpin, run)

    def known_objects(self) -> set[str]:
        """Ids of all objects that are remembered or pinned."""
        return self._read(self._references.known)

    def sweepable(self, older_than: float) -> dict[str, int]:
        """Objects that no kept run needs and none used since; id -> bytes.

        Args:
            older_than: Seconds since 1970.
        """
        return self._read(self._references.sweepable, older_than)

    def drop_objects(
        self, ids: Iterable[str], older_than: float = float("inf")
    ) -> dict[str, float]:
        """Forget objects, except those that are needed by now; their files may be removed then.

        Returns:
            Those really forgotten; id -> when it was last used, seconds since 1970.
        """
        return self._write(self._references.drop, ids, older_than)

    def resumable_keys(self) -> set[str]:
        """Keys of steps that are open, or ended without a result: their scratch is of use."""
        return self._read(self._references.resumable_keys)

    # slots

    def take_slots(
        self, target: str, capacity: int, count: int, run: str, step: str, *,
        fence: int | None = None,
    ) -> bool:  # fmt: skip
        """Take slots of a target for an open step; False when too few are free.

        Raises:
            LeaseLostError: Another supervisor took the run over.
        """
        return self._write(self._slots.take, target, capacity, count, run, step, fence)

    def free_slots(self, run: str, step: str = "") -> None:
        """Give back the slots of a step, or of all steps of a run."""
        self._write(self._slots.free, run, step)

    def slots(self, target: str) -> list[tuple[str, str, int]]:
        """Who holds slots of a target: run, step, count."""
        return self._read(self._slots.of_target, target)

    # metrics

    def add_metrics(self, points: Iterable[MetricPoint]) -> None:
        """Add points to curves; one at the same place replaces the earlier one.

        What is not finite is kept as None.
        """
        self._write(self._metrics.add, points)

    def curve(self, run: str, step: str, name: str) -> list[MetricPoint]:
        """The points of one figure by index."""
        return self._read(self._metrics.curve, run, step, name)

    def metric_names(self, run: str) -> list[tuple[str, str]]:
        """Which figures a run has: step, name; the oldest first."""
        return self._read(self._metrics.names_of, run)

    def last_metrics(self, runs: Iterable[str]) -> dict[str, dict[str, float | None]]:
        """The newest value of every figure; of two steps' of one name, the later step's.

        A step whose result was reused has the figures of the step that made it.
        """
        return self._read(self._metrics.last, runs)

    # the whole

    def rebuild(self, runs_folder: Path) -> Rebuilt:
        """Add the runs that are missing here, from the folders of runs.

        Args:
            runs_folder: Holds a folder for each run, see `visionloom.records.documents`.
        """
        from visionloom.records.documents import rebuild

        return rebuild(self.database, runs_folder)

    def problem(self) -> str:
        """Empty when the file is sound; else what is wrong. Reads all of it."""
        return self.database.problem()

    def close(self) -> None:
        """Close the database."""
        self.database.close()

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _now(self) -> float:
        return self.database.clock()

    def _read(
        self, work: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        with self.database.read() as connection:
            return work(connection, *args, **kwargs)

    def _write(
        self, work: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        try:
            with self.database.write() as connection:
                return work(connection, *args, **kwargs)
        except RecordsError as error:
            from visionloom.records.database import is_full

            if not is_full(error):
                raise
        # on a full disk the room that the log has taken is there still, once it begins anew
        self.database.checkpoint()
        with self.database.write() as connection:
            return work(connection, *args, **kwargs)
