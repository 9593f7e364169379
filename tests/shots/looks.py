"""Scenes of the chart itself: every kind and scale, comparison, hours, marks and lines."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from puffling.desktop.charts.marks import Marks, Place, Shape, Style
from puffling.desktop.charts.price_lines import PriceLine
from puffling.desktop.looks.names import KINDS
from puffling.desktop.looks.part import Looks
from puffling.desktop.panels.chart import ChartPanel
from puffling.desktop.theme import Tone
from puffling.desktop.window import Window
from puffling.puffin.data.interval import Interval

STYLES = (
    Style("Buys", Shape.UP, Tone.UP, Place.BELOW),
    Style("Sells", Shape.DOWN, Tone.DOWN, Place.ABOVE),
    Style("Signals", Shape.DIAMOND, Tone.ACCENT, Place.BELOW),
    Style("Fills", Shape.CIRCLE, Tone.WARN, Place.PRICE),
    Style("Dividends", Shape.BADGE, Tone.ACCENT, Place.FOOT, "D"),
    Style("Splits", Shape.BADGE, Tone.WARN, Place.FOOT, "S"),
)


def _parts(window: Window) -> tuple[ChartPanel, Looks]:
    panel = window.docks["chart"].panel
    assert isinstance(panel, ChartPanel)
    looks = panel.active.part("looks")
    assert isinstance(looks, Looks)
    return panel, looks


def plain(window: Window) -> None:
    """Back to how a chart begins."""
    panel, looks = _parts(window)
    looks.restore({})
    panel.chart.reset()
    panel.chart.marks.remove("shots")
    window.session.selection.choose("SPY", Interval.D1)


def kind(name: str, window: Window) -> None:
    """Prices drawn in one way."""
    panel, looks = _parts(window)
    looks.draw_as(name)
    panel.chart.show_last(90)


def logarithmic(window: Window) -> None:
    """Years on a logarithmic scale."""
    panel, looks = _parts(window)
    looks.measure_in("log")
    panel.chart.fit()


def comparison(window: Window) -> None:
    """Three symbols of two calendars in percent."""
    _, looks = _parts(window)
    looks.draw_as("line")
    for symbol in ("QQQ", "BTC/USD", "GLD"):
        looks.compare_with(symbol)


def hours(window: Window) -> None:
    """Days set apart."""
    window.session.selection.choose(interval=Interval.M30)


def marks(window: Window) -> None:
    """Marks of every style, and lines that can be moved."""
    panel, _ = _parts(window)
    chart = panel.chart
    chart.show_last(120)
    times = chart.bars.times_us[-120:]
    chance = np.random.default_rng(5)
    places = np.sort(chance.integers(0, 120, 40))
    style = chance.integers(0, len(STYLES), 40)
    closes = chart.bars.columns()[3][-120:]
    chart.marks.put("shots", Marks(STYLES, times[places], style, [""] * 40, closes[places]))
    low, high = chart.price_range or (0.0, 1.0)
    for share, label, tone in ((0.8, "Alert", Tone.ACCENT), (0.45, "Stop 100", Tone.DOWN)):
        chart.lines.add(PriceLine(low + (high - low) * share, label, tone, movable=True))
    chart.refresh_now()


SCENES: dict[str, Callable[[Window], None]] = {
    **{f"chart-{name}": partial(kind, name) for name in KINDS},
    "chart-log": logarithmic,
    "chart-comparison": comparison,
    "chart-marks": marks,
    "chart-hours": hours,
}
