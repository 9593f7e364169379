"""What acts when nobody clicks: goals, alerts, strategies, conversations and the agent's runs."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from puffling.store.tables.base import Exact, Moment, Plain, Row


class PortfolioGoalRow(Row, table=True):
    """A target allocation and the drift at which something is done about it."""

    __tablename__ = "portfolio_goals"
    __table_args__ = (UniqueConstraint("user_id", "name"),)

    id: str = Field(primary_key=True)
    user_id: str = Field(foreign_key="users.id", index=True)
    name: str
    target_weights: dict[str, Any] = Field(sa_type=Plain)
    granted_caps: dict[str, Any] = Field(sa_type=Plain)
    drift_threshold: Decimal = Field(sa_type=Exact)
    rebalance_mode: str
    enabled: bool = True
    created_at: datetime = Field(sa_type=Moment)
    updated_at: datetime = Field(sa_type=Moment)


class AlertConfigRow(Row, table=True):
    """A condition a person wants to hear about."""

    __tablename__ = "alert_configs"

    id: str = Field(primary_key=True)
    user_id: str = Field(foreign_key="users.id", index=True)
    name: str
    alert_type: str
    condition: dict[str, Any] = Field(sa_type=Plain)
    enabled: bool = True
    cooldown_seconds: int = 0
    last_triggered_at: datetime | None = Field(default=None, sa_type=Moment)
    created_at: datetime = Field(sa_type=Moment)
    updated_at: datetime = Field(sa_type=Moment)


class AlertHistoryRow(Row, table=True):
    """An alert that was raised; it stays when its condition is deleted."""

    __tablename__ = "alert_history"

    id: str = Field(primary_key=True)
    user_id: str = Field(foreign_key="users.id", index=True)
    alert_config_id: str | None = Field(
        default=None, foreign_key="alert_configs.id", ondelete="SET NULL", index=True
    )
    triggered_at: datetime = Field(sa_type=Moment, index=True)
    severity: str
    message: str
    details: dict[str, Any] = Field(sa_type=Plain)
    read_at: datetime | None = Field(default=None, sa_type=Moment)


class ConversationRow(Row, table=True):
    """A conversation with the assistant and what it cost."""

    __tablename__ = "ai_conversations"

    id: str = Field(primary_key=True)
    user_id: str = Field(foreign_key="users.id", index=True)
    title: str
    model: str = ""
    messages: list[Any] = Field(sa_type=Plain)
    cost: Decimal = Field(sa_type=Exact)
    created_at: datetime = Field(sa_type=Moment)
    updated_at: datetime = Field(sa_type=Moment, index=True)


class AgentLogRow(Row, table=True):
    """One run of the agent: its report, what it did, and what it cost."""

    __tablename__ = "agent_logs"

    id: str = Field(primary_key=True)
    user_id: str = Field(foreign_key="users.id", index=True)
    run_at: datetime = Field(sa_type=Moment, index=True)
    finished_at: datetime | None = Field(default=None, sa_type=Moment)
    trigger: str
    model: str = ""
    outcome: str
    report: dict[str, Any] = Field(sa_type=Plain)
    actions_taken: list[Any] = Field(sa_type=Plain)
    calls: int = 0
    cost_reserved: Decimal = Field(sa_type=Exact)
    cost: Decimal = Field(sa_type=Exact)


class StrategyDecisionRow(Row, table=True):
    """What a strategy decided on one bar, and what became of it; a bar is decided on once."""

    __tablename__ = "strategy_decisions"
    __table_args__ = (UniqueConstraint("user_id", "strategy_id", "slot_at"),)

    id: str = Field(primary_key=True)
    user_id: str = Field(foreign_key="users.id", index=True)
    # No key to the configuration: what was decided stays when that is deleted.
    strategy_id: str
    strategy: str
    version: int
    mode: str
    account: str
    slot_at: datetime = Field(sa_type=Moment)
    bar_at: datetime = Field(sa_type=Moment)
    opens_at: datetime = Field(sa_type=Moment)
    valid_until: datetime = Field(sa_type=Moment)
    state: str
    reason: str = ""
    aims: list[Any] = Field(sa_type=Plain)
    orders: list[Any] = Field(sa_type=Plain)
    decided_at: datetime = Field(sa_type=Moment)
    updated_at: datetime = Field(sa_type=Moment)
