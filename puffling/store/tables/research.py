"""What was tried: strategies, backtests, searches and what was learned from them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, UniqueConstraint
from sqlmodel import Field

from puffling.store.tables.base import Moment, Plain, Row


class StrategyConfigRow(Row, table=True):
    """A strategy with its parameters, and how far it may act by itself."""

    __tablename__ = "strategy_configs"
    __table_args__ = (UniqueConstraint("user_id", "name"),)

    id: str = Field(primary_key=True)
    user_id: str = Field(foreign_key="users.id", index=True)
    name: str
    strategy_type: str
    params: dict[str, Any] = Field(sa_type=Plain)
    symbols: list[str] = Field(sa_type=Plain)
    interval: str
    mode: str
    enabled: bool = False
    version: int = 1
    created_at: datetime = Field(sa_type=Moment)
    updated_at: datetime = Field(sa_type=Moment)


class BacktestResultRow(Row, table=True):
    """The result of one backtest with everything needed to run it again."""

    __tablename__ = "backtest_results"

    id: str = Field(primary_key=True)
    user_id: str = Field(foreign_key="users.id", index=True)
    strategy_id: str | None = Field(
        default=None, foreign_key="strategy_configs.id", ondelete="SET NULL", index=True
    )
    name: str
    request: dict[str, Any] = Field(sa_type=Plain)
    metrics: dict[str, Any] = Field(sa_type=Plain)
    report: dict[str, Any] = Field(sa_type=Plain)
    data_digest: str = ""
    notes: str = ""
    tags: list[str] = Field(sa_type=Plain)
    grade: str = ""
    created_at: datetime = Field(sa_type=Moment, index=True)


class OptimizationJobRow(Row, table=True):
    """A search for better parameters."""

    __tablename__ = "optimization_jobs"

    id: str = Field(primary_key=True)
    user_id: str = Field(foreign_key="users.id", index=True)
    strategy_id: str | None = Field(
        default=None, foreign_key="strategy_configs.id", ondelete="SET NULL", index=True
    )
    name: str
    strategy_type: str
    method: str
    objective: str
    space: dict[str, Any] = Field(sa_type=Plain)
    request: dict[str, Any] = Field(sa_type=Plain)
    seed: int = Field(default=0, sa_type=BigInteger)
    state: str
    best_params: dict[str, Any] | None = Field(default=None, sa_type=Plain)
    best_metrics: dict[str, Any] | None = Field(default=None, sa_type=Plain)
    created_at: datetime = Field(sa_type=Moment, index=True)
    finished_at: datetime | None = Field(default=None, sa_type=Moment)


class TrialRow(Row, table=True):
    """One set of parameters that a search tried."""

    __tablename__ = "trials"

    optimization_job_id: str = Field(foreign_key="optimization_jobs.id", ondelete="CASCADE", primary_key=True)
    number: int = Field(primary_key=True)
    user_id: str = Field(foreign_key="users.id", index=True)
    params: dict[str, Any] = Field(sa_type=Plain)
    metrics: dict[str, Any] = Field(sa_type=Plain)
    state: str
    finished_at: datetime | None = Field(default=None, sa_type=Moment)


class AdaptationRow(Row, table=True):
    """A change of parameters that was proposed, with its evidence and what became of it."""

    __tablename__ = "adaptations"

    id: str = Field(primary_key=True)
    user_id: str = Field(foreign_key="users.id", index=True)
    strategy_id: str = Field(foreign_key="strategy_configs.id", ondelete="CASCADE", index=True)
    optimization_job_id: str | None = Field(
        default=None, foreign_key="optimization_jobs.id", ondelete="SET NULL", index=True
    )
    params_before: dict[str, Any] = Field(sa_type=Plain)
    params_after: dict[str, Any] = Field(sa_type=Plain)
    reason: str
    evidence: dict[str, Any] = Field(sa_type=Plain)
    state: str
    decided_by: str = ""
    created_at: datetime = Field(sa_type=Moment, index=True)
    decided_at: datetime | None = Field(default=None, sa_type=Moment)
