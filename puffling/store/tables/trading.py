"""The road to the broker, written down before it is walked: intents, orders, fills, approvals, trades."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from puffling.store.tables.base import Exact, Moment, Plain, Row


class ApprovalRow(Row, table=True):
    """A person's yes to exactly one order, good once and for a short time."""

    __tablename__ = "approvals"

    id: str = Field(primary_key=True)
    user_id: str = Field(foreign_key="users.id", index=True)
    order_hash: str = Field(index=True)
    account: str
    quantity: Decimal = Field(sa_type=Exact)
    worst_price: Decimal | None = Field(default=None, sa_type=Exact)
    state: str
    given_by: str = ""
    created_at: datetime = Field(sa_type=Moment)
    shown_at: datetime | None = Field(default=None, sa_type=Moment)
    expires_at: datetime | None = Field(default=None, sa_type=Moment)
    used_at: datetime | None = Field(default=None, sa_type=Moment)


class IntentRow(Row, table=True):
    """What is meant to be ordered, durable before the first byte leaves.

    `client_id` is the same for every retry, for ever, and unique: it is what makes sending the same
    intent twice one order. `trading_day` is the New York date that daily limits count by.
    """

    __tablename__ = "intents"
    __table_args__ = (
        Index(None, "user_id", "account", "trading_day"),
        Index(None, "user_id", "state"),
        Index(None, "user_id", "account", "symbol"),
    )

    id: str = Field(primary_key=True)
    user_id: str = Field(foreign_key="users.id", index=True)
    client_id: str = Field(unique=True, max_length=48)
    slot_id: str
    account: str
    mode: str
    source: str
    source_version: str = ""
    slot: str
    leg: str = ""
    parent_id: str | None = Field(default=None, foreign_key="intents.id", index=True)
    symbol: str
    side: str
    order_type: str
    time_in_force: str
    quantity: Decimal = Field(sa_type=Exact)
    limit_price: Decimal | None = Field(default=None, sa_type=Exact)
    stop_price: Decimal | None = Field(default=None, sa_type=Exact)
    payload: str
    payload_hash: str
    verdicts: list[Any] = Field(sa_type=Plain)
    state: str
    attempt: int = 0
    shrinks: bool = False
    reserved: Decimal = Field(sa_type=Exact)
    trading_day: str
    approval_id: str | None = Field(default=None, foreign_key="approvals.id", index=True)
    broker_order_id: str | None = Field(default=None, index=True)
    reason: str = ""
    valid_until: datetime = Field(sa_type=Moment)
    sent_at: datetime | None = Field(default=None, sa_type=Moment)
    created_at: datetime = Field(sa_type=Moment)
    updated_at: datetime = Field(sa_type=Moment)


class OrderRow(Row, table=True):
    """An order as the broker knows it, ours or found there."""

    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("user_id", "account", "broker_order_id"),
        Index(None, "user_id", "state"),
    )

    id: str = Field(primary_key=True)
    user_id: str = Field(foreign_key="users.id", index=True)
    intent_id: str | None = Field(default=None, foreign_key="intents.id", index=True)
    broker_order_id: str = Field(index=True)
    client_id: str | None = Field(default=None, index=True)
    replaces: str | None = None
    account: str
    mode: str
    symbol: str = Field(index=True)
    side: str
    order_type: str
    time_in_force: str
    quantity: Decimal = Field(sa_type=Exact)
    filled_quantity: Decimal = Field(sa_type=Exact)
    average_price: Decimal | None = Field(default=None, sa_type=Exact)
    limit_price: Decimal | None = Field(default=None, sa_type=Exact)
    stop_price: Decimal | None = Field(default=None, sa_type=Exact)
    state: str
    raw: dict[str, Any] = Field(sa_type=Plain)
    submitted_at: datetime | None = Field(default=None, sa_type=Moment)
    updated_at: datetime = Field(sa_type=Moment)


class FillRow(Row, table=True):
    """One execution; its key is the broker's, so that hearing of it again changes nothing."""

    __tablename__ = "fills"

    broker_order_id: str = Field(primary_key=True)
    execution_id: str = Field(primary_key=True)
    user_id: str = Field(foreign_key="users.id", index=True)
    order_id: str | None = Field(default=None, foreign_key="orders.id", index=True)
    account: str
    mode: str
    symbol: str = Field(index=True)
    side: str
    quantity: Decimal = Field(sa_type=Exact)
    price: Decimal = Field(sa_type=Exact)
    fees: Decimal = Field(sa_type=Exact)
    kind: str
    corrects: str | None = None
    filled_at: datetime = Field(sa_type=Moment, index=True)
    received_at: datetime = Field(sa_type=Moment)


class TradeRow(Row, table=True):
    """A trade in the person's history: what was bought or sold, why, and what it earned."""

    __tablename__ = "trade_history"

    id: str = Field(primary_key=True)
    user_id: str = Field(foreign_key="users.id", index=True)
    order_id: str | None = Field(default=None, foreign_key="orders.id", index=True)
    strategy_id: str | None = Field(
        default=None, foreign_key="strategy_configs.id", ondelete="SET NULL", index=True
    )
    account: str
    mode: str
    source: str
    symbol: str = Field(index=True)
    side: str
    quantity: Decimal = Field(sa_type=Exact)
    price: Decimal = Field(sa_type=Exact)
    fees: Decimal = Field(sa_type=Exact)
    realized: Decimal | None = Field(default=None, sa_type=Exact)
    note: str = ""
    traded_at: datetime = Field(sa_type=Moment, index=True)
