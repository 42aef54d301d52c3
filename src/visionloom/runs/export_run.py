"""What `visionloom azure export` needs before it writes."""

from __future__ import annotations

from pathlib import Path

from visionloom.engine.check import check_pipeline
from visionloom.runs.pipeline_run import refuse_faults
from visionloom.spec.pipeline import Pipeline
from visionloom.spec.pipeline_file import read_pipeline
from visionloom.workspace import Workspace

# the data, devices and targets of this machine are not those of the other
_OF_THIS_MACHINE = ("D1", "D3", "S1", "S2")


def checked_pipeline(workspace: Workspace, file: Path) -> Pipeline:
    """A pipeline file without faults, apart from what only concerns this machine.

    Raises:
        InvalidPipelineError: It has faults; all of them are named.
    """
    read = read_pipeline(file, workspace.settings.limits)
    problems = check_pipeline(
        read, workspace.registry, targets=workspace.targets, settings=workspace.settings
    )
    refuse_faults([p for p in problems if p.code not in _OF_THIS_MACHINE])
    return read.pipeline
