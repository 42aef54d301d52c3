"""95 % intervals: Wilson for a share, by group where there are groups, bootstrap for others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Array = np.ndarray[tuple[int], np.dtype[np.float64]]
Integers = np.ndarray[tuple[int], np.dtype[np.int64]]

CONFIDENCE = 0.95
RESAMPLES = 2000


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
    from scipy.stats import binomtest

    if count == 0:
        return Figure(float("nan"), None, None)
    found = binomtest(correct, count).proportion_ci(CONFIDENCE, method="wilson")
    return Figure(correct / count, float(found.low), float(found.high))


def share_by_group(correct: Array, groups: Integers) -> Figure:
    """A share of pictures that come in groups (patients, bursts), where groups are independent.

    Wilson's interval for the effective number of pictures: n over the design effect, from the
    cluster-robust variance of a ratio (Cochran 1977, 6.3), never more than n; Student's t with
    groups - 1 degrees of freedom (Korn and Graubard 1998).

    Args:
        correct: 0 or 1 per picture, float64 (n,).
        groups: Group index per picture, int64 (n,).
    """
    from scipy.stats import norm, t

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
    ratio = norm.ppf(1 - (1 - CONFIDENCE) / 2) / t.ppf(1 - (1 - CONFIDENCE) / 2, count - 1)
    low, high = _wilson(rate, effective * float(ratio) ** 2)
    return Figure(rate, low, high)


def bootstrap(
    statistic: Callable[[Integers], Array],
    count: int,
    groups: Integers | None,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> tuple[Array, Array]:
    """Percentile bootstrap of several figures at once (Efron 1979), by group if there are groups.

    Args:
        statistic: Weights of the pictures, int64 (n,), how often each was drawn -> figures (k,).
        count: Number of pictures n.
        groups: Group index per picture, or None when pictures are independent.
        seed: Fixed, so that a figure printed twice is the same.
        resamples: Number of draws.

    Returns:
        Lower and upper ends, float64 (k,) each; NaN draws are left out.
    """
    draws = np.random.Generator(np.random.Philox(seed))
    rows = []
    kinds = int(groups.max()) + 1 if groups is not None else count
    for _ in range(resamples):
        times = np.bincount(draws.integers(0, kinds, kinds), minlength=kinds)
        rows.append(statistic(times if groups is None else times[groups]))
    tail = (1 - CONFIDENCE) / 2
    found = np.nanquantile(np.asarray(rows), [tail, 1 - tail], axis=0)
    return found[0], found[1]


def _wilson(rate: float, count: float) -> tuple[float, float]:
    from scipy.stats import norm

    z = float(norm.ppf(1 - (1 - CONFIDENCE) / 2))
    middle = (rate + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * (rate * (1 - rate) / count + z * z / (4 * count**2)) ** 0.5
    return max(0.0, middle - half), min(1.0, middle + half)
