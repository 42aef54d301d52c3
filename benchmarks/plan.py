"""CPU time to plan pipelines in which nothing changed.

    python benchmarks/plan.py [STEPS ...]        (default: 10 300 1000)

A chain and a wide graph of real steps (Apply Image Transformation) whose results are all in the
records and the store; parsing is left out. Goals: 300 steps under 0.3 s, 1,000 under 1 s.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time

from visionloom.engine.plan import Planner
from visionloom.engine.resolved import ResolvedPipeline, ResolvedStep, StepSource
from visionloom.engine.reuse import Produced
from visionloom.engine.targets import Target
from visionloom.images.switches import default_transformation
from visionloom.images.transforms import write_transformation
from visionloom.records.rows import AttemptRow, OutputRow, ResultRow, RunRow, StepRow
from visionloom.settings import load_settings
from visionloom.spec.pipeline import Pipeline
from visionloom.workspace import Workspace

REPEATS = 5


def chain(count: int, workspace: Workspace, *, wide: bool) -> ResolvedPipeline:
    """A pipeline of ``count`` steps, each after the one before or all after the first."""
    first = workspace.registry.find("Init Image Transformation")
    later = workspace.registry.find("Materialize Image Directory")
    target = Target("cpu")
    steps = [ResolvedStep("s0", first, {}, first.resolve({}), target)]
    for number in range(1, count):
        before = "s0" if wide else f"s{number - 1}"
        port = "output_image_transformation" if before == "s0" else "output_image_directory"
        steps.append(
            ResolvedStep(
                f"s{number}",
                later,
                {"input_image_directory": StepSource(before, port)},
                later.resolve({"random_seed": number}),
                target,
            )
        )
    return ResolvedPipeline(Pipeline(display_name="benchmark"), tuple(steps), ())


def remember(pipeline: ResolvedPipeline, workspace: Workspace, planner: Planner) -> None:
    """Put a result of every step into records and store."""
    records, store = workspace.records, workspace.store
    run = f"plan-{len(pipeline.steps)}-{time.time_ns()}"
    rows = [
        StepRow(run, step.name, n, step.component.name, step.component.version)
        for n, step in enumerate(pipeline.steps)
    ]
    records.create_run(RunRow(run, "benchmark"), rows)
    produced: dict[tuple[str, str], Produced] = {}
    for number, step in enumerate(pipeline.steps):
        folder = store.incoming("benchmark") / "transformation"
        write_transformation(default_transformation(32 + number), folder)
        stored = store.publish(folder)
        decision = planner.decide(step, produced)
        port = step.component.outputs[0].name
        output = OutputRow(
            run, step.name, port, stored.id, stored.digest, stored.type, stored.bytes
        )
        result = ResultRow(
            decision.key,
            run,
            step.name,
            step.component.name,
            step.component.version,
            decision.parts,
            {},
            {port: output},
            {stored.id: stored.files},
            1.0,
            time.time(),
        )
        records.start_attempt(AttemptRow(run, step.name, 1))
        records.commit_step(run, step.name, 1, [output], result=result, seconds=1.0)
        produced[step.name, port] = Produced(stored.id, stored.digest, stored.type, stored.bytes)


def main(counts: list[int]) -> None:
    """Print the median CPU time of planning for every count."""
    with tempfile.TemporaryDirectory() as home:
        workspace = Workspace(load_settings({"VISIONLOOM_HOME": home}))
        for count in counts:
            for wide in (False, True):
                pipeline = chain(count, workspace, wide=wide)
                remember(pipeline, workspace, workspace.planner(pipeline))
                seconds = []
                for _ in range(REPEATS):
                    planner = workspace.planner(pipeline)
                    started = time.process_time()
                    decisions = planner.plan()
                    seconds.append(time.process_time() - started)
                    if any(d.action != "reuse" for d in decisions.values()):
                        raise AssertionError("a step is not reused")
                print(
                    f"{count:5} steps, {'wide ' if wide else 'chain'}: "
                    f"{statistics.median(seconds):.3f} s CPU "
                    f"({min(seconds):.3f} to {max(seconds):.3f}, n = {REPEATS})"
                )
        workspace.records.close()


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [10, 300, 1000])
