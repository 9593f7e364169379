"""One board for everything that takes time: who asked, how far it is, and how it ended."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from datetime import datetime
from enum import StrEnum
from typing import Any, ParamSpec, Protocol, TypeVar

from puffling.frozen import frozen
from puffling.runtime.actor import Actor, Caller, UserId, calling_as
from puffling.runtime.bus import Bus
from puffling.runtime.clock import Clock
from puffling.runtime.errors import Fault, NotFound, PufflingError, Stopped, Unavailable
from puffling.runtime.tasks import TaskScope
from puffling.runtime.text import tr

P = ParamSpec("P")
R = TypeVar("R")

_log = logging.getLogger(__name__)

_SECONDS_BETWEEN_NEWS = 0.1


class JobState(StrEnum):
    """The five states of a job; the last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Tell whether a job in this state has ended."""
        return self in {JobState.DONE, JobState.FAILED, JobState.CANCELLED}


@frozen
class JobRecord:
    """A job as a face shows it, at one moment."""

    id: str
    title: str
    capability_id: str
    actor: Actor
    user: UserId
    state: JobState
    done: float
    total: float
    fraction: float
    note: str
    created: datetime
    started: datetime | None
    ended: datetime | None
    error: dict[str, str] | None
    stopping: bool

    @property
    def final(self) -> bool:
        """Tell whether the job has ended."""
        return self.state.final


@frozen
class JobChanged:
    """A job moved on: a new state, or progress, at most ten times a second."""

    job: JobRecord


class Computing(Protocol):
    """Where `job.compute` takes place: a child process here, or a cluster."""

    async def run(
        self,
        fn: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        *,
        progress: Callable[[float, float, str], None],
        take: Callable[[Any], None] = lambda _: None,
    ) -> Any:
        """Run a pure module-level function elsewhere, report its progress and give its result.

        `take` gets what the function hands over on its way.
        """
        ...

    async def prepare(self, module: str) -> None:
        """Get ready for a computation that comes soon and needs this module."""
        ...

    async def close(self) -> None:
        """End every process that was kept ready."""
        ...


_current: ContextVar[Job] = ContextVar("puffling_job")


class Job:
    """One job on the board; its body reaches it with `Job.current()`."""

    def __init__(self, board: JobBoard, id: str, title: str, caller: Caller, capability_id: str) -> None:
        self.id = id
        self.title = title
        self.caller = caller
        self.capability_id = capability_id
        self.state = JobState.QUEUED
        self.done = 0.0
        self.total = 0.0
        self.fraction = 0.0
        self.note = ""
        self.created = board.clock.now()
        self.started: datetime | None = None
        self.ended: datetime | None = None
        self.result: Any = None
        self.error: dict[str, str] | None = None
        self.stopping = False
        self._board = board
        self._failure: PufflingError | None = None
        self._over = asyncio.Event()

    @staticmethod
    def current() -> Job:
        """Give the job whose body is running, wherever in it this is asked."""
        try:
            return _current.get()
        except LookupError:
            raise RuntimeError("this runs outside of any job: start it on the board") from None

    @property
    def record(self) -> JobRecord:
        """Give the job as it is now, as a value."""
        return JobRecord(
            id=self.id,
            title=self.title,
            capability_id=self.capability_id,
            actor=self.caller.actor,
            user=self.caller.user,
            state=self.state,
            done=self.done,
            total=self.total,
            fraction=self.fraction,
            note=self.note,
            created=self.created,
            started=self.started,
            ended=self.ended,
            error=self.error,
            stopping=self.stopping,
        )

    def progress(self, done: float, total: float, note: str = "") -> None:
        """Say how far the job is; the bar never goes back, and a new note is always shown."""
        if self.ended is not None:
            return
        fraction = min(max(done / total, 0.0), 1.0) if total > 0 else 0.0
        if fraction >= self.fraction:
            self.done, self.total, self.fraction = done, total, fraction
        self.note = note
        self._board.changed(self)

    async def compute(self, fn: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a pure module-level function outside this process; its `checkpoint` moves this job on."""
        result: R = await self._board.compute.run(fn, args, kwargs, progress=self.progress)
        return result

    async def prepare(self, module: str) -> None:
        """Get ready for a computation that needs this module, while its arguments are still being read."""
        await self._board.compute.prepare(module)

    async def wait(self) -> Any:
        """Wait for the end and give the result, or raise what made the job fail."""
        await self.finished()
        if self._failure is not None:
            # The same error may be raised at several waiters: each starts with a clean traceback.
            raise self._failure.with_traceback(None)
        return self.result

    async def finished(self) -> JobRecord:
        """Wait for the end, whatever it is, and give the last record."""
        await self._over.wait()
        return self.record

    def begin(self) -> None:
        """Enter RUNNING."""
        self.state = JobState.RUNNING
        self.started = self._board.clock.now()

    def end(self, state: JobState, *, result: Any = None, failure: PufflingError | None = None) -> None:
        """Enter a final state, once."""
        self.state = state
        self.ended = self._board.clock.now()
        self.result = result
        self._failure = failure
        self.error = failure.as_dict() if failure is not None else None
        if state is JobState.DONE:
            self.fraction = 1.0
            self.done = self.total
        self._over.set()


