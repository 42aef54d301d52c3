"""Applies edits to what a draft holds: all of a request's, or none."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from visionloom.drafts.clipboard import pasted
from visionloom.drafts.content import Content
from visionloom.drafts.names import free_name, good_name, step_name
from visionloom.drafts.paths import path_for
from visionloom.engine.difference import differences
from visionloom.errors import InvalidPipelineError, UsageError
from visionloom.server.graphs import component_of, parameter_of
from visionloom.server.models import drafts as m
from visionloom.settings import Settings
from visionloom.spec.layout import Layout, Note
from visionloom.spec.pipeline import (
    Bound,
    ComponentReference,
    Data,
    InputBinding,
    Literal,
    Pipeline,
    PipelineOutput,
    Step,
    StepBinding,
)
from visionloom.spec.pipeline_document import PipelineDocument
from visionloom.spec.pipeline_file import pipeline_from_text, write_pipeline
from visionloom.spec.ports import Value
from visionloom.spec.registry import Registry

EMPTY = write_pipeline(Pipeline())


@dataclass(frozen=True)
class Editing:
    """What edits are applied with.

    Attributes:
        file: The draft's file.
        settings: Home folder and limits.
        registry: The catalog.
        place_of: Path of a data set or folder the server offers, by its id.
        value_of: The value of a step's parameter that holds: pipeline, step, parameter.
        steps_of: The steps of a text that was read before, or None.
        remarks: Takes what edits left out.
    """

    file: Path
    settings: Settings
    registry: Registry
    place_of: Callable[[str], Path]
    value_of: Callable[[Pipeline, str, str], Value]
    steps_of: Callable[[str], Collection[str] | None]
    remarks: list[str] = field(default_factory=list)

    def apply(self, content: Content, edits: Sequence[m.Edit]) -> Content:
        """The content after all edits.

        Raises:
            InvalidPipelineError: The text cannot be edited while it has a fault.
            UsageError: An edit that cannot be: nothing of that name, a name that is taken.
        """
        sheet = _Sheet(self, content)
        for edit in edits:
            sheet.apply(edit)
        return sheet.content


class _Sheet:
    """A content while edits are applied to it."""

    def __init__(self, tools: Editing, content: Content) -> None:
        self._tools = tools
        self._before = content
        self.layout = content.layout
        folder, name = tools.file.parent, tools.file.name
        self._document = PipelineDocument(content.text, folder, name, content.marked)
        # what is bound, one after another, is written at once: reading a text takes long
        self._bound: dict[tuple[str, str], Bound | None] = {}
        self._given = content.text
        # a text as the writer gives it stays one
        self._tidy: bool | None = None

    @property
    def document(self) -> PipelineDocument:
        """The text, with everything written into it."""
        if self._bound:
            bound, self._bound = self._bound, {}
            self._document = self._document.set_step_inputs(bound)
        return self._document

    @document.setter
    def document(self, document: PipelineDocument) -> None:
        self._bound = {}
        self._document = document

    @property
    def content(self) -> Content:
        """What came of it."""
        text = self.document.text
        if text != self._given and self._tidy:
            text = self._tidied()
        return Content(text, self.layout.whole(), self._before.marked)

    @property
    def pipeline(self) -> Pipeline:
        """What the text says, to be edited.

        Raises:
            InvalidPipelineError: It cannot be read.
        """
        if not self.document.text.strip() and self._given == self.document.text:
            self.document = replace(self.document, text=EMPTY)
        return self._checked(self.document.pipeline)

    def _checked(self, pipeline: Pipeline) -> Pipeline:
        if pipeline.is_unreadable():
            faults = pipeline_from_text(
                self._document.text, self._document.folder, self._document.file
            ).problems
            reason = f" {faults[0]}" if faults else ""
            raise InvalidPipelineError(
                f"The text cannot be read as a pipeline, so steps cannot be edited.{reason}",
                "Mend the text first, or undo.",
            )
        if self._tidy is None:
            self._tidy = write_pipeline(pipeline) == self._document.text
        return pipeline

    def _tidied(self) -> str:
        pipeline = self.document.pipeline
        text = write_pipeline(pipeline)
        if text == self.document.text:
            return text
        again = replace(self.document, text=text)
        return text if again.pipeline == pipeline else self.document.text

    def apply(self, edit: m.Edit) -> None:  # noqa: C901, PLR0912 - one branch for each kind
        """Apply one edit."""
        match edit:
            case m.AddStep():
                self._add_step(edit)
            case m.RemoveSteps():
                self._remove(edit.steps)
            case m.RenameStep():
                self._rename(edit)
            case m.SetParameter():
                self._bind(edit.step, edit.name, edit.value)
            case m.Promote():
                self._promote(edit)
            case m.Connect():
                if not self._bound or edit.from_step not in self._document.pipeline.steps:
                    self._step(edit.from_step)
                binding = StepBinding(edit.from_step, edit.from_port)
                self._bind(edit.to_step, edit.to_port, binding)
            case m.ConnectInput():
                pipeline = self._document.pipeline if self._bound else self.pipeline
                if edit.input not in pipeline.inputs:
                    raise UsageError(f"The pipeline has no input {edit.input[:80]}.")
                self._bind(edit.to_step, edit.to_port, InputBinding(edit.input))
            case m.Disconnect():
                self._bind(edit.to_step, edit.to_port, None)
            case m.SetStep():
                self._step(edit.step)
                self.document = self.document.set_step(edit.step, edit.key, edit.value or None)
            case m.SetHead():
                self._readable()
                self.document = self.document.set_head(edit.key, edit.value or None)
            case m.SetSetting():
                self._set_setting(edit)
            case m.SetInput():
                self._set_input(edit)
            case m.RenameInput():
                self._readable()
                good_name(edit.new, "an input")
                self.document = self.document.rename_pipeline_input(edit.name, edit.new)
            case m.SetOutput():
                self._set_output(edit)
            case m.Move():
                self._move(edit)
            case m.SetNotes():
                notes = tuple(Note(note.text, note.x, note.y) for note in edit.notes)
                self.layout = replace(self.layout, notes=notes)
            case m.Paste():
                self._paste(edit)
            case m.SetText():
                self._set_text(edit.text)

    def _readable(self) -> Pipeline:
        return self.pipeline

    def _step(self, name: str) -> Step:
        step = self.pipeline.steps.get(name)
        if step is None:
            raise UsageError(f"There is no step {name[:80]}.")
        return step

    def _add_step(self, edit: m.AddStep) -> None:
        taken = self.pipeline.steps
        component = self._tools.registry.find(edit.component)
        name = edit.name or step_name(component, taken)
        good_name(name, "a step")
        reference = f"azureml:{component.name}:{component.version}"
        step = Step(ComponentReference(component.name, component.version, reference))
        for key in edit.parameters:
            component.parameter(key)
        bound: Mapping[str, Bound] = dict(edit.parameters)
        self.document = self.document.add_step(name, replace(step, inputs=bound))
        if edit.position is not None:
            self._put({name: (edit.position.x, edit.position.y)})

    def _remove(self, names: Collection[str]) -> None:
        pipeline = self.pipeline
        gone = dict.fromkeys(names)
        for name in gone:
            self._step(name)
        written = {out for name in gone for out in pipeline.steps[name].outputs.values()}
        self.document = self.document.remove_steps(gone.keys())
        left = {
            out for step in self.document.pipeline.steps.values() for out in step.outputs.values()
        }
        for output in pipeline.outputs:
            if output in written - left:
                self.document = self.document.set_pipeline_output(output, None)
        self._only_steps(set(pipeline.steps) - set(gone))

    def _rename(self, edit: m.RenameStep) -> None:
        self._step(edit.step)
        if edit.new == edit.step:
            return
        good_name(edit.new, "a step")
        self.document = self.document.rename_step(edit.step, edit.new)
        self.layout = self.layout.renamed(edit.step, edit.new)

    def _bind(self, step: str, name: str, value: Bound | None) -> None:
        # the steps are those of the text before; what is bound since counts as there
        if not self._bound:
            self._step(step)
        there = self._document.pipeline.steps.get(step)
        if there is None:
            raise UsageError(f"There is no step {step[:80]}.")
        since = {key: bound for (of, key), bound in self._bound.items() if of == step}
        inputs = {k: v for k, v in {**there.inputs, **since}.items() if v is not None}
        key = self._key(replace(there, inputs=inputs), name)
        # an input that is taken away and given again goes to the end, as one by one
        if (step, key) in self._bound and (self._bound[step, key] is None) is not (value is None):
            self.document = self.document.set_step_input(step, key, value)
            return
        self._bound[step, key] = value

    def _key(self, there: Step, name: str) -> str:
        """The name under which the file gives an input; a parameter may go by several."""
        component = component_of(there, self._tools.registry)
        parameter = parameter_of(component, name) if component is not None else None
        if component is None or parameter is None or name in there.inputs:
            return name
        for key in there.inputs:
            if parameter_of(component, key) is parameter:
                return key
        return parameter.name

    def _promote(self, edit: m.Promote) -> None:
        pipeline = self.pipeline
        step = self._step(edit.step)
        component = component_of(step, self._tools.registry)
        parameter = parameter_of(component, edit.name) if component is not None else None
        if parameter is None:
            raise UsageError(f"{edit.step} has no parameter {edit.name[:80]}.")
        key = self._key(step, edit.name)
        bound = step.inputs.get(key)
        if isinstance(bound, InputBinding):
            raise UsageError(f"{parameter.title} is the pipeline input {bound.input} already.")
        value = bound if bound is not None else self._tools.value_of(
            pipeline, edit.step, parameter.name
        )  # fmt: skip
        if value is None:
            value = "" if parameter.nullable else parameter.default
        if value is None or isinstance(value, StepBinding):
            raise UsageError(f"{parameter.title} has no value yet.", "Set it first.")
        name = edit.input or free_name(parameter.name, pipeline.inputs)
        good_name(name, "an input")
        if name in pipeline.inputs:
            raise UsageError(f"There is an input {name} already.", "Choose another name.")
        self.document = self.document.set_pipeline_input(name, value)
        self.document = self.document.set_step_input(edit.step, key, InputBinding(name))

    def _set_setting(self, edit: m.SetSetting) -> None:
        self._readable()
        switch = edit.key != "default_compute"
        if edit.value is not None and isinstance(edit.value, bool) is not switch:
            kind = "true or false" if switch else "a text"
            raise UsageError(f"{edit.key} is {edit.value!r}; {kind} is needed.")
        self.document = self.document.set_setting(edit.key, edit.value or None)

    def _set_input(self, edit: m.SetInput) -> None:
        pipeline = self.pipeline
        there = pipeline.inputs.get(edit.name)
        if edit.remove:
            if there is None:
                raise UsageError(f"The pipeline has no input {edit.name[:80]}.")
            self._remove_input(edit.name, there)
            return
        if there is None:
            good_name(edit.name, "an input")
        if not edit.data:
            value = edit.value if edit.value is not None else ""
            self.document = self.document.set_pipeline_input(edit.name, value)
            return
        path = edit.path
        if edit.folder:
            place = self._tools.place_of(edit.folder)
            path = path_for(place, self._tools.file, self._tools.settings.home)
        data = there if isinstance(there, Data) else Data(None)
        data = replace(data, path=path or None)
        if path:
            at = os.path.normpath(self._tools.file.parent / os.path.expanduser(path))  # noqa: PTH111
            is_file, is_folder = os.path.isfile(at), os.path.isdir(at)  # noqa: PTH112, PTH113
            kinds = {(True, "uri_folder"): "uri_file", (False, "uri_file"): "uri_folder"}
            if is_file or is_folder:
                data = replace(data, type=kinds.get((is_file, data.type), data.type))
        self.document = self.document.set_pipeline_input(edit.name, data)

    def _remove_input(self, name: str, value: Literal | Data) -> None:
        """Without it: what was bound to it holds its value itself, or is left open."""
        held = None if isinstance(value, Data) else value
        self.document = self.document.set_step_inputs(
            {
                (step, key): held
                for step, there in self.pipeline.steps.items()
                for key, bound in there.inputs.items()
                if bound == InputBinding(name)
            }
        )
        self.document = self.document.set_pipeline_input(name, None)

    def _set_output(self, edit: m.SetOutput) -> None:
        step = self._step(edit.step)
        before = step.outputs.get(edit.port)
        if edit.output:
            if edit.output not in self.pipeline.outputs:
                good_name(edit.output, "an output")
            form = self.pipeline.outputs.get(edit.output, PipelineOutput())
            form = replace(form, path=edit.path or None)
            self.document = self.document.set_pipeline_output(edit.output, form)
        if edit.output != (before or ""):
            self.document = self.document.set_step_output(edit.step, edit.port, edit.output or None)
        if before and before != edit.output:
            written = self.document.pipeline.steps.values()
            if not any(before in step.outputs.values() for step in written):
                self.document = self.document.set_pipeline_output(before, None)

    def _move(self, edit: m.Move) -> None:
        steps = self._tools.steps_of(self.document.text)
        if steps is None:
            pipeline = self.document.pipeline
            steps = edit.positions if pipeline.is_unreadable() else pipeline.steps
        for name in edit.positions:
            if name not in steps:
                raise UsageError(f"There is no step {name[:80]}.")
        self._put({name: (at.x, at.y) for name, at in edit.positions.items()})

    def _paste(self, edit: m.Paste) -> None:
        at = None if edit.position is None else (edit.position.x, edit.position.y)
        tools = self._tools
        found = pasted(
            edit.text,
            self.pipeline,
            self.layout,
            limits=tools.settings.limits,
            registry=tools.registry,
            at=at,
        )
        if found.dropped:
            left = [f"{step}.{port}" for step, port in found.dropped]
            more = f" and {len(left) - 5} more" if len(left) > 5 else ""
            shown = ", ".join(left[:5]) + more
            tools.remarks.append(f"Left open, since what it was bound to is not here: {shown}.")
        for name, value in found.inputs.items():
            self.document = self.document.set_pipeline_input(name, value)
        self.document = self.document.add_steps(found.steps)
        self._put(found.positions)

    def _set_text(self, text: str) -> None:
        before = self.document.pipeline
        self.document = replace(self.document, text=text)
        self._tidy = False
        after = self.document.pipeline
        if before.is_unreadable() or after.is_unreadable():
            return
        for difference in differences(before, after):
            if difference.change == "renamed":
                self.layout = self.layout.renamed(difference.old, difference.new)
        self._only_steps(set(after.steps))

    def _put(self, places: Mapping[str, tuple[float, float]]) -> None:
        self.layout = Layout({**self.layout.positions, **places}, self.layout.notes)

    def _only_steps(self, names: Collection[str]) -> None:
        kept = {name: at for name, at in self.layout.positions.items() if name in names}
        self.layout = Layout(kept, self.layout.notes)
