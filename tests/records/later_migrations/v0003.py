"""A migration as a later version may have one: a table made anew, a new one, rows changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Give runs an owner, with a table of owners."""
    op.create_table(
        "owners",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_owners"),
    )
    op.execute("INSERT INTO owners (id, name) VALUES (1, 'everyone')")
    with op.batch_alter_table("runs") as batch:
        batch.add_column(sa.Column("owner", sa.Integer, nullable=False, server_default="1"))
        batch.drop_column("note")
    op.create_index("ix_runs_owner", "runs", ["owner"])
    op.execute("UPDATE runs SET reason = 'moved'")
