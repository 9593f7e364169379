"""How a test went over time: equity with the benchmark, falls below it, and what one may add under them."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from puffling.desktop import numbers
from puffling.desktop.backtests.plots import Line, Pane
from puffling.desktop.backtests.timechart import TimeChart, keys_help
from puffling.desktop.card import button
from puffling.puffin.backtest.report import Curves
from puffling.runtime.text import tr

# What can be switched: its name, its words, and whether it is on at first.
SWITCHES = {
    "benchmark": ("Benchmark", True),
    "log": ("Log scale", False),
    "sharpe": ("Rolling Sharpe", False),
    "exposure": ("Exposure", False),
}
_FLAT = 140
FIRST_ON = frozenset(name for name, (_, on) in SWITCHES.items() if on)


class Performance(QWidget):
    """The curves of one result, and the switches over them."""

    changed = Signal()

    def __init__(self, on: Collection[str] = FIRST_ON) -> None:
        super().__init__()
        self._curves: Curves | None = None
        self._name = ""
        self._benchmark = ""
        self.chart = TimeChart(tr("Equity and falls"))
        self.chart.setToolTip("")
        self.chart.setAccessibleDescription(keys_help())
        self.switches: dict[str, QPushButton] = {}
        self._bar = QWidget()
        row = QHBoxLayout(self._bar)
        row.setContentsMargins(2, 0, 0, 0)
        row.setSpacing(0)
        for name, (title, _) in SWITCHES.items():
            made = button(tr(title), kind="quiet")
            made.setObjectName(f"backtest.{name}")
            made.setProperty("narrow", True)
            made.setCheckable(True)
            made.setChecked(name in on)
            made.clicked.connect(self._switched)
            self.switches[name] = made
            row.addWidget(made)
        row.addStretch(1)
        self.whole = button(tr("All"), kind="quiet")
        self.whole.setProperty("narrow", True)
        self.whole.setToolTip(tr("See all of it again ({keys})", keys=keys_help()))
        self.whole.clicked.connect(self.chart.show_all)
        row.addWidget(self.whole)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self._bar)
        column.addWidget(self.chart, 1)

    @property
    def on(self) -> list[str]:
        """Give the switches that are on."""
        return [name for name, made in self.switches.items() if made.isChecked()]

    def show_curves(self, curves: Curves, benchmark: str) -> None:
        """Show these; without a benchmark there is nothing to switch."""
        self._curves, self._benchmark = curves, benchmark
        self.switches["benchmark"].setVisible(bool(benchmark and curves.benchmark))
        self.switches["sharpe"].setVisible(bool(curves.rolling_sharpe))
        self.switches["exposure"].setVisible(bool(curves.exposure))
        self.switches["sharpe"].setToolTip(tr("Of the last {bars} bars", bars=curves.rolling_bars))
        self.chart.show_panes(panes_of(curves, benchmark, self.on))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # In a flat panel the curve needs the room more.
        self._bar.setVisible(event.size().height() >= _FLAT)

    def _switched(self) -> None:
        if self._curves is not None:
            self.chart.show_panes(panes_of(self._curves, self._benchmark, self.on), keep_view=True)
        self.changed.emit()


def panes_of(curves: Curves, benchmark: str, on: Iterable[str]) -> list[Pane]:
    """Give the panes of a result."""
    wanted = set(on)
    times = np.asarray(curves.time_us, np.int64)
    lines = [Line.of(tr("Equity"), times, curves.equity, "accent", fill="down")]
    if "benchmark" in wanted and benchmark and curves.benchmark:
        lines.append(Line.of(benchmark, times, curves.benchmark, "muted"))
    logarithmic = "log" in wanted and min(curves.equity, default=0.0) > 0.0
    panes = [
        Pane("equity", tr("Equity"), tuple(lines), write_money, share=6, logarithmic=logarithmic),
        Pane(
            "drawdown",
            tr("Fall"),
            (Line.of(tr("Below the high"), times, curves.drawdown, "down", fill="base"),),
            write_share,
            share=2,
            base=0.0,
            top=0.0,
        ),
    ]
    if "sharpe" in wanted and curves.rolling_sharpe:
        line = Line.of(tr("Sharpe of {bars} bars", bars=curves.rolling_bars), times, curves.rolling_sharpe, 2)
        panes.append(Pane("sharpe", tr("Rolling Sharpe"), (line,), write_ratio, share=2, base=0.0))
    if "exposure" in wanted and curves.exposure:
        line = Line.of(tr("Exposure"), times, curves.exposure, 4, fill="base")
        panes.append(Pane("exposure", tr("Exposure"), (line,), write_whole_share, share=2, base=0.0))
    return panes


def write_money(value: float) -> str:
    """Give an amount as short as an axis wants it and as exact as it must be told from the next."""
    if abs(value) >= 1e7:
        return numbers.short(value)
    return numbers.fixed(value, 0 if abs(value) >= 100 else 2)


def write_share(value: float) -> str:
    """Give a share with one decimal."""
    return numbers.percent(value, 1, signed=False)


def write_whole_share(value: float) -> str:
    """Give a share in whole percent."""
    return numbers.percent(value, 0, signed=False)


def write_ratio(value: float) -> str:
    """Give a ratio with two decimals."""
    return numbers.fixed(value, 2)
