"""What is due by itself, and how it went last time."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import col, select

from puffling.runtime.errors import NotFound
from puffling.runtime.text import tr
from puffling.store.events import ScheduledJobsChanged
from puffling.store.repositories.base import Repository, checked_json, checked_text, new_id
from puffling.store.tables.jobs import ScheduledJobRow
from puffling.store.values import ScheduledJob


class ScheduledJobs(Repository):
    """Keeps scheduled jobs; when they run is the business of the scheduler."""

    def all(self) -> tuple[ScheduledJob, ...]:
        """Give all jobs, by name."""
        wanted = (
            select(ScheduledJobRow)
            .where(ScheduledJobRow.user_id == self._user)
            .order_by(col(ScheduledJobRow.name), col(ScheduledJobRow.id))
        )
        return tuple(_value(row) for row in self._session.exec(wanted))

    def put(self, job: ScheduledJob) -> ScheduledJob:
        """Keep a job: a new one when it has no id yet, otherwise in the place of the old one."""
        config = checked_json(job.config, "config")
        name = checked_text(job.name, "name")
        row = self._row(job.id) if job.id else None
        if row is None:
            row = ScheduledJobRow(
                id=job.id or new_id(),
                user_id=self._user,
                name=name,
                job_type=checked_text(job.job_type, "job_type"),
                schedule=checked_text(job.schedule, "schedule", longest=200),
                time_zone=checked_text(job.time_zone, "time_zone"),
                config=config,
                enabled=job.enabled,
                created_at=self._now,
                updated_at=self._now,
            )
            self._session.add(row)
        else:
            row.name, row.job_type, row.config, row.enabled = name, job.job_type, config, job.enabled
            row.schedule, row.time_zone, row.updated_at = job.schedule, job.time_zone, self._now
        return self._changed(row)

    def ran(self, id: str, slot_at: datetime, outcome: str, *, failed: bool = False) -> ScheduledJob:
        """Remember how the run of a slot ended; failures are counted until one succeeds."""
        row = self._found(id)
        row.last_slot_at, row.last_run_at, row.last_outcome = slot_at, self._now, outcome
        row.failures = row.failures + 1 if failed else 0
        return self._changed(row)

    def remove(self, id: str) -> ScheduledJob:
        """Remove a job and give it back."""
        row = self._found(id)
        removed = _value(row)
        self._session.delete(row)
        self._session.flush()
        self._tell(ScheduledJobsChanged(self._user))
        return removed

    def _changed(self, row: ScheduledJobRow) -> ScheduledJob:
        self._session.flush()
        self._tell(ScheduledJobsChanged(self._user))
        return _value(row)

    def _found(self, id: str) -> ScheduledJobRow:
        row = self._row(id)
        if row is None:
            raise NotFound(
                tr("There is no scheduled job {id}.", id=id), hint=tr("List the jobs to see what there is.")
            )
        return row

    def _row(self, id: str) -> ScheduledJobRow | None:
        wanted = select(ScheduledJobRow).where(
            ScheduledJobRow.user_id == self._user, ScheduledJobRow.id == id
        )
        return self._session.exec(wanted).one_or_none()


def _value(row: ScheduledJobRow) -> ScheduledJob:
    return ScheduledJob(
        row.id,
        row.name,
        row.job_type,
        row.schedule,
        row.time_zone,
        row.config,
        row.enabled,
        row.last_run_at,
        row.last_outcome,
        row.failures,
        row.last_slot_at or row.created_at,
    )
