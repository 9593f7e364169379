"""What a strategy with a memory sees at a close, and where it says what it wants."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from puffling.puffin.backtest.orders import Ticket, Wanted, on_step, on_steps, price_of
from puffling.puffin.backtest.turns import whole
from puffling.puffin.backtest.waiting import Waiting
from puffling.puffin.data.bars import Bars
from puffling.puffin.errors import InvalidValue

if TYPE_CHECKING:
    from puffling.puffin.backtest.walk import Walk


class Said(NamedTuple):
    """One thing a strategy said at a close: an aim, an order with the prices to leave at, or its recall."""

    bar: int
    what: str
    ticket: Ticket | None = None
    symbol: str = ""
    values: tuple[float | None, ...] = ()


class Trader(Protocol):
    """A strategy with a memory."""

    def on_bar(self, view: View) -> None:
        """Look at what is known at a close and say what to do from the next open on."""
        ...


class View:
    """What a strategy sees at a close, and where it says what it wants."""

    def __init__(self, walk: Walk, now: int, bar: int) -> None:
        self._walk = walk
        # Later than the bar that is seen where news come late.
        self._now = now
        self.bar = bar
        self.time_us = int(walk.panel.time[bar])
        self.symbols = walk.panel.symbols

    @property
    def cash(self) -> float:
        """What is not invested."""
        return float(self._walk.book.cash[0])

    @property
    def equity(self) -> float:
        """What everything is worth at this close."""
        return self._walk.worth(self._walk.panel.marks[self.bar])

    @property
    def waiting(self) -> tuple[Waiting, ...]:
        """What waits at the market."""
        return tuple(self._walk.waiting)

    def position(self, symbol: str) -> float:
        """Give what is held of a symbol, negative when sold short."""
        return float(self._walk.book.held[0, self._place(symbol)])

    def history(self, symbol: str) -> Bars:
        """Give the bars of a symbol until now, in shares as they are now."""
        return self._walk.past.until(self.bar, self._place(symbol))

    def close(self, symbol: str) -> float:
        """Give the newest close of a symbol."""
        return float(self._walk.panel.marks[self.bar, self._place(symbol)])

    def quantity_for(self, weight: float, price: float) -> float:
        """Give how many a share of the equity buys at a price, costs included; one below 0 sells short."""
        terms, fees = self._walk.terms, self._walk.terms.commission
        worse = terms.slippage.calculate(price)
        unit = (price + worse if weight > 0.0 else price - worse) * (1.0 + fees.pct) + fees.per_share
        base = terms.capital if terms.fixed else self.equity
        money = abs(weight) * terms.size * base - fees.least
        if unit <= 0.0 or money <= 0.0:
            return 0.0
        return float(whole(np.array([money / unit]), terms.lot)[0])

    def target(self, symbol: str, weight: float) -> None:
        """Bring a symbol to a share of the equity at the next open: -1 is short with all of it."""
        if not -1.0 <= weight <= 1.0:
            raise InvalidValue("A target must lie between -1 and 1", field="weight")
        self._walk.aims[self._place(symbol)] = weight
        self._say("aim", symbol=symbol, values=(weight,))

    def send(
        self,
        ticket: Ticket,
        *,
        take_profit: float | None = None,
        stop_loss: float | None = None,
        reason: str = "",
        share: float = 1.0,
    ) -> Waiting:
        """Send an order; with prices to leave at it becomes a bracket, whose legs cancel each other.

        One that leaves its quantity open is sized by the rule of the test: a market order at the price it
        meets, any other at its own price now. `share` is how much it takes of what the rule gives a symbol.
        """
        place = self._place(ticket.symbol)
        wanted = None
        if ticket.symbol in self._walk.steps:
            step = self._walk.steps[ticket.symbol]
            ticket = on_steps(ticket, step)
            take_profit = None if take_profit is None else on_step(take_profit, step)
            stop_loss = None if stop_loss is None else on_step(stop_loss, step)
        if ticket.quantity is None:
            wanted = self._wanted(place, share, stop_loss)
            price = price_of(ticket)
            if price is not None:
                ticket, wanted = self._sized(ticket, wanted, price), None
        self._say("send", ticket, values=(take_profit, stop_loss))
        if ticket.quantity is None and wanted is None:
            # By its rule it is nothing now: it is said, and never reaches the market.
            return Waiting(ticket, 0.0, since=self._now, reason=reason)
        return self._walk.take(ticket, self._now, take_profit, stop_loss, reason, wanted)

    def cancel(self, waiting: Waiting) -> None:
        """Take back an order and what hangs on it."""
        self._say("cancel", waiting.ticket)
        self._walk.drop(waiting)

    def _wanted(self, place: int, share: float, stop_loss: float | None) -> Wanted:
        if not 0.0 < share <= 1.0:
            raise InvalidValue("A share must lie above 0 and at most at 1", field="share")
        sizes, part = self._walk.sizes, share / len(self.symbols)
        if sizes is None:
            return Wanted(part * self._walk.terms.size)
        return sizes.wanted(self.bar, place, part, stop_loss)

    def _sized(self, ticket: Ticket, wanted: Wanted, price: float) -> Ticket:
        marks = self._walk.panel.marks[self.bar]
        quantity = self._walk.quantity_at(wanted, ticket.side, price, marks)
        return replace(ticket, quantity=quantity or None)

    def _say(
        self,
        what: str,
        ticket: Ticket | None = None,
        symbol: str = "",
        values: tuple[float | None, ...] = (),
    ) -> None:
        self._walk.said.append(Said(self._now, what, ticket, symbol, values))

    def _place(self, symbol: str) -> int:
        try:
            return self.symbols.index(symbol)
        except ValueError:
            raise InvalidValue(f"{symbol} is not part of this test", field="symbol") from None
