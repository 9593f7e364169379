"""Activity: what was done or refused, and what the log says, in one table."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from puffling.desktop.card import spacer
from puffling.desktop.later import later
from puffling.desktop.panel import Area, Panel, panel
from puffling.desktop.readable import brief, readable
from puffling.desktop.session import Session
from puffling.desktop.snapshot import Kept
from puffling.desktop.tables import Column, Kind, Table
from puffling.desktop.theme import Theme, Tone, set_role
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
        self._which = EVERYTHING
        self.table: Table[Line] = Table(_columns(session.time), title=tr("Activity"))
        self.table.keys_selected.connect(lambda _: self._show_detail())
        self.detail = QPlainTextEdit()
        self.detail.setReadOnly(True)
        self.detail.setFont(Theme.mono())
        self.detail.setAccessibleName(tr("Whole line"))
        self.detail.hide()
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(self.table)
        split.addWidget(self.detail)
        split.setSizes([3000, 2000])
        split.setChildrenCollapsible(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(split)
        self._header = self._make_header()
        self._looking: asyncio.Task[None] | None = None
        self._settle = later(self, self._show, SETTLE_MILLISECONDS)
        self.setFocusProxy(self.table)
        self.setMinimumSize(360, 120)
        self.table.when_empty(
            tr("Nothing yet"), tr("What is done or refused here leaves a line."), icon="activity"
        )
        self.table.states.loading()

    def header(self) -> list[QWidget]:
        return self._header

    def choices(self) -> Kept:
        return {"table": self.table.save_state(), "which": self._which}

    def restore(self, choices: Kept, content: Kept) -> None:
        self.table.restore_state(choices.get("table", {}))
        which = str(choices.get("which", ""))
        if which in self._switch:
            self._which = which
            self._switch[self._which].setChecked(True)

    def wake(self, core: Core) -> None:
        self.hear(AuditAppended, self._take)
        self.hear(DatabaseRestored, lambda _: self._fetch())
        self._looking = self.session.dispatch.scope.spawn(self._keep_looking(), name="look at log")
        self._fetch()

    def sleep(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
        self._settle.stop()

    def _make_header(self) -> list[QWidget]:
        self.filter = QLineEdit()
        self.filter.setPlaceholderText(tr("Filter"))
        self.filter.setAccessibleName(tr("Filter activity"))
        self.filter.setClearButtonEnabled(True)
        self.filter.setFixedWidth(150)
        self.filter.textChanged.connect(lambda _: self._show())
        group = QButtonGroup(self)
        self._switch: dict[str, QPushButton] = {}
        for which, title in ((EVERYTHING, tr("All")), (ACTS, tr("Acts")), (LOG, tr("Log"))):
            button = QPushButton(title)
            button.setCheckable(True)
            button.setChecked(which == self._which)
            set_role(button, kind="quiet")
            button.clicked.connect(lambda _checked=False, which=which: self.choose(which))
            group.addButton(button)
            self._switch[which] = button
        return [spacer(), *self._switch.values(), self.filter]

    def choose(self, which: str) -> None:
        """Show everything, only acts, or only the log."""
        self._which = which
        self._show()

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
        wanted = self.filter.text().strip().casefold()
        shown: list[Line] = []
        if self._which != LOG:
            shown += self._acts.values()
        if self._which != ACTS:
            shown += self._log.values()
        shown = [line for line in shown if not wanted or line.holds(wanted)]
        shown.sort(key=lambda line: line.at, reverse=True)
        self.table.set_rows({line.key: line for line in shown[:KEPT_LINES]})
        self._show_detail()

    def _show_detail(self) -> None:
        keys = self.table.selected_keys()
        line = self.table.rows.row_of(keys[0]) if len(keys) == 1 else None
        text = line.detail if line else ""
        self.detail.setVisible(bool(text))
        if text != self.detail.toPlainText():
            self.detail.setPlainText(text)


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
