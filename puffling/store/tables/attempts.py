"""The ledger of attempts: how often the same data was asked, by whomever."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Field

from puffling.store.tables.base import Moment, Plain, Row


class AttemptRow(Row, table=True):
    """A strategy with its parameters, tried on some data; trying the same again is no new attempt."""

    __tablename__ = "attempts"

    user_id: str = Field(foreign_key="users.id", primary_key=True, index=True)
    data_key: str = Field(primary_key=True)
    digest: str = Field(primary_key=True)
    strategy_type: str
    params: dict[str, Any] = Field(sa_type=Plain)
    made_by: str
    sharpe: float
    bars: int
    times: int = 1
    first_at: datetime = Field(sa_type=Moment)
    last_at: datetime = Field(sa_type=Moment)
