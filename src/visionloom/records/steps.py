"""Steps and their attempts: decided, started, committed with their outputs, or reused.

Each function works in the transaction it is given; what it does is told in
`visionloom.records.recorder.Recorder`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, insert, select, update

from visionloom.errors import RunStateError
from visionloom.records import references
from visionloom.records.changes import add_event, held_run, held_step, insert_all, swap_step
from visionloom.records.convert import from_row, process_columns, to_columns
from visionloom.records.references import chunks
from visionloom.records.rows import (
    ASKED,
    RUN_ENDS,
    STEP_ENDS,
    Asked,
    AttemptRow,
    DecisionLike,
    OutputRow,
    ProcessIdentity,
    ResultRow,
    Standing,
    StepRow,
    StepState,
)
from visionloom.records.tables import attempts, objects, outputs, results, steps

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

# a supervisor starts, commits or reuses a step, which brings attempt and outputs with it
_BY_OTHER_WAYS = frozenset({"running", "succeeded", "reused"})
_STEPS = select(steps).where(steps.c.run == bindparam("of_run")).order_by(steps.c.position)
_ATTEMPTS = (
    select(attempts)
    .where(attempts.c.run == bindparam("of_run"))
    .order_by(attempts.c.step, attempts.c.number)
)
_ATTEMPTS_OF_STEP = _ATTEMPTS.where(attempts.c.step == bindparam("of_step"))
_OUTPUTS = (
    select(outputs, objects.c.digest, objects.c.type, objects.c.bytes, objects.c.refers_to)
    .join(objects, objects.c.id == outputs.c.object)
    .where(outputs.c.run == bindparam("of_run"))
    .order_by(outputs.c.step, outputs.c.port)
)
_ASKED = select(steps.c.name, steps.c.asked).where(
    steps.c.run == bindparam("of_run"), steps.c.asked != ""
)
_COUNTS = (
    select(steps.c.run, steps.c.state, func.count())
    .where(steps.c.run.in_(bindparam("of_runs", expanding=True)))
    .group_by(steps.c.run, steps.c.state)
)
_WAITING = (
    select(steps.c.run, steps.c.reason)
    .where(
        steps.c.run.in_(bindparam("of_runs", expanding=True)),
        steps.c.state == "queued",
        steps.c.reason != "",
    )
    .order_by(steps.c.position)
)
_OUTPUTS_OF_STEP = _OUTPUTS.where(outputs.c.step == bindparam("of_step"))


def steps_of(connection: Connection, run: str) -> list[StepRow]:
    """See `Recorder.steps`."""
    return [from_row(StepRow, row) for row in connection.execute(_STEPS, {"of_run": run})]


def with_key(connection: Connection, key: str, state: str) -> list[StepRow]:
    """See `Recorder.steps_with_key`."""
    query = select(steps).where(steps.c.key == key, steps.c.state == state)
    return [from_row(StepRow, row) for row in connection.execute(query.order_by(steps.c.run))]


def attempts_of(connection: Connection, run: str, step: str) -> list[AttemptRow]:
    """See `Recorder.attempts`."""
    query = _ATTEMPTS_OF_STEP if step else _ATTEMPTS
    rows = connection.execute(query, {"of_run": run, "of_step": step} if step else {"of_run": run})
    return [from_row(AttemptRow, row) for row in rows]


def outputs_of(connection: Connection, run: str, step: str) -> list[OutputRow]:
    """See `Recorder.outputs`."""
    query = _OUTPUTS_OF_STEP if step else _OUTPUTS
    rows = connection.execute(query, {"of_run": run, "of_step": step} if step else {"of_run": run})
    return [from_row(OutputRow, row) for row in rows]


def standings(connection: Connection, runs: Iterable[str]) -> dict[str, Standing]:
    """See `Recorder.standings`."""
    found: dict[str, Standing] = {}
    for chunk in chunks(runs):
        counts: dict[str, dict[str, int]] = {run: {} for run in chunk}
        for run, state, count in connection.execute(_COUNTS, {"of_runs": chunk}):
            counts[run][state] = count
        waiting: dict[str, str] = {}
        for run, reason in connection.execute(_WAITING, {"of_runs": chunk}):
            waiting.setdefault(run, reason)
        found |= {
            run: Standing(
                sum(of_run.values()),
                sum(count for state, count in of_run.items() if state in STEP_ENDS),
                of_run.get("running", 0),
                waiting.get(run, ""),
            )
            for run, of_run in counts.items()
        }
    return found


def move(
    connection: Connection,
    run: str,
    step: str,
    new: StepState,
    reason: str,
    fence: int | None,
    now: float,
) -> bool:
    """See `Recorder.move_step`."""
    held_run(connection, run, fence)
    row = held_step(connection, run, step)
    if row.state == new and new not in STEP_ENDS:
        connection.execute(
            update(steps)
            .where(steps.c.run == run, steps.c.name == step, steps.c.state == new)
            .values(reason=reason)
        )
        return True
    if fence is not None and new in _BY_OTHER_WAYS:
        return False
    return swap_step(connection, run, step, row.state, new, reason, now)


def ask(connection: Connection, run: str, step: str, how: Asked, now: float) -> bool:
    """See `Recorder.ask_step`."""
    if held_run(connection, run, None).state in RUN_ENDS:
        return False
    row = held_step(connection, run, step)
    if row.state in STEP_ENDS or (how == "finish" and row.state != "running"):
        return False
    if ASKED.index(row.asked) < ASKED.index(how):
        connection.execute(
            update(steps).where(steps.c.run == run, steps.c.name == step).values(asked=how)
        )
        add_event(connection, run, "asked", row.asked, how, "", now, step=step)
    return True


def asked(connection: Connection, run: str) -> dict[str, Asked]:
    """See `Recorder.asked`."""
    return {row.name: row.asked for row in connection.execute(_ASKED, {"of_run": run})}


def decide(
    connection: Connection, run: str, step: str, decision: DecisionLike, fence: int | None
) -> None:
    """See `Recorder.decide`."""
    held_run(connection, run, fence)
    row = held_step(connection, run, step)
    if row.state in STEP_ENDS:
        return
    connection.execute(
        update(steps)
        .where(steps.c.run == run, steps.c.name == step, steps.c.state == row.state)
        .values(_decision_columns(decision))
    )


def start_attempt(
    connection: Connection, attempt: AttemptRow, fence: int | None, now: float
) -> bool:
    """See `Recorder.start_attempt`."""
    held_run(connection, attempt.run, fence)
    row = held_step(connection, attempt.run, attempt.step)
    if row.state != "queued":
        return False
    started = attempt.started or now
    columns = {**to_columns(attempt), "state": "running", "started": started}
    connection.execute(insert(attempts).values(columns))
    return swap_step(
        connection, attempt.run, attempt.step, "queued", "running", attempt.reason, now,
        started=started,
    )  # fmt: skip


def set_process(
    connection: Connection,
    run: str,
    step: str,
    number: int,
    process: ProcessIdentity,
    fence: int | None,
) -> None:
    """See `Recorder.set_process`."""
    held_run(connection, run, fence)
    connection.execute(
        update(attempts)
        .where(*_attempt(run, step, number))
        .values(process=process_columns(process))
    )


def end_attempt(
    connection: Connection,
    run: str,
    step: str,
    number: int,
    state: StepState,
    reason: str,
    exit_status: int | None,
    peak_bytes: int | None,
    fence: int | None,
    now: float,
) -> bool:
    """See `Recorder.end_attempt`."""
    held_run(connection, run, fence)
    if state not in STEP_ENDS:
        raise RunStateError(f"An attempt cannot end as {state}.")
    changed = connection.execute(
        update(attempts)
        .where(*_attempt(run, step, number), attempts.c.state == "running")
        .values(state=state, reason=reason, exit=exit_status, peak_bytes=peak_bytes, ended=now)
    )
    return changed.rowcount == 1


def commit(
    connection: Connection,
    run: str,
    step: str,
    number: int,
    its_outputs: Sequence[OutputRow],
    result: ResultRow | None,
    seconds: float,
    exit_status: int | None,
    peak_bytes: int | None,
    reason: str,
    fence: int | None,
    now: float,
) -> bool:
    """See `Recorder.commit_step`."""
    held = held_run(connection, run, fence)
    row = held_step(connection, run, step)
    if row.state != "running" or not end_attempt(
        connection, run, step, number, "succeeded", reason, exit_status, peak_bytes, fence, now
    ):
        return False
    files = {} if result is None else result.files
    for output in its_outputs:
        references.use_object(connection, output, files.get(output.object, {}), now)
    insert_all(
        connection,
        outputs,
        [{"run": run, "step": step, "port": o.port, "object": o.object} for o in its_outputs],
    )
    columns: dict[str, object] = {"seconds": seconds}
    if result is not None:
        columns |= {"key": result.key, "parts": dict(result.parts)}
        connection.execute(
            insert(results).values(
                key=result.key, run=run, step=step, component=result.component, name=held.name,
                sources=dict(result.sources), seconds=seconds, created=now,
            )
        )  # fmt: skip
    return swap_step(connection, run, step, "running", "succeeded", reason, now, **columns)


def reuse(
    connection: Connection,
    run: str,
    step: str,
    source: ResultRow,
    decision: DecisionLike,
    fence: int | None,
    now: float,
) -> bool:
    """See `Recorder.reuse_step`."""
    held_run(connection, run, fence)
    row = held_step(connection, run, step)
    if row.state != "queued":
        return False
    wanted = {output.object for output in source.outputs.values()}
    if not references.touch(connection, wanted, now):
        return False
    insert_all(
        connection,
        outputs,
        [
            {"run": run, "step": step, "port": port, "object": output.object}
            for port, output in source.outputs.items()
        ],
    )
    columns = _decision_columns(decision) | {"source": source.run, "seconds": source.seconds}
    return swap_step(connection, run, step, "queued", "reused", "", now, **columns)


def _decision_columns(decision: DecisionLike) -> dict[str, Any]:
    return {
        "key": decision.key,
        "parts": dict(decision.parts),
        "decision": decision.to_json(),
    }


def _attempt(run: str, step: str, number: int) -> tuple[Any, ...]:
    return attempts.c.run == run, attempts.c.step == step, attempts.c.number == number
