"""Every fault of a pipeline at once: those of its text and those of its meaning."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from visionloom.engine.devices import count_gpus
from visionloom.engine.resolve import resolve
from visionloom.engine.targets import Targets
from visionloom.settings import Settings
from visionloom.spec.pipeline import Literal
from visionloom.spec.pipeline_file import ReadPipeline
from visionloom.spec.problems import Problem, in_order
from visionloom.spec.registry import Registry


def check_pipeline(
    read: ReadPipeline,
    registry: Registry,
    *,
    targets: Targets,
    settings: Settings,
    values: Mapping[str, Literal] | None = None,
    target: str | None = None,
    gpus: Callable[[], int] = count_gpus,
) -> list[Problem]:
    """All problems of a pipeline file, in the order of the file; none that only follows another.

    Args:
        read: What the file says.
        registry, targets, settings, values, target, gpus: See `visionloom.engine.resolve.resolve`.
    """
    _, found = resolve(
        read.pipeline,
        registry,
        values=values or {},
        target=target,
        targets=targets,
        settings=settings,
        gpus=gpus,
    )
    return in_order([*read.problems, *found])
