"""Activity: what was done or refused, and what the log says, in one table."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from PySide6.QtWidgets import (
    QWidget,
)

from puffling.desktop.later import later
from puffling.desktop.panel import Area, Panel, panel
from puffling.desktop.readable import brief, readable
from puffling.desktop.session import Session
from puffling.desktop.snapshot import Kept
from puffling.desktop.tables import Column, Kind, Table
from puffling.desktop.theme import Tone
from puffling.desktop.trail import Sieve, Trail
from puffling.frozen import frozen
from puffling.runtime.errors import PufflingError
from puffling.runtime.text import tr
from puffling.store.events import AuditAppended, DatabaseRestored
from puffling.store.values import AuditEntry

if TYPE_CHECKING:
    from puffling.core.core import Core
    from puffling.runtime.log import LogEntry

KEPT_LINES = 500
SETTLE_MILLISECONDS = 50
# The log has no news of its own: it would have to log that it told.
LOOK_SECONDS = 2.0
EVERYTHING, ACTS, LOG = "all", "acts", "log"
_PAGES = {EVERYTHING: "All", ACTS: "Acts", LOG: "Log"}

_TONES = {
    "refused": Tone.DANGER,
    "failed": Tone.DANGER,
    "error": Tone.DANGER,
    "critical": Tone.DANGER,
    "needs confirmation": Tone.WARN,
    "warning": Tone.WARN,
    "allowed": Tone.MUTED,
    "info": Tone.MUTED,
    "debug": Tone.MUTED,
}


@frozen
class Line:
    """One line of the audit trail or of the log."""

    key: str
    at: datetime
    act: bool
    outcome: str
    who: str
    what: str
    detail: str

    def holds(self, text: str) -> bool:
        """Tell whether the line contains this text, whatever the case."""
        return text in f"{self.outcome} {self.who} {self.what} {self.detail}".casefold()


def _columns(time: Callable[[datetime], str]) -> list[Column[Line]]:
    return [
        Column("at", tr("Time"), lambda line: line.at, Kind.TIME, width=100, text=lambda line: time(line.at)),
        Column(
            "outcome",
            tr("Outcome"),
            lambda line: tr(line.outcome.capitalize()),
            width=92,
            tone=lambda line: _TONES.get(line.outcome.lower(), Tone.TEXT),
        ),
        Column("who", tr("Who"), lambda line: line.who, Kind.MUTED, width=120),
        Column(
            "what",
            tr("What"),
            lambda line: line.what,
            width=260,
            stretch=True,
            tooltip=lambda line: line.what,
        ),
    ]


@panel(id="activity", title="Activity", icon="activity", area=Area.BOTTOM, order=3)
class ActivityPanel(Panel):
    """Shows both trails, newest first, with a filter and the whole of one line."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._acts: dict[str, Line] = {}
        # Told since the list was asked for: whether the list will hold it is not known.
        self._told: dict[str, Line] = {}
        self._log: dict[str, Line] = {}
        self.table: Table[Line] = Table(_columns(session.time), title=tr("Activity"))
        self.table.keys_selected.connect(lambda _: self._show_detail())
        self._trail = Trail(self, self.table, tr("Whole line"))
        self.detail = self._trail.detail
        self._sieve = Sieve("activity", _PAGES, tr("Filter activity"), self._show)
        self.filter = self._sieve.field
        self._header = self._sieve.header()
        self._looking: asyncio.Task[None] | None = None
        self._settle = later(self, self._show, SETTLE_MILLISECONDS)
        self.setFocusProxy(self.table)
        self.setMinimumSize(340, 120)
        self.table.when_empty(
            tr("Nothing yet"), tr("What is done or refused here leaves a line."), icon="activity"
        )
        self.table.states.loading()

    def header(self) -> list[QWidget]:
        return self._header

    def choices(self) -> Kept:
        return {"table": self.table.save_state(), "which": self._sieve.pages.page}

    def restore(self, choices: Kept, content: Kept) -> None:
        self.table.restore_state(choices.get("table", {}))
        self._sieve.pages.open(str(choices.get("which", "")))

    def wake(self, core: Core) -> None:
        self.hear(AuditAppended, self._take)
        self.hear(DatabaseRestored, lambda _: self._fetch())
        self._looking = self.session.dispatch.scope.spawn(self._keep_looking(), name="look at log")
        self._fetch()

    def sleep(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
        self._settle.stop()

    def choose(self, which: str) -> None:
        """Show everything, only acts, or only the log."""
        self._sieve.pages.open(which)

    def _fetch(self) -> None:
        core = self.session.core
        self._told = {}
        self.session.dispatch.run(
            lambda: core.monitor.audit(KEPT_LINES),
            name="fetch audit trail",
            newest="activity.audit",
            then=self._take_acts,
            failed=self._say_failed,
        )
        self.look_at_log()

    async def _keep_looking(self) -> None:
        clock = self.session.core.clock
        while True:
            await clock.sleep(LOOK_SECONDS)
            self.look_at_log()

    def look_at_log(self) -> None:
        """Fetch the newest lines of the log."""
        core = self.session.core
        self.session.dispatch.run(
            lambda: core.monitor.log(KEPT_LINES),
            name="fetch log",
            newest="activity.log",
            then=self._take_log,
            failed=self._say_failed,
        )

    def _say_failed(self, error: PufflingError) -> None:
        self.table.states.error(error.message, error.hint, act=self._fetch)

    def _take(self, event: AuditAppended) -> None:
        line = _act_line(event.entry)
        self._told, self._acts = _newest((line, *self._told.values())), _newest((line, *self._acts.values()))
        if not self._settle.isActive():
            self._settle.start()

    def _take_acts(self, entries: tuple[AuditEntry, ...]) -> None:
        self._acts = _newest((*self._told.values(), *map(_act_line, entries)))
        self.table.states.content()
        self._show()
        self.mark_live()

    def _take_log(self, lines: Iterable[LogEntry]) -> None:
        fresh = {line.key: line for line in map(_log_line, lines)}
        if fresh.keys() != self._log.keys():
            self._log = fresh
            self._show()

    def _show(self) -> None:
        wanted, page = self._sieve.wanted, self._sieve.pages.page
        shown: list[Line] = []
        if page != LOG:
            shown += self._acts.values()
        if page != ACTS:
            shown += self._log.values()
        shown = [line for line in shown if not wanted or line.holds(wanted)]
        shown.sort(key=lambda line: line.at, reverse=True)
        self.table.set_rows({line.key: line for line in shown[:KEPT_LINES]})
        self._show_detail()

    def _show_detail(self) -> None:
        keys = self.table.selected_keys()
        line = self.table.rows.row_of(keys[0]) if len(keys) == 1 else None
        self._trail.tell(line.detail if line else "")


def _newest(lines: Iterable[Line]) -> dict[str, Line]:
    found = {line.key: line for line in lines}
    return dict(islice(found.items(), KEPT_LINES))


def _act_line(entry: AuditEntry) -> Line:
    asked = brief(entry.details.get("arguments"))
    said = f"{entry.summary} ({entry.capability})\n{readable(entry.details)}"
    return Line(
        f"act {entry.number}",
        entry.at,
        True,
        entry.outcome,
        tr("you") if entry.actor == "person" else tr(entry.actor),
        ": ".join(part for part in (entry.summary or entry.capability, asked) if part),
        said,
    )


def _log_line(entry: LogEntry) -> Line:
    first = entry.message.partition("\n")[0]
    detail = "\n".join(part for part in (entry.message, entry.trace) if part)
    return Line(f"log {entry.number}", entry.time, False, entry.level.lower(), entry.logger, first, detail)
