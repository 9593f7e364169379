"""Orders of a practice as lines at their prices, and the price of what is held."""

from __future__ import annotations

from decimal import Decimal

from puffling.desktop.amounts import quantity_words
from puffling.desktop.charts.price_lines import PriceLine
from puffling.desktop.orders.words import kind_words, side_tone, side_words
from puffling.desktop.theme import Tone
from puffling.puffin.broker.base import OrderStatusInfo, Position
from puffling.puffin.orders import Kind
from puffling.runtime.text import tr


def order_line(order: OrderStatusInfo) -> PriceLine | None:
    """Give the line of an order; one at the market has none."""
    price = order.stop_price if order.type is Kind.STOP else order.limit_price
    if price is None:
        return None
    size = quantity_words(Decimal(order.qty))
    return PriceLine(
        price=float(price),
        label=f"{side_words(order.side)} {size} {kind_words(order.type).casefold()}",
        tone=side_tone(order.side),
        movable=True,
        step=_step(float(price)),
        tooltip=tr("An order of the practice. Drag it to another price; Delete cancels it."),
    )


def average_line(held: Position) -> PriceLine:
    """Give the line at which what is held was bought or sold on average."""
    quantity = Decimal(held.qty)
    size, price = quantity_words(abs(quantity)), float(held.avg_price)
    words = tr("Long {size}", size=size) if quantity > 0 else tr("Short {size}", size=size)
    return PriceLine(price=price, label=words, tone=Tone.ACCENT, dashed=False, step=_step(price))


def _step(price: float) -> float:
    return 0.01 if price >= 1 else 0.0001
