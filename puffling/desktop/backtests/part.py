"""The trades of a backtest on a chart: entries and exits, with a button that takes them off again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from puffling.desktop.actions import Action
from puffling.desktop.backtests.shown import ShownTrades
from puffling.desktop.charting.part import Seat
from puffling.desktop.charting.removable import RemovableMarks
from puffling.market.values import History
from puffling.puffin.data.instants import to_us
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.puffin.backtest.report import Trade

_ROOM = 60


class TestedTrades(RemovableMarks):
    """Shows the trades in the symbol of this pane, as far as the pane knows of the future."""

    id = "tested-trades"
    key = "trades"
    # Its name begins like a test's, and pytest looks at every class that does.
    __test__ = False

    def __init__(self, seat: Seat) -> None:
        self._shared = seat.session.shared(ShownTrades)
        super().__init__(seat, self._shared)
        self.button.setText(tr("Trades"))
        self.say(tr("Trades of a backtest; click to take them off the chart"))

    def acts(self) -> Iterator[Action]:
        yield Action(
            "window.remove-trades",
            tr("Remove the trades of a backtest from the chart"),
            self.remove,
            tr("Chart"),
            tr("Take entries and exits off all charts."),
            "View/Chart",
        )

    def remove(self) -> None:
        self._shared.clear()

    def apply(self, history: History) -> None:
        trades, shared = self._known(history), self._shared
        if not trades:
            self.clear()
            return
        from puffling.desktop.backtests.trade_marks import trade_marks

        self.put(trade_marks(trades, shared.chosen, history.bars.time))
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
