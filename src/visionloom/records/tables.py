"""The tables, for SQLite and PostgreSQL alike. A change here needs a migration beside it.

Names come from a convention, so that every constraint has one and SQLite can change it. Times are
seconds since 1970; ``number`` and ``sequence`` columns give the order in which rows were added.
"""

from __future__ import annotations

from typing import Any, get_args

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

from visionloom.records.rows import State, StepState

HEAD = "0002"

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


def _json(name: str) -> Column[Any]:
    return Column(name, JSON, nullable=False)


def _one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"known_{column}")


def _run(*, key: bool = True) -> Column[str]:
    return Column(
        "run", Text, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=key, nullable=False
    )


def _step() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["run", "step"], ["steps.run", "steps.name"], ondelete="CASCADE")


runs = Table(
    "runs",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", Text, nullable=False),
    _text("name"),
    _text("kind"),
    Column("state", Text, nullable=False),
    _text("reason"),
    Column("created", Double, nullable=False),
    Column("started", Double),
    Column("ended", Double),
    _text("pipeline"),
    _text("pipeline_digest"),
    _text("file"),
    _json("options"),
    _text("folder"),
    _text("parent"),
    Column("fence", Integer, nullable=False, server_default="0"),
    Column("supervisor", JSON(none_as_null=True)),
    Column("lease_until", Double, nullable=False, server_default="0"),
    _text("cancel"),
    _text("note"),
    _json("host"),
    UniqueConstraint("id"),
    _one_of("state", get_args(State)),
    _one_of("cancel", ("", "cancel", "kill")),
    Index(None, "state"),
    sqlite_autoincrement=True,
)

steps = Table(
    "steps",
    metadata,
    _run(),
    Column("name", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    _text("component"),
    _text("version"),
    Column("state", Text, nullable=False),
    _text("reason"),
    _text("key"),
    _json("parts"),
    _json("decision"),
    _text("source"),
    _text("target"),
    Column("started", Double),
    Column("ended", Double),
    Column("seconds", Double),
    _text("asked"),
    _one_of("state", get_args(StepState)),
    Index(None, "key"),
    Index(None, "component", "name", "state", "ended"),
    Index(None, "component", "state", "ended"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("run", Text, primary_key=True),
    Column("step", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("state", Text, nullable=False),
    _text("reason"),
    Column("process", JSON(none_as_null=True)),
    Column("started", Double, nullable=False),
    Column("ended", Double),
    Column("exit", Integer),
    Column("peak_bytes", BigInteger),
    _step(),
    _one_of("state", get_args(StepState)),
)

objects = Table(
    "objects",
    metadata,
    Column("id", Text, primary_key=True),
    _text("digest"),
    _text("type"),
    Column("bytes", BigInteger, nullable=False),
    _json("refers_to"),
    _json("files"),
    # when a run last made or reused it, or let go of it
    Column("used", Double, nullable=False),
    Index(None, "used"),
)

outputs = Table(
    "outputs",
    metadata,
    Column("run", Text, primary_key=True),
    Column("step", Text, primary_key=True),
    Column("port", Text, primary_key=True),
    Column("object", Text, ForeignKey("objects.id"), nullable=False),
    _step(),
    Index(None, "object"),
)

results = Table(
    "results",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("key", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("step", Text, nullable=False),
    _text("component"),
    # the name of the run's pipeline
    _text("name"),
    _json("sources"),
    Column("seconds", Double, nullable=False),
    Column("created", Double, nullable=False),
    _step(),
    Index(None, "key", "number"),
    Index(None, "run", "step"),
    Index(None, "name", "step", "number"),
    Index(None, "component", "number"),
    sqlite_autoincrement=True,
)

events = Table(
    "events",
    metadata,
    Column("sequence", Integer, primary_key=True),
    _run(key=False),
    _text("step"),
    Column("kind", Text, nullable=False),
    _text("old"),
    _text("new"),
    _text("reason"),
    Column("at", Double, nullable=False),
    Index(None, "run", "sequence"),
    sqlite_autoincrement=True,
)

# an object may be pinned before a row says what it is
pins = Table(
    "pins", metadata, _run(), Column("object", Text, primary_key=True), Index(None, "object")
)

slots = Table(
    "slots",
    metadata,
    Column("target", Text, primary_key=True),
    Column("run", Text, primary_key=True),
    Column("step", Text, primary_key=True),
    Column("count", Integer, nullable=False),
    _step(),
    Index(None, "run", "step"),
)

# one curve: a figure of a step over its epochs, with its newest point for lists of runs
series = Table(
    "series",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("run", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("last_index", Integer, nullable=False),
    Column("last_value", Double),
    UniqueConstraint("run", "step", "name"),
    _step(),
)

points = Table(
    "points",
    metadata,
    Column("series", Integer, ForeignKey("series.number", ondelete="CASCADE"), primary_key=True),
    Column("index", Integer, primary_key=True),
    Column("value", Double),
    sqlite_with_rowid=False,
)
