"""Jobs that run by themselves: when, and how they went."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Field

from puffling.store.tables.base import Moment, Plain, Row


class ScheduledJobRow(Row, table=True):
    """A job that is due by its own schedule, in a named time zone."""

    __tablename__ = "scheduled_jobs"

    id: str = Field(primary_key=True)
    user_id: str = Field(foreign_key="users.id", index=True)
    name: str
    job_type: str
    schedule: str
    time_zone: str
    config: dict[str, Any] = Field(sa_type=Plain)
    enabled: bool = True
    last_slot_at: datetime | None = Field(default=None, sa_type=Moment)
    last_run_at: datetime | None = Field(default=None, sa_type=Moment)
    last_outcome: str = ""
    failures: int = 0
    created_at: datetime = Field(sa_type=Moment)
    updated_at: datetime = Field(sa_type=Moment)
