"""A run's records as a document beside its journal, and the records made again from those.

Each run that ended has ``run.json`` in its folder. When the database is lost or damaged, the list
of runs, their steps, results and curves come back from these files; a run without one comes back as
lost, with its pipeline.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select
from sqlalchemy.exc import SQLAlchemyError

from visionloom.records import metrics, references, runs, steps
from visionloom.records.changes import insert_all
from visionloom.records.convert import to_columns
from visionloom.records.rows import RUN_ENDS, MetricPoint, OutputRow, RunRow
from visionloom.records.tables import attempts, events, objects, outputs, points, results, series
from visionloom.records.tables import runs as run_table
from visionloom.records.tables import steps as step_table

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from visionloom.records.database import Database

DOCUMENT_NAME = "run.json"
_FORMAT = 1
_LOST = "the records were lost before it ended"


@dataclass(frozen=True)
class Rebuilt:
    """What came back.

    Attributes:
        runs: Ids of the runs added.
        lost: Those of them that had not ended, or had no document.
        unreadable: Documents that could not be used, with the reason.
        moved: Where the damaged database is now; None when there was none.
    """

    runs: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    moved: Path | None = None


def rebuild(database: Database, runs_folder: Path) -> Rebuilt:
    """Add the runs below ``runs_folder`` that the records do not have, the oldest first."""
    added: list[str] = []
    lost: list[str] = []
    unreadable: list[str] = []
    for folder, document in sorted(_documents(runs_folder, unreadable), key=_age):
        run = str(document["run"]["id"])
        try:
            state = _add(database, document)
        except (KeyError, TypeError, ValueError, AttributeError, SQLAlchemyError) as error:
            unreadable.append(f"{folder / DOCUMENT_NAME}: {type(error).__name__}: {error}")
            run = folder.name
            state = _add(database, _without_document(folder))
        if state:
            added.append(run)
        if state == "lost":
            lost.append(run)
    return Rebuilt(tuple(added), tuple(lost), tuple(unreadable))


def _add(database: Database, document: Mapping[str, Any]) -> str:
    with database.write() as connection:
        return _restore(connection, document, database.clock())


def describe(connection: Connection, run: str) -> dict[str, Any]:
    """All that is known of a run as a JSON value; see `run_document`."""
    its_outputs = steps.outputs_of(connection, run, "")
    known = select(objects).where(objects.c.id.in_(list({o.object for o in its_outputs})))
    curves = (
        select(series.c.step, series.c.name, points.c.index, points.c.value)
        .join(points, points.c.series == series.c.number)
        .where(series.c.run == run)
        .order_by(series.c.number, points.c.index)
    )
    return {
        "format": _FORMAT,
        "run": to_columns(runs.get(connection, run)),
        "steps": list(map(to_columns, steps.steps_of(connection, run))),
        "attempts": list(map(to_columns, steps.attempts_of(connection, run, ""))),
        "objects": [dict(row._mapping) for row in connection.execute(known)],
        "outputs": [{"step": o.step, "port": o.port, "object": o.object} for o in its_outputs],
        "results": _rows(connection, results, run),
        "events": _rows(connection, events, run),
        "metrics": [list(row) for row in connection.execute(curves)],
    }


def _rows(connection: Connection, table: Any, run: str) -> list[dict[str, Any]]:
    """Rows of a run in their order, without the number that gives it."""
    (order,) = table.primary_key.columns
    kept = [column for column in table.c if column is not order and column.name != "run"]
    rows = connection.execute(select(*kept).where(table.c.run == run).order_by(order))
    return [dict(row._mapping) for row in rows]


def _documents(
    runs_folder: Path, unreadable: list[str]
) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    if not runs_folder.is_dir():
        return
    for folder in runs_folder.iterdir():
        if not folder.is_dir() or folder.name.startswith("."):
            continue
        path = folder / DOCUMENT_NAME
        if not path.is_file():
            yield folder, _without_document(folder)
            continue
        try:
            document = json.loads(path.read_bytes())
            if document["format"] > _FORMAT:
                raise ValueError(f"format {document['format']} of a newer program")
            str(document["run"]["id"]), float(document["run"]["created"])
        except (OSError, KeyError, TypeError, ValueError, RecursionError) as error:
            unreadable.append(f"{path}: {error}")
            yield folder, _without_document(folder)
            continue
        yield folder, document


def _without_document(folder: Path) -> dict[str, Any]:
    """What can be said of a run that left no document."""
    try:
        text = (folder / "pipeline.yml").read_text(encoding="utf-8")
    except (OSError, ValueError):
        text = ""
    created = folder.stat().st_mtime
    run = RunRow(folder.name, folder.name, created=created, pipeline=text, folder=str(folder))
    empty: dict[str, list[Any]] = {
        key: []
        for key in ("steps", "attempts", "objects", "outputs", "results", "events", "metrics")
    }
    return {"run": to_columns(run), **empty}


def _age(found: tuple[Path, Mapping[str, Any]]) -> tuple[float, str]:
    folder, document = found
    return float(document["run"]["created"]), folder.name


def _restore(connection: Connection, document: Mapping[str, Any], now: float) -> str:
    """Add one run; its state, or empty when the records have it already."""
    run = dict(document["run"])
    name = str(run["id"])
    known = select(run_table.c.id).where(run_table.c.id == name)
    if connection.execute(known).first() is not None:
        return ""
    if run["state"] not in RUN_ENDS:
        run |= {"state": "lost", "reason": _LOST, "ended": now}
    run |= {"lease_until": 0.0}
    connection.execute(insert(run_table).values(run))
    insert_all(connection, step_table, [_ended(row, now) for row in document["steps"]])
    insert_all(connection, attempts, [_ended(row, now) for row in document["attempts"]])
    for row in document["objects"]:
        stored = OutputRow(
            name, "", "", row["id"], row["digest"], row["type"], row["bytes"],
            tuple(row["refers_to"]),
        )  # fmt: skip
        references.use_object(connection, stored, row["files"], now)
    for table, rows in ((outputs, "outputs"), (results, "results"), (events, "events")):
        insert_all(connection, table, [{"run": name, **row} for row in document[rows]])
    metrics.add(
        connection,
        [MetricPoint(name, step, index, figure, value)
         for step, figure, index, value in document["metrics"]],
    )  # fmt: skip
    return str(run["state"])


def _ended(row: Mapping[str, Any], now: float) -> dict[str, Any]:
    if row["state"] in {"queued", "running"}:
        return {**row, "state": "lost", "reason": _LOST, "ended": now}
    return dict(row)
