"""Two models on the same pictures: is one better, or can one not tell?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from visionloom.metrics.counts import Array, Integers
from visionloom.metrics.intervals import CONFIDENCE, normal, student


@dataclass(frozen=True)
class Comparison:
    """The second against the first on the same pictures.

    Attributes:
        images: Number of pictures both scored.
        only_first, only_second: Pictures that only one of them got right.
        difference: Accuracy of the second less that of the first.
        low, high: 95 % interval of the difference (Bonett and Price 2012); by group a
            cluster-robust one with Student's t. None when there is one group only.
        p_value: Exact McNemar test (McNemar 1947), two-sided; by group a sign-flip test of the
            groups' differences, since pictures of a group are not independent.
        verdict: In words.
    """

    images: int
    only_first: int
    only_second: int
    difference: float
    low: float | None
    high: float | None
    p_value: float
    verdict: str


def compare(first: Array, second: Array, groups: Integers | None = None) -> Comparison:
    """Compare two models picture by picture.

    Args:
        first, second: 1 where right, 0 where wrong, float64 (n,), the same pictures.
        groups: Group index per picture, or None.
    """
    from scipy.stats import binomtest

    gains = second - first
    only_second, only_first = int((gains > 0).sum()), int((gains < 0).sum())
    if groups is not None:
        p_value = _sign_flips(gains, groups)
    elif only_first + only_second == 0:
        p_value = 1.0
    else:
        p_value = float(binomtest(only_second, only_first + only_second).pvalue)

    difference = float(gains.mean())
    low, high = _interval(gains, groups)
    verdict = "cannot tell which is better"
    if p_value < 1 - CONFIDENCE:
        verdict = "the second is better" if difference > 0 else "the first is better"
    return Comparison(
        len(gains), only_first, only_second, difference, low, high, p_value, verdict,
    )  # fmt: skip


def _sign_flips(gains: Array, groups: Integers) -> float:
    draws = np.random.Generator(np.random.Philox(0))
    sums = np.bincount(groups, weights=gains)
    observed = abs(float(sums.sum()))
    flips = draws.choice([-1.0, 1.0], size=(9999, len(sums)))
    extreme = int((np.abs(flips @ sums) >= observed - 1e-12).sum())
    return (extreme + 1) / 10_000


def _interval(gains: Array, groups: Integers | None) -> tuple[float | None, float | None]:
    n, tail = len(gains), 1 - (1 - CONFIDENCE) / 2
    if groups is None:
        more, fewer = ((gains > 0).sum() + 1) / (n + 2), ((gains < 0).sum() + 1) / (n + 2)
        middle = float(more - fewer)
        half = normal(tail) * ((more + fewer - middle**2) / (n + 2)) ** 0.5
        return max(-1.0, middle - float(half)), min(1.0, middle + float(half))
    count = len(np.unique(groups))
    if count < 2:
        return None, None
    middle = float(gains.mean())
    sums = np.bincount(groups, weights=gains - middle)
    error = (count / (count - 1) * float((sums**2).sum())) ** 0.5 / n
    half = student(tail, count - 1) * error
    return max(-1.0, middle - half), min(1.0, middle + half)
