"""Runs: created, found, acquired by one supervisor at a time, moved to an end, deleted.

Each function works in the transaction it is given; what it does is told in
`visionloom.records.recorder.Recorder`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, func, insert, or_, select, update

from visionloom.errors import NoSuchRunError, RunStateError
from visionloom.records import references
from visionloom.records.changes import (
    add_event,
    end_open_steps,
    held_run,
    insert_all,
    swap_run,
)
from visionloom.records.convert import from_row, process_columns, to_columns
from visionloom.records.rows import (
    RUN_ENDS,
    RUN_MOVES,
    EventRow,
    ProcessIdentity,
    RunRow,
    State,
    StepRow,
)
from visionloom.records.tables import events, runs, steps

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Row

# in lists the text of the pipeline would only be in the way
_LISTED = [column for column in runs.c if column.name not in {"number", "pipeline"}]
_RUN = select(runs).where(runs.c.id == bindparam("of_run"))
_EVENTS = (
    select(events)
    .where(events.c.run == bindparam("of_run"), events.c.sequence > bindparam("after"))
    .order_by(events.c.sequence)
)
_CHANGES = (
    select(events)
    .where(events.c.sequence > bindparam("after"))
    .order_by(events.c.sequence)
    .limit(bindparam("most"))
)
_NEWEST_FIRST = runs.c.number.desc()
_DRAFT = runs.c.options["draft"].as_string()
_HOW_TO_LIST = "List them: visionloom runs list."


def create(connection: Connection, run: RunRow, its_steps: Sequence[StepRow], now: float) -> None:
    """See `Recorder.create_run`."""
    if connection.execute(select(runs.c.id).where(runs.c.id == run.id)).first() is not None:
        raise RunStateError(f"There is a run {run.id} already.")
    created = replace(run, created=run.created or now)
    connection.execute(insert(runs).values(to_columns(created)))
    insert_all(connection, steps, map(to_columns, its_steps))
    add_event(connection, run.id, "run", "", run.state, run.reason, now)


def get(connection: Connection, run: str) -> RunRow:
    """See `Recorder.get_run`."""
    row = connection.execute(_RUN, {"of_run": run}).one_or_none()
    if row is None:
        raise NoSuchRunError(f"There is no run {run}.", _HOW_TO_LIST)
    return from_row(RunRow, row)


def find(connection: Connection, word: str) -> RunRow:
    """See `Recorder.find_run`."""
    query = select(runs).order_by(_NEWEST_FIRST)
    if word != "last":
        query = query.where(runs.c.id.startswith(word, autoescape=True))
    rows = connection.execute(query.limit(1 if word == "last" else 4)).all()
    exact = [row for row in rows if row.id == word]
    if len(rows) == 1 or exact:
        return from_row(RunRow, (exact or rows)[0])
    if not rows:
        what = "no run yet" if word == "last" else f"no run {word}"
        raise NoSuchRunError(f"There is {what}.", _HOW_TO_LIST)
    shown = ", ".join(row.id for row in rows[:3]) + (" ..." if len(rows) > 3 else "")
    raise RunStateError(f"{word} may be several runs: {shown}.", "Give more of the id.")


def newest(
    connection: Connection,
    limit: int,
    before: str,
    state: str,
    kind: str,
    draft: str,
    search: str,
) -> list[RunRow]:
    """See `Recorder.list_runs`."""
    query = select(*_LISTED).order_by(_NEWEST_FIRST).limit(limit)
    if before:
        older = select(runs.c.number).where(runs.c.id == before).scalar_subquery()
        query = query.where(runs.c.number < older)
    if state:
        query = query.where(runs.c.state == state)
    if kind:
        query = query.where(runs.c.kind == kind)
    if draft:
        query = query.where(draft == _DRAFT)
    if search:
        shown = (runs.c.id, runs.c.name, runs.c.note, runs.c.file)
        query = query.where(or_(*(column.icontains(search, autoescape=True) for column in shown)))
    return [from_row(RunRow, row) for row in connection.execute(query)]


def newest_of_drafts(connection: Connection) -> dict[str, str]:
    """See `Recorder.newest_of_drafts`."""
    last = select(func.max(runs.c.number)).where(_DRAFT.is_not(None)).group_by(_DRAFT)
    query = select(_DRAFT, runs.c.id).where(runs.c.number.in_(last))
    return {row[0]: row[1] for row in connection.execute(query)}


def still_open(connection: Connection) -> list[RunRow]:
    """See `Recorder.open_runs`."""
    query = select(runs).where(runs.c.state.in_(list(RUN_MOVES))).order_by(runs.c.number)
    return [from_row(RunRow, row) for row in connection.execute(query)]


def events_of(connection: Connection, run: str, after: int) -> list[EventRow]:
    """See `Recorder.events`."""
    rows = connection.execute(_EVENTS, {"of_run": run, "after": after})
    return [from_row(EventRow, row) for row in rows]


def changes_since(connection: Connection, sequence: int, limit: int) -> list[EventRow]:
    """See `Recorder.changes_since`."""
    rows = connection.execute(_CHANGES, {"after": sequence, "most": limit})
    return [from_row(EventRow, row) for row in rows]


def newest_change(connection: Connection) -> int:
    """See `Recorder.newest_change`."""
    return int(connection.execute(select(func.max(events.c.sequence))).scalar() or 0)


def changed(connection: Connection, after: int) -> tuple[int, list[str]]:
    """See `Recorder.changed_runs`."""
    newest = connection.execute(select(func.max(events.c.sequence))).scalar() or 0
    # where the records were made anew, the numbers began anew
    since = after if after <= newest else 0
    query = (
        select(events.c.run)
        .where(events.c.sequence > since)
        .group_by(events.c.run)
        .order_by(func.max(events.c.sequence))
    )
    return int(newest), list(connection.execute(query).scalars())


def acquire(
    connection: Connection,
    run: str,
    process: ProcessIdentity,
    until: float,
    take_over: bool,
    now: float,
) -> int:
    """See `Recorder.acquire`."""
    row = held_run(connection, run, None)
    if row.state in RUN_ENDS:
        raise RunStateError(f"Run {run} has ended: {row.state}.")
    if row.supervisor is not None and not take_over:
        raise RunStateError(
            f"Run {run} is held by process {row.supervisor['pid']} on {row.supervisor['host']}."
        )
    fence = int(row.fence) + 1
    connection.execute(
        update(runs)
        .where(runs.c.id == run, runs.c.fence == row.fence)
        .values(fence=fence, supervisor=process_columns(process), lease_until=until)
    )
    new = f"process {process.pid}, fence {fence}"
    add_event(connection, run, "supervisor", _holder(row), new, "", now)
    return fence


def renew(connection: Connection, run: str, fence: int, until: float) -> str:
    """See `Recorder.renew`."""
    row = held_run(connection, run, fence)
    connection.execute(
        update(runs).where(runs.c.id == run, runs.c.fence == fence).values(lease_until=until)
    )
    return str(row.cancel)


def move(
    connection: Connection, run: str, new: State, reason: str, fence: int | None, now: float
) -> bool:
    """See `Recorder.move_run`."""
    row = held_run(connection, run, fence)
    if new not in RUN_MOVES.get(row.state, frozenset()):
        return False
    if new not in RUN_ENDS:
        return swap_run(connection, row, reason, now, state=new, started=now)
    if not end_open_steps(connection, run, new, now):
        return False
    return swap_run(connection, row, reason, now, state=new, ended=now, lease_until=0.0)


def request_cancel(connection: Connection, run: str, how: str, now: float) -> bool:
    """See `Recorder.request_cancel`."""
    row = held_run(connection, run, None)
    if row.state in RUN_ENDS:
        return False
    # who asked for the harder way does not get the softer one
    if row.cancel not in {how, "kill"}:
        connection.execute(update(runs).where(runs.c.id == run).values(cancel=how))
        add_event(connection, run, "cancel", row.cancel, how, "", now)
    return True


def note(connection: Connection, run: str, text: str) -> None:
    """See `Recorder.note`."""
    held_run(connection, run, None)
    connection.execute(update(runs).where(runs.c.id == run).values(note=text))


def remove(connection: Connection, run: str, now: float) -> None:
    """See `Recorder.delete_run`."""
    row = held_run(connection, run, None)
    if row.state not in RUN_ENDS:
        raise RunStateError(
            f"Run {run} is {row.state}.", "Cancel it first: visionloom runs cancel."
        )
    references.hand_over_results(connection, run)
    references.let_go(connection, run, now)
    connection.execute(delete(runs).where(runs.c.id == run))


def _holder(row: Row[*tuple[Any, ...]]) -> str:
    return f"process {row.supervisor['pid']}, fence {row.fence}" if row.supervisor else ""
