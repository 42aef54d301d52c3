"""From photos to model, scores, evaluation and report: the chain behind `visionloom train`."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from visionloom.artifacts.atomic import remove_tree, write_file
from visionloom.errors import RunInterrupted, TrainingFailedError, VisionloomError
from visionloom.images.sources import TEST, VALIDATION
from visionloom.runs.report_run import write_report
from visionloom.runs.steps import Steps
from visionloom.runs.summary import build_summary, write_skipped, write_summary
from visionloom.runs.train_folder import earlier_seconds, put_back, remember_seconds, settle
from visionloom.runs.train_parts import PartMaker, Parts
from visionloom.runs.train_request import TRAINER, TrainRequest, model_component
from visionloom.spec.context import Event, Log, Metrics
from visionloom.spec.ports import Value

_RUNS_ON = ("device", "precision", "decode_threads")


@dataclass
class TrainRun:
    """One training in its folder, which `visionloom.runs.train_folder.prepare` made ready.

    Attributes:
        steps: Runs the components, tells the user, knows whether to stop.
        request: What was asked for.
        out: The folder.
    """

    steps: Steps
    request: TrainRequest
    out: Path
    _rows: list[Mapping[str, Any]] = field(default_factory=list)
    _said: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        inner = self.steps
        self._tell = inner.listener
        self.steps = Steps(inner.workspace, self._listen, inner.stop, inner.finish)

    @property
    def work(self) -> Path:
        """Folder for what is made on the way."""
        return self.out / "work"

    def go(self) -> dict[str, Any]:
        """Do what is not done yet; returns the summary.

        Raises:
            RunInterrupted: Stopped; says how to go on.
            VisionloomError: Whatever a component raises. The folder is gone, and one that was to
                be replaced is back, when nothing was trained; otherwise it says how to go on.
        """
        started = time.monotonic() - earlier_seconds(self.out)
        try:
            parts = self._learn()
            summary = self._judge(parts, started)
        except RunInterrupted as error:
            remember_seconds(self.out, time.monotonic() - started)
            raise RunInterrupted(error.message, self._how_to_go_on()) from error
        except VisionloomError as error:
            self._leave(started)
            if self._has_checkpoint() and not isinstance(error, TrainingFailedError):
                error.remedy = f"{error.remedy} {self._how_to_go_on()}".strip()
            raise
        except BaseException:
            self._leave(started)
            raise
        settle(self.out)
        return summary

    def _learn(self) -> Parts:
        training = self.request.training
        line, warnings = self.steps.workspace.hardware(
            str(training.get("device", "auto")), str(training.get("precision", "auto"))
        )
        self.steps.log(line)
        for warning in warnings:
            self.steps.warn(warning)
        maker = PartMaker(self.steps, self.request, self.work)
        parts = maker.parts()
        transformed = maker.transformed(parts)
        start = self._start()
        checkpoints = self.work / "checkpoints"
        checkpoints.mkdir(parents=True, exist_ok=True)
        self.steps.run(
            TRAINER,
            {
                "untrained_model": start,
                "training_dataset": transformed["training"],
                "validation_dataset": transformed["validation"],
            },
            training,
            {"trained_model": self.out / "model"},
            scratch=checkpoints,
        )
        return parts

    def _start(self) -> Path:
        request = self.request
        if request.start_from is not None:
            return Path(request.start_from)
        target = self.work / "untrained-model"
        component, name = model_component(self.steps.workspace.registry, request.model)
        parameters: dict[str, Value] = {"model_name": name, "pretrained": request.pretrained}
        if request.weights is not None:
            parameters["weights"] = request.weights
        self.steps.run(component, {}, parameters, {"untrained_model": target})
        return target

    def _judge(self, parts: Parts, started: float) -> dict[str, Any]:
        """Score, evaluate, report; what is only needed to go on is removed; the summary is last."""
        evaluations = {}
        for name in (VALIDATION, TEST):
            if name in parts:
                evaluations[name] = self._score_and_evaluate(parts, name)
        seconds = time.monotonic() - started
        write_skipped(self.out, parts)
        summary = build_summary(self.out, self.request, parts, evaluations, seconds)
        write_report(self.out, summary)
        remove_tree(self.work / "checkpoints")
        remove_tree(self.work / "untrained-model")
        write_summary(self.out, summary)
        return summary

    def _score_and_evaluate(self, parts: Parts, name: str) -> Path:
        prefix = "" if name == VALIDATION else f"{name}-"
        scores, evaluation = self.out / f"{prefix}scores", self.out / f"{prefix}evaluation"
        same = {key: self.request.training[key] for key in _RUNS_ON if key in self.request.training}
        self.steps.run(
            "Score Image Model",
            {"trained_model": self.out / "model", "dataset": parts[name]},
            {"role": name, **same},
            {"scored_dataset": scores},
        )
        self.steps.run(
            "Evaluate Model",
            {"scored_dataset": scores},
            {},
            {"evaluation_results": evaluation},
            quiet=True,
        )
        return evaluation

    def _listen(self, event: Event) -> None:
        """Keep the figures of each epoch; a line that several components say is told once."""
        if isinstance(event, Metrics):
            row = {name: value for name, value in event.row.items() if value is not None}
            self._rows.append(row)
            lines = "".join(json.dumps(row, allow_nan=False) + "\n" for row in self._rows)
            write_file(self.out / "metrics.jsonl", lines.encode())
        if isinstance(event, Log):
            if event.text in self._said:
                return
            self._said.add(event.text)
        self._tell(event)

    def _leave(self, started: float) -> None:
        """After a failure: keep what can be gone on with, else leave nothing behind."""
        if self._has_checkpoint() or (self.out / "model").exists():
            remember_seconds(self.out, time.monotonic() - started)
            settle(self.out)
        else:
            put_back(self.out)

    def _has_checkpoint(self) -> bool:
        return any((self.work / "checkpoints").glob("checkpoint-*"))

    def _how_to_go_on(self) -> str:
        again = f"visionloom train --out {shlex.quote(str(self.out))}"
        if not self._has_checkpoint():
            return f"Nothing was trained yet. Go on: {again} --resume"
        return f"Go on: {again} --resume\nKeep the best model so far: {again} --finish"
