"""Macro precision, recall and F1 with their intervals."""

from __future__ import annotations

import numpy as np

from visionloom.metrics.counts import Array, Integers, confusion, macro
from visionloom.metrics.intervals import Figure, wilson


def macro_figures(
    labels: Integers, predicted: Integers, classes: int, groups: Integers | None
) -> tuple[Figure, Figure, Figure]:
    """Macro precision, recall and F1 over the classes with pictures, each with its interval.

    Wilson's interval for an effective number of independent pictures, as for a share by group
    (Korn and Graubard 1998). The variance is a jackknife: each picture's contribution to the mean
    against the rest of its class, one pseudo-observation at the overall value included (so that
    classes of one or two pictures count), summed by group; plus, for what classes without an error
    cannot tell, the overall value's binomial variance, fading with the errors seen. It errs on the
    wide side. Below about five pictures a class, precision of classes never predicted is counted
    as 0 and no interval repairs that.

    Args:
        labels, predicted: Class index of each picture, int64 (n,), n at least 1.
        classes: Number of classes C.
        groups: Group index of each picture, int64 (n,), or None.
    """
    units = groups if groups is not None else np.arange(len(labels))
    count = len(np.unique(units))
    values = macro(confusion(labels, predicted, classes))
    if count < 2:
        precision, recall, f1 = (Figure(float(value), None, None) for value in values)
        return precision, recall, f1
    present = np.bincount(labels, minlength=classes) > 0
    contributions = _contributions(labels, predicted, present, values)
    # of what the class's figure is a share: pictures predicted, pictures, pictures
    bases = (predicted, labels, labels)
    wrong = labels != predicted
    figures = []
    for value, parts, base, sides in zip(
        values, contributions, bases, ((predicted,), (labels,), (labels, predicted)), strict=True
    ):
        sizes = np.maximum(1, _units_by_class((base,), units, classes)[present])
        errors = _units_by_class([side[wrong] for side in sides], units[wrong], classes)[present]
        simple = len(sizes) ** 2 / float((1 / sizes).sum())
        unknown = float((1 / sizes / (errors + 1)).sum() / (1 / sizes).sum())
        sums = np.bincount(units, weights=parts)
        variance = count / (count - 1) * float((sums**2).sum())
        binomial = float(value * (1 - value)) / simple
        effect = unknown + (variance / binomial if binomial > 0 else 0.0)
        freedom = count - 1 if groups is not None else None
        figures.append(Figure(float(value), *wilson(float(value), simple / effect, freedom)))
    return figures[0], figures[1], figures[2]


def _contributions(
    labels: Integers, predicted: Integers, present: np.ndarray, values: Array
) -> tuple[Array, Array, Array]:
    """What each picture moves the three means by, float64 (n,) each."""
    classes, kinds = len(present), int(present.sum())
    right = (labels == predicted).astype(np.float64)
    hits = np.bincount(labels, weights=right, minlength=classes)
    guessed = np.maximum(1.0, np.bincount(predicted, minlength=classes))
    support = np.maximum(1.0, np.bincount(labels, minlength=classes))
    by_predicted = (right - ((hits + values[0]) / (guessed + 1))[predicted]) * (
        (guessed + 1) / guessed**2
    )[predicted]
    by_label = (right - ((hits + values[1]) / (support + 1))[labels]) * (
        (support + 1) / support**2
    )[labels]
    both = guessed + support
    scale = present * (both + 2) / both**2
    f1 = 2 * (hits + values[2]) / (both + 2)
    of_f1 = 2 * right * scale[labels] - (f1 * scale)[labels] - (f1 * scale)[predicted]
    return present[predicted] * by_predicted / kinds, by_label / kinds, of_f1 / kinds


def _units_by_class(
    sides: tuple[Integers, ...] | list[Integers], units: Integers, classes: int
) -> Array:
    """In how many units (pictures or groups) each class occurs, on any side, float64 (C,)."""
    span = int(units.max()) + 1 if len(units) else 1
    pairs = np.unique(np.concatenate([side * span + units for side in sides]))
    return np.bincount(pairs // span, minlength=classes).astype(np.float64)
