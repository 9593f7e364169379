"""The order desk: accounts, holdings, paper books, money that came and went, and what a yes is asked for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what orders, approvals and trades need beyond their first columns, and five tables."""
    with op.batch_alter_table("approvals") as batch:
        for name in ("payload", "source", "source_version", "slot", "leg", "why"):
            batch.add_column(sa.Column(name, sa.String(), nullable=False, server_default=""))
        batch.add_column(sa.Column("valid_until", sa.BigInteger(), nullable=True))
    with op.batch_alter_table("intents") as batch:
        batch.add_column(sa.Column("held", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.add_column(sa.Column("why", sa.String(), nullable=False, server_default=""))
    with op.batch_alter_table("orders") as batch:
        batch.add_column(sa.Column("parent_order_id", sa.String(), nullable=True))
        batch.create_index(op.f("ix_orders_parent_order_id"), ["parent_order_id"], unique=False)
    with op.batch_alter_table("trade_history") as batch:
        batch.add_column(sa.Column("tags", sa.Text(), nullable=False, server_default="[]"))
        batch.add_column(sa.Column("intent_id", sa.String(), nullable=True))
        batch.add_column(sa.Column("execution_id", sa.String(), nullable=True))
        batch.create_foreign_key(op.f("fk_trade_history_intent_id_intents"), "intents", ["intent_id"], ["id"])
        batch.create_index(op.f("ix_trade_history_intent_id"), ["intent_id"], unique=False)
    _add_accounts()
    _add_money()


def _add_accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("broker", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_accounts_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
    )
    op.create_index(op.f("ix_accounts_user_id"), "accounts", ["user_id"], unique=False)
    op.create_table(
        "holdings",
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("quantity", sa.String(), nullable=False),
        sa.Column("average_price", sa.String(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_holdings_user_id_users")),
        sa.PrimaryKeyConstraint("user_id", "account", "symbol", name=op.f("pk_holdings")),
    )
    op.create_table(
        "paper_books",
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("book", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_paper_books_user_id_users")),
        sa.PrimaryKeyConstraint("user_id", "account", name=op.f("pk_paper_books")),
    )


def _add_money() -> None:
    op.create_table(
        "cash_flows",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("amount", sa.String(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("broker_id", sa.String(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_cash_flows_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cash_flows")),
        sa.UniqueConstraint(
            "user_id", "account", "broker_id", name=op.f("uq_cash_flows_user_id_account_broker_id")
        ),
    )
    op.create_index(op.f("ix_cash_flows_user_id"), "cash_flows", ["user_id"], unique=False)
    op.create_index(op.f("ix_cash_flows_at"), "cash_flows", ["at"], unique=False)
    op.create_table(
        "account_worth",
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("equity", sa.String(), nullable=False),
        sa.Column("cash", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_account_worth_user_id_users")),
        sa.PrimaryKeyConstraint("user_id", "account", "at", name=op.f("pk_account_worth")),
    )
