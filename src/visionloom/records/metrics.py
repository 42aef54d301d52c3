"""Figures over epochs: one series for each figure of a step, its newest point kept beside it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, insert, select, update

from visionloom.records.references import chunks
from visionloom.records.rows import MetricPoint
from visionloom.records.tables import points, results, series, steps

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_NUMBER = select(series.c.number, series.c.last_index).where(
    series.c.run == bindparam("of_run"),
    series.c.step == bindparam("of_step"),
    series.c.name == bindparam("of_name"),
)
_CURVE = (
    select(series.c.run, series.c.step, points.c.index, series.c.name, points.c.value)
    .join(points, points.c.series == series.c.number)
    .where(
        series.c.run == bindparam("of_run"),
        series.c.step == bindparam("of_step"),
        series.c.name == bindparam("of_name"),
    )
    .order_by(points.c.index)
)
_LAST = (
    select(steps.c.position, steps.c.run, series.c.name, series.c.last_value)
    .join(steps, (steps.c.run == series.c.run) & (steps.c.name == series.c.step))
    .where(series.c.run.in_(bindparam("of_runs", expanding=True)))
    .order_by(steps.c.position)
)
# made by the step of another run; of several with one key the newest
_LAST_REUSED = (
    select(steps.c.position, steps.c.run, series.c.name, series.c.last_value)
    .join(results, results.c.key == steps.c.key)
    .join(series, (series.c.run == results.c.run) & (series.c.step == results.c.step))
    .where(
        steps.c.run.in_(bindparam("of_runs", expanding=True)),
        steps.c.state == "reused",
        steps.c.key != "",
    )
    .order_by(steps.c.position, results.c.number)
)
_NAMES = select(series.c.step, series.c.name).where(series.c.run == bindparam("of_run"))


def add(connection: Connection, new: Iterable[MetricPoint]) -> None:
    """See `Recorder.add_metrics`."""
    curves: dict[tuple[str, str, str], dict[int, float | None]] = {}
    for point in new:
        value = point.value if point.value is not None and math.isfinite(point.value) else None
        curves.setdefault((point.run, point.step, point.name), {})[point.index] = value
    for (run, step, name), values in curves.items():
        _extend(connection, run, step, name, values)


def curve(connection: Connection, run: str, step: str, name: str) -> list[MetricPoint]:
    """See `Recorder.curve`."""
    names = {"of_run": run, "of_step": step, "of_name": name}
    return [MetricPoint(*row) for row in connection.execute(_CURVE, names)]


def names_of(connection: Connection, run: str) -> list[tuple[str, str]]:
    """See `Recorder.metric_names`."""
    rows = connection.execute(_NAMES.order_by(series.c.number), {"of_run": run})
    return [(row.step, row.name) for row in rows]


def last(connection: Connection, runs: Iterable[str]) -> dict[str, dict[str, float | None]]:
    """See `Recorder.last_metrics`."""
    found: dict[str, dict[str, float | None]] = {}
    for chunk in chunks(runs):
        found |= {run: {} for run in chunk}
        names = {"of_runs": chunk}
        rows = [*connection.execute(_LAST_REUSED, names), *connection.execute(_LAST, names)]
        for row in sorted(rows, key=lambda row: int(row.position)):
            found[row.run][row.name] = row.last_value
    return found


def _extend(
    connection: Connection, run: str, step: str, name: str, values: dict[int, float | None]
) -> None:
    newest = max(values)
    there = connection.execute(_NUMBER, {"of_run": run, "of_step": step, "of_name": name}).first()
    if there is None:
        row = {"run": run, "step": step, "name": name}
        added = connection.execute(
            insert(series).values(**row, last_index=newest, last_value=values[newest])
        )
        (number,) = added.inserted_primary_key or (0,)
    else:
        number = there.number
        for chunk in chunks(values):
            replaced = delete(points).where(points.c.series == number, points.c.index.in_(chunk))
            connection.execute(replaced)
        if newest >= there.last_index:
            connection.execute(
                update(series)
                .where(series.c.number == number)
                .values(last_index=newest, last_value=values[newest])
            )
    connection.execute(
        insert(points),
        [{"series": number, "index": index, "value": value} for index, value in values.items()],
    )
