"""From photos to model, scores, evaluation and report: the run behind `visionloom train`."""

from __future__ import annotations

import json
import shlex
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from visionloom.artifacts.atomic import write_file
from visionloom.engine.executors.base import FINISH_NAME
from visionloom.engine.journal import event_of
from visionloom.errors import (
    InvalidPipelineError,
    RunInterrupted,
    RunStateError,
    TrainingFailedError,
    UsageError,
    VisionloomError,
)
from visionloom.records.rows import RUN_ENDS, RunRow, StepRow
from visionloom.runs.figures import metric_rows
from visionloom.runs.follow import follow, raise_failure, reconcile
from visionloom.runs.pipeline_run import (
    Prepared,
    RunRequest,
    changed_data,
    continue_run,
    prepare_pipeline,
    submit,
)
from visionloom.runs.report_run import write_report
from visionloom.runs.summary import build_summary, write_skipped, write_summary
from visionloom.runs.train_folder import (
    earlier_seconds,
    put_back,
    read_run_id,
    remember_run_id,
    remember_seconds,
    settle,
)
from visionloom.runs.train_pipeline import SPLIT_STEPS, TRAIN_STEP, train_pipeline
from visionloom.runs.train_request import TrainRequest, said_later
from visionloom.spec.context import Event, Listener, Log, Metrics, silent
from visionloom.workspace import Workspace

_QUIET = ("convert", "evaluate")


