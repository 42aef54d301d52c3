"""The first schema.

A new database is made whole from `visionloom.records.tables`; a test sees that both give the same.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_STATE_OF_RUN = (
    "state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'interrupted', 'lost')"
)
_STATE_OF_STEP = (
    "state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'interrupted', 'lost', "
    "'reused', 'skipped')"
)


def upgrade() -> None:
    """Make all tables."""
    op.create_table(
        "objects",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), server_default="", nullable=False),
        sa.Column("type", sa.Text(), server_default="", nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("refers_to", sa.JSON(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("used", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objects")),
    )
    op.create_index(op.f("ix_objects_used"), "objects", ["used"], unique=False)
    op.create_table(
        "runs",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.Column("started", sa.Double(), nullable=True),
        sa.Column("ended", sa.Double(), nullable=True),
        sa.Column("pipeline", sa.Text(), server_default="", nullable=False),
        sa.Column("pipeline_digest", sa.Text(), server_default="", nullable=False),
        sa.Column("file", sa.Text(), server_default="", nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("folder", sa.Text(), server_default="", nullable=False),
        sa.Column("parent", sa.Text(), server_default="", nullable=False),
        sa.Column("fence", sa.Integer(), server_default="0", nullable=False),
        sa.Column("supervisor", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("lease_until", sa.Double(), server_default="0", nullable=False),
        sa.Column("cancel", sa.Text(), server_default="", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("host", sa.JSON(), nullable=False),
        sa.CheckConstraint("cancel IN ('', 'cancel', 'kill')", name=op.f("ck_runs_known_cancel")),
        sa.CheckConstraint(
            _STATE_OF_RUN,
            name=op.f("ck_runs_known_state"),
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_runs")),
        sa.UniqueConstraint("id", name=op.f("uq_runs_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_runs_state"), "runs", ["state"], unique=False)
    op.create_table(
        "events",
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), server_default="", nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("old", sa.Text(), server_default="", nullable=False),
        sa.Column("new", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run"], ["runs.id"], name=op.f("fk_events_run_runs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_events")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_events_run_sequence"), "events", ["run", "sequence"], unique=False)
    op.create_table(
        "pins",
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run"], ["runs.id"], name=op.f("fk_pins_run_runs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run", "object", name=op.f("pk_pins")),
    )
    op.create_index(op.f("ix_pins_object"), "pins", ["object"], unique=False)
    op.create_table(
        "steps",
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("component", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("key", sa.Text(), server_default="", nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("decision", sa.JSON(), nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("target", sa.Text(), server_default="", nullable=False),
        sa.Column("started", sa.Double(), nullable=True),
        sa.Column("ended", sa.Double(), nullable=True),
        sa.Column("seconds", sa.Double(), nullable=True),
        sa.CheckConstraint(
            _STATE_OF_STEP,
            name=op.f("ck_steps_known_state"),
        ),
        sa.ForeignKeyConstraint(
            ["run"], ["runs.id"], name=op.f("fk_steps_run_runs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run", "name", name=op.f("pk_steps")),
    )
    op.create_index(
        op.f("ix_steps_component_name_state_ended"),
        "steps",
        ["component", "name", "state", "ended"],
        unique=False,
    )
    op.create_index(
        op.f("ix_steps_component_state_ended"),
        "steps",
        ["component", "state", "ended"],
        unique=False,
    )
    op.create_index(op.f("ix_steps_key"), "steps", ["key"], unique=False)
    op.create_table(
        "attempts",
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("process", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("started", sa.Double(), nullable=False),
        sa.Column("ended", sa.Double(), nullable=True),
        sa.Column("exit", sa.Integer(), nullable=True),
        sa.Column("peak_bytes", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            _STATE_OF_STEP,
            name=op.f("ck_attempts_known_state"),
        ),
        sa.ForeignKeyConstraint(
            ["run", "step"],
            ["steps.run", "steps.name"],
            name=op.f("fk_attempts_run_step_steps"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run", "step", "number", name=op.f("pk_attempts")),
    )
    op.create_table(
        "outputs",
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("port", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["object"], ["objects.id"], name=op.f("fk_outputs_object_objects")),
        sa.ForeignKeyConstraint(
            ["run", "step"],
            ["steps.run", "steps.name"],
            name=op.f("fk_outputs_run_step_steps"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run", "step", "port", name=op.f("pk_outputs")),
    )
    op.create_index(op.f("ix_outputs_object"), "outputs", ["object"], unique=False)
    op.create_table(
        "results",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("component", sa.Text(), server_default="", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run", "step"],
            ["steps.run", "steps.name"],
            name=op.f("fk_results_run_step_steps"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_results")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_results_component_number"), "results", ["component", "number"], unique=False
    )
    op.create_index(op.f("ix_results_key_number"), "results", ["key", "number"], unique=False)
    op.create_index(
        op.f("ix_results_name_step_number"), "results", ["name", "step", "number"], unique=False
    )
    op.create_index(op.f("ix_results_run_step"), "results", ["run", "step"], unique=False)
    op.create_table(
        "series",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("last_index", sa.Integer(), nullable=False),
        sa.Column("last_value", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["run", "step"],
            ["steps.run", "steps.name"],
            name=op.f("fk_series_run_step_steps"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_series")),
        sa.UniqueConstraint("run", "step", "name", name=op.f("uq_series_run_step_name")),
    )
    op.create_table(
        "slots",
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run", "step"],
            ["steps.run", "steps.name"],
            name=op.f("fk_slots_run_step_steps"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("target", "run", "step", name=op.f("pk_slots")),
    )
    op.create_index(op.f("ix_slots_run_step"), "slots", ["run", "step"], unique=False)
    op.create_table(
        "points",
        sa.Column("series", sa.Integer(), nullable=False),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["series"], ["series.number"], name=op.f("fk_points_series_series"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("series", "index", name=op.f("pk_points")),
        sqlite_with_rowid=False,
    )
