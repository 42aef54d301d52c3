"""What carrying out a step costs over its own work: a chain of trivial steps, made and reused.

    python benchmarks/engine.py [STEPS]

Prints seconds per step: wall time of the run less the time inside the component.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from visionloom.artifacts.digest import sha256_of_bytes
from visionloom.artifacts.memo import DigestMemo
from visionloom.artifacts.objects import ObjectStore
from visionloom.artifacts.store import new_artifact
from visionloom.artifacts.types import Artifact
from visionloom.engine.executors.base import Job
from visionloom.engine.executors.local import LocalExecutor
from visionloom.engine.plan import Planner
from visionloom.engine.resolved import ResolvedPipeline, ResolvedStep, StepSource
from visionloom.engine.supervisor import Supervisor
from visionloom.engine.targets import Target
from visionloom.records.recorder import open_records
from visionloom.records.rows import RunRow, StepRow
from visionloom.settings import Settings
from visionloom.spec.component import component
from visionloom.spec.context import Context
from visionloom.spec.pipeline import Pipeline
from visionloom.spec.ports import Input, Output, Setting


class Note(Artifact):
    """A text."""

    type_name = "Note"


@component(title="Trivial", category="Benchmarks")
def trivial(
    before: Annotated[Note | None, Input("Before")] = None,
    *,
    number: Annotated[int, Setting("Number", "Written.")] = 0,
    context: Context,
) -> Annotated[Note, Output("Note")]:
    """Write a number."""
    target = context.output("note")
    text = f"{number} after {before and (before.path / 'text').read_text()}"
    with new_artifact(Note, target) as draft:
        (draft.folder / "text").write_text(text)
        draft.digest = sha256_of_bytes(text.encode())
    return Note(target)


def run_job(job: Job, context: Context) -> Mapping[str, Artifact]:
    """Do a job of this component."""
    return trivial.run({p: Path(v) for p, v in job.inputs.items()}, job.parameters, context)


def measure(home: Path, count: int, *, fork: bool) -> None:
    """Carry the chain out, and once more."""
    settings = Settings(home=home, offline=True)
    target = Target("cpu", device="cpu", slots=2)
    steps = tuple(
        ResolvedStep(
            name=f"step_{number}",
            component=trivial,
            inputs={"before": StepSource(f"step_{number - 1}", "note")} if number else {},
            parameters={"number": number},
            target=target,
        )
        for number in range(count)
    )
    pipeline = ResolvedPipeline(Pipeline(display_name="benchmark"), steps, ())
    store = ObjectStore(settings.store)
    with open_records(settings.records) as recorder:
        for what in ("made", "reused"):
            memo = DigestMemo(settings.cache / "digests")
            run = f"{'forked' if fork else 'anew'}-{what}"
            row = RunRow(run, "benchmark", created=time.time(), folder=str(settings.runs / run))
            recorder.create_run(
                row, [StepRow(run, s.name, i, "trivial", "1") for i, s in enumerate(steps)]
            )
            executor = LocalExecutor("engine:run_job", light=["engine"], fork=fork)
            planner = Planner(pipeline, recorder, store, memo, lambda _: (), lambda _: {})
            supervisor = Supervisor(row, pipeline, planner, recorder, store, executor, settings)
            started, cpu = time.perf_counter(), time.process_time()
            state = supervisor.run()
            wall, cpu = time.perf_counter() - started, time.process_time() - cpu
            own = 0.0
            if what == "made":
                own = sum(step.seconds or 0.0 for step in recorder.steps(run))
            print(
                f"{run:14} {state}: {count} steps in {wall:.2f} s, of which {own:.2f} s inside "
                f"the component: {(wall - own) / count:.3f} s over each; supervisor's processor "
                f"time {cpu:.2f} s"
            )


if __name__ == "__main__":
    os.environ["PYTHONPATH"] = str(Path(__file__).parent)
    for forked in (True, False):
        with tempfile.TemporaryDirectory() as folder:
            measure(Path(folder), int(sys.argv[1]) if len(sys.argv) > 1 else 20, fork=forked)
