"""The history of trades: found by a word or a filter, noted and tagged, saved."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QVBoxLayout, QWidget

from puffling.desktop import numbers
from puffling.desktop.amounts import Amounts
from puffling.desktop.card import label, tool_button
from puffling.desktop.columns import Column, Kind
from puffling.desktop.later import later
from puffling.desktop.menus import passing_menu
from puffling.desktop.portfolio.rows import gain_column, money_column, quantity_column
from puffling.desktop.squeezing import ElidedButton, Fitting
from puffling.desktop.tables import Table
from puffling.desktop.theme import Tone, set_role
from puffling.runtime.text import tr
from puffling.trading.portfolio.values import TradeLine

SEARCH_MILLISECONDS = 200
SIDES = {"": "Buys and sells", "buy": "Buys", "sell": "Sells"}
SPANS = {"": "All time", "today": "Today", "week": "7 days", "month": "30 days", "year": "This year"}
SIDE_WORDS = {"buy": "Buy", "sell": "Sell"}
SOURCES = {
    "person": "You",
    "assistant": "Assistant",
    "agent": "Agent",
    "http": "HTTP",
    "mcp": "MCP",
    "schedule": "Schedule",
    "strategy": "Strategy",
    "opening": "Held before",
    "adjustment": "Taken from broker",
    "": "Elsewhere",
}


def source_words(source: str) -> str:
    """Give who stood behind a trade."""
    return tr(SOURCES[source]) if source in SOURCES else source


def trade_columns(amounts: Amounts, time: Callable[[datetime], str]) -> list[Column[TradeLine]]:
    """Give the columns of the history."""
    return [
        Column(
            "time",
            tr("Time"),
            lambda each: each.traded_at,
            Kind.TIME,
            width=104,
            text=lambda each: time(each.traded_at),
            tooltip=lambda each: numbers.moment(each.traded_at),
        ),
        Column("symbol", tr("Symbol"), lambda each: each.symbol, Kind.STRONG, width=80),
        Column(
            "side",
            tr("Side"),
            lambda each: tr(SIDE_WORDS[each.side]),
            width=44,
            tone=lambda each: Tone.UP if each.side == "buy" else Tone.DOWN,
        ),
        quantity_column(amounts, lambda each: each.quantity),
        Column("price", tr("Price"), lambda each: each.price, Kind.PRICE, width=88),
        money_column(amounts, "fees", tr("Fees"), lambda each: each.fees, optional=True),
        gain_column(amounts, "amount", tr("Amount"), lambda each: each.amount, optional=True),
        gain_column(amounts, "realized", tr("Realized"), lambda each: each.realized),
        Column(
            "source",
            tr("By"),
            lambda each: each.strategy or source_words(each.source),
            Kind.MUTED,
            width=84,
            drops=True,
        ),
        Column("tags", tr("Tags"), lambda each: ", ".join(each.tags), Kind.MUTED, width=84, drops=True),
        Column(
            "note",
            tr("Note"),
            lambda each: each.note,
            Kind.MUTED,
            width=96,
            stretch=True,
            tooltip=lambda each: each.note,
        ),
        Column("mode", tr("Mode"), lambda each: each.mode, Kind.MUTED, width=64, optional=True),
        Column("account", tr("Account"), lambda each: each.account, Kind.MUTED, width=84, optional=True),
    ]


class TradesView(QWidget):
    """Lists trades, and tells what is wanted of them."""

    wanted_changed = Signal()
    chart_wanted = Signal(str)
    save_wanted = Signal()
    lots_wanted = Signal(str)
    annotated = Signal(str, object)

    def __init__(self, amounts: Amounts, time: Callable[[datetime], str]) -> None:
        super().__init__()
        self.side, self.span = "", ""
        self._noted = ""
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Find by symbol, note, tag, source or strategy"))
        self.search.setAccessibleName(tr("Find trades"))
        self.search.setClearButtonEnabled(True)
        self._typed = later(self, self.wanted_changed.emit, SEARCH_MILLISECONDS)
        self.search.textChanged.connect(lambda _: self._typed.start())
        self.sides = ElidedButton(60, tr("{name} ▾", name=tr(SIDES[""])))
        set_role(self.sides, kind="quiet")
        self.sides.setAccessibleName(tr("Which side"))
        self.sides.clicked.connect(self._open_sides)
        self.spans = ElidedButton(60, tr("{name} ▾", name=tr(SPANS[""])))
        set_role(self.spans, kind="quiet")
        self.spans.setAccessibleName(tr("Since when"))
        self.spans.clicked.connect(self._open_spans)
        self.count = label(tone=Tone.MUTED, kind="caption")
        self.save = tool_button("export", tr("Save as CSV"))
        self.save.clicked.connect(self._ask_save)
        self.table: Table[TradeLine] = Table(trade_columns(amounts, time), title=tr("Trades"))
        self.table.key_activated.connect(self._open_chart)
        self.table.keys_selected.connect(lambda _: self._show_chosen())
        self.table.menu_opening.connect(self._extend_menu)
        self.tags = QLineEdit()
        self.tags.setPlaceholderText(tr("Tags, with commas between"))
        self.tags.setAccessibleName(tr("Tags"))
        self.note = QLineEdit()
        self.note.setPlaceholderText(tr("Why, and what you learned"))
        self.note.setAccessibleName(tr("Note"))
        self.note.setMaxLength(2_000)
        self.tags.editingFinished.connect(self.keep_words)
        self.note.editingFinished.connect(self.keep_words)
        bar = QHBoxLayout()
        bar.setContentsMargins(8, 2, 4, 0)
        bar.setSpacing(4)
        bar.addWidget(self.search, 1)
        for widget in (self.sides, self.spans, Fitting((self.count,)), self.save):
            bar.addWidget(widget)
        self.about = QWidget()
        words = QHBoxLayout(self.about)
        words.setContentsMargins(8, 0, 8, 4)
        words.setSpacing(8)
        words.addWidget(self.note, 3)
        words.addWidget(self.tags, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(bar)
        column.addWidget(self.table, 1)
        column.addWidget(self.about)
        self._show_chosen()

    @property
    def text(self) -> str:
        """Give the words that are looked for."""
        return self.search.text().strip()

    @property
    def is_filtered(self) -> bool:
        """Tell whether less than everything is wanted."""
        return bool(self.text or self.side or self.span)

    def show_trades(self, trades: Sequence[TradeLine], *, more: bool) -> None:
        """Show these; where there are more of them, the count says so."""
        self.table.when_empty(
            tr("Nothing found") if self.is_filtered else tr("No trades yet"),
            tr("No trade is like that.")
            if self.is_filtered
            else tr("Every fill of an order is kept here, with what it earned."),
            icon="search" if self.is_filtered else "trades",
        )
        self.table.set_rows({each.id: each for each in trades})
        count = f"{len(trades):,}"
        self.count.setText(tr("{count} newest", count=count) if more else count if trades else "")
        self.save.setEnabled(bool(trades))
        self._show_chosen()

    def refresh(self) -> None:
        """Write everything anew: amounts may be hidden now."""
        self.table.rows.rewrite()

    def filter_by(self, *, side: str | None = None, span: str | None = None) -> None:
        """Want one side, or one stretch of time."""
        self.side = self.side if side is None or side not in SIDES else side
        self.span = self.span if span is None or span not in SPANS else span
        self.sides.setText(tr("{name} ▾", name=tr(SIDES[self.side])))
        self.spans.setText(tr("{name} ▾", name=tr(SPANS[self.span])))
        self.wanted_changed.emit()

    def keep_words(self) -> None:
        """Tell what was written about the trade that is chosen, if it is something new."""
        line = self.table.rows.row_of(self._noted) if self._noted else None
        if line is None:
            return
        note = self.note.text().strip()
        tags = tuple(
            dict.fromkeys(part for each in re.split(r"[,;]", self.tags.text()) if (part := each.strip()))
        )
        changed: dict[str, object] = {}
        if note != line.note:
            changed["note"] = note
        if tags != line.tags:
            changed["tags"] = tags
        if changed:
            self.annotated.emit(line.id, changed)

    def write_note(self) -> None:
        """Put the keyboard into the note of the trade that is chosen."""
        if self._noted:
            self.note.setFocus()

    def _show_chosen(self) -> None:
        keys = self.table.selected_keys()
        line = self.table.rows.row_of(keys[0]) if len(keys) == 1 else None
        writing = self.note.hasFocus() or self.tags.hasFocus()
        if line is not None and line.id == self._noted and writing:
            return
        self.keep_words()
        self._noted = line.id if line is not None else ""
        self.about.setVisible(line is not None)
        if line is not None:
            self.note.setText(line.note)
            self.note.setCursorPosition(0)
            self.tags.setText(", ".join(line.tags))
            self.tags.setCursorPosition(0)

    def _ask_save(self) -> None:
        self.save_wanted.emit()

    def _open_chart(self, id: str) -> None:
        line = self.table.rows.row_of(id)
        if line is not None:
            self.chart_wanted.emit(line.symbol)

    def _extend_menu(self, menu: QMenu, ids: list[str]) -> None:
        line = self.table.rows.row_of(ids[0]) if len(ids) == 1 else None
        if line is not None:
            menu.addAction(tr("Show chart"), partial(self._open_chart, line.id))
            menu.addAction(tr("Only {symbol}", symbol=line.symbol), partial(self.search.setText, line.symbol))
            menu.addAction(tr("Write a note"), self.write_note)
            if line.realized is not None:
                menu.addAction(tr("Choose lots…"), partial(self.lots_wanted.emit, line.id))

    def _open_sides(self) -> None:
        menu = passing_menu(self)
        for side, title in SIDES.items():
            item = menu.addAction(tr(title), partial(self.filter_by, side=side))
            item.setCheckable(True)
            item.setChecked(side == self.side)
        menu.popup(self.sides.mapToGlobal(self.sides.rect().bottomLeft()))

    def _open_spans(self) -> None:
        menu = passing_menu(self)
        for span, title in SPANS.items():
            item = menu.addAction(tr(title), partial(self.filter_by, span=span))
            item.setCheckable(True)
            item.setChecked(span == self.span)
        menu.popup(self.spans.mapToGlobal(self.spans.rect().bottomLeft()))
