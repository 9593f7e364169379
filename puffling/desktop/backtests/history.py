"""The results that are kept: found by a word, noted and tagged, opened, compared, deleted."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime

from PySide6.QtCore import Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from puffling.automation.research.values import BacktestLine
from puffling.desktop.card import button
from puffling.desktop.columns import Column, Kind
from puffling.desktop.research.columns import grade_column, name_column
from puffling.desktop.tables import Table
from puffling.runtime.text import tr

MOST_COMPARED = 6
SHOWN = 500


def line_columns(time: Callable[[datetime], str]) -> list[Column[BacktestLine]]:
    """Give the columns of the list of results."""
    return [
        grade_column(lambda each: each.grade),
        name_column(lambda each: each.name, width=230),
        Column("return", tr("Return"), lambda each: each.total_return, Kind.PERCENT, width=76),
        Column("sharpe", tr("Sharpe"), lambda each: each.sharpe_ratio, Kind.NUMBER, width=60),
        Column("fall", tr("Fall"), lambda each: each.max_drawdown, Kind.PERCENT, width=76),
        Column(
            "created",
            tr("Made"),
            lambda each: each.created_at,
            Kind.TIME,
            width=96,
            text=lambda each: time(each.created_at),
        ),
        Column(
            "symbols",
            tr("Symbols"),
            lambda each: ", ".join(each.symbols),
            Kind.MUTED,
            width=96,
            tooltip=lambda each: ", ".join(each.symbols),
        ),
        Column("trades", tr("Trades"), lambda each: each.total_trades, Kind.NUMBER, decimals=0, width=58),
        Column("tags", tr("Tags"), lambda each: ", ".join(each.tags), Kind.MUTED, width=80),
        Column("strategy", tr("Strategy"), lambda each: each.strategy, Kind.MUTED, optional=True),
        Column("interval", tr("Bars"), lambda each: each.interval, Kind.MUTED, optional=True),
        Column("year", tr("A year"), lambda each: each.annualized_return, Kind.PERCENT, optional=True),
        Column(
            "range",
            tr("Range"),
            lambda each: f"{each.start:%Y-%m-%d} – {each.end:%Y-%m-%d}",
            Kind.MUTED,
            optional=True,
        ),
    ]


class HistoryView(QWidget):
    """Lists results and tells what is to be done with them."""

    open_wanted = Signal(str)
    compare_wanted = Signal(list)
    delete_wanted = Signal(list)
    ask_again_wanted = Signal(str)
    annotated = Signal(str, object)
    search_changed = Signal(str)

    def __init__(self, time: Callable[[datetime], str]) -> None:
        super().__init__()
        self._noted = ""
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Find by name, symbol, tag or note"))
        self.search.setAccessibleName(tr("Find results"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self.search_changed)
        self.compare = button(tr("Compare"))
        self.compare.setObjectName("backtest.compare")
        self.compare.setToolTip(tr("Select two to six results"))
        self.compare.clicked.connect(lambda: self.compare_wanted.emit(self.table.selected_keys()))
        self.table: Table[BacktestLine] = Table(line_columns(time), title=tr("Results"), removable=True)
        self.table.key_activated.connect(self.open_wanted)
        self.table.keys_removed.connect(self.delete_wanted)
        self.table.keys_selected.connect(lambda _: self._show_chosen())
        self.table.menu_opening.connect(self._extend_menu)
        self.name = QLineEdit()
        self.name.setAccessibleName(tr("Name of the result"))
        self.name.setMaxLength(200)
        self.tags = QLineEdit()
        self.tags.setPlaceholderText(tr("Tags, with commas between"))
        self.tags.setAccessibleName(tr("Tags"))
        self.notes = NoteField()
        self.notes.setPlaceholderText(tr("Notes"))
        self.notes.setAccessibleName(tr("Notes"))
        self.name.editingFinished.connect(self.keep_notes)
        self.tags.editingFinished.connect(self.keep_notes)
        self.notes.left.connect(self.keep_notes)
        row = QHBoxLayout()
        row.setContentsMargins(8, 2, 8, 0)
        row.setSpacing(8)
        row.addWidget(self.search, 1)
        row.addWidget(self.compare)
        self.about = QWidget()
        below = QVBoxLayout(self.about)
        below.setContentsMargins(8, 0, 8, 4)
        below.setSpacing(6)
        names = QHBoxLayout()
        names.setSpacing(8)
        names.addWidget(self.name, 3)
        names.addWidget(self.tags, 2)
        below.addLayout(names)
        below.addWidget(self.notes)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(row)
        column.addWidget(self.table, 1)
        column.addWidget(self.about)
        self._show_chosen()

    def show_lines(self, lines: Sequence[BacktestLine]) -> None:
        """Show these results."""
        self.table.set_rows({line.id: line for line in lines})
        self._show_chosen()

    def keep_notes(self) -> None:
        """Tell what was written about the result that is chosen, if it is something new."""
        line = self.table.rows.row_of(self._noted) if self._noted else None
        if line is None:
            return
        name, notes = self.name.text().strip() or line.name, self.notes.toPlainText()
        tags = tuple(
            dict.fromkeys(part for each in re.split(r"[,;]", self.tags.text()) if (part := each.strip()))
        )
        changed: dict[str, object] = {}
        if name != line.name:
            changed["name"] = name
        if notes != line.notes:
            changed["notes"] = notes
        if tags != line.tags:
            changed["tags"] = tags
        if changed:
            self.annotated.emit(line.id, changed)

    def _show_chosen(self) -> None:
        keys = self.table.selected_keys()
        self.compare.setEnabled(2 <= len(keys) <= MOST_COMPARED)
        count = len(keys)
        self.compare.setText(tr("Compare {count}", count=count) if count > 1 else tr("Compare"))
        line = self.table.rows.row_of(keys[0]) if count == 1 else None
        if line is not None and line.id == self._noted and self._writing():
            return
        self.keep_notes()
        self._noted = line.id if line is not None else ""
        self.about.setVisible(line is not None)
        if line is not None:
            self.name.setText(line.name)
            self.name.setCursorPosition(0)
            self.tags.setText(", ".join(line.tags))
            self.notes.setPlainText(line.notes)

    def _writing(self) -> bool:
        return any(each.hasFocus() for each in (self.name, self.tags, self.notes))

    def _extend_menu(self, menu: QMenu, keys: Sequence[str]) -> None:
        if len(keys) == 1:
            menu.addAction(tr("Open"), lambda: self.open_wanted.emit(keys[0]))
            menu.addAction(tr("Ask the same again"), lambda: self.ask_again_wanted.emit(keys[0]))
        if 2 <= len(keys) <= MOST_COMPARED:
            menu.addAction(
                tr("Compare {count}", count=len(keys)), lambda: self.compare_wanted.emit(list(keys))
            )
        if keys:
            title = tr("Delete") if len(keys) == 1 else tr("Delete {count} results", count=len(keys))
            menu.addAction(title, lambda: self.delete_wanted.emit(list(keys)))


class NoteField(QPlainTextEdit):
    """Several lines that tell when the keyboard leaves them."""

    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setTabChangesFocus(True)
        self.setFixedHeight(58)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.left.emit()
