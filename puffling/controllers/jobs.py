"""Work that takes time, wherever it was asked for."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from puffling.frozen import frozen
from puffling.runtime.actor import current_caller
from puffling.runtime.capability import Controller, capability
from puffling.runtime.gate import Effect
from puffling.runtime.jobs import JobBoard, JobRecord, JobState
from puffling.runtime.registry import Registry

JobId = Annotated[str, Field(description="Id of the job.", min_length=1, max_length=64)]


@frozen
class JobDetail:
    """A job with what it gave, once it is done."""

    job: JobRecord
    result: Any


class Jobs(Controller):
    """The board of all jobs."""

    def __init__(self, board: JobBoard, registry: Registry) -> None:
        self._board = board
        self._registry = registry

    @capability(title="List jobs", verb="list", effect=Effect.READ, http="GET /api/jobs", tool="list_jobs")
    async def all(self) -> tuple[JobRecord, ...]:
        """Show what runs and what ran lately, the newest first."""
        return tuple(job.record for job in self._board.all(current_caller().user))

    @capability(title="Show job", effect=Effect.READ, http="GET /api/jobs/{job}", tool="get_job")
    async def show(self, job: JobId) -> JobDetail:
        """Show one job: how far it is, or how it ended and what it gave."""
        found = self._board.get(job, current_caller().user)
        result = None
        if found.state is JobState.DONE and found.capability_id:
            result = self._registry.get(found.capability_id).dump(found.result)
        return JobDetail(found.record, result)

    @capability(
        title="Cancel job", effect=Effect.COMPUTE, http="POST /api/jobs/{job}/cancel", tool="cancel_job"
    )
    async def cancel(self, job: JobId) -> JobRecord:
        """Stop a job; what it has kept so far stays kept."""
        return await self._board.cancel(job, current_caller().user).finished()
