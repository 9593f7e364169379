"""Watchlist: symbols the person follows, with live prices; what is shown as an edit is stored."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from puffling.desktop.card import spacer
from puffling.desktop.feed_words import short_feed_words
from puffling.desktop.icons import set_icon
from puffling.desktop.later import later
from puffling.desktop.live_mark import LiveMark
from puffling.desktop.menus import passing_menu
from puffling.desktop.name_field import NameField
from puffling.desktop.panel import Area, Panel, panel
from puffling.desktop.session import Session
from puffling.desktop.snapshot import Kept
from puffling.desktop.squeezing import ElidedButton
from puffling.desktop.states import Phase
from puffling.desktop.symbol_field import SymbolField
from puffling.desktop.tables import Table
from puffling.desktop.theme import set_role
from puffling.desktop.watch_edits import WatchEdits
from puffling.desktop.watch_rows import Row, kept_rows, named_row, rows_to_keep, watch_columns
from puffling.market.events import FeedStateChanged, PricesMoved
from puffling.market.values import Price
from puffling.puffin.data.interval import Interval
from puffling.runtime.errors import PufflingError
from puffling.runtime.text import tr
from puffling.store.events import DatabaseRestored, WatchlistsChanged
from puffling.store.values import Watchlist

if TYPE_CHECKING:
    from puffling.core.core import Core

# Often enough to look alive, rarely enough that 20,000 ticks a second cost one repaint each time.
DRAIN_MILLISECONDS = 50
SPARKLINE_DAYS = 45
MOST_KEPT = 200
NAME_WIDTH, LEAST_NAME = 108, 60


@panel(id="watchlist", title="Watchlist", icon="watchlist", area=Area.LEFT, order=1)
class WatchlistPanel(Panel):
    """Shows one of the person's lists and edits it."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._lists: tuple[Watchlist, ...] = ()
        self._chosen = ""
        self._list_name = ""
        self._moved: dict[str, Price] = {}
        self._stop_watching: Callable[[], None] | None = None
        self._drain = later(self, self._show_moved, DRAIN_MILLISECONDS)
        self.table: Table[Row] = Table(
            watch_columns(), title=tr("Watchlist"), reorderable=True, removable=True
        )
        self.table.keys_selected.connect(self._look_at)
        self.table.key_activated.connect(session.selection.choose)
        self.table.keys_removed.connect(self._remove)
        self.table.rows_reordered.connect(self._reorder)
        self.table.menu_opening.connect(self._extend_menu)
        self._edits = WatchEdits(session, stored=self._put, gone=self._let_go, refused=self._show_list)
        self._header = self._make_header()
        self._entry = self._make_entry()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self._entry)
        column.addWidget(self.table, 1)
        self.setFocusProxy(self.table)
        self.setMinimumSize(244, 160)

    def _make_header(self) -> list[QWidget]:
        self.lists_button = ElidedButton(LEAST_NAME)
        self.lists_button.setObjectName("watchlist.lists")
        self.lists_button.setAccessibleName(tr("Choose list"))
        set_role(self.lists_button, kind="quiet")
        self.lists_button.clicked.connect(self._open_lists)
        self.add_button = QToolButton()
        set_icon(self.add_button, "add")
        self.add_button.setToolTip(tr("Add symbol"))
        self.add_button.setAccessibleName(tr("Add symbol"))
        self.add_button.clicked.connect(self.ask_symbol)
        return [LiveMark(self.session.selection), spacer(), self.lists_button, self.add_button]

    def header(self) -> list[QWidget]:
        return self._header

    @property
    def watchlist(self) -> Watchlist | None:
        """Give the list that is shown, as it is stored."""
        return next((each for each in self._lists if each.id == self._chosen), None)

    def choices(self) -> Kept:
        return {"table": self.table.save_state(), "list": self._chosen}

    def content(self) -> Kept:
        return {
            "name": self._list_name,
            "rows": rows_to_keep(self._rows()[:MOST_KEPT]),
        }

    def restore(self, choices: Kept, content: Kept) -> None:
        self._chosen = str(choices.get("list", ""))
        self.table.restore_state(choices.get("table", {}))
        rows = kept_rows(content)
        if content.get("name"):
            self._say_list(str(content["name"]))
        if rows:
            self.table.set_rows(rows)
            self.table.states.stale(tr("As last seen"))
        else:
            self.table.states.loading()

    def wake(self, core: Core) -> None:
        self.hear(PricesMoved, self._take)
        self.hear(WatchlistsChanged, lambda _: self._fetch())
        self.hear(DatabaseRestored, lambda _: self._fetch())
        self.hear(FeedStateChanged, self._feed_changed)
        self.hear_selection(self._follow_selection)
        self._fetch()

    def sleep(self) -> None:
        self._drain.stop()
        self._moved.clear()
        self._watch(())

    def ask_symbol(self) -> None:
        """Offer a field for one more symbol."""
        self._entry.setCurrentWidget(self.symbol_field)
        self._entry.show()
        self.symbol_field.setFocus()

    def add(self, symbol: str) -> None:
        """Put a symbol at the end of the list."""
        shown = self.watchlist
        if shown is not None:
            self._edits.add(shown, symbol, lambda _: self._select(symbol))

    def choose_list(self, list_id: str) -> None:
        """Show another list."""
        self._chosen = list_id
        self._fetch()

    def _make_entry(self) -> QStackedWidget:
        entry = QStackedWidget()
        entry.hide()
        self.symbol_field = SymbolField(self.session, "watchlist")
        self.symbol_field.chosen.connect(self.add)
        self.symbol_field.left.connect(entry.hide)
        self.name_field = NameField()
        self.name_field.left.connect(entry.hide)
        entry.addWidget(self.symbol_field)
        entry.addWidget(self.name_field)
        entry.setFixedHeight(self.symbol_field.sizeHint().height())
        return entry

    def _fetch(self) -> None:
        self.session.dispatch.run(
            self._load,
            name="fetch watchlists",
            newest="watchlist.fetch",
            then=self._take_lists,
            failed=self._say_failed,
        )

    async def _load(self) -> tuple[Watchlist, ...]:
        core = self.session.core
        lists = await core.watchlists.all()
        shown = next((each for each in lists if each.id == self._chosen), lists[0] if lists else None)
        for symbol in shown.symbols if shown else ():
            core.data.newest(symbol)
            # The first price of a symbol has to be worked out: everything else gets its turn in between.
            await asyncio.sleep(0)
        return lists

    def _take_lists(self, lists: tuple[Watchlist, ...]) -> None:
        self._lists = lists
        if self.watchlist is None:
            self._chosen = lists[0].id if lists else ""
        self._show_list()
        self.mark_live()

    def _say_failed(self, error: PufflingError) -> None:
        self.table.states.error(error.message, error.hint, act=self._fetch)

    def _show_list(self) -> None:
        shown = self.watchlist
        self._say_list(shown.name if shown else tr("No list"))
        self.add_button.setEnabled(shown is not None)
        core = self.session.core
        rows: dict[str, Row] = {}
        for symbol in shown.symbols if shown else ():
            before = self.table.rows.row_of(symbol)
            rows[symbol] = replace(named_row(core, symbol, before), price=core.data.newest(symbol))
        self.table.states.content()
        self._say_empty(shown)
        self.table.set_rows(rows)
        known = tuple(symbol for symbol, row in rows.items() if row.known)
        self._watch(known, hoped_for=tuple(symbol for symbol in rows if symbol not in known))
        for symbol in known[:1]:
            self._feed_changed(FeedStateChanged(core.quotes.feed_of(symbol)))
        self._follow_selection()
        self._fetch_trends(known)

    def _say_list(self, name: str) -> None:
        """Name the list that is shown; a long name gives way instead of pushing the panel wide."""
        self._list_name = name
        metrics = self.lists_button.fontMetrics()
        short = metrics.elidedText(name, Qt.TextElideMode.ElideRight, NAME_WIDTH)
        self.lists_button.setText(tr("{name} ▾", name=short))
        self.lists_button.setToolTip(name if short != name else "")

    def _say_empty(self, shown: Watchlist | None) -> None:
        if shown is None:
            self.table.when_empty(
                tr("No watchlist yet"),
                tr("A watchlist keeps the symbols you follow."),
                icon="watchlist",
                action=tr("New list"),
                act=self.ask_new_list,
            )
        else:
            self.table.when_empty(
                tr("{name} is empty", name=shown.name),
                tr("Add the symbols you want to follow."),
                icon="watchlist",
                action=tr("Add symbol"),
                act=self.ask_symbol,
            )

    def _rows(self) -> list[Row]:
        return [self.table.rows.row(place) for place in range(self.table.rows.rowCount())]

    def _watch(self, symbols: tuple[str, ...], hoped_for: tuple[str, ...] = ()) -> None:
        before, watching = self._stop_watching, ExitStack()
        if symbols:
            watching.callback(self.session.core.data.watch(symbols))
        for symbol in hoped_for:
            # What nobody here knows may be known at a source; its first price says so.
            with suppress(PufflingError):
                watching.callback(self.session.core.data.watch((symbol,)))
        self._stop_watching = watching.close
        # The new watch first: symbols in both never stop ticking.
        if before is not None:
            before()

    def _feed_changed(self, event: FeedStateChanged) -> None:
        """Dim what no longer moves though it should; a price that arrives ends it."""
        shown = {row.price.source for row in self._rows() if row.price is not None}
        if event.state.source not in shown:
            return
        if event.state.stale:
            words = short_feed_words(event.state)
            self.table.states.stale(tr("{feed}: {words}", feed=event.state.label, words=words))
        elif self.table.states.phase is Phase.STALE:
            self.table.states.content()

    def _take(self, event: PricesMoved) -> None:
        self._moved.update(event.prices)
        if not self._drain.isActive():
            self._drain.start()

    def _show_moved(self) -> None:
        moved, self._moved = self._moved, {}
        rows: dict[str, Row] = {}
        for symbol, price in moved.items():
            row = self.table.rows.row_of(symbol)
            if row is not None:
                rows[symbol] = replace(row, price=price)
        self.table.update_rows({symbol: row for symbol, row in rows.items() if row.known})
        if not all(row.known for row in rows.values()):
            self._fetch()

    def _fetch_trends(self, symbols: tuple[str, ...]) -> None:
        missing = [
            symbol for symbol in symbols if (row := self.table.rows.row_of(symbol)) and len(row.trend) < 2
        ]
        if not missing:
            return
        core = self.session.core

        async def trends() -> None:
            since = (core.clock.now() - timedelta(days=SPARKLINE_DAYS)).date()
            for symbol in missing:
                try:
                    history = await core.data.history(symbol, Interval.D1, since)
                except PufflingError:
                    # One that cannot be had keeps none of the others from theirs.
                    continue
                row = self.table.rows.row_of(symbol)
                if row is not None:
                    self.table.update_rows({symbol: replace(row, trend=tuple(history.bars.close.tolist()))})

        self.session.dispatch.run(trends, name="fetch trends", newest="watchlist.trends")

    def _put(self, changed: Watchlist) -> None:
        others = [each for each in self._lists if each.id != changed.id]
        self._lists = tuple(sorted((*others, changed), key=lambda each: each.position))
        self._show_list()

    def _let_go(self, gone: Watchlist) -> None:
        self._lists = tuple(each for each in self._lists if each.id != gone.id)
        self._chosen = self._lists[0].id if self._lists else ""
        self._show_list()

    def _open_lists(self) -> None:
        menu = passing_menu(self)
        for each in self._lists:
            item = menu.addAction(each.name, partial(self.choose_list, each.id))
            item.setCheckable(True)
            item.setChecked(each.id == self._chosen)
        menu.addSeparator()
        menu.addAction(tr("New list"), self.ask_new_list)
        if self.watchlist is not None:
            menu.addAction(tr("Rename list"), self.ask_rename)
            menu.addAction(tr("Delete list"), self.delete_list)
        menu.popup(self.lists_button.mapToGlobal(self.lists_button.rect().bottomLeft()))

    def ask_new_list(self) -> None:
        """Ask for the name of one more list."""
        self._ask_name("", lambda name: self._edits.create(name, lambda made: self.choose_list(made.id)))

    def ask_rename(self) -> None:
        """Ask for another name of the list that is shown."""
        shown = self.watchlist
        if shown is not None:
            self._ask_name(shown.name, lambda name: self._edits.rename(shown, name))

    def _ask_name(self, name: str, then: Callable[[str], None]) -> None:
        self._entry.setCurrentWidget(self.name_field)
        self._entry.show()
        self.name_field.ask(name, then)

    def delete_list(self) -> None:
        """Delete the list that is shown, and offer to bring it back."""
        if (shown := self.watchlist) is not None:
            self._edits.delete(shown, lambda back: self.choose_list(back.id))

    def _remove(self, symbols: list[str]) -> None:
        if (shown := self.watchlist) is not None:
            self._edits.remove(shown, symbols)

    def _reorder(self, order: list[str]) -> None:
        if (shown := self.watchlist) is not None and set(order) == set(shown.symbols):
            self._edits.reorder(shown, order)

    def _extend_menu(self, menu: QMenu, symbols: list[str]) -> None:
        menu.addSeparator()
        menu.addAction(tr("Add symbol"), self.ask_symbol)
        if symbols:
            title = (
                tr("Remove {symbol}", symbol=symbols[0])
                if len(symbols) == 1
                else tr("Remove {count} symbols", count=len(symbols))
            )
            menu.addAction(title, partial(self._remove, symbols))

    def _look_at(self, symbols: list[str]) -> None:
        if len(symbols) == 1:
            self.session.selection.choose(symbols[0])

    def _follow_selection(self) -> None:
        symbol = self.session.selection.symbol
        if self.table.rows.row_of(symbol) is not None and self.table.selected_keys() != [symbol]:
            self._select(symbol)

    def _select(self, symbol: str) -> None:
        self.table.select([symbol], current=symbol)
