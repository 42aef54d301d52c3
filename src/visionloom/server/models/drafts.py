"""Drafts: a pipeline being edited, the edits, and what a draft looks like after each."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from visionloom.server.models.base import Model, ProblemView

Value = bool | int | float | str
Name = Annotated[str, Field(min_length=1, max_length=255)]
Text = Annotated[str, Field(max_length=1_048_576)]
Coordinate = Annotated[float, Field(ge=-1e7, le=1e7)]


class Position(Model):
    """Upper left corner of a step on the canvas, pixels."""

    x: Coordinate
    y: Coordinate


class ValueBinding(Model):
    """A value in the file."""

    kind: Literal["value"] = "value"
    value: Value


class InputBindingView(Model):
    """Bound to an input of the pipeline."""

    kind: Literal["input"] = "input"
    input: str


class StepBindingView(Model):
    """Bound to an output port of another step."""

    kind: Literal["step"] = "step"
    step: str
    port: str


Binding = Annotated[ValueBinding | InputBindingView | StepBindingView, Field(discriminator="kind")]


class GraphStep(Model):
    """A step as it is drawn.

    Attributes:
        name: Unique in the pipeline.
        component: The component's name in the catalog, or as written when it is not known.
        version: As written; empty when not said.
        known: Whether the catalog has it; a placeholder is drawn otherwise.
        why_unknown: What is wrong with it then.
        title: ``display_name`` if there is one, else the component's title, else its name.
        display_name, comment: As in the file.
        compute: Target as written, or None for the pipeline's.
        inputs: Ports and parameters that are bound, by their name in the catalog.
        outputs: Output port -> output of the pipeline it is delivered to.
        effective: Parameter -> the value that holds, defaults and preset resolved, of all that are
            used; empty for an unknown component.
        position: Where it stands; None when not laid out yet.
    """

    name: str
    component: str
    version: str
    known: bool
    why_unknown: str
    title: str
    display_name: str
    comment: str
    compute: str | None
    inputs: dict[str, Binding]
    outputs: dict[str, str]
    effective: dict[str, Value | None]
    position: Position | None


class GraphInput(Model):
    """An input of the pipeline: data (``path``, None while not chosen) or a value."""

    name: str
    kind: Literal["data", "value"]
    type: str
    path: str | None
    value: Value | None


class GraphOutput(Model):
    """An output of the pipeline; without a path it stays in the store."""

    name: str
    path: str | None


class NoteView(Model):
    """A text on the canvas."""

    text: Annotated[str, Field(max_length=10_000)]
    x: Coordinate
    y: Coordinate


class Graph(Model):
    """A pipeline as it is drawn, as far as its file can be read."""

    display_name: str
    description: str
    default_compute: str | None
    force_rerun: bool
    continue_on_step_failure: bool
    inputs: list[GraphInput]
    outputs: list[GraphOutput]
    steps: list[GraphStep]
    notes: list[NoteView]


class VersionView(Model):
    """A named version of a draft."""

    revision: int
    name: str
    at: float


class DraftSummary(Model):
    """A draft in a list.

    Attributes:
        id: Opaque.
        name: Shown.
        file: Path of its file, which the command line runs.
        in_place: Whether the file is the user's own, outside the home folder.
        changed: Seconds since 1970.
        steps: (component, x, y) of each step, for a small picture.
        wires: Pairs of indices into ``steps``.
        last_run: Id of its newest run, or empty.
    """

    id: str
    name: str
    file: str
    in_place: bool
    changed: float
    steps: list[tuple[str, float, float]]
    wires: list[tuple[int, int]]
    last_run: str


class DraftState(Model):
    """A draft after its newest revision.

    Attributes:
        revision: Number of the newest revision; grows with every edit, undo and redo.
        text: The file.
        readable: Whether the text is YAML that could be read at all; ``graph`` is the newest that
            could be otherwise.
        undo, redo: What the next undo or redo takes back or does again; None when there is none.
        saved_at: When the file was written, seconds since 1970.
        last_run: Id of the newest run of this draft, or empty.
        changed_since: Step -> parameters, ports (or ``""`` for the step itself) that differ from
            that run.
        remarks: What the edits that led here left out, to be told once; e.g. wires of pasted steps
            that lead nowhere here.
    """

    id: str
    name: str
    file: str
    in_place: bool
    revision: int
    text: str
    readable: bool
    graph: Graph
    problems: list[ProblemView]
    undo: str | None
    redo: str | None
    saved_at: float
    versions: list[VersionView]
    last_run: str
    changed_since: dict[str, list[str]]
    remarks: list[str]


class Conflict(Model):
    """Somebody else saved first: the answer to an edit of an older revision, status 409.

    Attributes:
        where: ``tab`` when the draft was edited elsewhere, ``disk`` when the file was.
        current: The draft as it is now.
    """

    name: Literal["DraftConflictError"] = "DraftConflictError"
    message: str
    remedy: str
    where: Literal["tab", "disk"]
    current: DraftState


class AddStep(Model):
    """Add a step; its name is made from the component when none is given."""

    kind: Literal["add_step"]
    component: Name
    name: Annotated[str, Field(max_length=255)] = ""
    position: Position | None = None
    parameters: dict[str, Value] = {}


class RemoveSteps(Model):
    """Take steps away, and the wires to and from them."""

    kind: Literal["remove_steps"]
    steps: Annotated[list[Name], Field(min_length=1, max_length=5_000)]


class RenameStep(Model):
    """Give a step another name; what is bound to it follows."""

    kind: Literal["rename_step"]
    step: Name
    new: Name


class SetParameter(Model):
    """Set a parameter, or with None leave it at its default."""

    kind: Literal["set_parameter"]
    step: Name
    name: Name
    value: Value | None


class Promote(Model):
    """Make a parameter an input of the pipeline, with its present value; ``input`` names it."""

    kind: Literal["promote"]
    step: Name
    name: Name
    input: Annotated[str, Field(max_length=255)] = ""


class Connect(Model):
    """Wire an output port to an input port; a wire that was there before is replaced."""

    kind: Literal["connect"]
    from_step: Name
    from_port: Name
    to_step: Name
    to_port: Name


class ConnectInput(Model):
    """Bind a port or parameter to an input of the pipeline."""

    kind: Literal["connect_input"]
    input: Name
    to_step: Name
    to_port: Name


class Disconnect(Model):
    """Leave a port open."""

    kind: Literal["disconnect"]
    to_step: Name
    to_port: Name


class SetStep(Model):
    """Set or leave out a text of a step."""

    kind: Literal["set_step"]
    step: Name
    key: Literal["display_name", "comment", "description", "compute"]
    value: Text | None


class SetHead(Model):
    """Set or leave out a text of the pipeline."""

    kind: Literal["set_head"]
    key: Literal["display_name", "description", "experiment_name"]
    value: Text | None


class SetSetting(Model):
    """Set or leave out a setting of the pipeline."""

    kind: Literal["set_setting"]
    key: Literal["default_compute", "continue_on_step_failure", "force_rerun"]
    value: str | bool | None


class SetInput(Model):
    """Set, add or (neither path nor value, ``remove``) take away an input of the pipeline.

    With ``folder`` the path is that of a folder or data set the server offers, by its id.
    """

    kind: Literal["set_input"]
    name: Name
    data: bool = True
    path: Text | None = None
    folder: Text = ""
    value: Value | None = None
    remove: bool = False


class RenameInput(Model):
    """Rename an input of the pipeline and what is bound to it."""

    kind: Literal["rename_input"]
    name: Name
    new: Name


class SetOutput(Model):
    """Deliver a step's output to an output of the pipeline, or with an empty name no more."""

    kind: Literal["set_output"]
    step: Name
    port: Name
    output: Annotated[str, Field(max_length=255)]
    path: Text | None = None


