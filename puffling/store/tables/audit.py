"""The audit trail: every act and every refusal, each line chained to the one before."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field

from puffling.store.tables.base import Moment, Row


class AuditRow(Row, table=True):
    """One line of the trail.

    `details` is the very text that was hashed: a JSON column could come back with other spelling.
    """

    __tablename__ = "audit"

    user_id: str = Field(foreign_key="users.id", primary_key=True, index=True)
    number: int = Field(primary_key=True)
    at: datetime = Field(sa_type=Moment, index=True)
    actor: str
    capability: str = Field(index=True)
    outcome: str
    summary: str
    details: str
    prev_hash: str
    hash: str
