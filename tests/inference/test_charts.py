"""Charts: every value lies inside the picture, whatever its size."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visionloom.inference.charts import Line, interval_bar, line_chart

values = st.lists(st.floats(1e-12, 1e30), min_size=1, max_size=40)


@settings(max_examples=100, deadline=None)
@given(values)
def test_every_point_is_inside_the_chart(found: list[float]) -> None:
    chart = str(line_chart("Loss", [Line("loss", "one", found)], 1))
    points = re.search(r'<polyline[^>]*points="([^"]+)"', chart)
    assert points is not None
    for point in points[1].split():
        x, y = (float(number) for number in point.split(","))
        assert 0 <= x <= 420
        assert 13 <= y <= 205


def test_losses_of_very_different_size_are_drawn_on_a_logarithmic_scale() -> None:
    chart = str(line_chart("Loss", [Line("loss", "one", [46.0, 3.0, 0.2, 0.09])], 4))
    labels = re.findall(r'text-anchor="end">([^<]+)<', chart)
    assert labels == ["0.01", "0.1", "1", "10", "100"]
    plain = str(line_chart("Loss", [Line("loss", "one", [2.0, 1.0, 0.5])], 3))
    assert "0.5" in re.findall(r'text-anchor="end">([^<]+)<', plain)


@pytest.mark.parametrize("ends", [(0.9, 0.99), (None, None), (1.0, 1.0)])
def test_a_bar_stays_in_its_picture(ends: tuple[float | None, float | None]) -> None:
    bar = str(interval_bar(0.95, *ends))
    assert ("range" in bar) == (ends[0] is not None)
