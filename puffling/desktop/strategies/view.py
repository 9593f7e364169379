"""What the Strategies panel shows: the person's own on one page, the library on the other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from puffling.desktop import numbers
from puffling.desktop.card import button, label, tool_button
from puffling.desktop.strategies.editor import EDGE, StrategyEditor
from puffling.desktop.strategies.live import LiveBoard
from puffling.desktop.strategies.rows import KindRow, kind_columns, saved_columns
from puffling.desktop.strategies.source_view import SourceView
from puffling.desktop.tables import Table
from puffling.desktop.theme import PADDING, Tone, set_role
from puffling.puffin.factors.declaration import Choice
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.automation.values import SavedStrategy, StrategyKind

MINE, LIBRARY = "mine", "library"


class StrategiesView(QWidget):
    """Two lists, each with what is chosen in it below; what the buttons do is the panel's matter."""

    def __init__(self, time: Callable[[datetime], str]) -> None:
        super().__init__()
        self.titles: dict[str, str] = {}
        self.saved: Table[SavedStrategy] = Table(
            saved_columns(self.titles), title=tr("My strategies"), removable=True
        )
        self.editor = StrategyEditor()
        self.signals = _check_button(tr("Signals"), "strategies.signals")
        self.signals.setToolTip(tr("Show signals on the chart"))
        self.backtest = button(tr("Backtest"), kind="quiet")
        self.activate = button(tr("Activate…"), kind="quiet")
        self.activate.setObjectName("strategies.activate")
        self.live = LiveBoard(time, EDGE)
        self.duplicate = tool_button("copy", tr("Duplicate"))
        self.delete = tool_button("delete", tr("Delete"))
        below = QWidget()
        stacked = QVBoxLayout(below)
        stacked.setContentsMargins(0, 0, 0, 0)
        stacked.setSpacing(0)
        stacked.addWidget(self.editor, 1)
        stacked.addWidget(self.live, 1)
        self.detail = _lower(
            [self.signals, self.backtest, self.activate, None, self.duplicate, self.delete], below, margin=0
        )
        self.kinds: Table[KindRow] = Table(kind_columns(), title=tr("Library"))
        self.about = label(kind="caption", tone=Tone.MUTED)
        self.about.setWordWrap(True)
        self.configure = button(tr("New from this"), kind="primary")
        self.configure.setObjectName("strategies.configure")
        self.new_file = button(tr("New file…"), kind="quiet")
        self.new_file.setToolTip(tr("Write a strategy of your own, beginning with one that runs"))
        self.distrust = button(tr("Stop trusting"), kind="quiet")
        self.source = SourceView()
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(EDGE, 0, EDGE, PADDING)
        column.setSpacing(8)
        column.addWidget(self.about)
        column.addWidget(self.source, 1)
        column.addStretch()
        self.kind_detail = _lower([self.configure, self.distrust, None, self.new_file], body, margin=4)
        self._pages = QStackedWidget()
        for upper, lower in ((self.saved, self.detail), (self.kinds, self.kind_detail)):
            split = QSplitter(Qt.Orientation.Vertical)
            split.addWidget(upper)
            split.addWidget(lower)
            split.setSizes([2000, 4400])
            split.setChildrenCollapsible(False)
            self._pages.addWidget(split)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._pages)
        self.detail.hide()
        self.kind_detail.hide()

    @property
    def page(self) -> str:
        """Give which page is seen."""
        return MINE if self._pages.currentIndex() == 0 else LIBRARY

    def show_page(self, page: str) -> None:
        """Turn to a page."""
        self._pages.setCurrentIndex(0 if page == MINE else 1)

    def take_focus(self) -> None:
        """Put the keyboard on the list."""
        (self.saved if self.page == MINE else self.kinds).setFocus()

    def show_editor(self, *, draft: bool) -> None:
        """Show the form; what can be done with a strategy is offered once it is there."""
        for each in (self.signals, self.backtest, self.activate, self.duplicate, self.delete):
            each.setVisible(not draft)
        self.live.hide()
        self.activate.setText(tr("Activate…"))
        self.detail.show()

    def show_live(self, strategy_id: str) -> None:
        """Show how a strategy runs in the place of its form: an active one is not changed."""
        self.editor.hide()
        self.delete.hide()
        self.live.turn_to(strategy_id)
        self.live.show()
        self.activate.setText(tr("Deactivate…"))

    def show_kind(self, row: KindRow | None) -> None:
        """Show what is known of a line of the library."""
        self.kind_detail.setVisible(row is not None)
        if row is None:
            return
        self.about.setText(_about(row.kind) if row.kind is not None else "")
        self.about.setVisible(row.kind is not None)
        self.configure.setEnabled(row.kind is not None)
        self.distrust.setVisible(row.file is not None and row.file.trusted)
        self.source.setVisible(row.file is not None)


def _about(kind: StrategyKind) -> str:
    lines = [kind.help]
    for each in kind.parameters:
        if isinstance(each, Choice):
            options = ", ".join(tr(title) for _, title in each.options)
            lines.append(tr("{title}: {options}", title=tr(each.title), options=options))
        else:
            least, most, usual = (numbers.full(one) for one in (each.minimum, each.maximum, each.default))
            lines.append(
                tr("{title}: {least} to {most}, usually {usual}",
                   title=tr(each.title), least=least, most=most, usual=usual)
            )  # fmt: skip
    if kind.several:
        lines.append(tr("It weighs several symbols against each other."))
    if kind.trades:
        lines.append(tr("It sends its own orders; its signals on a chart are how it stood."))
    return "\n".join(lines)


def _lower(buttons: list[QWidget | None], body: QWidget, *, margin: int) -> QWidget:
    """Put a line of buttons over what is chosen; None is the room between them."""
    made = QWidget()
    row = QHBoxLayout()
    row.setContentsMargins(EDGE, 6, EDGE, 2)
    row.setSpacing(6)
    for each in buttons:
        if each is None:
            row.addStretch(1)
        else:
            row.addWidget(each)
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(margin)
    column.addLayout(row)
    column.addWidget(body, 1)
    made.setMinimumHeight(120)
    return made


def _check_button(text: str, name: str) -> QPushButton:
    made = button(text, kind="quiet")
    made.setObjectName(name)
    made.setCheckable(True)
    set_role(made, kind="quiet")
    return made
