"""Starts jobs and follows them, whether or not anybody looks: what began here is shown when it ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from puffling.desktop.session import Session
from puffling.runtime.errors import InvalidInput, NotFound, PufflingError
from puffling.runtime.jobs import JobChanged, JobRecord, JobState

if TYPE_CHECKING:
    from puffling.runtime.jobs import Job


class Desk(QObject):
    """Knows the jobs of some abilities that are on their way, and which of them began in this panel."""

    changed = Signal()
    finished = Signal(object)
    failed = Signal(object)

    def __init__(self, session: Session, parent: QObject, *abilities: str) -> None:
        super().__init__(parent)
        self._session = session
        self._abilities = abilities
        self._mine: dict[str, str] = {}
        self.jobs: dict[str, JobRecord] = {}

    @property
    def names(self) -> Mapping[str, str]:
        """Give the names of the jobs that began here."""
        return self._mine

    def start(self, ability: str, arguments: dict[str, Any], name: str) -> None:
        """Put a job on the board, under a name for who looks."""
        core = self._session.core
        self._session.dispatch.run(
            lambda: core.registry.get(ability).start(arguments),
            name=f"start {ability}",
            then=lambda job: self._begun(job, name),
            failed=self._refused,
            owner=self,
        )

    def stop(self, id: str) -> None:
        """Cancel a job."""
        core = self._session.core
        self._session.dispatch.run(lambda: core.jobs.cancel(id), name="cancel job")

    def stop_all(self) -> None:
        """Cancel every job on its way."""
        for id in list(self.jobs):
            self.stop(id)

    def take(self, event: JobChanged) -> None:
        """Take in what became of a job."""
        self._note(event.job)
        self.changed.emit()

    def catch_up(self, jobs: tuple[JobRecord, ...]) -> None:
        """Take in what became of all jobs while nobody looked."""
        self.jobs = {}
        # The board gives the newest first; what ended last is what is shown in the end.
        for job in reversed(jobs):
            self._note(job)
        self.changed.emit()

    def _begun(self, job: Job, name: str) -> None:
        self._mine[job.id] = name
        self._note(job.record)
        self.changed.emit()

    def _note(self, job: JobRecord) -> None:
        if job.capability_id not in self._abilities:
            return
        if not job.final:
            self.jobs[job.id] = job
            return
        self.jobs.pop(job.id, None)
        if self._mine.pop(job.id, None) is None:
            return
        if job.state is JobState.DONE:
            self._tell_result(job)
        elif job.state is JobState.FAILED:
            self.failed.emit(job.error or {})

    def _tell_result(self, job: JobRecord) -> None:
        try:
            result = self._session.core.board.get(job.id, job.user).result
        except NotFound:
            return
        self.finished.emit(result)

    def _refused(self, error: PufflingError) -> None:
        field = error.field if isinstance(error, InvalidInput) else ""
        self.failed.emit({"message": error.message, "hint": error.hint, "field": field})
