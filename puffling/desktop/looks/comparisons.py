"""Other symbols on a chart: their histories fetched, kept up, and given back when the chart is left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from puffling.desktop.charting.part import Seat
from puffling.desktop.charts.compared import Compared
from puffling.market.events import PricesMoved
from puffling.market.values import History
from puffling.puffin.data.instants import from_us
from puffling.runtime.errors import PufflingError
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.desktop.charts.chart import ChartView

MOST = 6
# In this order they stay apart the longest, for eyes that miss a colour too.
_COLOURS = (4, 3, 2, 0, 5, 1)


class Comparisons:
    """The compared symbols of one chart; a tick moves one value."""

    def __init__(self, seat: Seat, chart: ChartView, left: Callable[[str], None]) -> None:
        self._seat = seat
        self._chart = chart
        self._left = left
        self._shown: dict[str, Compared] = {}
        self._moving: set[str] = set()
        self._stops: list[Callable[[], None]] = []

    @property
    def symbols(self) -> tuple[str, ...]:
        """Give what is compared, in order."""
        return tuple(self._shown)

    def study(self, symbol: str) -> Compared:
        """Give what is drawn of one symbol."""
        return self._shown[symbol]

    def show(self, history: History, symbols: Sequence[str]) -> None:
        """Compare these symbols with these bars."""
        for symbol in [symbol for symbol in self._shown if symbol not in symbols]:
            self._chart.remove_study(self._shown.pop(symbol))
        for symbol in symbols:
            if symbol not in self._shown:
                self._add(symbol)
            self._fetch(symbol, history)
        self._listen()

    def sleep(self) -> None:
        """Listen no more until the next history."""
        for stop in self._stops:
            stop()
        self._stops.clear()

    def _add(self, symbol: str) -> None:
        taken = {study.number for study in self._shown.values()}
        number = next(each for each in _COLOURS if each not in taken)
        study = self._shown[symbol] = Compared(symbol, symbol, number, (), ())
        study.note = tr("loading…")
        readout = self._chart.add_study(study)
        readout.hide_asked.connect(partial(self._toggle, study))
        readout.remove_asked.connect(partial(self._left, symbol))

    def _fetch(self, symbol: str, history: History) -> None:
        since = from_us(int(history.bars.time[0])).date()
        self._seat.session.dispatch.run(
            lambda: self._seat.history(symbol, history.key.interval, since),
            name="fetch comparison",
            newest=f"comparison.{id(self)}.{symbol}",
            then=partial(self._take, symbol),
            failed=partial(self._go_without, symbol),
            owner=self._chart,
        )

    def _take(self, symbol: str, history: History) -> None:
        study = self._shown.get(symbol)
        if study is None:
            return
        study.note = "" if len(history.bars) else tr("no prices")
        study.take(history.bars.time, history.bars.close)
        (self._moving.add if history.developing else self._moving.discard)(symbol)
        self._chart.renew_study(study)

    def _go_without(self, symbol: str, error: PufflingError) -> None:
        """Say at the line itself that there is nothing; every further bar would say it again."""
        study = self._shown.get(symbol)
        if study is not None:
            study.note = error.message
            self._chart.refresh_now()

    def _toggle(self, study: Compared) -> None:
        study.visible = not study.visible
        self._chart.refresh_now()

    def _listen(self) -> None:
        self.sleep()
        if self._shown and self._seat.present_us() is None:
            core = self._seat.session.core
            self._stops = [core.bus.on(PricesMoved, self._move)]
            for symbol in self._shown:
                # What was kept from an earlier day may be known to nobody any more.
                with suppress(PufflingError):
                    self._stops.append(core.data.watch((symbol,)))

    def _move(self, event: PricesMoved) -> None:
        moved = [symbol for symbol in self._shown if symbol in self._moving and symbol in event.prices]
        for symbol in moved:
            self._shown[symbol].move(event.prices[symbol].price)
        if moved:
            self._chart.refresh()
