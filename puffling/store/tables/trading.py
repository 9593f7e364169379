"""The road to the broker, written down before it is walked, and what came of it: holdings, money, worth."""

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
    payload: str = ""
    source: str = ""
    source_version: str = ""
    slot: str = ""
    leg: str = ""
    why: str = ""
    state: str
    given_by: str = ""
    valid_until: datetime | None = Field(default=None, sa_type=Moment)
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
    held: bool = False
    shrinks: bool = False
    reserved: Decimal = Field(sa_type=Exact)
    trading_day: str
    approval_id: str | None = Field(default=None, foreign_key="approvals.id", index=True)
    broker_order_id: str | None = Field(default=None, index=True)
    why: str = ""
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
    parent_order_id: str | None = Field(default=None, index=True)
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
    tags: list[str] = Field(default_factory=list, sa_type=Plain)
    intent_id: str | None = Field(default=None, foreign_key="intents.id", index=True)
    execution_id: str | None = None
    traded_at: datetime = Field(sa_type=Moment, index=True)


class AccountRow(Row, table=True):
    """A place where money lies and orders go; keys are never here."""

    __tablename__ = "accounts"

    id: str = Field(primary_key=True)
    user_id: str = Field(foreign_key="users.id", index=True)
    broker: str
    mode: str
    label: str
    number: str = ""
    active: bool = True
    details: dict[str, Any] = Field(sa_type=Plain)
    created_at: datetime = Field(sa_type=Moment)


class HoldingRow(Row, table=True):
    """What the fills of a symbol add up to, kept in the transaction that writes the fill."""

    __tablename__ = "holdings"

    user_id: str = Field(foreign_key="users.id", primary_key=True)
    account: str = Field(primary_key=True)
    symbol: str = Field(primary_key=True)
    quantity: Decimal = Field(sa_type=Exact)
    average_price: Decimal = Field(sa_type=Exact)
    updated_at: datetime = Field(sa_type=Moment)


class PaperBookRow(Row, table=True):
    """The book of a paper account, as its broker exports it."""

    __tablename__ = "paper_books"

    user_id: str = Field(foreign_key="users.id", primary_key=True)
    account: str = Field(primary_key=True)
    book: dict[str, Any] = Field(sa_type=Plain)
    version: int = 1
    updated_at: datetime = Field(sa_type=Moment)


class CashFlowRow(Row, table=True):
    """Money that came or went without a trade."""

    __tablename__ = "cash_flows"
    __table_args__ = (UniqueConstraint("user_id", "account", "broker_id"),)

    id: str = Field(primary_key=True)
    user_id: str = Field(foreign_key="users.id", index=True)
    account: str
    kind: str
    amount: Decimal = Field(sa_type=Exact)
    symbol: str = ""
    note: str = ""
    broker_id: str | None = None
    at: datetime = Field(sa_type=Moment, index=True)


class WorthRow(Row, table=True):
    """What an account was worth at a moment."""

    __tablename__ = "account_worth"

    user_id: str = Field(foreign_key="users.id", primary_key=True)
    account: str = Field(primary_key=True)
    at: datetime = Field(sa_type=Moment, primary_key=True)
    equity: Decimal = Field(sa_type=Exact)
    cash: Decimal = Field(sa_type=Exact)
