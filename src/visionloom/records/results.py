"""What earlier steps gave: looked up by key, or to compare with and to guess times from.

Each function works in the transaction it is given; what it does is told in
`visionloom.records.recorder.Recorder`. Statements are made once: a plan asks some of them for each
of hundreds of steps.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, select

from visionloom.records.references import chunks
from visionloom.records.rows import OutputRow, ResultRow
from visionloom.records.tables import objects, outputs, results, steps

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Row

_HISTORY = 5
_RESULT = select(
    results.c.number,
    results.c.key,
    results.c.run,
    results.c.step,
    results.c.component,
    results.c.sources,
    results.c.seconds,
    results.c.created,
    steps.c.version,
    steps.c.parts,
).join(steps, (steps.c.run == results.c.run) & (steps.c.name == results.c.step))
_BY_KEYS = _RESULT.where(results.c.key.in_(bindparam("keys", expanding=True))).order_by(
    results.c.number
)
_NEWEST = _RESULT.order_by(results.c.number.desc()).limit(1)
# a plan asks for one key after the other, and a list of unknown length costs time to put in
_BY_KEY = _NEWEST.where(results.c.key == bindparam("key"))
_OF_STEP = _NEWEST.where(results.c.name == bindparam("name"), results.c.step == bindparam("step"))
_OF_COMPONENT = _NEWEST.where(results.c.component == bindparam("component"))
_ALL_OUTPUTS = (
    select(results.c.number, outputs.c.run, outputs.c.step, outputs.c.port, objects)
    .join(outputs, (outputs.c.run == results.c.run) & (outputs.c.step == results.c.step))
    .join(objects, objects.c.id == outputs.c.object)
)
_OUTPUTS = _ALL_OUTPUTS.where(results.c.number == bindparam("number"))
_OUTPUTS_OF_SEVERAL = _ALL_OUTPUTS.where(results.c.number.in_(bindparam("numbers", expanding=True)))
_TIMES = (
    select(steps.c.seconds)
    .where(
        steps.c.component == bindparam("component"),
        steps.c.state == "succeeded",
        steps.c.seconds.is_not(None),
    )
    .order_by(steps.c.ended.desc())
    .limit(_HISTORY)
)
_TIMES_OF_STEP = _TIMES.where(steps.c.name == bindparam("step"))


def by_key(connection: Connection, keys: Iterable[str]) -> dict[str, ResultRow]:
    """See `Recorder.results`."""
    found: dict[str, ResultRow] = {}
    for chunk in chunks(dict.fromkeys(keys)):
        if len(chunk) == 1:
            rows = connection.execute(_BY_KEY, {"key": chunk[0]}).all()
        else:
            rows = connection.execute(_BY_KEYS, {"keys": chunk}).all()
        newest = {row.key: row for row in rows}
        found |= {row.key: row for row in _complete(connection, list(newest.values()))}
    return found


def nearest(connection: Connection, component: str, step: str, name: str) -> ResultRow | None:
    """See `Recorder.nearest`."""
    row = connection.execute(_OF_STEP, {"name": name, "step": step}).first()
    if row is None:
        row = connection.execute(_OF_COMPONENT, {"component": component}).first()
    return None if row is None else _complete(connection, [row])[0]


def forget(connection: Connection, key: str) -> None:
    """See `Recorder.forget_result`."""
    connection.execute(delete(results).where(results.c.key == key))


def expected_seconds(connection: Connection, component: str, step: str) -> float | None:
    """See `Recorder.expected_seconds`."""
    names = {"component": component, "step": step}
    times = connection.execute(_TIMES_OF_STEP, names).scalars().all()
    if not times:
        times = connection.execute(_TIMES, {"component": component}).scalars().all()
    return statistics.median(times) if times else None


def _complete(connection: Connection, rows: Sequence[Row[*tuple[Any, ...]]]) -> list[ResultRow]:
    if not rows:
        return []
    ports: dict[int, dict[str, OutputRow]] = {row.number: {} for row in rows}
    files: dict[int, dict[str, dict[str, int]]] = {row.number: {} for row in rows}
    if len(rows) == 1:
        found = connection.execute(_OUTPUTS, {"number": rows[0].number})
    else:
        found = connection.execute(_OUTPUTS_OF_SEVERAL, {"numbers": list(ports)})
    for output in found:
        ports[output.number][output.port] = OutputRow(
            output.run, output.step, output.port, output.id, output.digest, output.type,
            output.bytes, tuple(output.refers_to),
        )  # fmt: skip
        files[output.number][output.id] = output.files
    return [
        ResultRow(
            key=row.key,
            run=row.run,
            step=row.step,
            component=row.component,
            version=row.version,
            parts=row.parts,
            sources=row.sources,
            outputs=ports[row.number],
            files=files[row.number],
            seconds=row.seconds,
            created=row.created,
        )
        for row in rows
    ]
