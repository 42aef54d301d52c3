"""From a pipeline as it was written to one that can be planned and run, with all its faults."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from visionloom.engine.check_bindings import follow_bindings
from visionloom.engine.check_components import find_components
from visionloom.engine.check_data import find_data, find_files, foresee
from visionloom.engine.check_names import check_environment, check_names
from visionloom.engine.check_order import put_in_order
from visionloom.engine.check_outputs import check_folders, check_outputs, check_unused
from visionloom.engine.check_places import place_steps
from visionloom.engine.check_values import check_parameters, put_in_values
from visionloom.engine.checking import Checking, Look, look_now
from visionloom.engine.devices import count_gpus
from visionloom.engine.paths import absolute
from visionloom.engine.resolved import Delivery, ResolvedPipeline, ResolvedStep
from visionloom.engine.targets import Targets
from visionloom.settings import Settings
from visionloom.spec.pipeline import Literal, Pipeline
from visionloom.spec.problems import Problem, errors_among, in_order
from visionloom.spec.registry import Registry


def resolve(
    pipeline: Pipeline,
    registry: Registry,
    *,
    values: Mapping[str, Literal],
    target: str | None,
    targets: Targets,
    settings: Settings,
    gpus: Callable[[], int] = count_gpus,
) -> tuple[ResolvedPipeline | None, list[Problem]]:
    """Check a pipeline, and make it ready to be planned.

    Args:
        pipeline: As read or built.
        registry: The catalog.
        values: Pipeline input -> value that replaces its own; a text is typed by what it is for,
            and a path is relative to the working folder.
        target: Target of steps that name none, instead of the pipeline's default; or None.
        targets: Where steps may run.
        settings: Home folder and limits.
        gpus: Counts the GPUs of this machine.

    Returns:
        The pipeline, or None when it has errors; and everything that was found, in order.
    """
    if pipeline.is_unreadable():
        return None, []
    state = examine(
        pipeline,
        registry,
        values=values,
        target=target,
        targets=targets,
        settings=settings,
        gpus=gpus,
    )
    problems = in_order(state.problems)
    if errors_among(problems) or pipeline.unreadable:
        return None, problems
    return _assemble(state), problems


def examine(
    pipeline: Pipeline,
    registry: Registry,
    *,
    values: Mapping[str, Literal],
    target: str | None,
    targets: Targets,
    settings: Settings,
    gpus: Callable[[], int] = count_gpus,
    look: Look = look_now,
) -> Checking:
    """All that a check finds out, faults included: what is known of each step; see `resolve`.

    ``look`` asks a component what it foresees, and may remember what it was told a moment ago.
    """
    state = Checking(pipeline, registry, settings, targets, gpus, look)
    check_names(state)
    check_environment(state)
    find_components(state)
    put_in_values(state, values)
    follow_bindings(state)
    check_outputs(state)
    put_in_order(state)
    check_unused(state)
    check_parameters(state)
    place_steps(state, target)
    find_data(state)
    check_folders(state)
    find_files(state)
    foresee(state)
    return state


def _assemble(state: Checking) -> ResolvedPipeline:
    pipeline = state.pipeline
    steps = tuple(
        ResolvedStep(
            name=name,
            component=state.declared[name].component,
            inputs=state.sources[name],
            parameters=state.parameters[name],
            target=state.placed[name],
            environment_variables=pipeline.steps[name].environment_variables,
            facts=state.facts.get(name, {}),
        )
        for name in state.order
    )
    deliveries = []
    for name, output in pipeline.outputs.items():
        step, port = state.writers[name][0]
        path = None
        if output.path is not None:
            path = absolute(output.path, pipeline.folder)
        deliveries.append(Delivery(name, step, port, path))
    return ResolvedPipeline(pipeline, steps, tuple(deliveries))