class JobBoard:
    """All jobs of one core: the running ones, and the last that have ended."""

    def __init__(
        self,
        clock: Clock,
        bus: Bus,
        scope: TaskScope,
        *,
        compute: Computing | None = None,
        keep: int = 200,
        at_once: int = 16,
        new_id: Callable[[], str] = lambda: secrets.token_hex(4),
    ) -> None:
        self.clock = clock
        self.compute: Computing = compute or _NoComputing()
        self._bus = bus
        self._scope = scope
        self._keep = keep
        self._new_id = new_id
        self._places = asyncio.Semaphore(at_once)
        self._jobs: dict[str, Job] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._told: dict[str, float] = {}
        self._waiting_to_tell: set[str] = set()

    def start(
        self,
        title: str,
        body: Callable[[], Coroutine[Any, Any, Any]],
        *,
        caller: Caller,
        capability_id: str = "",
    ) -> Job:
        """Put a job on the board and start its body, or queue it when many are running."""
        id = self._new_id()
        while id in self._jobs:
            id = self._new_id()
        job = Job(self, id, title, caller, capability_id)
        # A job inside another takes no place of its own: the two could wait for each other for ever.
        nested = _current.get(None) is not None
        task = self._scope.spawn(self._live(job, body, nested=nested), name=f"job.{id}")
        self._jobs[id] = job
        self._tasks[id] = task
        # A task that is cancelled before its first step never enters its own code.
        task.add_done_callback(lambda _: self._settle(job))
        self._tell(job)
        return job

    def get(self, id: str, user: UserId | None = None) -> Job:
        """Give the job with this id, among those of this user when one is named."""
        job = self._jobs.get(id)
        if job is None or (user is not None and job.caller.user != user):
            raise NotFound(
                tr("There is no job {id}.", id=id),
                hint=tr("Ended jobs are kept for a while only; the list of jobs shows what is there."),
            )
        return job

    def all(self, user: UserId | None = None) -> tuple[Job, ...]:
        """Give the jobs, newest first, of this user when one is named."""
        return tuple(job for job in reversed(self._jobs.values()) if user is None or job.caller.user == user)

    def cancel(self, id: str, user: UserId | None = None) -> Job:
        """Ask the job to stop; it is CANCELLED once its body has ended, which `job.finished()` waits for."""
        job = self.get(id, user)
        if job.ended is None and not job.stopping:
            job.stopping = True
            self._tasks[id].cancel()
            self._tell(job)
        return job

    async def close(self) -> None:
        """Cancel every job, wait for their bodies, and end the processes kept ready."""
        own = asyncio.current_task()
        living = [job for job in self._jobs.values() if job.ended is None and self._tasks[job.id] is not own]
        for job in living:
            self.cancel(job.id)
        for job in living:
            await job.finished()
        await self.compute.close()

    def changed(self, job: Job) -> None:
        """Tell the bus that the job moved on, or leave it to the next round when it was just told."""
        if job.id in self._waiting_to_tell or self._scope.closed:
            return
        elapsed = self.clock.monotonic() - self._told.get(job.id, float("-inf"))
        if elapsed >= _SECONDS_BETWEEN_NEWS:
            self._tell_progress(job)
        else:
            self._waiting_to_tell.add(job.id)
            wait = _SECONDS_BETWEEN_NEWS - elapsed
            _ = self._scope.spawn(self._tell_later(job, wait), name=f"news.{job.id}")

    async def _tell_later(self, job: Job, seconds: float) -> None:
        try:
            await self.clock.sleep(seconds)
        finally:
            self._waiting_to_tell.discard(job.id)
        if job.ended is None:
            self._tell_progress(job)

    def _tell_progress(self, job: Job) -> None:
        self._told[job.id] = self.clock.monotonic()
        self._tell(job)

    def _tell(self, job: Job) -> None:
        self._bus.publish(JobChanged(job.record))

    async def _live(self, job: Job, body: Callable[[], Coroutine[Any, Any, Any]], *, nested: bool) -> None:
        _current.set(job)
        if nested:
            await self._run(job, body)
            return
        async with self._places:
            await self._run(job, body)

    async def _run(self, job: Job, body: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        job.begin()
        self._tell(job)
        try:
            with calling_as(job.caller):
                result = await body()
        except Stopped as stopped:
            self._end(job, JobState.CANCELLED, failure=stopped)
        except PufflingError as failure:
            self._end(job, JobState.FAILED, failure=failure)
        except Exception as fault:  # noqa: BLE001  the edge: a job that fails must not take the board along
            _log.exception("The job %s (%s) failed", job.id, job.title)
            self._end(job, JobState.FAILED, failure=Fault.of(fault))
        else:
            self._end(job, JobState.DONE, result=result)

    def _settle(self, job: Job) -> None:
        del self._tasks[job.id]
        if job.ended is None:
            stopped = Stopped(tr("{title} was cancelled.", title=job.title))
            self._end(job, JobState.CANCELLED, failure=stopped)

    def _end(
        self, job: Job, state: JobState, *, result: Any = None, failure: PufflingError | None = None
    ) -> None:
        job.end(state, result=result, failure=failure)
        self._tell(job)
        self._told.pop(job.id, None)
        ended = [known.id for known in self._jobs.values() if known.ended is not None]
        for id in ended[: max(len(ended) - self._keep, 0)]:
            del self._jobs[id]


class _NoComputing:
    async def run(
        self,
        fn: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        *,
        progress: Callable[[float, float, str], None],
        take: Callable[[Any], None] = lambda _: None,
    ) -> Any:
        raise Unavailable(tr("This part of Puffling runs without processes of its own."))

    async def prepare(self, module: str) -> None:
        pass

    async def close(self) -> None:
        pass
