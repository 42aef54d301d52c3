"""What every change of state has in common: the fence, compare-and-swap, the event beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, insert, select, update

from visionloom.errors import LeaseLostError, NoSuchStepError, RunStateError
from visionloom.records.rows import RUN_ENDS, STEP_ENDS, STEP_MOVES
from visionloom.records.tables import attempts, events, pins, runs, slots, steps

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Row

_RUN = (
    select(runs.c.id, runs.c.state, runs.c.fence, runs.c.cancel, runs.c.supervisor, runs.c.name)
    .where(runs.c.id == bindparam("of_run"))
    .with_for_update()
)
_STEP = (
    select(steps.c.state, steps.c.key, steps.c.asked)
    .where(steps.c.run == bindparam("of_run"), steps.c.name == bindparam("of_step"))
    .with_for_update()
)
_EVENT = insert(events)

_END_OF_RUN = {"succeeded": "not needed", "failed": "the run failed"}


def held_run(connection: Connection, run: str, fence: int | None) -> Row[*tuple[Any, ...]]:
    """The run as it is, for as long as the transaction lasts.

    Args:
        connection: In a transaction that writes.
        run: Its id.
        fence: What the caller acquired it with; None for a caller that is no supervisor.

    Raises:
        RunStateError: There is no such run.
        LeaseLostError: Another supervisor acquired it since.
    """
    row = connection.execute(_RUN, {"of_run": run}).one_or_none()
    if row is None:
        raise RunStateError(f"There is no run {run}.", "List them: visionloom runs list.")
    if fence is not None and row.fence != fence:
        raise LeaseLostError(
            f"Run {run} was taken over by another supervisor (fence {row.fence}; this one has "
            f"{fence})."
        )
    return row


def held_step(connection: Connection, run: str, step: str) -> Row[*tuple[Any, ...]]:
    """The step as it is, for as long as the transaction lasts.

    Raises:
        RunStateError: There is no such step.
    """
    row = connection.execute(_STEP, {"of_run": run, "of_step": step}).one_or_none()
    if row is None:
        raise NoSuchStepError(f"Run {run} has no step {step}.")
    return row


def swap_run(
    connection: Connection, row: Row[*tuple[Any, ...]], reason: str, at: float, **columns: object
) -> bool:
    """Give a run another state if it is still as in ``row``; with an event."""
    changed = connection.execute(
        update(runs)
        .where(runs.c.id == row.id, runs.c.state == row.state, runs.c.fence == row.fence)
        .values(reason=reason, **columns)
    )
    if changed.rowcount != 1:
        return False
    add_event(connection, row.id, "run", row.state, str(columns["state"]), reason, at)
    return True


def swap_step(
    connection: Connection, run: str, step: str, old: str, new: str, reason: str, at: float,
    **columns: object,
) -> bool:  # fmt: skip
    """Give a step another state if it is still ``old`` and may become ``new``; with an event.

    At an end, and on the way back to the queue, its slots are freed and an attempt that is still
    open is closed.
    """
    if new not in STEP_MOVES.get(old, frozenset()):
        return False
    values: dict[str, object] = {"state": new, "reason": reason}
    if new in STEP_ENDS:
        values["ended"] = at
    changed = connection.execute(
        update(steps)
        .where(steps.c.run == run, steps.c.name == step, steps.c.state == old)
        .values(**values | columns)
    )
    if changed.rowcount != 1:
        return False
    add_event(connection, run, "step", old, new, reason, at, step=step)
    if new != "running":
        connection.execute(delete(slots).where(slots.c.run == run, slots.c.step == step))
        connection.execute(
            update(attempts)
            .where(attempts.c.run == run, attempts.c.step == step, attempts.c.state == "running")
            .values(state=new if new in RUN_ENDS else "lost", reason=reason, ended=at)
        )
    return True


def end_open_steps(connection: Connection, run: str, new: str, at: float) -> bool:
    """Before a run ends: leave no step open. False when one runs and the run is to succeed."""
    rows = connection.execute(
        select(steps.c.name, steps.c.state)
        .where(steps.c.run == run, steps.c.state.in_(("queued", "running")))
        .order_by(steps.c.position)
    ).all()
    if new == "succeeded" and any(row.state == "running" for row in rows):
        return False
    for name, state in rows:
        end = new if state == "running" or new == "cancelled" else "skipped"
        swap_step(connection, run, name, state, end, _END_OF_RUN.get(new, f"the run was {new}"), at)
    connection.execute(delete(pins).where(pins.c.run == run))
    connection.execute(delete(slots).where(slots.c.run == run))
    return True


def add_event(
    connection: Connection, run: str, kind: str, old: str, new: str, reason: str, at: float,
    *, step: str = "",
) -> None:  # fmt: skip
    """Remember one change."""
    values = {"run": run, "step": step, "kind": kind, "old": old, "new": new}
    connection.execute(_EVENT, {**values, "reason": reason, "at": at})


def insert_all(connection: Connection, table: Any, rows: Iterable[Mapping[str, Any]]) -> None:
    """Insert rows, if any."""
    listed = list(rows)
    if listed:
        connection.execute(insert(table), listed)
