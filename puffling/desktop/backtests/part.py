"""The trades of a backtest on a chart: entries and exits, with a button that takes them off again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget

from puffling.desktop.actions import Action
from puffling.desktop.backtests.shown import ShownTrades
from puffling.desktop.charting.part import Part, Seat
from puffling.desktop.icons import set_icon
from puffling.desktop.theme import set_role
from puffling.market.values import History
from puffling.puffin.data.instants import to_us
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.puffin.backtest.report import Trade

KEY = "trades"
_ROOM = 60


class TestedTrades(Part):
    """Shows the trades in the symbol of this pane, as far as the pane knows of the future."""

    id = "tested-trades"
    in_templates = False
    # Its name begins like a test's, and pytest looks at every class that does.
    __test__ = False

    def __init__(self, seat: Seat) -> None:
        super().__init__(seat)
        self._shared = seat.session.shared(ShownTrades)
        self._history: History | None = None
        self._deaf: Callable[[], None] | None = None
        self.count = 0
        self.button = QPushButton(tr("Trades"))
        self.button.setObjectName("chart.trades")
        set_role(self.button, kind="quiet", narrow=True)
        set_icon(self.button, "close")
        self.button.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self.button.setToolTip(tr("Trades of a backtest; click to take them off the chart"))
        self.button.setAccessibleName(self.button.toolTip())
        self.button.clicked.connect(self._shared.clear)
        self.button.hide()

    def buttons(self) -> list[QWidget]:
        return [self.button]

    def acts(self) -> Iterator[Action]:
        yield Action(
            "window.remove-trades",
            tr("Remove the trades of a backtest from the chart"),
            self._shared.clear,
            tr("Chart"),
            tr("Take entries and exits off all charts."),
            "View/Chart",
        )

    def show(self, history: History) -> None:
        self._history = history
        if self._deaf is None:
            self._deaf = self._shared.on_change(self._apply)
        self._apply()

    def sleep(self) -> None:
        if self._deaf is not None:
            self._deaf()
            self._deaf = None

    def _apply(self) -> None:
        history, shared = self._history, self._shared
        trades = self._known(history) if history is not None else []
        if history is None or not trades:
            self._clear()
            return
        from puffling.desktop.backtests.trade_marks import trade_marks

        chart = self.seat.chart()
        marks = trade_marks(trades, shared.chosen, history.bars.time)
        self.count = len(marks)
        chart.marks.put(KEY, marks)
        chart.refresh()
        self.button.show()
        chosen = shared.chosen
        if chosen is not None and not shared.looked_at and chosen in trades and len(history.bars):
            shared.looked_at = True
            self._look_at(chosen, history)

    def _known(self, history: History) -> list[Trade]:
        """Give the trades in this symbol that had begun by the present of the pane."""
        if history.key.interval is not self._shared.interval:
            return []
        present_us = self.seat.present_us()
        return [
            trade
            for trade in self._shared.trades
            if trade.symbol == history.key.symbol
            and (present_us is None or to_us(trade.left_at) <= present_us)
        ]

    def _look_at(self, trade: Trade, history: History) -> None:
        chart = self.seat.chart()
        times = history.bars.time
        begin = int(times.searchsorted(to_us(trade.entered_at)))
        end = int(times.searchsorted(to_us(trade.left_at)))
        if begin >= len(times):
            return
        first, last = chart.visible_range
        if not (first <= begin and end <= last) or last - first > 8 * max(end - begin, _ROOM):
            room = max((end - begin) * 0.75, _ROOM)
            chart.look_at(begin - room, end + room)
        chart.point_at(begin)

    def _clear(self) -> None:
        self.button.hide()
        if self.count:
            self.count = 0
            chart = self.seat.chart()
            chart.marks.remove(KEY)
            chart.refresh()
