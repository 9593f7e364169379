"""The chart: bars in, candles on the screen, with studies and whatever else is drawn upon them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, tzinfo
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QPoint
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QToolTip, QWidget

from puffling.desktop import numbers
from puffling.desktop.charts.axes import LEAST_PRICE_AXIS_WIDTH, LastPrice
from puffling.desktop.charts.backdrop import Backdrop
from puffling.desktop.charts.compared import Compared
from puffling.desktop.charts.crosshair import Legend
from puffling.desktop.charts.kinds import Kind, Prices
from puffling.desktop.charts.marks import MarkLayer
from puffling.desktop.charts.pyramid import Pyramid
from puffling.desktop.charts.readout import Readout
from puffling.desktop.charts.stage import Stage
from puffling.desktop.charts.study import Study
from puffling.desktop.charts.ticks import describe_time
from puffling.desktop.charts.volume import Volume

FIRST_BARS = 150
# With more of them in sight they are what is seen, and prices fit them too.
_MOST_OUTLIERS = 64


class ChartView(Stage):
    """Shows bars as candles with volume, a price axis, a time axis and a crosshair."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shape = Prices(self._scene, -10, self.box)
        self.marks = MarkLayer(self._scene, 8, self.box, self._shape)
        self._told = ""
        self._outliers: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self.backdrop = Backdrop(self._scene, -40, self.box)
        self._under_and_over = (
            Volume(self._scene, -20, self.box),
            LastPrice(self._scene, 5, self.box),
            Legend(self._scene, 30, self.box, self._shape),
        )

    @property
    def candles_drawn(self) -> int:
        """Give how many candles the last painting took."""
        return self._shape.drawn

    @property
    def kind(self) -> Kind:
        """Give how prices are drawn."""
        return self._shape.kind

    def set_kind(self, kind: Kind) -> None:
        """Draw prices in this way."""
        self._shape.choose(kind)
        self._arrange()

    @property
    def bars(self) -> Pyramid:
        """Give the bars; a chart that shows none has none to give."""
        if self._scene.bars is None:
            raise ValueError("The chart shows no bars.")
        return self._scene.bars

    @property
    def newest_time_us(self) -> int | None:
        """Give when the newest bar began."""
        return None if self._scene.bars is None else self._scene.bars.bar(self.bar_count - 1).time_us

    def write_price(self, price: float) -> str:
        """Give a price with the decimals of the chart."""
        return numbers.fixed(price, self._scene.price_decimals)

    def write_time(self, time_us: int) -> str:
        """Give the time of a bar as the crosshair says it."""
        axis = self._time_axis
        return describe_time(time_us, axis.zone, whole_days=axis.whole_days)

    def reset(self) -> None:
        """Show the newest bars, with prices that fit them."""
        self._prices = None
        self.show_last(FIRST_BARS)

    def set_bars(
        self,
        times_us: ArrayLike,
        open_: ArrayLike,
        high: ArrayLike,
        low: ArrayLike,
        close: ArrayLike,
        volume: ArrayLike,
        *,
        price_decimals: int = 2,
        zone: tzinfo = UTC,
        keep_view: bool = False,
    ) -> None:
        """Show these bars: the newest of them, or the stretch that was seen before."""
        bars = Pyramid(times_us, open_, high, low, close, volume)
        self._scene.price_decimals = price_decimals
        self._time_axis.zone = zone
        if not len(bars):
            self.clear()
            return
        self._scene.bars = bars
        self._outliers = np.empty(0, dtype=np.int64)
        self._shape.begin()
        self.marks.begin()
        for other in self.panes.compared:
            other.begin(bars.times_us)
        self._time_axis.describe(bars)
        self._scene.pointed = None
        self._prices = None
        self._price_axis.width = float(LEAST_PRICE_AXIS_WIDTH)
        self.states.content()
        if keep_view and self._first < len(bars):
            self.look_at(self._first, self._last)
        else:
            self.show_last(FIRST_BARS)

    def update_last(self, open_: float, high: float, low: float, close: float, volume: float) -> None:
        """Change the newest bar; the screen follows at its own pace."""
        if self._scene.bars is None:
            return
        self._scene.bars.set_last(open_, high, low, close, volume)
        self._shape.move(self._scene.bars.bar(self.bar_count - 1))
        self._draw_soon()

    def append(
        self, time_us: int, open_: float, high: float, low: float, close: float, volume: float
    ) -> None:
        """Add a bar; a view that shows the newest moves along."""
        if self._scene.bars is None:
            return
        newest_seen = self._last >= self.bar_count - 1
        self._scene.bars.append(time_us, open_, high, low, close, volume)
        self._shape.grow(self._scene.bars.bar(self.bar_count - 1))
        self.marks.begin()
        for other in self.panes.compared:
            other.grow()
        if newest_seen:
            self._first, self._last = self._first + 1, self._last + 1
        self._draw_soon()

    def go_on(self, times_us: NDArray[np.int64], columns: Sequence[NDArray[np.float64]]) -> None:
        """Take in a history that goes on from the one shown: its last bar further on, and those after it."""
        at = self.bar_count - 1
        rows = [column[at:].tolist() for column in columns]
        for place, (time_us, *bar) in enumerate(zip(times_us[at:].tolist(), *rows, strict=True)):
            if place:
                self.append(time_us, *bar)
            else:
                self.update_last(*bar)
        self._leave_unseen()

    def clear(self) -> None:
        """Show no bars."""
        self._scene.bars = None
        self._shape.begin()
        self._scene.viewport = None
        self._scene.pointed = None
        self.panes.show_values()
        self._canvas.viewport().update()

    def add_study(self, study: Study) -> Readout:
        """Put a study over the prices or below them; give the line that reads it out."""
        if isinstance(study, Compared) and self._scene.bars is not None:
            study.begin(self._scene.bars.times_us)
        readout = self.panes.add(study)
        for pane in self.panes.panes:
            if pane.study is study:
                self._canvas.addItem(pane)
        readout.share_asked.connect(self._arrange)
        self._arrange()
        return readout

    def set_outliers(self, places: Iterable[int]) -> None:
        """Draw these bars as they are, but do not fit prices to them."""
        # Not by NumPy's unique: its first call loads 15 ms of what nobody needs.
        self._outliers = np.array(sorted(set(places)), dtype=np.int64)
        self._draw_soon()

    def renew_study(self, study: Compared) -> None:
        """Draw a compared series from the history it has taken in."""
        if self._scene.bars is not None:
            study.begin(self._scene.bars.times_us)
        self._arrange()

    def remove_study(self, study: Study) -> None:
        """Take a study away."""
        pane = self.panes.remove(study)
        if pane is not None:
            self._canvas.removeItem(pane)
        self._arrange()

    def refresh(self) -> None:
        """Show what changed in studies; the screen follows at its own pace."""
        self._draw_soon()

    def refresh_now(self) -> None:
        """Show what changed in studies, and make room for it."""
        self._arrange()

    def _pointed(self, x: float, y: float) -> None:
        super()._pointed(x, y)
        self._tell(self.marks.text_at(x, y), QCursor.pos())

    def _step(self, bars: int) -> None:
        super()._step(bars)
        pointed, viewport = self._scene.pointed, self._scene.viewport
        if pointed is not None and viewport is not None:
            # Painted now, so that the marks stand where the crosshair has gone.
            self._canvas.viewport().repaint()
            at = self._canvas.mapToGlobal(QPoint(round(viewport.x(pointed)), round(viewport.height)))
            self._tell(self.marks.text_on(pointed), at)

    def _tell(self, text: str, at: QPoint) -> None:
        if text != self._told:
            self._told = text
            QToolTip.showText(at, text, self._canvas)

    def _low_and_high(self, bars: Pyramid) -> tuple[float, float] | None:
        first, last = self._first, self._last
        begin, end = np.searchsorted(self._outliers, (first, last)).tolist()
        if not 0 < end - begin <= _MOST_OUTLIERS:
            return self._shape.low_and_high(bars, first, last)
        edges = [first - 1, *self._outliers[begin:end].tolist(), last + 1]
        between = [self._shape.low_and_high(bars, one + 1, other - 1) for one, other in pairwise(edges)]
        found = [each for each in between if each is not None]
        if not found:
            return self._shape.low_and_high(bars, first, last)
        return min(low for low, _ in found), max(high for _, high in found)
