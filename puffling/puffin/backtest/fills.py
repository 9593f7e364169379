"""At what price an order fills within a bar: the market model that backtests and the paper broker share.

Of a bar only four prices are known, not their order. What is not known is decided against the person unless
they ask otherwise (`Intrabar`):

* What waits for a price that the bar opened beyond fills at the open: a stop worse, a limit better. The same
  holds for a leg that comes to the market within the bar, at the price that let it loose.
* A stop fills at its price and then slips; a limit fills at its price or better and never slips past it.
* Where a stop and a limit of the same position were both touched, the stop came first.
* A trailing stop follows the highs (or lows) of finished bars; the present bar's own counts only if the close
  is back behind it.

A tick is a bar whose four prices are the same, which is how the paper broker asks.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from puffling.puffin.backtest.orders import Ticket
from puffling.puffin.orders import Kind, Side


class Intrabar(StrEnum):
    """Which of two touched prices came first when a bar does not tell."""

    PESSIMISTIC = "pessimistic"
    OPTIMISTIC = "optimistic"


class Candle(NamedTuple):
    """One bar of one symbol."""

    open: float
    high: float
    low: float
    close: float
    volume: float


class Touch(NamedTuple):
    """Where an order fills before slippage, what it may not slip past, whether at the first price it met."""

    price: float
    worst: float | None
    at_once: bool


def touch(ticket: Ticket, candle: Candle, first: float, *, level: float | None = None) -> Touch | None:
    """Give where an order fills in a bar, None where it does not.

    `first` is the first price it meets: the open, or where the order before it filled within the bar. `level`
    is where a trailing stop stands.
    """
    buys = ticket.side is Side.BUY
    if ticket.kind is Kind.MARKET:
        return Touch(first, None, at_once=True)
    if ticket.kind is Kind.LIMIT:
        assert ticket.limit is not None
        return _limit(ticket.limit, candle, first, buys=buys)
    stop = level if ticket.kind is Kind.TRAILING_STOP else ticket.stop
    assert stop is not None
    if _reached(first, stop, buys=buys):
        at, at_once = first, True
    elif _reached(candle.high if buys else candle.low, stop, buys=buys):
        at, at_once = stop, False
    else:
        return None
    if ticket.kind is not Kind.STOP_LIMIT:
        return Touch(at, None, at_once)
    assert ticket.limit is not None
    # From the moment it is triggered it is a limit order: at that price it fills or waits.
    marketable = at <= ticket.limit if buys else at >= ticket.limit
    return Touch(at, ticket.limit, at_once) if marketable else None


def triggered(ticket: Ticket, candle: Candle, first: float) -> bool:
    """Tell whether a bar touched the stop of a stop-limit order, whatever its limit."""
    assert ticket.stop is not None
    buys = ticket.side is Side.BUY
    return _reached(first, ticket.stop, buys=buys) or _reached(
        candle.high if buys else candle.low, ticket.stop, buys=buys
    )


def trailed(ticket: Ticket, best: float, candle: Candle) -> float:
    """Give the best price a trailing stop has seen after a bar."""
    return min(best, candle.low) if ticket.side is Side.BUY else max(best, candle.high)


def trailing_level(ticket: Ticket, best: float) -> float:
    """Give where a trailing stop stands behind the best price."""
    distance = ticket.trail if ticket.trail is not None else (ticket.trail_share or 0.0) * best
    return best + distance if ticket.side is Side.BUY else best - distance


def trailing_touch(ticket: Ticket, best: float, candle: Candle, first: float) -> Touch | None:
    """Give where a trailing stop fills in a bar, None where it does not."""
    found = touch(ticket, candle, first, level=trailing_level(ticket, best))
    if found is None:
        level = trailing_level(ticket, trailed(ticket, best, candle))
        # The close is the last of the bar's prices: from its best one it must have come through the level.
        if _reached(candle.close, level, buys=ticket.side is Side.BUY):
            found = Touch(level, None, at_once=False)
    return found


def paid(found: Touch, worse: float, *, buys: bool) -> float:
    """Give what a share costs or brings once the price slipped, never past what it may not slip past."""
    if buys:
        price = found.price + worse
        return price if found.worst is None else min(price, found.worst)
    price = max(found.price - worse, 0.0)
    return price if found.worst is None else max(price, found.worst)


def _limit(limit: float, candle: Candle, first: float, *, buys: bool) -> Touch | None:
    if _reached(first, limit, buys=not buys):
        return Touch(first, limit, at_once=True)
    if _reached(candle.low if buys else candle.high, limit, buys=not buys):
        return Touch(limit, limit, at_once=False)
    return None


def _reached(price: float, level: float, *, buys: bool) -> bool:
    """Tell whether a price is at or above a level, for buyers; at or below it, for sellers."""
    return price >= level if buys else price <= level
