"""At what price an order fills within a bar: the market model that backtests and the paper broker share.

Of a bar only four prices are known, not their order. What is not known is decided against the person unless
they ask otherwise (`Intrabar`):

* What waits for a price that the bar opened beyond fills at the open: a stop worse, a limit better.
* A stop fills at its price and then slips; a limit fills at its price or better and never slips past it.
* Where a stop and a limit of the same position were both touched, the stop came first.
* A trailing stop follows the highs (or lows) of finished bars; the present bar's own counts only if the close
  is back behind it.

A tick is a bar whose four prices are the same, which is how the paper broker asks.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from puffling.puffin.backtest.orders import Kind, Side, Ticket


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
    """Where an order fills: before slippage, the price it may not slip past, and whether it was the open."""

    price: float
    worst: float | None
    at_open: bool


def touch(
    ticket: Ticket, candle: Candle, *, level: float | None = None, from_open: bool = True
) -> Touch | None:
    """Give where an order fills in a bar, None where it does not.

    `level` is where a trailing stop stands, and the stop price of one that was triggered earlier is None.
    An order that came to the market within the bar does not see its open.
    """
    buys = ticket.side is Side.BUY
    if ticket.kind is Kind.MARKET:
        return Touch(candle.open, None, at_open=True) if from_open else None
    if ticket.kind is Kind.LIMIT:
        assert ticket.limit is not None
        return _limit(ticket.limit, candle, buys=buys, from_open=from_open)
    stop = level if ticket.kind is Kind.TRAILING_STOP else ticket.stop
    assert stop is not None
    if from_open and _reached(candle.open, stop, buys=buys):
        at, at_open = candle.open, True
    elif _reached(candle.high if buys else candle.low, stop, buys=buys):
        at, at_open = stop, False
    else:
        return None
    if ticket.kind is not Kind.STOP_LIMIT:
        return Touch(at, None, at_open)
    assert ticket.limit is not None
    # From the moment it is triggered it is a limit order: at that price it fills or waits.
    marketable = at <= ticket.limit if buys else at >= ticket.limit
    return Touch(at, ticket.limit, at_open) if marketable else None


def triggered(ticket: Ticket, candle: Candle, *, from_open: bool = True) -> bool:
    """Tell whether a bar touched the stop of a stop-limit order, whatever its limit."""
    assert ticket.stop is not None
    buys = ticket.side is Side.BUY
    return (from_open and _reached(candle.open, ticket.stop, buys=buys)) or _reached(
        candle.high if buys else candle.low, ticket.stop, buys=buys
    )


def trailed(ticket: Ticket, best: float, candle: Candle) -> float:
    """Give the best price a trailing stop has seen after a bar."""
    return min(best, candle.low) if ticket.side is Side.BUY else max(best, candle.high)


def trailing_level(ticket: Ticket, best: float) -> float:
    """Give where a trailing stop stands behind the best price."""
    distance = ticket.trail if ticket.trail is not None else (ticket.trail_share or 0.0) * best
    return best + distance if ticket.side is Side.BUY else best - distance


def trailing_touch(ticket: Ticket, best: float, candle: Candle, *, from_open: bool = True) -> Touch | None:
    """Give where a trailing stop fills in a bar, None where it does not."""
    found = touch(ticket, candle, level=trailing_level(ticket, best), from_open=from_open)
    if found is None:
        level = trailing_level(ticket, trailed(ticket, best, candle))
        # The close is the last of the bar's prices: from its best one it must have come through the level.
        if _reached(candle.close, level, buys=ticket.side is Side.BUY):
            found = Touch(level, None, at_open=False)
    return found


def _limit(limit: float, candle: Candle, *, buys: bool, from_open: bool) -> Touch | None:
    if from_open and _reached(candle.open, limit, buys=not buys):
        return Touch(candle.open, limit, at_open=True)
    if _reached(candle.low if buys else candle.high, limit, buys=not buys):
        return Touch(limit, limit, at_open=False)
    return None


def _reached(price: float, level: float, *, buys: bool) -> bool:
    """Tell whether a price is at or above a level, for buyers; at or below it, for sellers."""
    return price >= level if buys else price <= level
