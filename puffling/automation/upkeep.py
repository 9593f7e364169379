"""The nightly upkeep: a copy of the database, and the oldest copies removed.

It is late rather than lost: a night that the computer slept through is made up for once on waking,
however many nights it were.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from puffling.automation.slots import next_slot
from puffling.frozen import frozen
from puffling.runtime.actor import Actor, Caller, UserId, calling_as
from puffling.runtime.clock import Clock
from puffling.runtime.errors import PufflingError
from puffling.runtime.registry import Invoker
from puffling.runtime.text import tr
from puffling.store.values import ScheduledJob

if TYPE_CHECKING:
    from puffling.store.database import Store, Unit

JOB_TYPE = "upkeep"
ABILITY = "backups.create"

# A changed setting is noticed by looking again this often, not by being told.
_LOOK_SECONDS = 60.0

_log = logging.getLogger(__name__)


@frozen
class UpkeepPlan:
    """Whether and when the nightly copy is made."""

    enabled: bool
    hour: int

    @property
    def schedule(self) -> str:
        """Give the plan as a cron line."""
        return f"0 {self.hour} * * *"


class Upkeep:
    """Runs the nightly copy for one user through the same door as everybody else."""

    def __init__(
        self, clock: Clock, store: Store, invoker: Invoker, user: UserId, plan: Callable[[], UpkeepPlan]
    ) -> None:
        self._clock = clock
        self._store = store
        self._invoker = invoker
        self._user = user
        self._plan = plan
        # A slot whose end could not be recorded is not served again and again.
        self._served: datetime | None = None

    async def run(self) -> None:
        """Do the upkeep whenever it is due, until cancelled."""
        while True:
            try:
                await self._look()
            except PufflingError as error:
                # A disk that is full tonight is no reason not to look tomorrow.
                _log.warning("The upkeep could not be looked after: %s", error)
            await self._clock.sleep(_LOOK_SECONDS)

    async def _look(self) -> None:
        job = await self._store.run(self._user, _planned, self._plan())
        if self._served is not None and job.counted_from is not None:
            job = replace(job, counted_from=max(job.counted_from, self._served))
        slot, now = next_run(job), self._clock.now()
        if slot is not None and slot <= now:
            self._served = now
            await self._do(job, now)

    async def _do(self, job: ScheduledJob, now: datetime) -> None:
        outcome, failed = tr("done"), False
        try:
            with calling_as(Caller(Actor.SCHEDULE, self._user)):
                await self._invoker.invoke(ABILITY, {})
        except PufflingError as error:
            _log.warning("The nightly copy failed: %s", error)
            outcome, failed = str(error), True
        # Counted from now and not from the slot: ten nights asleep are made up for by one copy.
        await self._store.run(
            self._user, lambda unit: unit.scheduled_jobs.ran(job.id, now, outcome, failed=failed)
        )


def next_run(job: ScheduledJob) -> datetime | None:
    """Give the moment at which the job is due next, or None when it is switched off."""
    if not job.enabled or job.counted_from is None:
        return None
    return next_slot(job.counted_from, int(job.schedule.split()[1]))


def _planned(unit: Unit, plan: UpkeepPlan) -> ScheduledJob:
    known = [job for job in unit.scheduled_jobs.all() if job.job_type == JOB_TYPE]
    job = known[0] if known else _NEW
    planned = replace(job, enabled=plan.enabled, schedule=plan.schedule)
    return planned if planned == job else unit.scheduled_jobs.put(planned)


_NEW = ScheduledJob(
    id="",
    name="Nightly backup",
    job_type=JOB_TYPE,
    schedule="",
    time_zone="America/New_York",
    config={},
    enabled=True,
)
