"""What was asked of a step by itself: to stop, or to end with its best so far."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Give steps a place for it."""
    op.add_column("steps", sa.Column("asked", sa.Text(), server_default="", nullable=False))
