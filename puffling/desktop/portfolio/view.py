"""The Portfolio panel's inside: figures of the account over pages of what it holds and did."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import cached_property, partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from puffling.desktop.amounts import Amounts
from puffling.desktop.card import button
from puffling.desktop.later import Place
from puffling.desktop.pages import Pages
from puffling.desktop.portfolio.allocation import Allocation, AllocationBars
from puffling.desktop.portfolio.gains import YearGains
from puffling.desktop.portfolio.pages import ALLOCATION, GAINS, LOTS, MONEY, PAGES, PERFORMANCE, POSITIONS
from puffling.desktop.portfolio.performance import Performance
from puffling.desktop.portfolio.rows import flow_columns, lot_columns, position_columns
from puffling.desktop.portfolio.strip import Strip
from puffling.desktop.tables import Table
from puffling.runtime.text import tr
from puffling.trading.portfolio.values import MoneyFlow, OpenLot, Portfolio, Position

# From here on the allocation stands beside the positions.
ABREAST = 1060
FLAT = 320
BESIDE = 330


class PortfolioView(QWidget):
    """One account in pages."""

    page_turned = Signal(str)
    chart_wanted = Signal(str)
    lots_wanted = Signal(str)
    close_wanted = Signal(str)
    reverse_wanted = Signal(str)
    flow_wanted = Signal()
    year_wanted = Signal(int)
    export_wanted = Signal()
    matching_wanted = Signal(str)
    flows_removed = Signal(list)

    def __init__(self, amounts: Amounts, today: Callable[[], date], page: str = "") -> None:
        super().__init__()
        self._amounts = amounts
        self._shown: Portfolio | None = None
        self._today = today
        self.strip = Strip(amounts)
        self.pages = Pages("portfolio", PAGES, page)
        self.positions: Table[Position] = Table(position_columns(amounts), title=tr("Positions"))
        self.positions.key_activated.connect(self.chart_wanted)
        self.positions.menu_opening.connect(self._extend_positions)
        self._beside: Allocation | None = None
        self._stack = QStackedWidget()
        self._places: dict[str, Place] = {}
        for name in PAGES:
            holder = QWidget()
            self._places[name] = Place(holder)
            self._stack.addWidget(holder)
        self._row = QHBoxLayout()
        self._places[POSITIONS].fill(self._page_of_positions())
        self.pages.turned.connect(self._turn)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.strip)
        column.addLayout(self.pages)
        column.addWidget(self._stack, 1)
        self.positions.when_empty(
            tr("No positions yet"),
            tr("What you buy stands here with its gain, moving with the market."),
            icon="portfolio",
        )
        self._stack.setCurrentIndex(self.pages.place)

    # Pages are made when they are first looked at: all at once would hold the loop.

    @cached_property
    def allocation(self) -> Allocation:
        """The bars of how the account is spread."""
        made = Allocation(self._amounts)
        self._places[ALLOCATION].fill(made)
        if self._shown is not None:
            made.bars.show_portfolio(self._shown)
        return made

    @cached_property
    def performance(self) -> Performance:
        """The curve and the figures beside it."""
        made = Performance(self._amounts)
        self._places[PERFORMANCE].fill(made)
        return made

    @cached_property
    def all_lots(self) -> QPushButton:
        """What leads from the lots of one symbol to all."""
        made = button("", kind="quiet", icon="close")
        made.clicked.connect(self._ask_all_lots)
        return made

    @cached_property
    def lots(self) -> Table[OpenLot]:
        """The open lots."""
        made: Table[OpenLot] = Table(lot_columns(self._amounts, self._today), title=tr("Lots"))
        made.menu_opening.connect(self._extend_lots)
        made.when_empty(
            tr("No lots yet"), tr("Every purchase is a lot of its own until it is sold."), icon="portfolio"
        )
        self._places[LOTS].fill(_under(self.all_lots, made))
        return made

    @cached_property
    def gains(self) -> YearGains:
        """The closed lots of a year."""
        made = YearGains(self._amounts)
        made.year_wanted.connect(self.year_wanted)
        made.export_wanted.connect(self.export_wanted)
        made.matching_wanted.connect(self.matching_wanted)
        self._places[GAINS].fill(made)
        return made

    @cached_property
    def flows(self) -> Table[MoneyFlow]:
        """Money in and out."""
        made: Table[MoneyFlow] = Table(flow_columns(self._amounts), title=tr("Money"), removable=True)
        made.keys_removed.connect(self.flows_removed)
        made.menu_opening.connect(self._extend_flows)
        made.when_empty(
            tr("No money in or out yet"),
            tr("Deposits, withdrawals, dividends, interest and fees stand here."),
            icon="portfolio",
        )
        add = button(tr("Record money in or out"), kind="quiet", icon="add")
        add.clicked.connect(self._ask_flow)
        self._places[MONEY].fill(_under(add, made))
        return made

    @property
    def page(self) -> str:
        """Give the page that is open."""
        return self.pages.page

    @property
    def portfolio(self) -> Portfolio | None:
        """Give the account that is shown."""
        return self._shown

    def show_portfolio(self, shown: Portfolio) -> None:
        """Show an account; rows that are there already only change."""
        self._shown = shown
        self.strip.show_portfolio(shown)
        held = self.positions.rows
        # What is as it was stays the same row, which is not painted again.
        rows = ((each, held.row_of(each.symbol)) for each in shown.positions)
        self.positions.set_rows(
            {each.symbol: each if old is None or old != each else old for each, old in rows}
        )
        for bars in self._all_bars():
            bars.show_portfolio(shown)
        self.pages.say_count(POSITIONS, len(shown.positions))

    def show_lots(self, lots: Sequence[OpenLot], symbol: str) -> None:
        """Show lots, of one symbol or of all."""
        self.all_lots.setVisible(bool(symbol))
        self.all_lots.setText(tr("Only {symbol}", symbol=symbol))
        self.lots.set_rows({each.id: each for each in lots})

    def show_flows(self, flows: Sequence[MoneyFlow]) -> None:
        """Show money in and out."""
        self.flows.set_rows({each.id: each for each in flows})

    def refresh(self) -> None:
        """Write everything anew: amounts may be hidden now."""
        made = vars(self)
        self.positions.rows.rewrite()
        if self._shown is not None:
            self.strip.show_portfolio(self._shown)
        for bars in self._all_bars():
            bars.update()
        if "lots" in made:
            self.lots.rows.rewrite()
        if "flows" in made:
            self.flows.rows.rewrite()
        if "performance" in made:
            self.performance.refresh()
        if "gains" in made:
            self.gains.refresh()

    def take_focus(self) -> None:
        """Put the keyboard where one starts on the open page."""
        made = self._made(self.page)
        {PERFORMANCE: self._chart, GAINS: self._gain_table}.get(self.page, lambda: made)().setFocus()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        abreast = self.width() >= ABREAST
        if abreast and self._beside is None:
            self._beside = Allocation(self._amounts)
            self._beside.setFixedWidth(BESIDE)
            self._row.addWidget(self._beside)
            if self._shown is not None:
                self._beside.bars.show_portfolio(self._shown)
        if self._beside is not None:
            self._beside.setVisible(abreast)
        # In a flat panel the rows need the room more than the figures.
        self.strip.be_flat(self.height() < FLAT)

    def _turn(self) -> None:
        self._made(self.page)
        self._stack.setCurrentIndex(self.pages.place)
        self.page_turned.emit(self.page)

    def _made(self, page: str) -> QWidget:
        """Give what is on a page, made now if nobody has looked at it yet."""
        parts: dict[str, Callable[[], QWidget]] = {
            POSITIONS: lambda: self.positions,
            ALLOCATION: lambda: self.allocation,
            PERFORMANCE: lambda: self.performance,
            LOTS: lambda: self.lots,
            GAINS: lambda: self.gains,
            MONEY: lambda: self.flows,
        }
        return parts[page]()

    def _chart(self) -> QWidget:
        return self.performance.chart

    def _gain_table(self) -> QWidget:
        return self.gains.table

    def _all_bars(self) -> Iterator[AllocationBars]:
        if "allocation" in vars(self):
            yield self.allocation.bars
        if self._beside is not None:
            yield self._beside.bars

    def _ask_all_lots(self) -> None:
        self.lots_wanted.emit("")

    def _ask_flow(self) -> None:
        self.flow_wanted.emit()

    def _page_of_positions(self) -> QWidget:
        page = QWidget()
        page.setLayout(self._row)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(12)
        self._row.addWidget(self.positions, 1)
        return page

    def _extend_positions(self, menu: QMenu, symbols: list[str]) -> None:
        if len(symbols) == 1:
            menu.addAction(tr("Show chart"), partial(self.chart_wanted.emit, symbols[0]))
            menu.addAction(tr("Show lots"), partial(self.lots_wanted.emit, symbols[0]))
            if self._shown is not None and self._shown.connected:
                menu.addSeparator()
                menu.addAction(tr("Close position…"), partial(self.close_wanted.emit, symbols[0]))
                menu.addAction(tr("Reverse position…"), partial(self.reverse_wanted.emit, symbols[0]))

    def _extend_lots(self, menu: QMenu, ids: list[str]) -> None:
        lot = self.lots.rows.row_of(ids[0]) if len(ids) == 1 else None
        if lot is not None:
            menu.addAction(tr("Show chart"), partial(self.chart_wanted.emit, lot.symbol))

    def _extend_flows(self, menu: QMenu, ids: list[str]) -> None:
        menu.addAction(tr("Record money in or out"), self._ask_flow)
        by_hand = [id for id in ids if (flow := self.flows.rows.row_of(id)) is not None and flow.by_hand]
        if by_hand:
            menu.addAction(tr("Remove"), partial(self.flows_removed.emit, by_hand))


def _under(act: QWidget, table: QWidget) -> QWidget:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(4)
    bar = QHBoxLayout()
    bar.setContentsMargins(2, 0, 2, 0)
    bar.addWidget(act)
    bar.addStretch(1)
    column.addLayout(bar)
    column.addWidget(table, 1)
    return page
