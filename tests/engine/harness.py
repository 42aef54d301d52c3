"""A home with records, a store and pipelines of the tests' component, carried out for real."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.engine.work import RUNNER, read_note, work
from visionloom.artifacts.memo import DigestMemo
from visionloom.artifacts.objects import ObjectStore
from visionloom.engine import process
from visionloom.engine.executors.base import run_marker
from visionloom.engine.executors.local import LocalExecutor
from visionloom.engine.journal import JOURNAL_NAME, follow
from visionloom.engine.plan import Planner, PlanOptions
from visionloom.engine.resolved import (
    DataSource,
    Delivery,
    ResolvedPipeline,
    ResolvedStep,
    Source,
    StepSource,
)
from visionloom.engine.supervisor import Supervisor
from visionloom.engine.targets import Target
from visionloom.engine.timings import Clock, Timings
from visionloom.records.recorder import open_records
from visionloom.records.rows import RUN_ENDS, STEP_ENDS, ProcessIdentity, RunRow, StepRow
from visionloom.settings import Settings
from visionloom.spec.pipeline import Pipeline

QUICK = Timings(
    heartbeat=0.4,
    lease=2.0,
    lease_margin=1.5,
    grace=0.6,
    no_progress=60,
    dump=0.3,
    look=0.05,
    tick=0.05,
    room=0.1,
    backoff=0.05,
)
CPU = {"name": "cpu", "device": "cpu", "slots": 4}
Spec = dict[str, Any]


def step(name: str, before: str = "", beside: str = "", **parameters: object) -> Spec:
    """A step of a pipeline: inputs are steps' names, or paths of data."""
    target = parameters.pop("target", CPU)
    return {
        "name": name,
        "inputs": {p: v for p, v in (("before", before), ("beside", beside)) if v},
        "parameters": parameters,
        "target": target,
    }


def build(spec: Spec) -> ResolvedPipeline:
    """The pipeline a specification stands for."""
    steps = []
    for item in spec["steps"]:
        inputs: dict[str, Source] = {}
        for port, value in item["inputs"].items():
            if "/" in value:
                inputs[port] = DataSource(port, Path(value))
            else:
                inputs[port] = StepSource(value, "note")
        steps.append(
            ResolvedStep(
                name=item["name"],
                component=work,
                inputs=inputs,
                parameters=work.resolve(item["parameters"]),
                target=Target(**item["target"]),
            )
        )
    deliveries = tuple(
        Delivery(name, name, "note", Path(path)) for name, path in spec["deliver"].items()
    )
    pipeline = Pipeline(
        display_name="test", continue_on_step_failure=spec["continue_on_step_failure"]
    )
    return ResolvedPipeline(pipeline, tuple(steps), deliveries)


