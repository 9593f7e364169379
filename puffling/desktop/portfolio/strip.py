"""What an account comes to, in one row of figures over its pages."""

from __future__ import annotations

from decimal import Decimal

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from puffling.desktop import numbers
from puffling.desktop.amounts import Amounts
from puffling.desktop.card import label
from puffling.desktop.theme import Tone, set_role
from puffling.puffin.portfolio.exposure import weight
from puffling.runtime.text import tr
from puffling.trading.portfolio.values import Portfolio

LEAST_WIDTH = 172
# Each with its title and what it means.
FIGURES = {
    "equity": ("Equity", "Cash, and what everything held is worth now."),
    "today": ("Today", "What the account gained since the day began in New York, without money in or out."),
    "unrealized": ("Open gain", "What the positions would bring now, less what they cost with fees."),
    "realized": ("Realized", "What closed lots brought, fees taken off."),
    "cash": ("Cash", "Money that is not invested."),
    "buying_power": ("Buying power", "What the broker would let you buy for."),
}


class Strip(QWidget):
    """Equity large, and beside it what it consists of and did; in two rows where there is no room for one."""

    def __init__(self, amounts: Amounts) -> None:
        super().__init__()
        self._amounts = amounts
        self._flat = False
        self._placed = (0, False)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(8, 0, 8, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(6)
        self.values: dict[str, QLabel] = {}
        self._tiles: list[QWidget] = []
        for name, (title, meaning) in FIGURES.items():
            tile = QWidget()
            tile.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            tile.setToolTip(tr(meaning))
            column = QVBoxLayout(tile)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(0)
            column.addWidget(label(tr(title), tone=Tone.MUTED, kind="caption"))
            self.values[name] = label(numbers.NOTHING, kind="figure" if name == "equity" else "heading")
            column.addWidget(self.values[name])
            column.addStretch(1)
            self._tiles.append(tile)
        self._place(len(self._tiles))

    def show_portfolio(self, shown: Portfolio) -> None:
        """Show an account; what its broker has not told is a dash."""
        money = self._amounts.money
        self._say("equity", money(shown.equity))
        self._say_gain("today", shown.today, shown.today_share)
        invested = sum((abs(each.cost) for each in shown.positions), Decimal(0))
        share = None if shown.unrealized is None else weight(shown.unrealized, invested)
        self._say_gain("unrealized", shown.unrealized, share)
        self._say_gain("realized", shown.realized, None)
        self._say("cash", money(shown.cash))
        self._say("buying_power", money(shown.buying_power))

    def be_flat(self, flat: bool) -> None:
        """Take one row only, and show what fits into it."""
        if flat != self._flat:
            self._flat = flat
            self._arrange(self.width())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange(event.size().width())

    def _arrange(self, width: int) -> None:
        count = len(self._tiles)
        fits = max(width // LEAST_WIDTH, 2)
        across = count if fits >= count else count // 2 if fits >= count // 2 else 2
        self._place(min(fits, count) if self._flat else across)

    def _say_gain(self, name: str, amount: Decimal | None, share: Decimal | None) -> None:
        text = self._amounts.money(amount, signed=True)
        if share is not None:
            text = f"{text}  {numbers.percent(share)}"
        tone = Tone.TEXT if not amount else Tone.UP if amount > 0 else Tone.DOWN
        self._say(name, text, tone)

    def _say(self, name: str, text: str, tone: Tone = Tone.TEXT) -> None:
        shown = self.values[name]
        if shown.text() != text:
            shown.setText(text)
            shown.setAccessibleName(tr("{name}: {value}", name=tr(FIGURES[name][0]), value=text))
        set_role(shown, tone=tone.value)

    def _place(self, across: int) -> None:
        if (across, self._flat) == self._placed:
            return
        self._placed = (across, self._flat)
        for place, tile in enumerate(self._tiles):
            self._grid.addWidget(tile, place // across, place % across, Qt.AlignmentFlag.AlignTop)
            tile.setVisible(not self._flat or place < across)
        for column in range(len(self._tiles)):
            self._grid.setColumnStretch(column, (4 if column == 0 else 3) if column < across else 0)
        self.updateGeometry()
