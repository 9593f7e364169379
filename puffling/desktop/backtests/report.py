"""A result: the verdict and the figures first, then curves, reasons, months, trades, risk and origin."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, ClassVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from puffling.automation.values import StrategyKind
from puffling.desktop.backtests.bins import Histogram, Reach, Reaches
from puffling.desktop.backtests.figures import BY_ID, as_text
from puffling.desktop.backtests.heat import HeatMap
from puffling.desktop.backtests.lists import (
    FigureRow,
    day,
    fall_columns,
    figure_columns,
    figure_rows,
    numbered,
    trade_columns,
)
from puffling.desktop.backtests.origin import Origin
from puffling.desktop.backtests.performance import FIRST_ON, Performance
from puffling.desktop.backtests.tiles import Tiles
from puffling.desktop.backtests.verdict import VerdictPage
from puffling.desktop.card import label
from puffling.desktop.research.result import ResultView
from puffling.desktop.tables import Table
from puffling.desktop.theme import Tone
from puffling.puffin.backtest.report import BacktestReport, Fall, Trade
from puffling.runtime.text import tr


class ReportView(ResultView):
    """Shows one result of a test."""

    titles: ClassVar = {
        "performance": "Performance",
        "trust": "Trust",
        "months": "Months",
        "trades": "Trades",
        "risk": "Risk",
        "origin": "Origin",
    }
    wide, flat = 760, 380
    changed = Signal()
    trade_chosen = Signal(object)
    chart_wanted = Signal()
    verify_wanted = Signal()

    def __init__(self, page: str = "", on: Collection[str] = FIRST_ON) -> None:
        super().__init__(page, "trust")
        self.report: BacktestReport | None = None
        self._trade_kind: tuple[bool, bool] | None = None
        self._trades_shown: BacktestReport | None = None
        self._on = on
        self.tiles = Tiles()
        self._put_beside(6, self.tiles, 5)

    def furnish(self) -> Iterator[None]:
        """Make the pages, one at a step, and open the first."""
        self.performance = Performance(self._on)
        self.performance.changed.connect(self.changed)
        self.stack.addWidget(self.performance)
        yield
        self.reasons = VerdictPage()
        self.months = HeatMap()
        self.stack.addWidget(self.reasons)
        self.stack.addWidget(self.months)
        yield
        self.trades: Table[Trade] = Table([], title=tr("Trades"))
        self.distribution = Histogram()
        self._trade_split = QSplitter(Qt.Orientation.Vertical)
        self._trade_split.addWidget(self.trades)
        self._trade_split.addWidget(self.distribution)
        self._trade_split.setChildrenCollapsible(False)
        self._trade_split.setSizes([700, 300])
        self.stack.addWidget(self._trade_split)
        yield
        self.falls: Table[Fall] = Table(fall_columns(), title=tr("Worst falls"))
        self.falls.when_empty(tr("It never fell"), tr("The equity was at its high all the time."))
        self.falls.clicked.connect(lambda _: self._show_fall())
        self.falls.key_activated.connect(lambda _: self._show_fall())
        self.figures: Table[FigureRow] = Table(figure_columns(), title=tr("All figures"))
        self.reaches = Reaches()
        yield
        self.stack.addWidget(self._risk())
        yield
        self.origin = Origin()
        self.origin.verify_wanted.connect(self.verify_wanted)
        self.stack.addWidget(self.origin)
        yield
        self._add_pages("backtest")

    @property
    def on(self) -> list[str]:
        """Give what is switched on over the curves."""
        return self.performance.on

    def show_report(self, report: BacktestReport, kind: StrategyKind | None = None) -> None:
        """Show this result."""
        self.report = report
        summary = report.summary
        reach = tr("{first} to {last}", first=day(summary.start), last=day(summary.end))
        bars = tr("{count} bars", count=f"{summary.bars:,}")
        self._say_head(summary.name, (", ".join(summary.symbols), summary.interval, reach, bars))
        self._say_data(summary.data_label, [each.quality for each in summary.sources], summary.warnings)
        self.verdict.show_verdict(summary.grade, summary.reasons)
        self.tiles.show_metrics(summary.metrics)
        self.performance.show_curves(report.curves, summary.benchmark)
        self.reasons.show_reasons(summary.reasons)
        self.months.show_years(report.years)
        self.distribution.show_bins(report.distribution)
        self.falls.set_rows({str(place): fall for place, fall in enumerate(report.falls)})
        row_height = self.falls.verticalHeader().defaultSectionSize()
        self.falls.setFixedHeight(row_height * (max(len(report.falls), 3) + 1) + 4)
        self.figures.set_rows(figure_rows(summary.metrics, report.trust))
        self.reaches.show_reaches(reaches_of(report))
        self.origin.show_origin(report, kind)
        self._say_count("trades", len(report.trades))
        self._turn()

    def copy_figures(self) -> None:
        """Put all figures on the clipboard."""
        if self.report is not None:
            QGuiApplication.clipboard().setText(as_text(self.report.summary.metrics))

    def take_focus(self) -> None:
        """Put the keyboard on the open page."""
        places: dict[str, QWidget] = {
            "performance": self.performance.chart,
            "trust": self.reasons,
            "months": self.months,
            "trades": self.trades,
            "risk": self.falls,
            "origin": self.origin.verify,
        }
        places[self.page].setFocus()

    def _fit(self, *, wide: bool, flat: bool) -> None:
        super()._fit(wide=wide, flat=flat)
        self._risk_split.setOrientation(Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical)

    def _risk(self) -> QWidget:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.falls)
        said = label(
            tr("The same trades drawn anew, nine cases in ten; the point is what was"),
            tone=Tone.MUTED,
            kind="caption",
        )
        said.setContentsMargins(8, 10, 8, 0)
        said.setWordWrap(True)
        self._reaches_said = said
        column.addWidget(said)
        column.addWidget(self.reaches)
        column.addStretch(1)
        self._risk_split = QSplitter(Qt.Orientation.Horizontal)
        self._risk_split.addWidget(left)
        self._risk_split.addWidget(self.figures)
        self._risk_split.setChildrenCollapsible(False)
        self._risk_split.setSizes([600, 400])
        return self._risk_split

    def _turned(self) -> None:
        super()._turned()
        self.changed.emit()

    def _turn(self) -> None:
        super()._turn()
        if self.page == "trades":
            self._show_trades()

    def _show_trades(self) -> None:
        """Fill the table of trades, once somebody looks at it."""
        report = self.report
        if report is None or self._trades_shown is report:
            return
        self._trades_shown = report
        kind = (not _intraday(report.summary.interval), len(report.summary.symbols) > 1)
        if kind != self._trade_kind:
            self._trade_kind = kind
            self._renew_trades(*kind)
        self.trades.set_rows(numbered(report.trades))
        self.trades.when_empty(
            tr("No trades"), tr("The strategy never bought or sold anything it sold again.")
        )

    def _renew_trades(self, whole_days: bool, several: bool) -> None:
        old, sizes = self.trades, self._trade_split.sizes()
        self.trades = Table(trade_columns(whole_days=whole_days, several=several), title=tr("Trades"))
        self.trades.keys_selected.connect(self._show_trade)
        self.trades.key_activated.connect(self._open_trade)
        self._trade_split.replaceWidget(0, self.trades)
        self._trade_split.setSizes(sizes)
        old.deleteLater()

    def _show_trade(self, keys: Sequence[str]) -> None:
        if len(keys) != 1 or (trade := self.trades.rows.row_of(keys[0])) is None:
            return
        self.performance.chart.mark((_us(trade.entered_at), _us(trade.left_at)))
        self.trade_chosen.emit(trade)

    def _open_trade(self, key: str) -> None:
        self._show_trade([key])
        self.chart_wanted.emit()

    def _show_fall(self) -> None:
        key = self.falls.current_key()
        if key is None or self.report is None or (fall := self.falls.rows.row_of(key)) is None:
            return
        end = fall.end or self.report.summary.end
        self.performance.chart.mark((_us(fall.begin), _us(end)))
        self.open_page("performance")


def reaches_of(report: BacktestReport) -> list[Reach]:
    """Give what might have been; nothing where nobody looked."""
    trust, metrics = report.trust, report.summary.metrics
    found: list[Reach] = []
    for name, id in (("return", "total_return"), ("drawdown", "max_drawdown")):
        low, high = trust.get(f"{name}_low"), trust.get(f"{name}_high")
        if low is not None and high is not None:
            figure = BY_ID[id]
            found.append(Reach(tr(figure.title), low, high, metrics.get(figure.id), figure.write))
    return found


def _intraday(interval: str) -> bool:
    return interval.endswith(("m", "h"))


def _us(moment: Any) -> float:
    return float(moment.timestamp() * 1e6)
