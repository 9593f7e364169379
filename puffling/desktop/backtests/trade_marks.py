"""Trades as marks: where they were entered and left, at what price, and what came of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from puffling.desktop import numbers
from puffling.desktop.charts.marks import Marks, Place, Shape, Style
from puffling.desktop.theme import Tone
from puffling.puffin.backtest.report import Trade
from puffling.puffin.data.instants import from_us, to_us
from puffling.runtime.text import tr

_BOUGHT, _SOLD, _GAINED, _LOST, _CHOSEN = range(5)


def trade_marks(trades: Sequence[Trade], chosen: Trade | None, times_us: NDArray[np.int64]) -> Marks:
    """Mark the entry and the exit of every trade; those of the chosen one stand at their prices too."""
    styles = (
        Style(tr("Bought"), Shape.UP, Tone.UP, Place.BELOW),
        Style(tr("Sold short"), Shape.DOWN, Tone.DOWN, Place.ABOVE),
        Style(tr("Left with a gain"), Shape.DIAMOND, Tone.UP, Place.ABOVE),
        Style(tr("Left with a loss"), Shape.CROSS, Tone.DOWN, Place.ABOVE),
        Style(tr("The trade you chose"), Shape.CIRCLE, Tone.ACCENT, Place.PRICE),
    )
    rows: list[tuple[int, int, str, float]] = []
    for trade in trades:
        entered, left = to_us(trade.entered_at), to_us(trade.left_at)
        begun, ended = _words(trade)
        rows.append((entered, _BOUGHT if trade.side != "short" else _SOLD, begun, np.nan))
        rows.append((left, _GAINED if trade.profit > 0 else _LOST, ended, np.nan))
        if trade == chosen:
            rows.append((entered, _CHOSEN, begun, trade.entry_price))
            rows.append((left, _CHOSEN, ended, trade.exit_price))
    within = [row for row in rows if len(times_us) and times_us[0] <= row[0]]
    within.sort(key=lambda row: row[0])
    return Marks(
        styles,
        [row[0] for row in within],
        [row[1] for row in within],
        [row[2] for row in within],
        [row[3] for row in within],
    )


def _words(trade: Trade) -> tuple[str, str]:
    quantity = numbers.fixed(trade.quantity, 0 if trade.quantity >= 100 else 2)
    side = tr("Bought") if trade.side != "short" else tr("Sold short")
    begun = tr(
        "{side} {quantity} at {price}, {day}",
        side=side,
        quantity=quantity,
        price=numbers.fixed(trade.entry_price),
        day=f"{from_us(to_us(trade.entered_at)):%Y-%m-%d}",
    )
    ended = tr(
        "Left at {price} with {gain}, {day}",
        price=numbers.fixed(trade.exit_price),
        gain=numbers.percent(trade.gain),
        day=f"{from_us(to_us(trade.left_at)):%Y-%m-%d}",
    )
    return begun, ended
