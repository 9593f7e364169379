"""Alerts: what is waited for, how far away it is, and what was said."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMenu, QStackedLayout, QWidget

from puffling.automation.alerts.values import AlertLine, AlertState
from puffling.desktop.alerts.acts import AlertActs
from puffling.desktop.alerts.rows import alert_columns, note_columns
from puffling.desktop.card import button, spacer
from puffling.desktop.later import later
from puffling.desktop.pages import Pages
from puffling.desktop.panel import Area, Panel, panel
from puffling.desktop.refetching import Refetching
from puffling.desktop.session import Session
from puffling.desktop.snapshot import Kept
from puffling.desktop.tables import Table
from puffling.market.events import PricesMoved
from puffling.runtime.text import tr
from puffling.store.events import AlertsChanged, DatabaseRestored
from puffling.store.values import AlertNote

if TYPE_CHECKING:
    from puffling.core.core import Core

WAITING, SAID = "waiting", "said"
_PAGES = {WAITING: "Alerts", SAID: "History"}
_MOST = 500
_DRAIN_MILLISECONDS = 200
_ON = frozenset({AlertState.WATCHING, AlertState.OTHER_PRICES})


@panel(id="alerts", title="Alerts", icon="bell", area=Area.BOTTOM, order=4)
class AlertsPanel(Panel):
    """Shows alerts with their distance, live, and when they were raised."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._lines: dict[str, AlertLine] = {}
        self._notes: dict[str, AlertNote] = {}
        self._moved: dict[str, float] = {}
        self._watched: tuple[str, ...] = ()
        self._stop_watching: Callable[[], None] | None = None
        self._acts = AlertActs(session)
        self._drain = later(self, self._reprice, _DRAIN_MILLISECONDS)
        self._pages = Pages("alerts", _PAGES)
        self._pages.turned.connect(self._turn)
        self._page_row = self._pages.in_a_row()
        self.new = button(tr("New alert…"), kind="quiet", icon="add")
        self.new.setObjectName("alerts.new")
        self.new.clicked.connect(self._ask_new)
        self.table: Table[AlertLine] = Table(alert_columns(session.time), title=tr("Alerts"), removable=True)
        self.table.keys_removed.connect(lambda keys: self._acts.remove(self._chosen(keys)))
        self.table.key_activated.connect(self._look_at)
        self.table.menu_opening.connect(self._extend_menu)
        self.said: Table[AlertNote] = Table(note_columns(session.time), title=tr("What alerts said"))
        self.said.key_activated.connect(self._look_at_note)
        self._stack = QStackedLayout(self)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._stack.addWidget(self.table)
        self._stack.addWidget(self.said)
        self.setFocusProxy(self.table)
        self.setMinimumSize(340, 120)
        self.table.states.loading()
        self._refetching = Refetching(self, self._load, self._take, self.table.states)

    def header(self) -> list[QWidget]:
        return [spacer(), self.new, self._page_row]

    def choices(self) -> Kept:
        return {
            "table": self.table.save_state(),
            "said": self.said.save_state(),
            "page": self._pages.page,
        }

    def restore(self, choices: Kept, content: Kept) -> None:
        self.table.restore_state(choices.get("table", {}))
        self.said.restore_state(choices.get("said", {}))
        self._pages.open(str(choices.get("page", "")))

    def wake(self, core: Core) -> None:
        self.hear(AlertsChanged, self._refetching.on_news)
        self.hear(DatabaseRestored, self._refetching.on_news)
        self.hear(PricesMoved, self._prices_moved)
        self.table.when_empty(
            tr("No alerts"),
            tr("Be told when a price is reached or moves far in a day, while Puffling runs."),
            icon="bell",
            action=tr("New alert…"),
            act=self._ask_new,
        )
        self.said.when_empty(
            tr("Nothing was said yet"), tr("Each time an alert is raised it stands here."), icon="bell"
        )
        self._refetching.fetch()

    def sleep(self) -> None:
        self._refetching.stop()
        self._drain.stop()
        self._moved.clear()
        self._watch(())

    async def _load(self) -> tuple[tuple[AlertLine, ...], tuple[AlertNote, ...]]:
        alerts = self.session.core.alerts
        return await alerts.all(), await alerts.history(_MOST)

    def _take(self, found: tuple[tuple[AlertLine, ...], tuple[AlertNote, ...]]) -> None:
        lines, notes = found
        self._lines = {line.id: line for line in lines}
        self._notes = {note.id: note for note in notes}
        self._watch(tuple(sorted({line.symbol for line in lines})))
        self.table.states.content()
        self.table.set_rows(self._lines)
        self.said.set_rows(self._notes)
        self._pages.say_count(SAID, sum(note.read_at is None for note in notes))
        self._note_read()

    def _turn(self) -> None:
        self._stack.setCurrentIndex(self._pages.place)
        self.setFocusProxy(self.table if self._pages.page == WAITING else self.said)
        self.new.setVisible(self._pages.page == WAITING)
        self._note_read()

    def _note_read(self) -> None:
        """Whoever looks at the history has read it."""
        unread = any(note.read_at is None for note in self._notes.values())
        if self.awake and self._pages.page == SAID and unread:
            core = self.session.core
            self.session.dispatch.run(core.alerts.read, name="read alerts", newest="alerts.read")

    def _watch(self, symbols: tuple[str, ...]) -> None:
        if symbols == self._watched:
            return
        before, self._watched = self._stop_watching, symbols
        self._stop_watching = self.session.core.data.watch(symbols) if symbols else None
        if before is not None:
            before()

    def _prices_moved(self, event: PricesMoved) -> None:
        moved = {each: event.prices[each].price for each in self._watched if each in event.prices}
        if moved:
            self._moved |= moved
            if not self._drain.isActive():
                self._drain.start()

    def _reprice(self) -> None:
        moved, self._moved = self._moved, {}
        changed = {
            key: replace(line, price=moved[line.symbol])
            for key, line in self._lines.items()
            if line.symbol in moved
        }
        self._lines |= changed
        self.table.update_rows(changed)

    def _ask_new(self) -> None:
        self._acts.ask_new(self, self.session.selection.symbol)

    def _chosen(self, keys: Iterable[str]) -> list[AlertLine]:
        return [self._lines[key] for key in keys if key in self._lines]

    def _look_at(self, key: str) -> None:
        for line in self._chosen([key]):
            self.session.selection.choose(line.symbol)

    def _look_at_note(self, key: str) -> None:
        note = self._notes.get(key)
        if note is not None and note.symbol:
            self.session.selection.choose(note.symbol)

    def _extend_menu(self, menu: QMenu, keys: list[str]) -> None:
        chosen = self._chosen(keys)
        if not chosen:
            return
        menu.addSeparator()
        if len(chosen) == 1:
            show = partial(self.session.selection.choose, chosen[0].symbol)
            menu.addAction(tr("Show {symbol}", symbol=chosen[0].symbol), show)
            menu.addAction(tr("Change alert…"), partial(self._acts.ask_change, self, chosen[0]))
        if any(line.state not in _ON or line.state is AlertState.OTHER_PRICES for line in chosen):
            menu.addAction(tr("Switch on"), partial(self._acts.switch, chosen, on=True))
        if any(line.state in _ON for line in chosen):
            menu.addAction(tr("Switch off"), partial(self._acts.switch, chosen, on=False))
        menu.addAction(tr("Remove"), partial(self._acts.remove, chosen))
