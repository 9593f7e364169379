"""Who may come in over HTTP."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field

from puffling.store.tables.base import Moment, Plain, Row


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
