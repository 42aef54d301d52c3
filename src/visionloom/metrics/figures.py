"""All figures of one set of scores: from labels and probabilities to values with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from visionloom.metrics.counts import Array, Integers, Matrix, confusion
from visionloom.metrics.intervals import Figure, mean_loss, share_of
from visionloom.metrics.means import macro_figures
from visionloom.metrics.ranking import average_precision, matthews, roc_auc

Probabilities = np.ndarray[tuple[int, int], np.dtype[np.float64]]
Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]
_SMALLEST = float(np.finfo(np.float64).tiny)


@dataclass(frozen=True)
class ClassFigures:
    """Figures of one class; precision, recall and F1 are None for a class without pictures."""

    label: str
    images: int
    precision: Figure | None
    recall: Figure | None
    f1: Figure | None


@dataclass(frozen=True)
class Figures:
    """All figures of one set of scores.

    Attributes:
        images: Number of labelled pictures.
        groups: Number of groups, or None when pictures count one by one.
        accuracy: Share of pictures classified correctly.
        balanced_accuracy: Mean recall over the classes with pictures.
        macro_precision, macro_recall, macro_f1: Means over the classes with pictures.
        micro_precision, micro_recall, micro_f1: Over all pictures; equal to the accuracy when
            every picture has one label.
        top5_accuracy: Share with the label among the five most likely; None up to five classes.
        log_loss: Mean of -log of the label's probability.
        auc: Area under the ROC curve; for more than two classes the mean of one against the rest
            over the classes with pictures; None when only one class has pictures.
        binary: Figures of the second class as the positive one, for two classes; else None.
        confusion: Counts (C, C), rows are true classes.
        per_class: One entry per class of the list.
    """

    images: int
    groups: int | None
    accuracy: Figure
    balanced_accuracy: Figure
    macro_precision: Figure
    macro_recall: Figure
    macro_f1: Figure
    micro_precision: Figure
    micro_recall: Figure
    micro_f1: Figure
    top5_accuracy: Figure | None
    log_loss: Figure
    auc: float | None
    binary: BinaryFigures | None
    confusion: Matrix
    per_class: tuple[ClassFigures, ...]


@dataclass(frozen=True)
class BinaryFigures:
    """Two classes: the second of the list is the positive one."""

    positive_class: str
    precision: Figure
    recall: Figure
    f1: Figure
    auc: float | None
    average_precision: float | None
    matthews: float


def compute(
    labels: Integers,
    probabilities: Probabilities,
    classes: Sequence[str],
    groups: Integers | None = None,
) -> Figures:
    """All figures.

    Args:
        labels: Class index of each picture, int64 (n,), n at least 1.
        probabilities: float64 (n, C), rows sum to 1.
        classes: Names, in order of the columns.
        groups: Group index of each picture, int64 (n,), or None.
    """
    count, kinds = probabilities.shape
    predicted = probabilities.argmax(axis=1)
    matrix = confusion(labels, predicted, kinds)
    accuracy = share_of((predicted == labels).astype(np.float64), groups)
    macro_precision, macro_recall, macro_f1 = macro_figures(labels, predicted, kinds, groups)
    details = tuple(
        _class_figures(index, label, labels, predicted, groups)
        for index, label in enumerate(classes)
    )
    auc = _auc(labels, probabilities)
    return Figures(
        images=count,
        groups=len(np.unique(groups)) if groups is not None else None,
        accuracy=accuracy,
        balanced_accuracy=macro_recall,
        macro_precision=macro_precision,
        macro_recall=macro_recall,
        macro_f1=macro_f1,
        micro_precision=accuracy,
        micro_recall=accuracy,
        micro_f1=accuracy,
        top5_accuracy=_top5(labels, probabilities, groups),
        log_loss=mean_loss(picture_losses(labels, probabilities), groups),
        auc=auc,
        binary=_binary(labels, probabilities, classes, details, auc) if kinds == 2 else None,
        confusion=matrix,
        per_class=details,
    )


def picture_losses(labels: Integers, probabilities: Probabilities) -> Array:
    """-log of the probability of each picture's label, float64 (n,); at most 708.4.

    The smallest normal number stands for a probability of 0.
    """
    mine = probabilities[np.arange(len(labels)), labels]
    return -np.log(np.clip(mine, _SMALLEST, 1.0))


def _class_figures(
    index: int, label: str, labels: Integers, predicted: Integers, groups: Integers | None
) -> ClassFigures:
    """Precision, recall and F1 of one class: each a share of some of the pictures.

    F1 is 2J / (1 + J) for the share J of right pictures among those of the class or taken for it,
    and so are the ends of its interval.
    """
    mine, taken = labels == index, predicted == index
    images = int(mine.sum())
    if images == 0:
        return ClassFigures(label, 0, None, None, None)

    def among(chosen: Flags) -> Figure:
        right = (mine & taken)[chosen].astype(np.float64)
        return share_of(right, None if groups is None else groups[chosen])

    overlap = among(mine | taken)
    return ClassFigures(
        label,
        images,
        among(taken) if taken.any() else Figure(0.0, None, None),
        among(mine),
        Figure(
            2 * overlap.value / (1 + overlap.value),
            None if overlap.low is None else 2 * overlap.low / (1 + overlap.low),
            None if overlap.high is None else 2 * overlap.high / (1 + overlap.high),
        ),
    )


def _top5(labels: Integers, probabilities: Probabilities, groups: Integers | None) -> Figure | None:
    if probabilities.shape[1] <= 5:
        return None
    five = np.argsort(-probabilities, axis=1, kind="stable")[:, :5]
    right = (five == labels[:, None]).any(axis=1).astype(np.float64)
    return share_of(right, groups)


def _auc(labels: Integers, probabilities: Probabilities) -> float | None:
    present = np.unique(labels)
    if len(present) < 2:
        return None
    if probabilities.shape[1] == 2:
        return roc_auc(labels == 1, probabilities[:, 1])
    areas = [roc_auc(labels == index, probabilities[:, index]) for index in present]
    return float(np.mean(areas))


def _binary(
    labels: Integers,
    probabilities: Probabilities,
    classes: Sequence[str],
    details: Sequence[ClassFigures],
    auc: float | None,
) -> BinaryFigures | None:
    positive = details[1]
    if positive.precision is None or positive.recall is None or positive.f1 is None:
        return None
    scores = probabilities[:, 1]
    return BinaryFigures(
        positive_class=classes[1],
        precision=positive.precision,
        recall=positive.recall,
        f1=positive.f1,
        auc=auc,
        average_precision=None if auc is None else average_precision(labels == 1, scores),
        matthews=matthews(confusion(labels, probabilities.argmax(axis=1), 2)),
    )
