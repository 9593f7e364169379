"""The signals of a strategy on a chart: a part of the pane, with a button that takes them off again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget

from puffling.desktop.actions import Action
from puffling.desktop.charting.part import Part, Seat
from puffling.desktop.charting.past import closed_before
from puffling.desktop.icons import set_icon
from puffling.desktop.strategies.shared import ShownSignals
from puffling.desktop.theme import set_role
from puffling.market.values import History
from puffling.puffin.data.bars import Bars
from puffling.puffin.data.instants import from_us, to_us
from puffling.runtime.errors import InvalidInput, PufflingError
from puffling.runtime.text import tr

if TYPE_CHECKING:
    from puffling.automation.values import SavedStrategy
    from puffling.puffin.strategies.base import Signals as Columns

KEY = "signals"
_NAME_WIDTH = 90
_SETTLING_SECONDS = 0.3


class Signals(Part):
    """Shows what a strategy said on bars that were over by then: those of this pane, never one to come."""

    id = "signals"
    in_templates = False

    def __init__(self, seat: Seat) -> None:
        super().__init__(seat)
        self._shared = seat.session.shared(ShownSignals)
        self._history: History | None = None
        self._told = ""
        self._deaf: Callable[[], None] | None = None
        self.count = 0
        self.button = QPushButton()
        self.button.setObjectName("chart.signals")
        set_role(self.button, kind="quiet", narrow=True)
        set_icon(self.button, "close")
        self.button.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self.button.clicked.connect(self.remove)
        self.button.hide()

    def buttons(self) -> list[QWidget]:
        return [self.button]

    def acts(self) -> Iterator[Action]:
        yield Action(
            "window.remove-signals",
            tr("Remove signals from the chart"),
            self.remove,
            tr("Chart"),
            tr("Take the signals of a strategy off all charts."),
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

    def remove(self) -> None:
        """Take the signals off every chart."""
        self._shared.choose(None)

    def _apply(self) -> None:
        saved, history = self._shared.saved, self._history
        if saved is None or history is None or not _concerns(saved, history):
            self._clear()
            return
        name = self.button.fontMetrics().elidedText(saved.name, Qt.TextElideMode.ElideRight, _NAME_WIDTH)
        self.button.setText(name)
        self._say(tr("Signals of {name}; click to take them off the chart", name=saved.name))
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
        marks = signal_marks(saved.name, bars.time, said)
        self.count = len(marks)
        chart = self.seat.chart()
        chart.marks.put(KEY, marks)
        chart.refresh()

    def _failed(self, saved: SavedStrategy, error: PufflingError) -> None:
        self._clear_marks()
        self._say(error.message)
        # The beginning of a replay has too little history for most strategies; that passes.
        early = isinstance(error, InvalidInput) and error.field == "data"
        if not early and self._told != f"{saved.id} {error.message}":
            self._told = f"{saved.id} {error.message}"
            self.seat.session.tell_error(error)

    def _say(self, words: str) -> None:
        self.button.setToolTip(words)
        self.button.setAccessibleName(words)

    def _clear(self) -> None:
        self.button.hide()
        self._clear_marks()

    def _clear_marks(self) -> None:
        if self.count:
            self.count = 0
            chart = self.seat.chart()
            chart.marks.remove(KEY)
            chart.refresh()


def _concerns(saved: SavedStrategy, history: History) -> bool:
    """Tell whether a strategy is for this series: other symbols and other bars are another question."""
    key = history.key
    return (not saved.symbols or key.symbol in saved.symbols) and saved.interval == key.interval.value
