"""Every attempt on the same data is counted, and results of backtests carry notes, tags and a grade."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the ledger of attempts, and what a person adds to a result."""
    with op.batch_alter_table("backtest_results") as batch:
        batch.add_column(sa.Column("notes", sa.String(), nullable=False, server_default=""))
        batch.add_column(sa.Column("tags", sa.Text(), nullable=False, server_default="[]"))
        batch.add_column(sa.Column("grade", sa.String(), nullable=False, server_default=""))
    op.create_table(
        "attempts",
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("data_key", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("strategy_type", sa.String(), nullable=False),
        sa.Column("params", sa.Text(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("sharpe", sa.Float(), nullable=False),
        sa.Column("bars", sa.Integer(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_attempts_user_id_users")),
        sa.PrimaryKeyConstraint("user_id", "data_key", "digest", name=op.f("pk_attempts")),
    )
    op.create_index(op.f("ix_attempts_user_id"), "attempts", ["user_id"], unique=False)
