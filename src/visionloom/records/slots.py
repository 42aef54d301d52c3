"""Slots of targets: how many steps run at once, over all runs of this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, select

from visionloom.records.changes import held_run, held_step
from visionloom.records.rows import STEP_ENDS
from visionloom.records.tables import slots

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection


def take(
    connection: Connection,
    target: str,
    capacity: int,
    count: int,
    run: str,
    step: str,
    fence: int | None,
) -> bool:
    """See `Recorder.take_slots`."""
    # on a server that lets several write at once, this keeps two from taking the last slot
    connection.execute(select(slots).where(slots.c.target == target).with_for_update()).all()
    held_run(connection, run, fence)
    if held_step(connection, run, step).state in STEP_ENDS:
        return False
    its = (slots.c.target == target, slots.c.run == run, slots.c.step == step)
    taken = connection.execute(
        select(func.coalesce(func.sum(slots.c.count), 0)).where(slots.c.target == target)
    ).scalar_one()
    own = connection.execute(select(slots.c.count).where(*its)).scalar()
    if own is not None:
        return True
    if taken + count > capacity:
        return False
    connection.execute(insert(slots).values(target=target, run=run, step=step, count=count))
    return True


def free(connection: Connection, run: str, step: str) -> None:
    """See `Recorder.free_slots`."""
    query = delete(slots).where(slots.c.run == run)
    connection.execute(query.where(slots.c.step == step) if step else query)


def of_target(connection: Connection, target: str) -> list[tuple[str, str, int]]:
    """See `Recorder.slots`."""
    query = select(slots.c.run, slots.c.step, slots.c.count).where(slots.c.target == target)
    rows = connection.execute(query.order_by(slots.c.run, slots.c.step))
    return [(run, step, count) for run, step, count in rows]
