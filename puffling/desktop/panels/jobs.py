"""Jobs: what takes time, how far it is, how it ended, and the one place to stop it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMenu, QPushButton, QWidget

from puffling.desktop.card import spacer
from puffling.desktop.later import later
from puffling.desktop.panel import Area, Panel, panel
from puffling.desktop.readable import readable
from puffling.desktop.session import Session
from puffling.desktop.snapshot import Kept
from puffling.desktop.tables import Column, Kind, Table
from puffling.desktop.theme import Tone
from puffling.desktop.trail import Trail
from puffling.runtime.errors import PufflingError
from puffling.runtime.jobs import JobChanged, JobRecord, JobState
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.core.core import Core

CHECK = "data.check"

_STATES = {
    JobState.QUEUED: ("Waiting", Tone.MUTED),
    JobState.RUNNING: ("Running", Tone.ACCENT),
    JobState.DONE: ("Done", Tone.UP),
    JobState.FAILED: ("Failed", Tone.DANGER),
    JobState.CANCELLED: ("Cancelled", Tone.WARN),
}


def _said(job: JobRecord) -> str:
    if job.error:
        return job.error.get("message", "")
    return tr("Stopping") if job.stopping and not job.final else job.note


def _share(job: JobRecord) -> float:
    return 1.0 if job.state is JobState.DONE else job.fraction


def _took_seconds(job: JobRecord) -> float | None:
    if job.started is None or job.ended is None:
        return None
    return (job.ended - job.started).total_seconds()


def _columns(time: Callable[[datetime], str]) -> list[Column[JobRecord]]:
    return [
        Column("title", tr("Job"), lambda job: job.title, Kind.STRONG, width=116),
        Column(
            "state",
            tr("State"),
            lambda job: tr(_STATES[job.state][0]),
            Kind.TEXT,
            width=76,
            tone=lambda job: _STATES[job.state][1],
        ),
        Column("progress", tr("Progress"), _share, Kind.PROGRESS, width=84),
        Column("note", tr("Note"), _said, Kind.MUTED, width=110, stretch=True, tooltip=_said),
        Column("took", tr("Took"), _took_seconds, Kind.AGE, width=64),
        Column(
            "created",
            tr("Started"),
            lambda job: job.created,
            Kind.TIME,
            width=100,
            text=lambda job: time(job.created),
        ),
        Column("actor", tr("Asked by"), lambda job: tr(job.actor.value), Kind.MUTED, optional=True),
    ]


@panel(id="jobs", title="Jobs", icon="jobs", area=Area.BOTTOM, order=4)
class JobsPanel(Panel):
    """Shows the job board, the newest job first."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._jobs: dict[str, JobRecord] = {}
        self._settle = later(self, self._show, 50)
        self.table: Table[JobRecord] = Table(_columns(session.time), title=tr("Jobs"))
        self.table.keys_selected.connect(lambda _: self._show_detail())
        self.table.menu_opening.connect(self._extend_menu)
        self._trail = Trail(self, self.table, tr("Result of the job"))
        self.detail = self._trail.detail
        self.setFocusProxy(self.table)
        self.setMinimumSize(300, 120)
        self.check = QPushButton(tr("Check history"))
        self.check.setObjectName("jobs.check")
        self.check.clicked.connect(lambda: session.actions.run(CHECK))
        self.check.hide()
        self.stop = QPushButton(tr("Cancel job"))
        self.stop.setObjectName("jobs.cancel")
        self.stop.clicked.connect(lambda: self._cancel(self.table.selected_keys()))
        self.stop.hide()
        self.table.states.loading()

    def header(self) -> list[QWidget]:
        return [spacer(), self.stop, self.check]

    def choices(self) -> Kept:
        return {"table": self.table.save_state()}

    def restore(self, choices: Kept, content: Kept) -> None:
        self.table.restore_state(choices.get("table", {}))

    def wake(self, core: Core) -> None:
        self.hear(JobChanged, self._take)
        can_check = self.session.can(CHECK)
        self.check.setVisible(can_check)
        self.table.when_empty(
            tr("No jobs yet"),
            tr("Work that takes time appears here, with its progress and its result."),
            icon="jobs",
            action=tr("Check history") if can_check else "",
            act=(lambda: self.session.actions.run(CHECK)) if can_check else None,
        )
        self.session.dispatch.run(
            core.jobs.all,
            name="fetch jobs",
            newest="jobs.fetch",
            then=self._take_all,
            failed=self._say_failed,
        )

    def sleep(self) -> None:
        self._settle.stop()

    def _take_all(self, jobs: tuple[JobRecord, ...]) -> None:
        self._jobs = {job.id: job for job in jobs}
        self.table.states.content()
        self._show()
        self.mark_live()

    def _say_failed(self, error: PufflingError) -> None:
        self.table.states.error(error.message, error.hint, act=lambda: self.wake(self.session.core))

    def _take(self, event: JobChanged) -> None:
        job = event.job
        self._jobs = self._jobs | {job.id: job} if job.id in self._jobs else {job.id: job, **self._jobs}
        if not self._settle.isActive():
            self._settle.start()

    def _show(self) -> None:
        self.table.set_rows(self._jobs)
        self._show_detail()

    def _show_detail(self) -> None:
        chosen = [self._jobs[key] for key in self.table.selected_keys() if key in self._jobs]
        self.stop.setVisible(any(not job.final for job in chosen))
        self._trail.tell(self._detail_of(chosen[0]) if len(chosen) == 1 else "")

    def _detail_of(self, job: JobRecord) -> str:
        if job.error:
            return "\n".join(
                part for part in (job.error.get("message", ""), job.error.get("hint", "")) if part
            )
        if job.state is not JobState.DONE or not job.capability_id:
            return ""
        core = self.session.core
        result = core.board.get(job.id, job.user).result
        return readable(core.registry.get(job.capability_id).dump(result))

    def _cancel(self, ids: list[str]) -> None:
        core = self.session.core
        for id in ids:
            if id in self._jobs and not self._jobs[id].final:
                self.session.dispatch.run(partial(core.jobs.cancel, id), name="cancel job")

    def _extend_menu(self, menu: QMenu, ids: list[str]) -> None:
        running = [id for id in ids if id in self._jobs and not self._jobs[id].final]
        if running:
            title = tr("Cancel job") if len(running) == 1 else tr("Cancel {count} jobs", count=len(running))
            menu.addSeparator()
            menu.addAction(title, partial(self._cancel, running))