@dataclass
class TrainRun:
    """One training in its folder, which `visionloom.runs.train_folder.prepare` made ready.

    Attributes:
        workspace: Catalog, records, store.
        request: What was asked for.
        out: The folder.
        listener: Told what happens.
        stop: Set when it is to stop; the training keeps its state.
        kind: How the run is recorded: ``train`` or ``demo``.
        no_reuse: Whether every step runs.
        finish: Whether a stopped training ends with its best model so far.
    """

    workspace: Workspace
    request: TrainRequest
    out: Path
    listener: Listener = silent
    stop: threading.Event = field(default_factory=threading.Event)
    kind: str = "train"
    no_reuse: bool = False
    finish: bool = False
    _said: set[str] = field(default_factory=set)
    _rows: list[Mapping[str, Any]] = field(default_factory=list)

    def go(self) -> dict[str, Any]:
        """Do what is not done yet; returns the summary.

        Raises:
            RunInterrupted: Stopped; says how to go on.
            VisionloomError: Whatever a step raises. The folder is gone, and one that was to be
                replaced is back, when nothing was trained; otherwise it says how to go on.
        """
        started = time.monotonic() - earlier_seconds(self.out)
        try:
            run = self._carry_out()
            summary = self._conclude(run, time.monotonic() - started)
        except RunInterrupted as error:
            remember_seconds(self.out, time.monotonic() - started)
            raise RunInterrupted(error.message, self._how_to_go_on(), error.status) from error
        except VisionloomError as error:
            kept = self._leave(started)
            if kept and not isinstance(error, TrainingFailedError):
                error.remedy = f"{error.remedy} {self._how_to_go_on()}".strip()
            raise
        except BaseException:
            self._leave(started)
            raise
        settle(self.out)
        return summary

    def _carry_out(self) -> RunRow:
        """Submit what is to be run, or go on with what was, and follow it to its end."""
        training = self.request.training
        line, warnings = self.workspace.hardware(
            str(training.get("device", "auto")), str(training.get("precision", "auto"))
        )
        self._tell(Log(line))
        for warning in warnings:
            self._tell(Log(warning, "warning"))
        earlier = self._earlier()
        if earlier is not None and (earlier.state == "succeeded" or earlier.state not in RUN_ENDS):
            run = earlier.id
            if self.finish:
                write_file(Path(earlier.folder) / FINISH_NAME, b"", durable=False)
        else:
            prepared = self._prepared(earlier)
            for problem in prepared.warnings:
                self._tell(Log(problem.message, "warning"))
            self._tell_reuse(prepared)
            run = submit(prepared, kind=self.kind)
            remember_run_id(self.out, run)
        ended = follow(self.workspace, run, self._hear, self.stop)
        raise_failure(self.workspace, ended)
        return ended

    def _earlier(self) -> RunRow | None:
        """The run that this folder's training was last, if the records still know it."""
        known = read_run_id(self.out)
        if known is None:
            return None
        reconcile(self.workspace, self._tell)
        try:
            return self.workspace.records.get_run(known)
        except RunStateError:
            self._tell(
                Log(
                    "The records of the earlier run are gone; what is finished is reused.",
                    "warning",
                )
            )
            return None

    def _prepared(self, earlier: RunRow | None) -> Prepared:
        if earlier is not None:
            changes = {TRAIN_STEP: said_later(self.request)}
            prepared = continue_run(self.workspace, earlier, finish=self.finish, changes=changes)
            _refuse_other_data(self.workspace.records.steps(earlier.id), prepared)
            return prepared
        pipeline = train_pipeline(
            self.workspace,
            self.request,
            self.out.absolute(),
            folder=Path.cwd(),
            listener=self._tell,
        )
        request = RunRequest(no_reuse=self.no_reuse, finish=self.finish)
        try:
            return prepare_pipeline(self.workspace, pipeline, request)
        except InvalidPipelineError as error:
            if error.causes:
                raise error.causes[0] from error
            raise

    def _conclude(self, run: RunRow, seconds: float) -> dict[str, Any]:
        """Write what people and machines read; the summary is last."""
        rows = metric_rows(self.workspace, run.id, TRAIN_STEP)
        lines = "".join(json.dumps(row, allow_nan=False) + "\n" for row in rows)
        write_file(self.out / "metrics.jsonl", lines.encode())
        write_skipped(self.out)
        steps = {step.name: step for step in self.workspace.records.steps(run.id)}
        summary = build_summary(
            self.out,
            self.request,
            run.id,
            seconds,
            reused_steps=sum(step.state == "reused" for step in steps.values()),
            given=[part for part, step in SPLIT_STEPS.items() if step not in steps],
        )
        write_report(self.out, summary)
        write_summary(self.out, summary)
        return summary

    def _hear(self, line: Mapping[str, Any]) -> None:
        """Pass on a line of the journal, and keep the figures of each epoch."""
        if line.get("kind") == "step" and line["state"] == "running" and line.get("attempt", 1) > 1:
            text = (
                f"The process of step {line['step']} was lost; attempt {line['attempt']} goes on."
            )
            self._said.clear()  # it tells its lines again
            self._tell(Log(text, "warning"))
        event = event_of(line)
        if event is None:
            return
        step = str(line.get("step", ""))
        if isinstance(event, Log) and event.level == "info" and step.startswith(_QUIET[1]):
            return
        if isinstance(event, Metrics):
            row = {name: value for name, value in event.row.items() if value is not None}
            self._rows = [r for r in self._rows if r.get("epoch") != row.get("epoch")] + [row]
            lines = "".join(json.dumps(r, allow_nan=False) + "\n" for r in self._rows)
            write_file(self.out / "metrics.jsonl", lines.encode(), durable=False)
        self._tell(event)

    def _tell(self, event: Event) -> None:
        """Tell; a line that several steps say is told once."""
        if isinstance(event, Log):
            if event.text in self._said:
                return
            self._said.add(event.text)
        self.listener(event)

    def _tell_reuse(self, prepared: Prepared) -> None:
        reused = [name for name, d in prepared.decisions.items() if d.action == "reuse"]
        if not reused:
            return
        decision = prepared.decisions.get(TRAIN_STEP)
        text = f"{len(reused)} of {len(prepared.decisions)} steps are reused, unchanged"
        if decision is not None and decision.action == "reuse":
            text += f"; the training too, from run {decision.compared_to}"
        self._tell(Log(f"{text}. --no-reuse runs everything."))

    def _leave(self, started: float) -> bool:
        """After a failure: keep what can be gone on with, else leave nothing behind."""
        if self._is_kept():
            remember_seconds(self.out, time.monotonic() - started)
            settle(self.out)
            return True
        put_back(self.out)
        return False

    def _is_kept(self) -> bool:
        """Whether anything was trained: a model, or a state that training can go on from."""
        return self._train_state() in {"succeeded", "reused"} or self._has_checkpoint()

    def _train_state(self) -> str:
        known = read_run_id(self.out)
        steps = [] if known is None else self.workspace.records.steps(known)
        return next((step.state for step in steps if step.name == TRAIN_STEP), "")

    def _has_checkpoint(self) -> bool:
        known = read_run_id(self.out)
        steps = [] if known is None else self.workspace.records.steps(known)
        keys = [step.key for step in steps if step.name == TRAIN_STEP and step.key]
        scratch = self.workspace.settings.scratch
        # of a run that went on in another environment the state lies beside, under KEY.RUN
        return any(any(scratch.glob(f"{key}*/checkpoint-*")) for key in keys)

    def _how_to_go_on(self) -> str:
        again = f"visionloom train --out {shlex.quote(str(self.out))}"
        if not self._has_checkpoint():
            return f"Nothing was trained yet. Go on: {again} --resume"
        return f"Go on: {again} --resume\nKeep the best model so far: {again} --finish"


def _refuse_other_data(began: Sequence[StepRow], prepared: Prepared) -> None:
    """A run is gone on with on the data it began with.

    Raises:
        UsageError: The pictures or the weights file changed.
    """
    for step, name in changed_data(began, prepared.decisions):
        raise UsageError(
            f"The run began with other data: {name} of the step {step} changed.",
            "Restore the data, or start anew with --overwrite.",
        )
