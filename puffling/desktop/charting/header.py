"""The line over the charts: symbol, price and width of the bars of the pane one works with."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QWidget,
)

from puffling.desktop.charting.switch import IntervalSwitch
from puffling.desktop.charting.words import Words
from puffling.desktop.feed_words import feed_tooltip, short_feed_words
from puffling.desktop.session import Session
from puffling.desktop.squeezing import ElidedLabel, Fitting
from puffling.desktop.symbol_field import SymbolField
from puffling.desktop.theme import set_role
from puffling.market.values import FeedState
from puffling.puffin.data.interval import Interval
from puffling.runtime.text import tr

_FIELD_WIDTH = 170


class Header(QWidget):
    """Makes the widgets of the line and fills them; where they stand is the dock's matter."""

    symbol_chosen = Signal(str)
    interval_chosen = Signal(object)

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self.hide()
        self.symbol = QPushButton(session.selection.symbol)
        self.symbol.setObjectName("chart.symbol")
        self.symbol.setToolTip(tr("Choose another symbol"))
        self.symbol.setAccessibleName(tr("Symbol"))
        set_role(self.symbol, kind="quiet")
        self.symbol.setStyleSheet(
            "QPushButton { font-weight: 600; padding: 2px 4px; } QPushButton:focus { padding: 1px 3px; }"
        )
        self.symbol.clicked.connect(self.ask_symbol)
        self.field = SymbolField(session, "chart")
        self.field.chosen.connect(self.symbol_chosen.emit)
        self.field.left.connect(self.leave_field)
        self.symbol_place = QStackedWidget()
        self.symbol_place.addWidget(self.symbol)
        self.symbol_place.addWidget(self.field)
        self.symbol_place.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._fit_symbol()
        self.name, self.source = ElidedLabel(), ElidedLabel(wants_room=True)
        self.last, self.change = QLabel(), QLabel()
        # Both can be read on the chart, too.
        self._prices = Fitting((self.last, self.change))
        set_role(self.name, tone="muted")
        set_role(self.last, kind="title")
        self.name.setProperty("grows", True)
        self.switch = IntervalSwitch(session.selection.interval)
        self.switch.chosen.connect(self.interval_chosen)
        # Each pane brings buttons of its own; the line shows those of one pane.
        self.buttons = QStackedWidget()
        self.buttons.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.buttons.setProperty("whole", True)

    def widgets(self) -> list[QWidget]:
        """Give what stands in the title line, from left to right."""
        return [
            self.symbol_place,
            self._prices,
            self.name,
            self.switch,
            self.buttons,
            self.source,
        ]

    def say(self, words: Words, feed: FeedState | None = None) -> None:
        """Fill the line; a feed that fell silent is named in the place of what its prices are."""
        self.symbol.setText(words.symbol)
        self._fit_symbol()
        self.name.setText(words.name)
        self.last.setText(words.last)
        self.last.setToolTip(words.session)
        self.change.setText(words.change)
        set_role(self.change, tone=words.tone)
        trouble = short_feed_words(feed) if feed is not None and feed.stale else ""
        self.source.setText(trouble or words.source)
        told = [feed_tooltip(feed)] if feed is not None and trouble else []
        self.source.setToolTip("\n".join([*told, *filter(None, [words.warnings])]) or self.source.text())
        set_role(self.source, tone="warn" if trouble else words.source_tone)
        for interval in Interval:
            if interval.value == words.interval:
                self.switch.show_chosen(interval)

    def ask_symbol(self) -> None:
        """Offer a field for another symbol in the place of the present one."""
        self.symbol_place.setCurrentWidget(self.field)
        self.symbol_place.setFixedWidth(_FIELD_WIDTH)
        self.field.setFocus()

    def leave_field(self) -> None:
        """Show the symbol again in the place of the field."""
        self.symbol_place.setCurrentWidget(self.symbol)
        self._fit_symbol()

    def _fit_symbol(self) -> None:
        if self.symbol_place.currentWidget() is self.symbol:
            # Before its style is on it would ask for more room than it needs.
            self.symbol.ensurePolished()
            self.symbol_place.setFixedWidth(self.symbol.sizeHint().width())


class ButtonRow(QWidget):
    """The buttons one pane brings into the line."""

    def __init__(self, buttons: list[QWidget]) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        for each in buttons:
            row.addWidget(each)
