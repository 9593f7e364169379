"""What the person draws on charts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Field

from puffling.store.tables.base import Moment, Plain, Row


class DrawingRow(Row, table=True):
    """Something drawn on the chart of a symbol."""

    __tablename__ = "drawings"

    id: str = Field(primary_key=True)
    user_id: str = Field(foreign_key="users.id", index=True)
    symbol: str = Field(index=True)
    kind: str
    points: list[Any] = Field(sa_type=Plain)
    style: dict[str, Any] = Field(sa_type=Plain)
    position: int = 0
    created_at: datetime = Field(sa_type=Moment)
    updated_at: datetime = Field(sa_type=Moment)
