"""The signals of a strategy on a chart: a part of the pane, with a button that takes them off again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from puffling.desktop.actions import Action
from puffling.desktop.charting.part import Seat
from puffling.desktop.charting.past import closed_before
from puffling.desktop.charting.removable import RemovableMarks
from puffling.desktop.strategies.shared import ShownSignals
from puffling.market.values import History
from puffling.puffin.data.bars import Bars
from puffling.puffin.data.instants import from_us, to_us
from puffling.runtime.errors import InvalidInput, PufflingError
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.automation.values import SavedStrategy
    from puffling.puffin.strategies.base import Signals as Columns

_NAME_WIDTH = 90
_SETTLING_SECONDS = 0.3


class Signals(RemovableMarks):
    """Shows what a strategy said on bars that were over by then: those of this pane, never one to come."""

    id = "signals"
    key = "signals"

    def __init__(self, seat: Seat) -> None:
        self._shared = seat.session.shared(ShownSignals)
        super().__init__(seat, self._shared)
        self._told = ""

    def acts(self) -> Iterator[Action]:
        yield Action(
            "window.remove-signals",
            tr("Remove signals from the chart"),
            self.remove,
            tr("Chart"),
            tr("Take the signals of a strategy off all charts."),
            "View/Chart",
        )

    def remove(self) -> None:
        self._shared.choose(None)

    def apply(self, history: History) -> None:
        saved = self._shared.saved
        if saved is None or not _concerns(saved, history):
            self.clear()
            return
        name = self.button.fontMetrics().elidedText(saved.name, Qt.TextElideMode.ElideRight, _NAME_WIDTH)
        self.button.setText(name)
        self.say(tr("Signals of {name}; click to take them off the chart", name=saved.name))
        self.button.show()
        self.seat.session.dispatch.run(
            lambda: self._decide(saved, history),
            name="compute signals",
            newest=f"signals.{id(self)}",
            then=lambda found: self._draw(saved, *found),
            failed=lambda error: self._failed(saved, error),
            owner=self.button,
        )

    async def _decide(self, saved: SavedStrategy, history: History) -> tuple[Bars, Columns]:
        if ":" in saved.strategy and self.seat.present_us() is not None:
            # It is asked in a process of its own: not for every bar that a quick replay passes.
            await self.seat.session.core.clock.sleep(_SETTLING_SECONDS)
        bars, symbol = self._closed(history), history.key.symbol
        series = {symbol: bars}
        for other in saved.symbols if saved.several and len(bars) else ():
            if other != symbol:
                since = from_us(int(bars.time[0])).date()
                read = await self.seat.history(other, history.key.interval, since)
                series[other] = self._closed(read)
        return bars, await self.seat.session.core.strategies.decided(saved, series, symbol)

    def _closed(self, history: History) -> Bars:
        """Give the bars that were over: what still moves has not been decided on."""
        present_us = self.seat.present_us()
        if present_us is None:
            present_us = to_us(self.seat.session.core.clock.now())
        bars = history.clean
        return bars[: closed_before(bars, history.key.interval, present_us)]

    def _draw(self, saved: SavedStrategy, bars: Bars, said: Columns) -> None:
        from puffling.desktop.strategies.marks import signal_marks

        if self._shared.saved is not saved:
            return
        self.put(signal_marks(saved.name, bars.time, said))

    def _failed(self, saved: SavedStrategy, error: PufflingError) -> None:
        self.take_off()
        self.say(error.message)
        # The beginning of a replay has too little history for most strategies; that passes.
        early = isinstance(error, InvalidInput) and error.field == "data"
        if not early and self._told != f"{saved.id} {error.message}":
            self._told = f"{saved.id} {error.message}"
            self.seat.session.tell_error(error)


def _concerns(saved: SavedStrategy, history: History) -> bool:
    """Tell whether a strategy is for this series: other symbols and other bars are another question."""
    key = history.key
    return (not saved.symbols or key.symbol in saved.symbols) and saved.interval == key.interval.value
