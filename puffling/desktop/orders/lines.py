"""Open orders as lines at their prices, and fills as marks at their bars."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from puffling.desktop import numbers
from puffling.desktop.amounts import quantity_words
from puffling.desktop.charts.marks import Marks, Place, Shape, Style
from puffling.desktop.charts.price_lines import PriceLine
from puffling.desktop.orders.words import kind_words, side_tone, side_words, state_help, state_words
from puffling.desktop.theme import Tone
from puffling.puffin.data.instants import to_us
from puffling.puffin.orders import Side
from puffling.runtime.text import tr
from puffling.trading.values import OrderLine

_BOUGHT, _SOLD = range(2)


class Filled(Protocol):
    """A fill, on whichever account."""

    @property
    def filled_at(self) -> datetime:
        """Give when it happened."""
        ...

    @property
    def side(self) -> Side:
        """Give which way it went."""
        ...

    @property
    def quantity(self) -> Decimal:
        """Give how much was filled."""
        ...

    @property
    def price(self) -> Decimal:
        """Give at what."""
        ...


def order_price_lines(order: OrderLine) -> Iterator[tuple[str, PriceLine]]:
    """Give a line for each price of an order, with the name of that price."""
    words = f"{side_words(order.side)} {quantity_words(order.quantity - order.filled)}"
    for name, price in (("stop", order.stop), ("limit", order.limit)):
        if price is None:
            continue
        several = order.stop is not None and order.limit is not None
        kind = (tr("limit") if name == "limit" else tr("stop")) if several else kind_words(order.kind)
        label = tr("{words} held here", words=words) if order.held else f"{words} {kind.casefold()}"
        yield (
            name,
            PriceLine(
                price=float(price),
                label=label,
                tone=Tone.WARN if order.held else side_tone(order.side),
                step=0.01 if price >= 1 else 0.0001,
                tooltip=" ".join(part for part in (state_words(order), state_help(order)) if part),
            ),
        )


def fill_marks(fills: Sequence[Filled], times_us: NDArray[np.int64]) -> Marks:
    """Mark every fill at the bar it happened in; those before the first bar are left out."""
    styles = (
        Style(tr("Bought"), Shape.UP, Tone.UP, Place.BELOW),
        Style(tr("Sold"), Shape.DOWN, Tone.DOWN, Place.ABOVE),
    )
    rows = sorted(
        (to_us(fill.filled_at), _BOUGHT if fill.side is Side.BUY else _SOLD, _words(fill))
        for fill in fills
        if times_us[0] <= to_us(fill.filled_at)
    )
    return Marks(styles, [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows])


def _words(fill: Filled) -> str:
    return tr(
        "{side} {quantity} at {price}, {time}",
        side=tr("Bought") if fill.side is Side.BUY else tr("Sold"),
        quantity=quantity_words(fill.quantity),
        price=numbers.fixed(fill.price),
        time=f"{fill.filled_at:%Y-%m-%d %H:%M} UTC",
    )
