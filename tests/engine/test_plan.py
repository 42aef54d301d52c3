"""What decides a step: options, the variables of its process, files its parameters name."""

from __future__ import annotations

from pathlib import Path

from tests.engine.harness import Bench, step
from visionloom.artifacts.memo import DigestMemo
from visionloom.engine.plan import Planner
from visionloom.engine.resolved import ResolvedPipeline, ResolvedStep
from visionloom.engine.targets import Target
from visionloom.spec.pipeline import Pipeline
from visionloom.workspace import Workspace


def planner(bench: Bench, one: ResolvedStep) -> Planner:
    pipeline = ResolvedPipeline(Pipeline(), (one,), ())
    memo = DigestMemo(bench.settings.cache / "digests")
    return Planner(
        pipeline, bench.recorder, bench.store, memo, lambda path: (), lambda step: {}
    )  # fmt: skip


def model(weights: str = "", **variables: str) -> ResolvedStep:
    component = Workspace().registry.find("DenseNet")
    said = {"model_name": "densenet121", **({"weights": weights} if weights else {})}
    parameters, target = component.resolve(said), Target("cpu", device="cpu")
    return ResolvedStep("model", component, {}, parameters, target, variables)


def test_the_variables_of_a_step_s_process_are_part_of_its_key(bench: Bench) -> None:
    plain = model()
    keys = {
        planner(bench, one).plan()["model"].key
        for one in (
            plain,
            model(OMP_NUM_THREADS="1"),
            model(OMP_NUM_THREADS="2"),
        )
    }
    assert len(keys) == 3
    assert planner(bench, plain).plan()["model"].key in keys


def test_a_file_that_a_parameter_names_must_not_change_while_the_step_reads_it(
    bench: Bench, tmp_path: Path
) -> None:
    weights = tmp_path / "weights.safetensors"
    weights.write_bytes(b"one")
    one = model(str(weights))
    plan = planner(bench, one)
    plan.plan()
    assert plan.unchanged(one) == ""
    weights.write_bytes(b"other")
    assert plan.unchanged(one) == f"input changed: {weights}"


def test_a_run_that_goes_on_makes_anew_what_the_earlier_one_did_not_come_to(bench: Bench) -> None:
    steps = (step("one", text="1"), step("two", before="one", text="2"))
    first = bench.carry_out(*steps)
    on = bench.carry_out(*steps, parent=first.id, is_continued=True, anew=["two"])
    assert bench.states(on) == {"one": "reused", "two": "succeeded"}
    assert bench.step(on, "two").decision["why"] == "reuse is switched off"
