"""What waits at the market: orders, and the protection of a position."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

from puffling.frozen import frozen
from puffling.puffin.backtest.fills import (
    Candle,
    Intrabar,
    Touch,
    touch,
    trailed,
    trailing_touch,
    triggered,
)
from puffling.puffin.backtest.orders import Ticket, Wanted
from puffling.puffin.errors import InvalidValue
from puffling.puffin.orders import Kind, Lasting, Side

_DUST = 1e-9


@dataclass(slots=True, eq=False)
class Waiting:
    """An order at the market and how far it has come."""

    ticket: Ticket
    remaining: float
    since: int
    reason: str = ""
    parent: Waiting | None = None
    legs: list[Waiting] = field(default_factory=list)
    # The leg of a bracket is let loose when the order before it fills.
    loose: bool = True
    armed: bool = False
    # The price that let it loose within the bar `since`; from the next bar on it meets the open first.
    first: float | None = None
    best: float | None = None
    # The session an order for one day is good for, known from the first one it meets.
    day: int | None = None
    # Until it is sized, what an order of open quantity is to take of the equity.
    wanted: Wanted | None = None

    def __post_init__(self) -> None:
        self.loose = self.parent is None

    @property
    def spent(self) -> bool:
        """Whether all of it is filled; a rounding error is nothing to wait for."""
        return self.remaining <= _DUST * (self.ticket.quantity or 0.0)

    def urgency(self, intrabar: Intrabar) -> int:
        """Give the place in line: orders that enter, then stops, then limits; the last two as one asks."""
        if self.parent is None:
            return 0
        stops_first = intrabar is Intrabar.PESSIMISTIC
        return 1 if (self.ticket.kind is not Kind.LIMIT) == stops_first else 2

    def trail(self, candle: Candle) -> None:
        """Follow the best price, from the first bar on."""
        if self.ticket.kind is Kind.TRAILING_STOP and self.loose:
            self.best = trailed(self.ticket, candle.close if self.best is None else self.best, candle)

    def over(self, day_ends: bool) -> bool:
        """Tell whether its time is up at the end of a bar."""
        return self.ticket.lasting is Lasting.DAY and day_ends

    def size(self, quantity: float) -> None:
        """Become as large as its rule says, with what hangs on it."""
        self.wanted, self.remaining = None, quantity
        for each in (self, *self.legs):
            each.ticket = replace(each.ticket, quantity=quantity)

    def split(self, ratio: float) -> None:
        """Go on in shares of another size."""
        ticket = self.ticket
        self.remaining *= ratio
        if self.best is not None:
            self.best /= ratio
        self.ticket = replace(
            ticket,
            quantity=None if ticket.quantity is None else ticket.quantity * ratio,
            limit=None if ticket.limit is None else ticket.limit / ratio,
            stop=None if ticket.stop is None else ticket.stop / ratio,
            trail=None if ticket.trail is None else ticket.trail / ratio,
        )
        if self.wanted is not None and self.wanted.stop is not None:
            self.wanted = replace(self.wanted, stop=self.wanted.stop / ratio)


def met(order: Waiting, candle: Candle, first: float) -> Touch | None:
    """Give where an order fills in a bar; a stop-limit order that was triggered goes on as a limit."""
    ticket = order.ticket
    if ticket.kind is Kind.TRAILING_STOP:
        # It stands behind the price at which it came to the market.
        best = first if order.best is None else order.best
        found = trailing_touch(ticket, best, candle, first)
        order.best = best
        return found
    if ticket.kind is not Kind.STOP_LIMIT:
        return touch(ticket, candle, first)
    if order.armed:
        return touch(replace(ticket, kind=Kind.LIMIT), candle, first)
    order.armed = triggered(ticket, candle, first)
    return touch(ticket, candle, first)


def settle(order: Waiting, done: float, found: Touch, bar: int, intrabar: Intrabar) -> list[Waiting]:
    """Free the legs behind what was filled, shrink what stands beside a filled leg; gives what is over."""
    for leg in order.legs:
        leg.remaining += done
        if not leg.loose:
            # Whether the better price came after an entry within the bar, the bar does not tell.
            unknown = leg.ticket.kind is Kind.LIMIT and not found.at_once
            later = unknown and intrabar is Intrabar.PESSIMISTIC
            leg.loose, leg.since, leg.first = True, bar + later, None if later else found.price
    if order.parent is None:
        return []
    beside = [leg for leg in order.parent.legs if leg is not order]
    for leg in beside:
        leg.remaining -= done
    # Whoever left does not go on entering: what would come now had no protection any more.
    return [*(leg for leg in beside if leg.spent), order.parent]


@frozen
class Protection:
    """When a position is left whatever the signal says; shares of the price it was entered at, bars held."""

    stop_loss: float = 0.0
    take_profit: float = 0.0
    trail: float = 0.0
    most_bars: int = 0

    def __post_init__(self) -> None:
        for name in ("stop_loss", "trail"):
            if not 0.0 <= getattr(self, name) < 1.0:
                raise InvalidValue(f"{name.replace('_', ' ').capitalize()} must be below 1", field=name)
        if self.take_profit < 0.0 or self.most_bars < 0:
            raise InvalidValue("A protection must not be negative", field="take_profit")


class Left(NamedTuple):
    """Why and where a position was left."""

    touch: Touch
    reason: str


@dataclass(slots=True)
class Guard:
    """The protection of one position."""

    protection: Protection
    quantity: float
    entry: float
    bars: int = 0
    best: float = 0.0

    def __post_init__(self) -> None:
        self.best = self.entry

    def met(self, candle: Candle, intrabar: Intrabar) -> Left | None:
        """Give where a bar makes one leave, None where it does not."""
        rules = self.protection
        side = Side.SELL if self.quantity > 0.0 else Side.BUY
        away = -side.sign
        size = abs(self.quantity)
        if rules.most_bars and self.bars >= rules.most_bars:
            return Left(Touch(candle.open, None, at_once=True), "time stop")
        stopped: list[Left] = []
        if rules.stop_loss:
            stop = self.entry * (1.0 - away * rules.stop_loss)
            found = touch(Ticket("", side, size, Kind.STOP, stop=stop), candle, candle.open)
            stopped += [Left(found, "stop loss")] if found else []
        if rules.trail:
            ticket = Ticket("", side, size, Kind.TRAILING_STOP, trail_share=rules.trail)
            found = trailing_touch(ticket, self.best, candle, candle.open)
            stopped += [Left(found, "trailing stop")] if found else []
        # Of two stops the nearer one is met first.
        left = max(stopped, key=lambda each: away * each.touch.price, default=None)
        if rules.take_profit:
            limit = self.entry * (1.0 + away * rules.take_profit)
            found = touch(Ticket("", side, size, Kind.LIMIT, limit=limit), candle, candle.open)
            # Of two prices within the bar the worse one came first, unless one asks for the better.
            if found and (
                left is None
                or (not left.touch.at_once and (found.at_once or intrabar is Intrabar.OPTIMISTIC))
            ):
                left = Left(found, "take profit")
        return left

    def trail(self, candle: Candle) -> None:
        """Follow the best price, and count the bar."""
        self.bars += 1
        self.best = max(self.best, candle.high) if self.quantity > 0.0 else min(self.best, candle.low)

    def split(self, ratio: float) -> None:
        """Go on in shares of another size."""
        self.quantity *= ratio
        self.entry /= ratio
        self.best /= ratio
