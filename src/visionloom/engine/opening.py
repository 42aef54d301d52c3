"""A step up to its process: decided, then reused, or started with key, libraries and slots."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path

from visionloom.artifacts.atomic import remove_tree
from visionloom.engine.attempts import Attempt, make_job
from visionloom.engine.entry import Entry
from visionloom.engine.executors.base import Ended, write_job
from visionloom.engine.resolved import ResolvedStep
from visionloom.engine.starting import may_be_made_by_now, scratch_of, take_key, take_slots
from visionloom.engine.tools import Tools, produced_of
from visionloom.errors import ProcessLostError
from visionloom.records.rows import AttemptRow

_REDECISIONS = 3


class Opening(Entry):
    """A step up to its process."""

    def __init__(self, tools: Tools, step: ResolvedStep) -> None:
        super().__init__(tools, step)
        self.next = self.decide
        self._not_before = 0.0
        self._decisions = 0
        self._waited = False

    @abstractmethod
    def watch(self) -> None:
        """Look after its process until that has ended."""

    def decide(self) -> None:
        """Decide it; its inputs are there."""
        decision = self._done(self.tools.planner.decide, self.step, dict(self.tools.produced))
        if decision is None:
            return
        self.decision = decision
        self._decisions += 1
        self.next = self._apply
        self._apply()

    def _apply(self) -> None:
        tools, decision = self.tools, self._decided()
        tools.recorder.decide(tools.run.id, self.name, decision, fence=tools.fence)
        tools.journal.write("decision", self.name, **decision.to_json())
        match decision.action:
            case "leave":
                self.is_left = True
                for port, output in decision.outputs.items():
                    tools.produced[self.name, port] = output
                self.end("skipped", decision.why)
            case "refuse":
                self.end("failed", decision.why)
            case "reuse" if self._decisions <= _REDECISIONS:
                self.next = self._reuse
            case _:
                self.next = self._start
                # what comes after it may well run too; let its libraries load meanwhile
                for name in (self.name, *sorted(tools.pipeline.after(self.name))):
                    tools.executor.prepare(tools.pipeline.step(name).component.preload)
        if not self.is_over and self.next != self._record_end:
            self.next()

    def _reuse(self) -> None:
        tools, decision = self.tools, self._decided()
        source = tools.recorder.results([decision.key]).get(decision.key)
        if source is None or not tools.recorder.reuse_step(
            tools.run.id, self.name, source, decision, fence=tools.fence
        ):
            # swept in between, or recorded by the call whose answer was lost
            if not self._ended_already():
                self.next = self.decide
            return
        for port, output in source.outputs.items():
            tools.give(self.name, port, produced_of(output))
        self._settle("reused", "")

    def _start(self) -> None:
        tools, decision = self.tools, self._decided()
        if tools.attention.now < self._not_before or not self._has_key():
            return
        job = make_job(tools, self.step, decision, self.number + 1)
        if not tools.executor.ready(job):
            self._wait_for("libraries are loading")
            return
        refused = take_slots(tools, self.step)
        if refused:
            self._wait_for(refused)
            return
        is_forced = any(reason.kind == "forced" for reason in decision.reasons)
        if is_forced and self.number == 0 and not tools.run.parent:
            # made anew, not gone on with
            remove_tree(Path(job.scratch))
        write_job(job)
        row = AttemptRow(job.run, job.step, job.attempt, started=tools.clock.wall())
        if not tools.recorder.start_attempt(row, fence=tools.fence) and self._ended_already():
            return
        self.number = job.attempt
        self._settle("running", "")
        self.attempt = attempt = Attempt(job, moved=tools.attention.now)
        self.next = self.watch
        try:
            attempt.process = tools.executor.start(job)
        except ProcessLostError:
            attempt.ended = Ended(None)
        self.watch()

    def _has_key(self) -> bool:
        """Whether it is alone with its key, and still to be made."""
        if self.lock is not None:
            return True
        tools, decision = self.tools, self._decided()
        taken = take_key(tools, self.name, scratch_of(tools, decision))
        if isinstance(taken, str):
            self._waited = True
            self._wait_for(taken)
            return False
        self.lock = taken
        look_again = self._waited or may_be_made_by_now(tools, decision)
        self._waited = False
        if look_again and self._decisions <= _REDECISIONS:
            self.next = self.decide
            return False
        return True

    def _wait_for(self, reason: str) -> None:
        tools = self.tools
        self._not_before = tools.attention.now + min(tools.timings.look, 0.1)
        if reason != self.reason:
            tools.recorder.move_step(tools.run.id, self.name, "queued", reason, fence=tools.fence)
            self._settle("queued", reason)
