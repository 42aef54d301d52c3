"""Objects of the store as far as the records know them: who needs which, what may go.

An object is needed while an output of a run that is kept, or a pin, names it. A result never
outlives the run it belongs to: before a run is deleted its results go to another run that reused
them, so that what is kept stays reusable.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import delete, exists, insert, select, update

from visionloom.errors import RunStateError
from visionloom.records.changes import held_run, insert_all
from visionloom.records.rows import RUN_ENDS, OutputRow
from visionloom.records.tables import objects, outputs, pins, results, runs, series, steps

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

T = TypeVar("T")
_CHUNK = 500
_NEEDED = exists().where(outputs.c.object == objects.c.id) | exists().where(
    pins.c.object == objects.c.id
)
# what an attempt that did not succeed leaves to go on from is worth keeping
_RESUMABLE = ("queued", "running", "failed", "cancelled", "interrupted", "lost")


def use_object(
    connection: Connection, output: OutputRow, files: Mapping[str, int], now: float
) -> None:
    """Remember the object of an output as needed now."""
    columns: dict[str, object] = {"used": now}
    if files:
        columns["files"] = dict(files)
    known = connection.execute(update(objects).where(objects.c.id == output.object).values(columns))
    if known.rowcount == 0:
        connection.execute(
            insert(objects).values(
                id=output.object, digest=output.digest, type=output.type, bytes=output.bytes,
                refers_to=list(output.refers_to), files=dict(files), used=now,
            )
        )  # fmt: skip


def touch(connection: Connection, ids: Collection[str], now: float) -> bool:
    """Mark objects as used now; False when one is not known any more."""
    changed = connection.execute(
        update(objects).where(objects.c.id.in_(list(ids))).values(used=now)
    )
    return changed.rowcount == len(ids)


def pin(connection: Connection, run: str, ids: Collection[str]) -> None:
    """See `Recorder.pin`."""
    if held_run(connection, run, None).state in RUN_ENDS:
        raise RunStateError(f"Run {run} has ended: it can pin nothing.")
    there = set(connection.execute(select(pins.c.object).where(pins.c.run == run)).scalars())
    insert_all(connection, pins, [{"run": run, "object": i} for i in sorted({*ids} - there)])


def unpin(connection: Connection, run: str) -> None:
    """See `Recorder.unpin`."""
    connection.execute(delete(pins).where(pins.c.run == run))


def sweepable(connection: Connection, older_than: float) -> dict[str, int]:
    """See `Recorder.sweepable`."""
    query = select(objects.c.id, objects.c.bytes).where(objects.c.used < older_than, ~_NEEDED)
    return {row.id: row.bytes for row in connection.execute(query.order_by(objects.c.id))}


def drop(connection: Connection, ids: Iterable[str], older_than: float) -> dict[str, float]:
    """See `Recorder.drop_objects`."""
    dropped: dict[str, float] = {}
    for chunk in chunks(ids):
        listed = objects.c.id.in_(chunk)
        query = select(objects.c.id, objects.c.used).where(
            listed, objects.c.used < older_than, ~_NEEDED
        )
        found = {row.id: row.used for row in connection.execute(query)}
        connection.execute(delete(objects).where(objects.c.id.in_(list(found))))
        dropped |= found
    return dropped


def known(connection: Connection) -> set[str]:
    """See `Recorder.known_objects`."""
    every = set(connection.execute(select(objects.c.id)).scalars())
    return every | set(connection.execute(select(pins.c.object)).scalars())


def resumable_keys(connection: Connection) -> set[str]:
    """See `Recorder.resumable_keys`."""
    query = select(steps.c.key).distinct().where(steps.c.key != "")
    unfinished = query.where(
        steps.c.state.in_(_RESUMABLE),
        steps.c.state.in_(("queued", "running")) | ~exists().where(results.c.key == steps.c.key),
    )
    return set(connection.execute(unfinished).scalars())


def let_go(connection: Connection, run: str, now: float) -> None:
    """Mark the objects of a run as used until now, before its rows are deleted."""
    its = select(outputs.c.object).where(outputs.c.run == run)
    connection.execute(update(objects).where(objects.c.id.in_(its)).values(used=now))


def hand_over_results(connection: Connection, run: str) -> None:
    """Give the results of a run, with their figures, to the newest other run that reused them."""
    its = connection.execute(
        select(results.c.number, results.c.key, results.c.step).where(results.c.run == run)
    ).all()
    for number, key, step in its:
        heir = connection.execute(
            select(steps.c.run, steps.c.name, runs.c.name.label("pipeline"))
            .join(runs, runs.c.id == steps.c.run)
            .where(
                steps.c.key == key,
                steps.c.run != run,
                steps.c.state == "reused",
                steps.c.source == run,
            )
            .order_by(runs.c.number.desc())
            .limit(1)
        ).first()
        if heir is None:
            continue
        connection.execute(
            update(results)
            .where(results.c.number == number)
            .values(run=heir.run, step=heir.name, name=heir.pipeline)
        )
        connection.execute(
            update(series)
            .where(series.c.run == run, series.c.step == step)
            .values(run=heir.run, step=heir.name)
        )
        # the other heirs name the new owner, so that it can hand over in its turn
        connection.execute(
            update(steps)
            .where(steps.c.key == key, steps.c.source == run, steps.c.run != heir.run)
            .values(source=heir.run)
        )


def chunks(ids: Iterable[T]) -> Iterator[list[T]]:
    """Lists short enough for one statement."""
    listed = list(ids)
    for start in range(0, len(listed), _CHUNK):
        yield listed[start : start + _CHUNK]
