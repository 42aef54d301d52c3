"""What is inside artifacts: pictures, transformations, models, scores, evaluations."""

from __future__ import annotations

from typing import Any, Literal

from visionloom.server.models.base import Model


class ArtifactView(Model):
    """An artifact of any type; ``run`` and ``step`` made it, empty when not known."""

    id: str
    type: str
    bytes: int
    digest: str
    run: str
    step: str
    created: float | None


class ClassCount(Model):
    """A class and how many pictures it has."""

    name: str
    count: int


class ImageDirectoryView(Model):
    """An image directory.

    Attributes:
        labelled: Whether labels are known.
        missing: How many of its first pictures are not where they were.
        transformation: The transformation it carries, in words; empty for none.
    """

    id: str
    count: int
    labelled: bool
    classes: list[ClassCount]
    groups: int
    skipped: int
    missing: int
    transformation: str
    bytes: int


class ImageItem(Model):
    """A picture of an image directory; ``row`` is its number there."""

    row: int
    file: str
    label: str | None
    group: str | None
    width: int
    height: int
    bytes: int


class ImagePage(Model):
    """Some pictures of an image directory; ``total`` counts all that match."""

    total: int
    items: list[ImageItem]


class SkippedItem(Model):
    """A file that is no picture, and why."""

    file: str
    reason: str


class SkippedPage(Model):
    """Files that were left out."""

    total: int
    items: list[SkippedItem]


class TransformationView(Model):
    """An image transformation in words, for training and for inference."""

    id: str
    random: bool
    training: list[str]
    inference: list[str]


class ModelView(Model):
    """A model, trained or not.

    Attributes:
        trained: Whether it is trained.
        facts: Name -> value in words, in the order to show: architecture, parameters, input size,
            weights' origin and licence, data, seed, versions ...
        figures: Metric -> value, of a trained one.
    """

    id: str
    trained: bool
    architecture: str
    classes: list[str]
    facts: list[tuple[str, str]]
    recipe: dict[str, Any]
    figures: dict[str, float | None]
    best_epoch: int | None


class Answer(Model):
    """A class and how likely a picture is of it."""

    label: str
    probability: float


class TryView(Model):
    """What a model says of one picture, most likely first."""

    answers: list[Answer]
    width: int
    height: int
    preprocessing: str
    seconds: float


class ScoresView(Model):
    """Scores of pictures; ``pictures`` tells whether the pictures themselves can be shown."""

    id: str
    count: int
    labelled: bool
    classes: list[str]
    wrong: int | None
    skipped: int
    role: str
    pictures: bool


class ScoreItem(Model):
    """A scored picture; ``loss`` is -log of the probability of its label."""

    row: int
    file: str
    label: str | None
    scored_label: str
    probability: float
    loss: float | None
    answers: list[Answer]


class ScorePage(Model):
    """Some scored pictures; ``total`` counts all that match."""

    total: int
    items: list[ScoreItem]


class FigureView(Model):
    """A figure with its interval (95 %)."""

    name: str
    title: str
    value: float | None
    low: float | None
    high: float | None
    count: int | None
    total: int | None


class ClassFigureView(Model):
    """Figures of one class."""

    name: str
    pictures: int
    precision: FigureView
    recall: FigureView
    f1: FigureView


class EvaluationView(Model):
    """An evaluation.

    Attributes:
        confusion: Counts; rows are true classes, columns are given ones, in order of ``classes``.
        scores: Id of the scores it is of, for the pictures of a cell; empty when not known.
        remarks: Sentences to show with the figures.
    """

    id: str
    pictures: int
    classes: list[str]
    figures: list[FigureView]
    confusion: list[list[int]]
    per_class: list[ClassFigureView]
    scores: str
    remarks: list[str]


ScoreSort = Literal["confidence", "loss", "file"]
