"""Strategies that run by themselves: what each decided on every bar, and what became of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the decisions of strategies, one for each bar at most."""
    op.create_table(
        "strategy_decisions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("strategy_id", sa.String(), nullable=False),
        sa.Column("strategy", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("slot_at", sa.BigInteger(), nullable=False),
        sa.Column("bar_at", sa.BigInteger(), nullable=False),
        sa.Column("opens_at", sa.BigInteger(), nullable=False),
        sa.Column("valid_until", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("aims", sa.Text(), nullable=False),
        sa.Column("orders", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_strategy_decisions_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_strategy_decisions")),
        sa.UniqueConstraint(
            "user_id",
            "strategy_id",
            "slot_at",
            name=op.f("uq_strategy_decisions_user_id_strategy_id_slot_at"),
        ),
    )
    op.create_index(op.f("ix_strategy_decisions_user_id"), "strategy_decisions", ["user_id"], unique=False)
