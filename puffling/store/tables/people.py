"""The person and what makes the program theirs: settings, layouts, lists."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from puffling.store.tables.base import Moment, Plain, Row


class UserRow(Row, table=True):
    """A person; one row in personal mode."""

    __tablename__ = "users"

    id: str = Field(primary_key=True)
    name: str
    created_at: datetime = Field(sa_type=Moment)


class SettingRow(Row, table=True):
    """One setting of one person."""

    __tablename__ = "settings"

    user_id: str = Field(foreign_key="users.id", primary_key=True, index=True)
    key: str = Field(primary_key=True)
    value: Any = Field(sa_type=Plain, nullable=False)
    version: int = 1
    updated_at: datetime = Field(sa_type=Moment)


class LayoutRow(Row, table=True):
    """The last look of one workspace."""

    __tablename__ = "layouts"

    user_id: str = Field(foreign_key="users.id", primary_key=True, index=True)
    workspace: str = Field(primary_key=True)
    state: dict[str, Any] = Field(sa_type=Plain)
    geometry: str = ""
    updated_at: datetime = Field(sa_type=Moment)


class WatchlistRow(Row, table=True):
    """One list of symbols."""

    __tablename__ = "watchlists"
    __table_args__ = (UniqueConstraint("user_id", "name"),)

    id: str = Field(primary_key=True)
    user_id: str = Field(foreign_key="users.id", index=True)
    name: str
    symbols: list[str] = Field(sa_type=Plain)
    position: int
    created_at: datetime = Field(sa_type=Moment)
    updated_at: datetime = Field(sa_type=Moment)
