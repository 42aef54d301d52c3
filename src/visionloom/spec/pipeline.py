"""A pipeline: a graph of steps with inputs and outputs, as values.

How it is written in a file is `visionloom.spec.pipeline_file`'s; whether it is right is
`visionloom.engine.check`'s. Nothing here is checked but Python types, so that a file with faults
can be opened, shown and mended.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from visionloom.spec.problems import NOWHERE, Place

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:(?!\\)")

Literal = bool | int | float | str
KeyPath = tuple[str, ...]


@dataclass(frozen=True)
class InputBinding:
    """``${{parent.inputs.NAME}}``: the value or data of a pipeline input."""

    input: str

    def __str__(self) -> str:
        return f"${{{{parent.inputs.{self.input}}}}}"


@dataclass(frozen=True)
class StepBinding:
    """``${{parent.jobs.STEP.outputs.PORT}}``: what an output port of a step gives."""

    step: str
    port: str

    def __str__(self) -> str:
        return f"${{{{parent.jobs.{self.step}.outputs.{self.port}}}}}"


Bound = InputBinding | StepBinding | Literal


@dataclass(frozen=True)
class Data:
    """Data a pipeline takes in: ``{type: uri_folder, path: photos}``.

    Attributes:
        path: As written, relative to the pipeline's folder; None while it is not chosen.
        type: ``uri_folder``, ``uri_file`` ...
        mode: ``ro_mount``, ``download``, ``direct``, or None when not said.
    """

    path: str | None
    type: str = "uri_folder"
    mode: str | None = None


@dataclass(frozen=True)
class PipelineOutput:
    """Where an output of the pipeline is delivered.

    Attributes:
        path: Folder to write a copy to, relative to the pipeline's folder; None keeps it in the
            store only.
        type, mode: As in the file.
    """

    path: str | None = None
    type: str = "uri_folder"
    mode: str | None = None


@dataclass(frozen=True)
class ComponentReference:
    """How a step names its component.

    Attributes:
        name: Component's name; empty when the reference could not be read.
        version: As written; None when the reference has none.
        text: The whole reference as written, e.g. ``azureml:densenet:1`` or ``./densenet.yml``.
        document: What a component file or an inline map holds, else None.
    """

    name: str
    version: str | None = None
    text: str = ""
    document: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Step:
    """A component in a pipeline.

    Attributes:
        component: Which component.
        inputs: Port or parameter name -> what it is bound to.
        outputs: Port name -> name of the pipeline output it is delivered to.
        compute: Target as written (``azureml:NAME`` or ``NAME``), or None for the default.
        display_name, description, comment: For people.
        environment_variables: Given to the step's process.
        tags: Text -> text.
        resources: ``instance_count``, ``shm_size`` ...: used by Azure only.
        output_forms: Port name -> type and mode of an output that is bound to no pipeline output:
            used by Azure only.
    """

    component: ComponentReference
    inputs: Mapping[str, Bound] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    compute: str | None = None
    display_name: str = ""
    description: str = ""
    comment: str = ""
    environment_variables: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    resources: Mapping[str, Literal] = field(default_factory=dict)
    output_forms: Mapping[str, PipelineOutput] = field(default_factory=dict)


@dataclass(frozen=True)
class Pipeline:
    """A pipeline.

    Attributes:
        steps: Name -> step, in the file's order.
        inputs: Name -> literal or data.
        outputs: Name -> where it goes.
        display_name, experiment_name, description: For people.
        tags: Text -> text.
        default_compute: Target of steps that name none, as written; None for the machine's.
        default_datastore: Used by Azure only.
        continue_on_step_failure: Whether steps that do not need a failed one still run.
        force_rerun: Whether reuse is switched off.
        folder: What relative paths are relative to.
        file: The file it was read from, as the user named it; empty when built in Python.
        places: Key path -> place, e.g. ``("jobs", "train", "inputs", "epochs")``; the place of a
            value is at ``(..., "=")`` appended. Not part of equality.
        unreadable: Key paths whose faults are reported already: nothing more is said of them.
    """

    steps: Mapping[str, Step] = field(default_factory=dict)
    inputs: Mapping[str, Literal | Data] = field(default_factory=dict)
    outputs: Mapping[str, PipelineOutput] = field(default_factory=dict)
    display_name: str = ""
    experiment_name: str = ""
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    default_compute: str | None = None
    default_datastore: str | None = None
    continue_on_step_failure: bool = False
    force_rerun: bool = False
    folder: Path = field(default_factory=Path, compare=False)
    file: str = field(default="", compare=False)
    places: Mapping[KeyPath, Place] = field(default_factory=dict, compare=False, repr=False)
    unreadable: frozenset[KeyPath] = field(default_factory=frozenset, compare=False, repr=False)

    def is_unreadable(self, *path: str) -> bool:
        """Whether a part, or what holds it, could not be read."""
        if not self.unreadable:
            return False
        return any(path[:length] in self.unreadable for length in range(len(path) + 1))

    def place(self, *path: str, value: bool = False) -> Place:
        """Where a key (or its value) stands; the nearest known parent's place otherwise."""
        wanted = (*path, "=") if value else path
        while wanted:
            if wanted in self.places:
                return self.places[wanted]
            wanted = wanted[:-1]
        return Place(self.file) if self.file else NOWHERE


def is_address(path: str) -> bool:
    """Whether a path leads elsewhere: ``https://...``, ``azureml:...``; ``C:`` is a drive."""
    return _ADDRESS.match(path) is not None


def seen_from(other: Path, path: str, folder: Path) -> str:
    """A path that is relative to ``folder``, written relative to ``other``.

    One that is absolute, below somebody's home folder, or an address, stays.
    """
    if Path(path).is_absolute() or path.startswith("~") or is_address(path):
        return path
    return Path(os.path.relpath(folder / path, other)).as_posix()
