"""The person and what makes the program theirs: settings, layouts, lists, drawings, tokens."""

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


class AccessTokenRow(Row, table=True):
    """A token's digest; the token itself was shown once and is not kept."""

    __tablename__ = "access_tokens"

    id: str = Field(primary_key=True)
    user_id: str = Field(foreign_key="users.id", index=True)
    name: str
    digest: str = Field(unique=True)
    scopes: list[str] = Field(sa_type=Plain)
    created_at: datetime = Field(sa_type=Moment)
    last_used_at: datetime | None = Field(default=None, sa_type=Moment)