class Bench:
    """One home folder and what is done in it."""

    def __init__(self, home: Path, timings: Timings = QUICK, *, busy_seconds: float = 10.0) -> None:
        self.settings = Settings(home=home, offline=True)
        self.timings = timings
        self.recorder = open_records(self.settings.records, busy_seconds=busy_seconds)
        self.store = ObjectStore(self.settings.store)
        self._runs = 0

    def submit(
        self,
        *steps: Spec,
        deliver: Mapping[str, Path] | None = None,
        continue_on_step_failure: bool = False,
        parent: str = "",
        **options: object,
    ) -> RunRow:
        """Record a run."""
        self._runs += 1
        run = f"20260101-000000-{self._runs:04x}"
        spec = {
            "steps": list(steps),
            "deliver": {name: str(path) for name, path in (deliver or {}).items()},
            "continue_on_step_failure": continue_on_step_failure,
        }
        row = RunRow(
            id=run,
            name="test",
            created=time.time(),
            options={"spec": spec, "plan": options},
            folder=str(self.settings.runs / run),
            parent=parent,
        )
        Path(row.folder).mkdir(parents=True)
        rows = [
            StepRow(run, s["name"], i, "work", "1", target=s["target"]["name"])
            for i, s in enumerate(steps)
        ]
        self.recorder.create_run(row, rows)
        return self.recorder.get_run(run)

    def supervisor(
        self, run: RunRow, *, clock: Clock | None = None, fork: bool = True, **changes: Any
    ) -> Supervisor:
        """The supervisor of a run, in this process."""
        pipeline = build(run.options["spec"])
        planner = Planner(
            pipeline,
            self.recorder,
            self.store,
            DigestMemo(self.settings.cache / "digests"),
            lambda path: (),
            lambda step: {},
            PlanOptions(**run.options["plan"]),
        )
        return Supervisor(
            run,
            pipeline,
            planner,
            self.recorder,
            self.store,
            LocalExecutor(RUNNER, light=["tests.engine.work"], fork=fork),
            self.settings,
            timings=dataclasses.replace(self.timings, **changes),
            clock=clock or Clock(),
        )

    def carry_out(self, *steps: Spec, **options: Any) -> RunRow:
        """Record a run and carry it out here; returns how it ended."""
        run = self.submit(*steps, **options)
        self.supervisor(run).run()
        return self.run(run.id)

    def start(self, run: RunRow, **changes: Any) -> subprocess.Popen[bytes]:
        """Start a supervisor process for a run."""
        with open(Path(run.folder) / "supervisor.log", "ab") as log:
            return subprocess.Popen(
                [
                    *(sys.executable, "-m", "tests.engine.supervise"),
                    *(str(self.settings.home), run.id, json.dumps(changes)),
                ],
                stdout=log,
                stderr=log,
                start_new_session=True,
                # the run's other processes are told by this too
                env={**os.environ, process.MARKER: f"{self.marker(run.id)}supervisor"},
            )

    def marker(self, run: str) -> str:
        """How the markers of a run's processes begin."""
        return run_marker(str(self.settings.home), run)

    def run(self, run: str) -> RunRow:
        """The run as it is recorded."""
        return self.recorder.get_run(run)

    def states(self, run: RunRow | str) -> dict[str, str]:
        """Step -> state."""
        of = run if isinstance(run, str) else run.id
        return {row.name: row.state for row in self.recorder.steps(of)}

    def step(self, run: RunRow, name: str) -> StepRow:
        """A step as it is recorded."""
        return next(row for row in self.recorder.steps(run.id) if row.name == name)

    def note(self, run: RunRow, name: str) -> str:
        """What a step wrote."""
        (output,) = self.recorder.outputs(run.id, name)
        return read_note(self.store.path(output.object))

    def journal(self, run: RunRow) -> list[dict[str, Any]]:
        """The lines of the run's journal."""
        return list(follow(Path(run.folder) / JOURNAL_NAME, stop=lambda: True))

    def processes(self, run: RunRow) -> list[ProcessIdentity]:
        """Whatever of the run is alive."""
        return process.find_marked(self.marker(run.id)) + self._hidden()

    def _hidden(self) -> list[ProcessIdentity]:
        """Grandchildren of this home's steps that hid their marker; their code names it."""
        found = []
        for pid in process.table():
            with contextlib.suppress(OSError, ProcessLookupError):
                if f"# of {self.settings.scratch}" in Path(f"/proc/{pid}/cmdline").read_text():
                    found.append(process.identify(pid))
        return found

    def await_that(self, condition: Callable[[], object], what: str, seconds: float = 30) -> None:
        """Wait until something holds."""
        until = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < until, f"it did not come about that {what}"
            time.sleep(0.01)

    def await_step(self, run: RunRow, name: str, *states: str) -> None:
        """Wait until a step is in one of these states."""
        self.await_that(lambda: self.states(run)[name] in states, f"{name} is {states}")

    def await_end(self, run: RunRow, seconds: float = 30) -> RunRow:
        """Wait until the run has ended."""
        self.await_that(lambda: self.run(run.id).state in RUN_ENDS, "the run ended", seconds)
        return self.run(run.id)

    def check(self, run: RunRow | None = None) -> None:
        """What must hold after whatever was done: nothing half, nothing left, no state but legal.

        Args:
            run: A run of which no process may be left.
        """
        committed: set[str] = set()
        for row in self.recorder.list_runs():
            assert row.state in RUN_ENDS, f"{row.id} is {row.state}"
            for done in self.recorder.steps(row.id):
                assert done.state in STEP_ENDS, f"{done.name} of {row.id} is {done.state}"
                running = [a for a in self.recorder.attempts(row.id) if a.state == "running"]
                assert not running
                outputs = self.recorder.outputs(row.id, done.name)
                assert len(outputs) == (done.state in {"succeeded", "reused"})
                committed |= {output.object for output in outputs}
        for object_ in committed:
            self.store.verify(object_)
        assert not self.recorder.slots("cpu")
        if run is not None:
            until = time.monotonic() + 3
            while self.processes(run) and time.monotonic() < until:
                time.sleep(0.02)
            assert not self.processes(run)

    def close(self) -> None:
        """Close the records."""
        self.recorder.close()
