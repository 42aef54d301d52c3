"""Visionloom: from a folder of labelled photos to an image classifier you can trust.

Every component is a function here (``vl.convert_to_image_directory(...)``), and so are ``train``,
``score`` and ``evaluate``, the chains of the command line. Nothing heavy loads before it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from visionloom._version import __version__

if TYPE_CHECKING:
    from visionloom.spec.component import Component

__all__ = ["Pipeline", "__version__", "evaluate", "report", "score", "train"]

_CHAINS = ("train", "score", "evaluate", "report")


def __getattr__(name: str) -> Any:
    """Components by their Python name, the chains, pipelines, and errors by their class name."""
    if name.startswith("_"):
        raise AttributeError(name)
    if name in _CHAINS:
        from visionloom.runs import python

        return getattr(python, name)
    if name == "Pipeline":
        from visionloom.runs.python_pipeline import Pipeline

        return Pipeline
    if name.endswith("Error") or name == "RunInterrupted":
        from visionloom import errors

        return getattr(errors, name)
    from visionloom.runs.python import component_function
    from visionloom.workspace import Workspace

    component: Component | None = Workspace().registry.components.get(name)
    if component is None:
        raise AttributeError(f"module 'visionloom' has no attribute {name!r}")
    return component_function(component)


def __dir__() -> list[str]:
    """What `__getattr__` offers."""
    from visionloom.workspace import Workspace

    return sorted([*__all__, *Workspace().registry.components])
