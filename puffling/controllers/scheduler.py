"""Work that is due by itself."""

from __future__ import annotations

from datetime import datetime

from puffling.automation.upkeep import JOB_TYPE, next_run
from puffling.frozen import frozen
from puffling.runtime.actor import current_caller
from puffling.runtime.capability import Controller, capability
from puffling.runtime.clock import Clock
from puffling.runtime.gate import Effect
from puffling.store.database import Store
from puffling.store.values import ScheduledJob


@frozen
class DueJob:
    """A scheduled job with the moment at which it runs next."""

    id: str
    name: str
    schedule: str
    time_zone: str
    enabled: bool
    next_run_at: datetime | None
    last_run_at: datetime | None
    last_outcome: str


class Scheduler(Controller):
    """The jobs that run on a schedule."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    @capability(title="List scheduled jobs", verb="list", effect=Effect.READ, http="GET /api/scheduler")
    async def all(self) -> tuple[DueJob, ...]:
        """Show what runs by itself, when next, and how it went last time."""
        jobs = await self._store.read(current_caller().user, lambda unit: unit.scheduled_jobs.all())
        return tuple(
            DueJob(
                id=job.id,
                name=job.name,
                schedule=job.schedule,
                time_zone=job.time_zone,
                enabled=job.enabled,
                next_run_at=self._next(job),
                last_run_at=job.last_run_at if job.last_outcome else None,
                last_outcome=job.last_outcome,
            )
            for job in jobs
        )

    def _next(self, job: ScheduledJob) -> datetime | None:
        if job.job_type == JOB_TYPE:
            return next_run(job)
        # Loaded with the first strategy that runs by itself.
        from puffling.automation.runner.activation import next_close

        return next_close(job, self._clock.now())
