"""A pipeline file being edited: every edit keeps the rest of the text as it is.

The designer edits files through this, one edit at a time; undo is the text before.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from visionloom.errors import InvalidPipelineError
from visionloom.settings import Limits
from visionloom.spec.names import OutputBinding
from visionloom.spec.pipeline import (
    Bound,
    Data,
    InputBinding,
    KeyPath,
    Literal,
    Pipeline,
    PipelineOutput,
    Step,
    StepBinding,
)
from visionloom.spec.pipeline_reader import TOP_KEYS, read_document
from visionloom.spec.pipeline_writer import (
    bound_document,
    input_document,
    output_document,
    step_document,
)
from visionloom.spec.step_reader import STEP_KEYS
from visionloom.spec.yaml_editor import (
    add_keys,
    remove_key,
    remove_keys,
    rename_key,
    set_value,
    set_values,
    value_at,
)

_BOM = "\ufeff"
_SETTINGS = ("default_compute", "default_datastore", "continue_on_step_failure", "force_rerun")


@dataclass(frozen=True)
class PipelineDocument:
    """The text of a pipeline file.

    Attributes:
        text: Without byte order mark; line ends as they are.
        folder: What relative paths are relative to.
        file: Name for messages.
        marked: Whether the file begins with a byte order mark.
    """

    text: str
    folder: Path
    file: str = ""
    marked: bool = False

    def to_bytes(self) -> bytes:
        """The file's bytes; those it was read from when nothing was edited."""
        mark = _BOM if self.marked else ""
        return (mark + self.text).encode("utf-8", errors="surrogatepass")

    @functools.cached_property
    def pipeline(self) -> Pipeline:
        """The pipeline that the text describes, as far as it can be read."""
        data = self.text.encode("utf-8", errors="surrogatepass")
        return read_document(data, self.folder, self.file, Limits())[0]

    def set_head(self, key: str, value: str | None) -> PipelineDocument:
        """Set or, with None, leave out ``display_name``, ``description``, ``experiment_name``."""
        return self._set((key,), value, TOP_KEYS)

    def set_setting(self, key: str, value: str | bool | None) -> PipelineDocument:
        """Set or leave out ``default_compute``, ``force_rerun`` ..."""
        return self._set(("settings", key), value, _SETTINGS)

    def set_pipeline_input(self, name: str, value: Literal | Data | None) -> PipelineDocument:
        """Set, add or take away an input of the pipeline; steps stay bound to it."""
        if isinstance(value, Data):
            # key by key, so that what is the same keeps its place and comments
            document = self._without_value(("inputs", name))
            for key in ("type", "path", "mode"):
                said = input_document(value).get(key)
                document = document._set(
                    ("inputs", name, key), said, ("type", "path", "mode"), keep=True
                )
            return document
        return self._set(("inputs", name), None if value is None else input_document(value))

    def set_pipeline_output(self, name: str, value: PipelineOutput | None) -> PipelineDocument:
        """Set, add or take away an output of the pipeline."""
        if value is None:
            return self._set(("outputs", name), None)
        document = self._with_section("outputs")
        text = set_value(document.text, ("outputs", name), output_document(value), file=self.file)
        return replace(document, text=text)

    def rename_pipeline_input(self, old: str, new: str) -> PipelineDocument:
        """Rename an input of the pipeline and what is bound to it.

        Raises:
            InvalidPipelineError: There is none of that name, or the new name is taken.
        """
        along: dict[KeyPath, Any] = {
            ("jobs", step, "inputs", key): bound_document(InputBinding(new))
            for step, there in self.pipeline.steps.items()
            for key, bound in there.inputs.items()
            if bound == InputBinding(old)
        }
        text = rename_key(self.text, ("inputs", old), new, along=along, file=self.file)
        return replace(self, text=text)

    def rename_pipeline_output(self, old: str, new: str) -> PipelineDocument:
        """Rename an output of the pipeline and what writes it; errors as for inputs."""
        document = replace(self, text=rename_key(self.text, ("outputs", old), new, file=self.file))
        for name, step in self.pipeline.steps.items():
            for port, output in step.outputs.items():
                if output == old:
                    document = document.set_step_output(name, port, new)
        return document

    def add_step(self, name: str, step: Step) -> PipelineDocument:
        """Add a step at the end.

        Raises:
            InvalidPipelineError: The name is taken.
        """
        if name in self.pipeline.steps:
            raise InvalidPipelineError(f"There is a step {name} already.", "Choose another name.")
        return self._set(("jobs", name), step_document(step), TOP_KEYS)

    def add_steps(self, steps: Mapping[str, Step]) -> PipelineDocument:
        """Add steps at the end, in their order; errors as of `add_step`."""
        for name in steps:
            if name in self.pipeline.steps:
                raise InvalidPipelineError(
                    f"There is a step {name} already.", "Choose another name."
                )
        document = self._with_section("jobs")
        made = {name: step_document(step) for name, step in steps.items()}
        return replace(document, text=add_keys(document.text, ("jobs",), made, file=self.file))

    def remove_step(self, name: str) -> PipelineDocument:
        """Take a step away, and what is bound to it."""
        return self.remove_steps({name})

    def remove_steps(self, names: Collection[str]) -> PipelineDocument:
        """Take steps away, and what is bound to them."""
        paths: list[tuple[str, ...]] = [("jobs", name) for name in names]
        for other, step in self.pipeline.steps.items():
            bound = [
                key
                for key, value in step.inputs.items()
                if isinstance(value, StepBinding) and value.step in names
            ]
            if other in names or not bound:
                continue
            inputs = ("jobs", other, "inputs")
            alone = len(bound) == len(step.inputs) == len(value_at(self.text, inputs) or {})
            paths += [inputs] if alone else [(*inputs, key) for key in bound]
        return replace(self, text=remove_keys(self.text, paths, file=self.file))

    def rename_step(self, old: str, new: str) -> PipelineDocument:
        """Rename a step and what is bound to it.

        Raises:
            InvalidPipelineError: There is none of that name, or the new name is taken.
        """
        along: dict[KeyPath, Any] = {
            ("jobs", step, "inputs", key): bound_document(StepBinding(new, bound.port))
            for step, there in self.pipeline.steps.items()
            for key, bound in there.inputs.items()
            if isinstance(bound, StepBinding) and bound.step == old
        }
        text = rename_key(self.text, ("jobs", old), new, along=along, file=self.file)
        return replace(self, text=text)

    def set_step_input(self, step: str, name: str, value: Bound | None) -> PipelineDocument:
        """Set or bind an input of a step; None leaves it out."""
        said = None if value is None else bound_document(value)
        return self._set(("jobs", step, "inputs", name), said)

    def set_step_inputs(self, values: Mapping[tuple[str, str], Bound | None]) -> PipelineDocument:
        """`set_step_input` for several (step, input), in their order."""
        said: dict[tuple[str, ...], Any] = {
            ("jobs", step, "inputs", name): bound_document(value)
            for (step, name), value in values.items()
            if value is not None
        }
        text = set_values(self.text, said, STEP_KEYS, file=self.file)
        paths = [
            ("jobs", step, "inputs", name)
            for (step, name), value in values.items()
            if value is None
        ]
        if not paths:
            return replace(self, text=text)
        return replace(self, text=remove_keys(text, _with_emptied(text, paths), file=self.file))

    def set_step_output(self, step: str, port: str, output: str | None) -> PipelineDocument:
        """Deliver an output of a step to an output of the pipeline; None keeps it in the store."""
        said = None if output is None else str(OutputBinding(output))
        return self._set(("jobs", step, "outputs", port), said)

    def set_step(self, step: str, key: str, value: str | None) -> PipelineDocument:
        """Set or leave out ``component``, ``display_name``, ``comment``, ``compute`` ... of a step.

        Raises:
            InvalidPipelineError: There is no such step.
        """
        if step not in self.pipeline.steps:
            raise InvalidPipelineError(f"There is no step {step}.")
        return self._set(("jobs", step, key), value, STEP_KEYS)

    def _set(
        self, path: tuple[str, ...], value: Any, order: tuple[str, ...] = (), *, keep: bool = False
    ) -> PipelineDocument:
        """Set a value, or with None take the key away, and the map that held it alone."""
        if value is not None:
            document = self._with_section(*path[:-1])
            return replace(
                document, text=set_value(document.text, path, value, order, file=self.file)
            )
        text = remove_key(self.text, path, file=self.file)
        holder = path[:-1]
        while (
            not keep
            and holder
            and not (holder[0] == "jobs" and len(holder) < 3)
            and value_at(text, holder) == {}
        ):
            text = remove_key(text, holder, file=self.file)
            holder = holder[:-1]
        return replace(self, text=text)

    def _without_value(self, path: tuple[str, ...]) -> PipelineDocument:
        """Without a value that is no map, so that keys can be put there."""
        held = value_at(self.text, path)
        if held is None or isinstance(held, dict):
            return self
        return replace(self, text=set_value(self.text, path, {}))

    def _with_section(self, *path: str) -> PipelineDocument:
        """With the map that is to hold a key, in its usual place."""
        text = self.text
        if path and path[0] in TOP_KEYS and value_at(text, path[:1]) is None:
            text = set_value(text, path[:1], {}, TOP_KEYS)
        if len(path) == 3 and path[0] == "jobs" and value_at(text, path) is None:
            text = set_value(text, path, {}, STEP_KEYS)
        return replace(self, text=text)


def _with_emptied(text: str, paths: Collection[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The paths of keys; that of a map instead where none of its keys is left."""
    taken: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for path in paths:
        taken.setdefault(path[:-1], []).append(path)
    found = []
    for holder, keys in taken.items():
        there = value_at(text, holder)
        left = set(there) - {path[-1] for path in keys} if isinstance(there, dict) else {""}
        found += keys if left else [holder]
    return found