class Move(Model):
    """Put steps elsewhere on the canvas."""

    kind: Literal["move"]
    positions: dict[Name, Position]


class SetNotes(Model):
    """All notes of the canvas."""

    kind: Literal["set_notes"]
    notes: Annotated[list[NoteView], Field(max_length=1_000)]


class Paste(Model):
    """Add steps from YAML text as `copy` gave it; names that are taken get a number."""

    kind: Literal["paste"]
    text: Text
    position: Position | None = None


class SetText(Model):
    """The whole file, from the YAML tab."""

    kind: Literal["set_text"]
    text: Text


Edit = Annotated[
    AddStep
    | RemoveSteps
    | RenameStep
    | SetParameter
    | Promote
    | Connect
    | ConnectInput
    | Disconnect
    | SetStep
    | SetHead
    | SetSetting
    | SetInput
    | RenameInput
    | SetOutput
    | Move
    | SetNotes
    | Paste
    | SetText,
    Field(discriminator="kind"),
]


class EditRequest(Model):
    """Edits that are one entry of the history.

    Attributes:
        base: Revision they were made on.
        label: What undo will say it takes back, e.g. "Move Train".
        merge: Successive requests with the same word, within two seconds, are one entry: a drag,
            typing into a field. Empty: an entry of its own.
    """

    base: Annotated[int, Field(ge=0)]
    label: Annotated[str, Field(max_length=200)] = ""
    merge: Annotated[str, Field(max_length=200)] = ""
    edits: Annotated[list[Edit], Field(min_length=1, max_length=5_000)]


class BaseRevision(Model):
    """Revision that an undo, redo or restore is made on."""

    base: Annotated[int, Field(ge=0)]


class Restore(Model):
    """Go back to a revision, as a new one."""

    base: Annotated[int, Field(ge=0)]
    revision: Annotated[int, Field(ge=0)]


class NewVersion(Model):
    """Name the present revision, which is to be the ``base``."""

    base: Annotated[int, Field(ge=0)]
    name: Name


class NewName(Model):
    """Another name."""

    name: Name


class NewDraft(Model):
    """What a new draft begins with: nothing, a template, a text, a run's or a draft's pipeline."""

    name: Annotated[str, Field(max_length=255)] = ""
    template: Annotated[str, Field(max_length=255)] = ""
    text: Text = ""
    run: Annotated[str, Field(max_length=255)] = ""
    draft: Annotated[str, Field(max_length=255)] = ""


class TemplateView(Model):
    """An example pipeline."""

    name: str
    title: str
    description: str
    steps: list[tuple[str, float, float]]
    wires: list[tuple[int, int]]


class CopyRequest(Model):
    """Steps to copy."""

    steps: Annotated[list[Name], Field(min_length=1, max_length=5_000)]


class CopiedText(Model):
    """Steps as YAML text."""

    text: str


class DifferenceView(Model):
    """Something in which two pipelines or runs differ; see `visionloom.engine.difference`."""

    subject: str
    step: str
    name: str
    old: str
    new: str


class QuickStart(Model):
    """From photos to a filled pipeline.

    Attributes:
        folder: Id of a data set or folder the server offers.
        weights: ``pretrained`` where the weights are here, or ``scratch``.
        model: Architecture, e.g. ``resnet18``.
        preset: Preset of the training.
    """

    folder: Name
    name: Annotated[str, Field(max_length=255)] = ""
    model: Annotated[str, Field(max_length=100)] = ""
    weights: Literal["pretrained", "scratch"] = "pretrained"
    preset: Annotated[str, Field(max_length=100)] = "standard"
