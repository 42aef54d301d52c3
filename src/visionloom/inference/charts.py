"""Inline SVG charts: lines over epochs and the confusion matrix. Colours come from the page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

_WIDTH, _HEIGHT = 420, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 14, 36
_TOO_WIDE = 30
"""From this ratio of largest to smallest on, positive values are drawn on a logarithmic scale."""


@dataclass(frozen=True)
class Line:
    """One line of a chart: its name, the CSS class that colours it, one value per epoch."""

    name: str
    style: str
    values: Sequence[float]


def line_chart(title: str, lines: Sequence[Line], best: int, *, percent: bool = False) -> Markup:
    """Lines over the epochs (from 1), the best epoch marked; readable by a screen reader."""
    count = len(lines[0].values)
    values = [v for line in lines for v in line.values if math.isfinite(v)]
    smallest, largest = min(values), max(values)
    wide = not percent and smallest > 0 and largest / smallest > _TOO_WIDE
    ticks = _powers(smallest, largest) if wide else _ticks(smallest, largest)
    height = math.log if wide else float
    low, high = height(ticks[0]), height(ticks[-1])

    def x(epoch: float) -> float:
        span = max(1, count - 1)
        return _LEFT + (epoch - 1) / span * (_WIDTH - _LEFT - _RIGHT) if count > 1 else _WIDTH / 2

    def y(value: float) -> float:
        return _TOP + (high - height(value)) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)

    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" class="chart" aria-label="'
        f'{escape(title)}: {escape(_in_words(lines, best, percent))}">'
    ]
    for tick in ticks:
        label = f"{tick:.0%}" if percent else f"{tick:g}"
        parts.append(
            f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y(tick):.1f}" '
            f'y2="{y(tick):.1f}"/><text class="axis" x="{_LEFT - 6}" y="{y(tick) + 4:.1f}" '
            f'text-anchor="end">{label}</text>'
        )
    parts += [
        f'<text class="axis" x="{x(epoch):.1f}" y="{_HEIGHT - 18}" text-anchor="middle">'
        f"{epoch}</text>"
        for epoch in _epochs_shown(count)
    ]
    parts.append(
        f'<text class="axis" x="{(_LEFT + _WIDTH - _RIGHT) / 2}" y="{_HEIGHT - 3}" '
        'text-anchor="middle">epoch</text>'
        f'<line class="best" x1="{x(best):.1f}" x2="{x(best):.1f}" y1="{_TOP}" '
        f'y2="{_HEIGHT - _BOTTOM}"/>'
    )
    for line in lines:
        points = [(x(i), y(v)) for i, v in enumerate(line.values, 1) if math.isfinite(v)]
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
        parts.append(f'<polyline class="line {line.style}" points="{path}"/>')
        for a, b in points if count <= 30 else []:
            parts.append(f'<circle class="dot {line.style}" cx="{a:.1f}" cy="{b:.1f}" r="2.5"/>')
    parts.append("</svg>")
    return Markup("".join(parts))  # noqa: S704 - numbers, and texts escaped above


def interval_bar(value: float, low: float | None, high: float | None) -> Markup:
    """A share from 0 to 1 as a dot with its interval on a line."""
    ends = ""
    if low is not None and high is not None:
        width = max(0.5, (high - low) * 100)
        ends = (
            f'<rect class="range" x="{low * 100:.1f}" y="3" width="{width:.1f}" height="4" rx="2"/>'
        )
    return Markup(  # noqa: S704 - numbers only
        '<svg class="interval" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        '<line class="grid" x1="0" x2="100" y1="5" y2="5"/>'
        f'{ends}<rect class="dot" x="{max(0.0, value * 100 - 0.8):.1f}" y="1" width="1.6" '
        'height="8"/>'
        "</svg>"
    )


def _ticks(low: float, high: float) -> list[float]:
    """Four to seven round values that enclose the range."""
    span = max(high - low, abs(high) * 1e-3, 1e-6)
    raw = span / 4
    power = 10 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= raw)
    first = math.floor(low / step)
    last = max(first + 1, math.ceil(high / step))
    return [round(i * step, 12) for i in range(first, last + 1)]


def _powers(low: float, high: float) -> list[float]:
    """Powers of ten that enclose the range, at most about seven."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    last = max(last, first + 1)
    step = math.ceil((last - first) / 6)
    shown = [*range(first, last, step), first + step * math.ceil((last - first) / step)]
    return [10.0**power for power in shown]


def _epochs_shown(count: int) -> list[int]:
    step = max(1, math.ceil(count / 10))
    return list(range(1, count + 1, step))


def _in_words(lines: Sequence[Line], best: int, percent: bool) -> str:
    def show(value: float) -> str:
        return f"{value:.1%}" if percent else f"{value:.4f}"

    ends = [
        f"{line.name} from {show(line.values[0])} to {show(line.values[-1])}, "
        f"{show(line.values[best - 1])} at the best epoch, {best}"
        for line in lines
    ]
    return "; ".join(ends)
