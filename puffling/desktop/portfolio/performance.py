"""How an account did: its growth beside a benchmark, what it was worth, and the figures of both."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from puffling.desktop import numbers
from puffling.desktop.amounts import Amounts
from puffling.desktop.backtests.performance import write_money, write_share
from puffling.desktop.backtests.plots import Line, Pane
from puffling.desktop.backtests.timechart import TimeChart, keys_help
from puffling.desktop.card import label
from puffling.desktop.states import States
from puffling.desktop.theme import Tone, set_role
from puffling.puffin.data.instants import to_us
from puffling.runtime.text import tr
from puffling.trading.portfolio.values import EquityCurve, Gains, ReturnRate

# What stands beside the curve, each with what it means.
ROWS = {
    "today": ("Today", "Since the day began in New York, without money in or out."),
    "month": ("This month", "Since the month began, without money in or out."),
    "year": ("This year", "Since the year began, without money in or out."),
    "total": ("In all", "Since the account was first marked, without money in or out."),
    "realized": ("Realized", "What closed lots brought, fees taken off."),
    "dividends": ("Dividends", "Paid into the account."),
    "fees": ("Fees", "Of all trades, and what the broker took beside them."),
    "deposits": ("Paid in", "Deposits, less withdrawals."),
    "time": (
        "Time-weighted",
        "What one unit of money grew that was there all the time, whatever came and went.",
    ),
    "money": ("Money-weighted", "The one rate at which all money grew, from when it came to when it went."),
}

WIDTH, ROW_HEIGHT = 246, 22
BROAD = 820
FINE = 0.01


class Performance(QWidget):
    """The curves and the figures of one account."""

    def __init__(self, amounts: Amounts) -> None:
        super().__init__()
        self._amounts = amounts
        self._curve: EquityCurve | None = None
        self._gains: Gains | None = None
        self.chart = TimeChart(tr("Growth and equity"))
        self.chart.setAccessibleDescription(keys_help())
        self.states = States(self.chart)
        self.states.loading()
        self.values: dict[str, QLabel] = {}
        self._side = QWidget()
        self._grid = QGridLayout(self._side)
        self._grid.setContentsMargins(8, 4, 8, 4)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(6)
        self._titles: list[QLabel] = []
        for name, (title, meaning) in ROWS.items():
            said = label(tr(title), tone=Tone.MUTED)
            said.setToolTip(tr(meaning))
            value = label(numbers.NOTHING)
            value.setAlignment(Qt.AlignmentFlag.AlignRight)
            value.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            self._titles.append(said)
            self.values[name] = value
        self._scroll = QScrollArea()
        self._scroll.setWidget(self._side)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._columns = 0
        self._arrange(1)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self.chart, 1)
        row.addWidget(self._scroll)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)

    def show_performance(self, curve: EquityCurve, gains: Gains) -> None:
        """Show an account."""
        self._curve, self._gains = curve, gains
        self.refresh()

    def refresh(self) -> None:
        """Write everything anew: amounts may be hidden now."""
        if self._curve is None or self._gains is None:
            return
        curve, gains = self._curve, self._gains
        if len(curve.times) < 2:
            self.states.empty(
                tr("No curve yet"),
                tr("What the account is worth is written down while Puffling runs."),
                icon="portfolio",
            )
        else:
            self.states.content()
            self.chart.show_panes(panes_of(curve, hidden=self._amounts.hidden))
        for name in ("today", "month", "year", "total", "realized"):
            self._say_gain(name, getattr(gains, name))
        self._say_gain("dividends", gains.dividends)
        self._say("fees", self._amounts.money(gains.fees))
        self._say("deposits", self._amounts.money(gains.deposits - gains.withdrawals))
        self._say_rate("time", gains.time_weighted)
        self._say_rate("money", gains.money_weighted)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        size = event.size()
        # In a flat panel the figures stand in two columns.
        self._arrange(2 if size.height() < len(ROWS) * ROW_HEIGHT and size.width() >= BROAD else 1)

    def _arrange(self, columns: int) -> None:
        if columns == self._columns:
            return
        self._columns = columns
        height = -(-len(ROWS) // columns)
        for place, (title, value) in enumerate(zip(self._titles, self.values.values(), strict=True)):
            self._grid.addWidget(title, place % height, place // height * 3)
            self._grid.addWidget(value, place % height, place // height * 3 + 1)
        self._grid.setColumnMinimumWidth(2, 16 if columns == 2 else 0)
        for row in range(len(ROWS) + 1):
            self._grid.setRowStretch(row, 1 if row == height else 0)
        self._scroll.setFixedWidth(WIDTH * columns)

    def _say_rate(self, name: str, rate: ReturnRate) -> None:
        text = numbers.percent(rate.whole)
        if rate.annual is not None:
            text = tr("{rate} a year", rate=numbers.percent(rate.annual))
        self._say(name, text, _tone(rate.whole))
        whole = tr("{rate} in all", rate=numbers.percent(rate.whole))
        self.values[name].setToolTip(rate.why_not or whole)

    def _say_gain(self, name: str, amount: Decimal | None) -> None:
        self._say(name, self._amounts.money(amount, signed=True), _tone(amount))

    def _say(self, name: str, text: str, tone: Tone = Tone.TEXT) -> None:
        shown = self.values[name]
        shown.setText(text)
        shown.setAccessibleName(tr("{name}: {value}", name=tr(ROWS[name][0]), value=text))
        set_role(shown, tone=tone.value)


def panes_of(curve: EquityCurve, *, hidden: bool) -> list[Pane]:
    """Give growth beside the benchmark, and below it what the account was worth unless that is hidden."""
    times = np.array([to_us(each) for each in curve.times], np.int64)
    panes = []
    if curve.growth:
        grown = [each - 1.0 for each in curve.growth]
        lines = [Line.of(tr("Account"), times, grown, "accent")]
        if curve.benchmark:
            others = [each - 1.0 for each in curve.benchmark]
            lines.append(Line.of(curve.benchmark_symbol, times, others, "muted"))
        # On the first days all happens within one percent.
        reach = max(float(np.nanmax(np.abs(line.values))) for line in lines)
        write = write_share if reach >= FINE else _write_fine_share
        panes.append(Pane("growth", tr("Growth"), tuple(lines), write, share=3, base=0.0))
    if not hidden or not panes:
        worth = (Line.of(tr("Equity"), times, curve.equity, 2),)
        panes.append(Pane("equity", tr("Equity"), worth, _nothing if hidden else write_money, share=2))
    return panes


def _write_fine_share(value: float) -> str:
    return numbers.percent(value, signed=False)


def _nothing(_value: float) -> str:
    return ""


def _tone(amount: Decimal | float | None) -> Tone:
    return Tone.TEXT if not amount else Tone.UP if amount > 0 else Tone.DOWN
