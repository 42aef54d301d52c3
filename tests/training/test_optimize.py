"""The learning rate as a function of the step."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visionloom.training.optimize import learning_rate


def test_polynomial_rates_at_epoch_starts_are_those_of_the_original() -> None:
    rates = [learning_rate(e * 7, 5 * 7, 0, 0.001, "polynomial") for e in range(5)]
    assert rates == pytest.approx([1e-3, 6.4e-4, 3.6e-4, 1.6e-4, 4e-5], rel=1e-2)


def test_c6_the_warm_up_rises_with_every_step_and_reaches_the_rate() -> None:
    rates = [learning_rate(s, 100, 20, 0.01, "cosine") for s in range(21)]
    assert all(b > a for a, b in itertools.pairwise(rates[:20]))
    assert rates[19] == pytest.approx(0.01)
    assert learning_rate(0, 100, 20, 1e-6, "cosine") < 1e-6


@given(
    steps=st.integers(1, 500),
    share=st.floats(0, 0.99),
    peak=st.floats(1e-12, 10),
    schedule=st.sampled_from(["polynomial", "cosine", "constant"]),
)
def test_c5_the_rate_is_positive_and_at_most_its_peak_at_every_step_and_beyond(
    steps: int, share: float, peak: float, schedule: str
) -> None:
    warmup = int(steps * share)
    for step in range(steps + 3):
        rate = learning_rate(step, steps, warmup, peak, schedule)
        assert math.isfinite(rate)
        assert 0 < rate <= peak * (1 + 1e-12)
