"""A million candles panned and zoomed, in Puffling's chart and in the plain way of pyqtgraph."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from statistics import median

import numpy as np
import pyqtgraph
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPicture, QPixmap
from PySide6.QtWidgets import QApplication, QGraphicsObject, QStyleOptionGraphicsItem, QWidget

from puffling.desktop.charts.chart import ChartView
from puffling.desktop.charts.kinds import Kind
from puffling.desktop.charts.marks import Marks, Place, Shape, Style
from puffling.desktop.charts.scale import Scale
from puffling.desktop.drawings.layer import DrawingsLayer
from puffling.desktop.indicators.chosen import Chosen
from puffling.desktop.indicators.drawing import study_of
from puffling.desktop.indicators.follower import Follower
from puffling.desktop.theme import Tone
from puffling.puffin.data.bars import Bars
from puffling.puffin.factors.indicator import find_indicator
from puffling.store.values import Drawing, DrawingKind
from tests.benchmarks.bars import a_million_bars
from tests.benchmarks.gestures import FRAMES, SIZE, views
from tests.benchmarks.measure import timed

INDICATORS: tuple[tuple[str, dict[str, int | float | str]], ...] = (
    ("sma", {"period": 20}),
    ("bollinger", {}),
    ("rsi", {}),
)
PLAIN_FRAMES = 5
MARKS = 50_000
LINES = 2_000


class PlainCandles(QGraphicsObject):
    """Candles as pyqtgraph's example has them: every one recorded once and replayed at every frame."""

    def __init__(self, bars: Bars) -> None:
        super().__init__()
        self._picture = QPicture()
        painter = QPainter(self._picture)
        painter.setPen(pyqtgraph.mkPen(QColor("white")))
        up, down = QColor("green"), QColor("red")
        columns = (bars.open.tolist(), bars.high.tolist(), bars.low.tolist(), bars.close.tolist())
        for index, (first, high, low, last) in enumerate(zip(*columns, strict=True)):
            painter.drawLine(QPointF(index, low), QPointF(index, high))
            painter.setBrush(down if last < first else up)
            painter.drawRect(QRectF(index - 0.4, first, 0.8, last - first))
        painter.end()

    def boundingRect(self) -> QRectF:
        return QRectF(self._picture.boundingRect())

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        painter.drawPicture(0, 0, self._picture)


def trend_lines(bars: Bars) -> list[Drawing]:
    """Lines over the whole history, each from one close to another."""
    ends = range(0, len(bars) - 2000, (len(bars) - 2000) // LINES)
    return [
        Drawing(
            f"line-{begin}",
            "SPY",
            DrawingKind.LINE,
            tuple((int(bars.time[at]), float(bars.close[at])) for at in (begin, begin + 1500)),
            {},
            begin,
        )
        for begin in ends
    ]


def frames(move: Callable[[int], None], grab: Callable[[], QPixmap], count: int) -> list[float]:
    """The seconds of each frame, from the movement to the finished picture."""

    def frame(number: int) -> None:
        move(number)
        grab()

    return [timed(partial(frame, number)) for number in range(count)]


def frames_dressed(chart: ChartView, bars: Bars, move: Callable[[int], None]) -> list[float]:
    """The seconds of each frame of averaged candles on a logarithmic scale with many marks."""
    styles = (
        Style("Buys", Shape.UP, Tone.UP, Place.BELOW),
        Style("Sells", Shape.DOWN, Tone.DOWN, Place.ABOVE),
    )
    times = bars.time[:: len(bars) // MARKS]
    numbers = np.arange(len(times)) % len(styles)
    chart.marks.put("marks", Marks(styles, times, numbers, [""] * len(times)))
    chart.set_kind(Kind.HEIKIN_ASHI)
    chart.set_scale(Scale.LOGARITHMIC)
    chart.fit()
    chart.grab()
    return frames(move, chart.grab, FRAMES)


def main() -> None:
    """Measures both and prints what was found."""
    application = QApplication([])
    bars = a_million_bars()
    chart = ChartView()
    chart.resize(*SIZE)
    chart.show()
    chart.grab()

    def load() -> None:
        chart.set_bars(bars.time, bars.open, bars.high, bars.low, bars.close, bars.volume)
        chart.fit()
        chart.grab()

    loaded = timed(load)

    seen = views(len(bars))

    def move(number: int) -> None:
        chart.look_at(*seen[number])

    ours = frames(move, chart.grab, FRAMES)
    chart.fit()
    layer = DrawingsLayer(chart.scene, chart.box)
    layer.show_drawings(trend_lines(bars))
    chart.grab()
    drawn = frames(move, chart.grab, FRAMES)
    layer.show_drawings(())
    chart.fit()
    for number, (indicator, parameters) in enumerate(INDICATORS):
        kind = find_indicator(indicator)
        study = study_of(kind, Chosen(indicator, indicator, parameters, colour=number))
        study.series = Follower(kind.start(bars, **parameters)).series
        chart.add_study(study)
    chart.grab()
    studied = frames(move, chart.grab, FRAMES)
    marked = frames_dressed(chart, bars, move)
    chart.close()

    plain = pyqtgraph.PlotWidget()
    plain.resize(*SIZE)

    def load_plain() -> None:
        plain.addItem(PlainCandles(bars))
        plain.show()
        plain.grab()

    plain_loaded = timed(load_plain)
    # Each frame takes so long that a few of them, spread over the walk, say enough.
    few = seen[:: len(seen) // PLAIN_FRAMES]
    low, high = float(bars.low.min()), float(bars.high.max())
    boxes = [QRectF(first, low, last - first, high - low) for first, last in few]
    theirs = frames(lambda number: plain.setRange(boxes[number]), plain.grab, len(few))
    plain.close()
    told = {
        "load": loaded,
        "frame": median(ours),
        "worst": max(ours),
        "plain": median(theirs),
        "plain_worst": max(theirs),
        "plain_load": plain_loaded,
        "drawn": median(drawn),
        "drawn_worst": max(drawn),
        "studied": median(studied),
        "studied_worst": max(studied),
        "dressed": median(marked),
        "dressed_worst": max(marked),
    }
    sys.stdout.write(f"{json.dumps(told)}\n")
    application.quit()


if __name__ == "__main__":
    main()
