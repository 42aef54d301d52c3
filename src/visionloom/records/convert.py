"""Between table rows and the values of `visionloom.records.rows`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, TypeVar

from visionloom.records.rows import (
    AttemptRow,
    EventRow,
    OutputRow,
    ProcessIdentity,
    RunRow,
    StepRow,
)

if TYPE_CHECKING:
    from sqlalchemy.engine import Row

T = TypeVar("T", RunRow, StepRow, AttemptRow, OutputRow, EventRow)


def to_columns(row: RunRow | StepRow | AttemptRow) -> dict[str, Any]:
    """A row's fields as columns' values."""
    return {field.name: _plain(getattr(row, field.name)) for field in fields(row)}


def from_row(kind: type[T], row: Row[*tuple[Any, ...]]) -> T:
    """A value of ``kind`` from a row that has columns of the names of its fields.

    Fields without a column keep their default.
    """
    columns = row._asdict()
    values = {name: columns[name] for name in kind.__dataclass_fields__ if name in columns}
    for name in ("supervisor", "process"):
        if values.get(name) is not None:
            values[name] = ProcessIdentity(**values[name])
    if "refers_to" in values:
        values["refers_to"] = tuple(values["refers_to"])
    return kind(**values)


def process_columns(process: ProcessIdentity | None) -> dict[str, Any] | None:
    """A process as a JSON value."""
    return None if process is None else asdict(process)


def _plain(value: object) -> object:
    if isinstance(value, ProcessIdentity):
        return asdict(value)
    if isinstance(value, Mapping):
        return dict(value)
    return value
