"""The types of artifacts: what flows through ports. Each is a type name and a folder.

How a folder is laid out inside belongs to the room that has the words for it: image directories
and transformations to ``images``, models to ``models``, scores and evaluations to ``inference``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar


@dataclass(frozen=True)
class Artifact:
    """A folder with a manifest.

    Attributes:
        path: The folder.
        type_name: Written in the manifest, shown on ports.
        format_version: The newest layout this program writes and reads; it reads all older ones.
    """

    path: Path
    type_name: ClassVar[str] = "Artifact"
    format_version: ClassVar[int] = 1


class Photos(Artifact):
    """The user's own pictures, not an artifact of ours: a folder, archive, list or picture."""

    type_name = "AnyDirectory"


class ImageDirectory(Artifact):
    """A list of images, with labels if known; refers to pixels or holds them."""

    type_name = "ImageDirectory"


class ImageTransformation(Artifact):
    """The specification of resizing, cropping and augmenting."""

    type_name = "TransformationDirectory"


class UntrainedModel(Artifact):
    """An architecture, with initial weights if any."""

    type_name = "UntrainedModelDirectory"


class TrainedModel(Artifact):
    """Trained weights with classes, preprocessing and history."""

    type_name = "ModelDirectory"


class Scores(Artifact):
    """One row per image with a probability per class."""

    type_name = "ScoresDirectory"


class Evaluation(Artifact):
    """Metrics with intervals, confusion matrix, per-class table."""

    type_name = "EvaluationDirectory"


class Report(Artifact):
    """A page a person reads: ``report.html``."""

    type_name = "ReportDirectory"


ARTIFACT_TYPES: tuple[type[Artifact], ...] = (
    Photos,
    ImageDirectory,
    ImageTransformation,
    UntrainedModel,
    TrainedModel,
    Scores,
    Evaluation,
    Report,
)
