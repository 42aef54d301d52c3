"""95 % intervals in closed form: Wilson's for a share, the same by group, for a mean loss."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

Array = np.ndarray[tuple[int], np.dtype[np.float64]]
Integers = np.ndarray[tuple[int], np.dtype[np.int64]]

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Figure:
    """A figure with its interval; ``low`` and ``high`` are None where none can be given."""

    value: float
    low: float | None
    high: float | None

    def to_json(self) -> dict[str, float | list[float] | None]:
        """As a JSON value."""
        known = self.low is not None and self.high is not None
        return {"value": self.value, "interval": [self.low, self.high] if known else None}  # type: ignore[list-item]


def share(correct: int, count: int) -> Figure:
    """A share with Wilson's score interval (Wilson 1927)."""
    if count == 0:
        return Figure(float("nan"), None, None)
    low, high = wilson(correct / count, count)
    return Figure(correct / count, low, high)


def share_of(correct: Array, groups: Integers | None) -> Figure:
    """A share of pictures, by group where there are groups; see `share` and `share_by_group`.

    Args:
        correct: 0 or 1 per picture, float64 (n,).
        groups: Group index per picture, int64 (n,), or None.
    """
    if groups is not None:
        return share_by_group(correct, groups)
    return share(int(correct.sum()), len(correct))


def share_by_group(correct: Array, groups: Integers) -> Figure:
    """A share of pictures that come in groups (patients, bursts), where groups are independent.

    Wilson's interval for the effective number of pictures: n over the design effect, from the
    cluster-robust variance of a ratio (Cochran 1977, 6.3), never more than n; Student's t with
    groups - 1 degrees of freedom (Korn and Graubard 1998).

    Args:
        correct: 0 or 1 per picture, float64 (n,).
        groups: Group index per picture, int64 (n,).
    """
    n = len(correct)
    sizes = np.bincount(groups).astype(np.float64)
    sums = np.bincount(groups, weights=correct)
    sums, sizes = sums[sizes > 0], sizes[sizes > 0]
    count = len(sizes)
    rate = float(correct.mean()) if n else float("nan")
    if count < 2:
        return Figure(rate, None, None)
    residuals = sums - rate * sizes
    variance = count / (count - 1) * float((residuals**2).sum()) / n**2
    simple = rate * (1 - rate) / n
    if simple == 0:
        effective = float(count)
    else:
        effective = min(float(n), n * simple / variance) if variance > 0 else float(n)
    low, high = wilson(rate, effective, freedom=count - 1)
    return Figure(rate, low, high)


def mean_loss(losses: Array, groups: Integers | None) -> Figure:
    """A mean of losses, at least 0 each, with Student's interval on the logarithmic scale.

    The standard error is cluster-robust where there are groups. Few pictures and a confident
    model make the interval too short: one rare, very wrong picture would move the mean.

    Args:
        losses: float64 (n,), n at least 1.
        groups: Group index per picture, int64 (n,), or None.
    """
    mean = float(losses.mean())
    units = np.arange(len(losses)) if groups is None else groups
    sums = np.bincount(units, weights=losses - mean)
    count = len(np.unique(units))
    if count < 2 or mean == 0:
        return Figure(mean, None, None)
    error = math.sqrt(count / (count - 1) * float((sums**2).sum())) / len(losses)
    # exp(700) is about the largest float64: more would say nothing
    half = min(700.0, student(1 - (1 - CONFIDENCE) / 2, count - 1) * error / mean)
    return Figure(mean, mean * math.exp(-half), mean * math.exp(half))


def wilson(rate: float, count: float, freedom: int | None = None) -> tuple[float, float]:
    """Both ends of Wilson's interval; Student's t instead of the normal with ``freedom`` given.

    Args:
        rate: The share, 0 to 1.
        count: Number of pictures it rests on, above 0; need not be whole.
        freedom: Degrees of freedom, at least 1.
    """
    z = normal(1 - (1 - CONFIDENCE) / 2)
    if freedom is not None:
        count *= (z / student(1 - (1 - CONFIDENCE) / 2, freedom)) ** 2
    middle = (rate + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * (rate * (1 - rate) / count + z * z / (4 * count**2)) ** 0.5
    # rounding must not put the share itself outside
    return min(rate, max(0.0, middle - half)), max(rate, min(1.0, middle + half))


def student(probability: float, freedom: int) -> float:
    """The quantile of Student's t with so many degrees of freedom, at least 1."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, probability))


def normal(probability: float) -> float:
    """The quantile of the standard normal distribution."""
    from scipy.special import ndtri

    return float(ndtri(probability))
