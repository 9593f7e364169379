"""A result: the verdict and the figures first, then curves, reasons, months, trades, risk and origin."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QSizePolicy,
    QSplitter,
    QStackedWidget,
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
from puffling.desktop.backtests.verdict import VerdictHead, VerdictPage
from puffling.desktop.card import label
from puffling.desktop.pages import Pages
from puffling.desktop.tables import Table
from puffling.desktop.theme import Tone, set_role
from puffling.puffin.backtest.report import BacktestReport, Fall, Trade
from puffling.runtime.text import tr

PAGES = {
    "performance": "Performance",
    "trust": "Trust",
    "months": "Months",
    "trades": "Trades",
    "risk": "Risk",
    "origin": "Origin",
}
_WIDE = 760
_FLAT = 380


class ReportView(QWidget):
    """Shows one result."""

    changed = Signal()
    trade_chosen = Signal(object)
    chart_wanted = Signal()
    verify_wanted = Signal()

    def __init__(self, page: str = "", on: Collection[str] = FIRST_ON) -> None:
        super().__init__()
        self.report: BacktestReport | None = None
        self._words = ""
        self._what_words = ""
        self._trade_kind: tuple[bool, bool] | None = None
        self._trades_shown: BacktestReport | None = None
        self.name = label(kind="heading")
        self.what = label(tone=Tone.MUTED, kind="caption")
        for line in (self.name, self.what):
            line.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.data_label = label(tone=Tone.WARN, kind="caption")
        self.verdict = VerdictHead()
        self.verdict.opened.connect(lambda: self.open_page("trust"))
        self.tiles = Tiles()
        self._first, self._on = page, on
        self.stack = QStackedWidget()
        self._pages: Pages | None = None
        self._top = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._top.setSpacing(16)
        self._top.addWidget(self.verdict, 6)
        self._top.addWidget(self.tiles, 5)
        titles = QHBoxLayout()
        titles.setSpacing(8)
        titles.addWidget(self.name, 1)
        titles.addWidget(self.data_label)
        head = QVBoxLayout()
        head.setContentsMargins(8, 2, 8, 2)
        head.setSpacing(2)
        head.addLayout(titles)
        head.addWidget(self.what)
        head.addSpacing(6)
        head.addLayout(self._top)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(head)
        self._column = column
        self.setMinimumWidth(300)

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
        self._pages = Pages("backtest", PAGES, self._first)
        self._pages.turned.connect(self._turned)
        self._column.addLayout(self._pages)
        self._column.addWidget(self.stack, 1)
        self._turn()

    @property
    def page(self) -> str:
        """Give the page that is open."""
        return self._first if self._pages is None else self._pages.page

    @property
    def on(self) -> list[str]:
        """Give what is switched on over the curves."""
        return self.performance.on

    def open_page(self, page: str) -> None:
        """Turn to a page as the person does."""
        if self._pages is not None:
            self._pages.open(page)

    def show_report(self, report: BacktestReport, kind: StrategyKind | None = None) -> None:
        """Show this result."""
        self.report = report
        summary = report.summary
        self._words = summary.name
        self.data_label.setText(summary.data_label)
        set_role(self.data_label, tone="muted" if _real(report) else "warn")
        self.data_label.setToolTip("\n".join(summary.warnings))
        symbols = ", ".join(summary.symbols)
        self._what_words = " · ".join(
            (
                symbols,
                summary.interval,
                tr("{first} to {last}", first=day(summary.start), last=day(summary.end)),
                tr("{count} bars", count=f"{summary.bars:,}"),
            )
        )
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
        count = len(report.trades)
        if self._pages is not None:
            self._pages.say_count("trades", count)
        self._elide()
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

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._pages is None:
            return
        wide = event.size().width() >= _WIDE
        self.what.setVisible(event.size().height() >= _FLAT)
        self._top.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
        self._top.setSpacing(16 if wide else 4)
        self._risk_split.setOrientation(Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical)
        self._elide()

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
        self._turn()
        self.changed.emit()

    def _turn(self) -> None:
        self.stack.setCurrentIndex(list(PAGES).index(self.page))
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

    def _elide(self) -> None:
        room = max(self.width() - self.data_label.sizeHint().width() - 32, 60)
        _say(self.name, self._words, room)
        _say(self.what, self._what_words, max(self.width() - 20, 60))


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


def _real(report: BacktestReport) -> bool:
    return all(each.quality not in ("demo", "sample", "simulated") for each in report.summary.sources)


def _intraday(interval: str) -> bool:
    return interval.endswith(("m", "h"))


def _us(moment: Any) -> float:
    return float(moment.timestamp() * 1e6)


def _say(line: Any, words: str, room: int) -> None:
    short = line.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, room)
    line.setText(short)
    line.setToolTip(words if short != words else "")
