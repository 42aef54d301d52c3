"""A run carried out: every step taken through its course, until all have ended.

One process per run, held by a lease. Its loop never waits long for anything: what is slow is done
at the `Desk`, what the records refuse for now is tried again. Whatever it records carries its
fence, so that a supervisor that was thought dead and comes back changes nothing and leaves.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

from visionloom.engine.adoption import adopt
from visionloom.engine.course import Course
from visionloom.engine.desk import Desk
from visionloom.engine.executors.base import Executor
from visionloom.engine.finishing import deliver, refused_delivery
from visionloom.engine.journal import JOURNAL_NAME, Journal
from visionloom.engine.lease import Lease
from visionloom.engine.reserve import give_up_reserve, keep_reserve
from visionloom.engine.resolved import Delivery, ResolvedPipeline, StepSource
from visionloom.engine.starting import origin_of
from visionloom.engine.timings import Attention, Clock, Timings
from visionloom.engine.tools import Decider, Tools
from visionloom.errors import (
    DiskFullError,
    LeaseLostError,
    RecordsError,
    RunStateError,
    VisionloomError,
)
from visionloom.records.recorder import Recorder
from visionloom.records.rows import RUN_ENDS, RunRow, State
from visionloom.settings import Settings

if TYPE_CHECKING:
    from visionloom.artifacts.objects import ObjectStore

_CANCELLED = "the run was cancelled"
_ASKED = "it was cancelled"
_RESERVE_SECONDS = 10.0
_NOT_SELECTED = "not selected"
_ENDED_BY_OTHERS = frozenset({"lost", "skipped", "cancelled", "interrupted"})


class Supervisor:
    """Carries out one run.

    Args:
        run: The run, as it is recorded.
        pipeline: Its pipeline.
        planner: Decides its steps.
        recorder, store: Where it is remembered, where its results go.
        executor: Starts its processes; closed at the end.
        settings: Home folder.
        finish: Whether trainings end at once with their best model so far.
        timings, clock: What it goes by.
    """

    def __init__(
        self,
        run: RunRow,
        pipeline: ResolvedPipeline,
        planner: Decider,
        recorder: Recorder,
        store: ObjectStore,
        executor: Executor,
        settings: Settings,
        *,
        finish: bool = False,
        timings: Timings = Timings(),  # noqa: B008 - frozen
        clock: Clock = Clock(),  # noqa: B008 - frozen
    ) -> None:
        self._run = run
        self._recorder = recorder
        self._executor = executor
        self._timings = timings
        self._lease = Lease(run.id, Path(run.folder), recorder, timings, clock)
        self._desk = Desk(executor.wake)
        self._asked = ""
        self._looked = 0.0
        self._has_begun = False
        self._is_busy = False
        self._room_looked_at = 0.0
        self._reserve_at = 0.0
        self._delivering: Future[list[Delivery]] | None = None

        def make_tools(fence: int, journal: Journal) -> Tools:
            return Tools(
                run, pipeline, planner, recorder, store, executor, settings, timings, clock,
                Attention(clock), journal, self._desk, fence, origin_of(recorder, run), finish,
            )  # fmt: skip

        self._make_tools = make_tools
        self._pipeline = pipeline
        self._clock = clock

    def ask(self, how: str = "cancel") -> None:
        """Have the run cancelled, or killed; from any thread or signal handler."""
        self._asked = how
        self._executor.wake()

    def run(self) -> State:
        """Carry the run out, or go on with it; returns the state it ended in.

        Raises:
            RunStateError: Another supervisor carries it out, or it has ended.
            LeaseLostError: Another supervisor took it over; its steps go on under that one.
            RecordsError: The records cannot be read at the start.
        """
        try:
            self._lease.acquire()
            with (
                Journal(
                    Path(self._run.folder) / JOURNAL_NAME, self._lease.fence, self._clock.wall
                ) as journal,
                self._signals(),
            ):
                return self._carry_out(self._make_tools(self._lease.fence, journal))
        finally:
            self._desk.close()
            self._executor.close()

    def _carry_out(self, tools: Tools) -> State:
        courses = {step.name: Course(tools, step) for step in self._pipeline.steps}
        try:
            while (state := self._turn(tools, courses)) is None:
                self._executor.wait(self._timings.tick)
        except (LeaseLostError, RunStateError):
            raise
        except Exception as error:
            # a bug must not leave processes that nobody watches, or a run that seems to go on
            for course in courses.values():
                if course.attempt is not None:
                    self._executor.stop(course.attempt.job, kill=True)
            with contextlib.suppress(VisionloomError):
                reason = f"a bug in Visionloom: {type(error).__name__}: {error}"
                self._end(tools, "failed", reason)
            raise
        return state

    def _turn(self, tools: Tools, courses: dict[str, Course]) -> State | None:
        """Look around, and make what moves can be made; the run's state once it has ended."""
        refused: RecordsError | None = None
        state: State | None = None
        try:
            self._look(tools)
        except RecordsError as error:
            refused = error
        try:
            if not self._has_begun:
                state = self._begin(tools, courses)
                self._has_begun = True
            if state is None:
                state = self._step_on(tools, courses)
        except RecordsError as error:
            refused = error
        self._tell(tools, refused)
        return state

    def _tell(self, tools: Tools, refused: RecordsError | None) -> None:
        """Say once that the records cannot be written: what was to be recorded is so later."""
        if refused is not None:
            give_up_reserve(tools.settings)  # the records may have no room
        if refused is not None and not self._is_busy:
            tools.journal.write("log", level="warning", text=refused.message)
            sys.stderr.write(f"{refused}\n")
        self._is_busy = refused is not None

    def _look(self, tools: Tools) -> None:
        """Renew the lease; learn whether the run is to be cancelled."""
        tools.attention.look()
        now = time.monotonic()
        if now >= self._reserve_at:
            self._reserve_at = now + _RESERVE_SECONDS
            keep_reserve(tools.settings)
        asked = self._asked
        try:
            self._lease.keep()
            if now - self._looked >= self._timings.look:
                self._looked = now
                asked = asked or self._recorder.get_run(self._run.id).cancel
                tools.asked = self._recorder.asked(self._run.id)
        finally:
            asked = asked or self._lease.asked
            if asked and tools.cancel != "kill":
                tools.cancel = asked

    def _begin(self, tools: Tools, courses: dict[str, Course]) -> State | None:
        """Start the run, or go on where an earlier supervisor left it."""
        row = self._recorder.get_run(self._run.id)
        if row.state == "queued":
            problem = refused_delivery(self._pipeline)
            if problem:
                return self._end(tools, "failed", problem)
            if not self._recorder.move_run(self._run.id, "running", fence=tools.fence):
                raise RunStateError(f"Run {self._run.id} has ended.")
            tools.journal.write("run", state="running", reason="")
        adopt(tools, courses)
        return None

    def _step_on(self, tools: Tools, courses: dict[str, Course]) -> State | None:
        """One move of every step that can make one; the run's state once all have ended."""
        refused: RecordsError | None = None
        for course in courses.values():
            if course.is_over:
                continue
            if not self._lease.holds():
                course.observe()
                continue
            try:
                self._advance(tools, courses, course)
            except RecordsError as error:
                refused = error
        tools.metrics.flush()
        if refused is not None:
            raise refused
        if self._lease.holds() and all(course.is_over for course in courses.values()):
            return self._conclude(tools, courses)
        return None

    def _advance(self, tools: Tools, courses: dict[str, Course], course: Course) -> None:
        if course.state == "queued":
            if tools.stopping(course.name):
                course.end("cancelled", _CANCELLED if tools.cancel else _ASKED)
                return
            obstacle = self._obstacle(tools, courses, course)
            if obstacle:
                course.is_left = obstacle == _NOT_SELECTED
                course.end("skipped", obstacle)
                return
            if any(
                isinstance(source, StepSource) and (source.step, source.port) not in tools.produced
                for source in course.step.inputs.values()
            ):
                return
        course.advance()

    def _obstacle(self, tools: Tools, courses: dict[str, Course], course: Course) -> str:
        """Why a step that waits will never run; empty when it may."""
        for source in course.step.inputs.values():
            if not isinstance(source, StepSource) or (source.step, source.port) in tools.produced:
                continue
            before = courses[source.step]
            if before.is_over:
                return _NOT_SELECTED if before.is_left else f"{before.name} {_ended(before)}"
        if self._pipeline.pipeline.continue_on_step_failure or course.number:
            return ""
        failed = [c for c in courses.values() if c.state in {"failed", "lost"}]
        return f"{failed[0].name} {_ended(failed[0])}" if failed else ""

    def _conclude(self, tools: Tools, courses: dict[str, Course]) -> State | None:
        """All steps have ended: deliver, and end the run."""
        states = {course.state for course in courses.values()}
        failed = [c for c in courses.values() if c.state in {"failed", "lost"}]
        if failed:
            return self._end(tools, "failed", f"{failed[0].name}: {failed[0].reason}")
        if self._delivering is None and (tools.cancel or states & {"cancelled", "interrupted"}):
            kept = "interrupted" in states
            ended = [c.name for c in courses.values() if c.state in {"cancelled", "interrupted"}]
            reason = "" if tools.cancel else f"cancelled: {', '.join(ended)}"
            return self._end(tools, "interrupted" if kept else "cancelled", reason)
        if self._delivering is None:
            if tools.attention.now < self._room_looked_at:
                return None
            self._delivering = self._desk.do(deliver, tools)
        if not self._delivering.done():
            return None
        try:
            for delivery in self._delivering.result():
                tools.journal.write(
                    "output",
                    delivery.step,
                    port=delivery.port,
                    name=delivery.name,
                    path=str(delivery.path),
                )
        except DiskFullError as error:
            self._delivering = None
            self._wait_for_room(tools, error)
            return None
        except VisionloomError as error:
            return self._end(tools, "failed", f"an output could not be delivered: {error}")
        return self._end(tools, "succeeded", "")

    def _wait_for_room(self, tools: Tools, error: DiskFullError) -> None:
        """Say why the outputs are not delivered yet."""
        give_up_reserve(tools.settings)
        if not self._room_looked_at:
            text = f"{error.message} The outputs are delivered when there is room."
            tools.journal.write("log", level="warning", text=text)
        self._room_looked_at = tools.attention.now + tools.timings.room

    def _end(self, tools: Tools, state: State, reason: str) -> State:
        """Record the end, tell it, and write down all that is known."""
        tools.metrics.flush()
        if not self._recorder.move_run(self._run.id, state, reason, fence=tools.fence):
            row = self._recorder.get_run(self._run.id)
            if row.state not in RUN_ENDS:
                raise AssertionError(f"run {row.id} could not end as {state}")
            state, reason = row.state, row.reason
        from visionloom.records.rebuild import write_run_document

        with contextlib.suppress(VisionloomError):
            write_run_document(self._recorder, self._run.id, tools.folder)
        tools.journal.write("run", state=state, reason=reason)
        return state

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """While it lasts, SIGTERM and the like cancel the run; the second time they kill it."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def cancel(number: int, frame: object) -> None:
            del number, frame
            self.ask("kill" if self._asked else "cancel")

        names = [name for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
        before = {name: signal.signal(getattr(signal, name), cancel) for name in names}
        try:
            yield
        finally:
            for name, handler in before.items():
                signal.signal(getattr(signal, name), handler)


def _ended(course: Course) -> str:
    return f"was {course.state}" if course.state in _ENDED_BY_OTHERS else course.state
