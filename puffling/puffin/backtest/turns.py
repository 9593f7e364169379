"""How a changed target becomes trades: one rule for one run and for thousands side by side.

A turn happens at the open after the close on which a target changed. Each symbol whose target changed is
brought to its share of the equity at that open, and nothing else moves:

1. What points the other way, or should be gone, is closed. That is an order of its own.
2. What is too large is made smaller.
3. What is too small is made larger, for as much as the value of all positions may be; when that is not
   enough for all of them, each gets the same part of what it wanted.

Quantities are found from the price that will be paid, costs included, and rounded towards nothing. All
arrays are (runs, symbols), and every step treats each run by itself: what a run does never depends on its
neighbours, down to the last bit. `alone` is the same rule without arrays; what changes here changes there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from puffling.puffin.backtest.costs import Terms
from puffling.puffin.backtest.orders import Wanted
from puffling.puffin.backtest.panel import Floats, Ints, Mask
from puffling.puffin.orders import Side

# A rounding error is no reason to make every order smaller.
SLACK = 1.0 + 1e-9
DUST = 1e-9


class Leg(NamedTuple):
    """Trades made together: signed quantities (0 where there was none), the prices paid, the commissions."""

    quantity: Floats
    price: Floats
    commission: Floats


class Openings(NamedTuple):
    """What does not depend on the book, ready for many turns at once; every array is (turns, symbols)."""

    changed: Mask
    entering: Mask
    direction: Floats
    weight: Floats
    price: Floats
    buying: Floats
    selling: Floats
    unit: Floats

    @classmethod
    def of(cls, price: Floats, target: Floats, changed: Mask, terms: Terms) -> Openings:
        """Give what turns at these prices, to these targets, will need."""
        worse = terms.slippage.calculate(price)
        buying, selling = price + worse, np.maximum(price - worse, 0.0)
        fees = terms.commission
        unit = np.where(target > 0.0, buying, selling) * (1.0 + fees.pct) + fees.per_share
        return cls(
            changed,
            changed & (target != 0.0),
            np.sign(target),
            np.abs(target) * terms.size,
            price,
            buying,
            selling,
            # Nobody gets an endless number of what costs nothing.
            np.where(unit > 0.0, unit, np.inf),
        )

    def at(self, turns: Ints | slice) -> Openings:
        """Give what some of the turns need."""
        return Openings(
            self.changed[turns],
            self.entering[turns],
            self.direction[turns],
            self.weight[turns],
            self.price[turns],
            self.buying[turns],
            self.selling[turns],
            self.unit[turns],
        )


@dataclass(slots=True)
class Book:
    """What each run has: its cash, and the quantity of each symbol; turns change both in place."""

    cash: Floats
    held: Floats

    @classmethod
    def opened(cls, terms: Terms, runs: int, symbols: int) -> Book:
        """Give the book on the first day."""
        return cls(np.full(runs, terms.capital, dtype=np.float64), np.zeros((runs, symbols)))

    def first(self, runs: int) -> Book:
        """Give the part of the first runs; what is changed there is changed here."""
        return Book(self.cash[:runs], self.held[:runs])


def turn(book: Book, opening: Openings, terms: Terms) -> list[Leg]:
    """Bring what changed to its target; gives the trades in the order they are made."""
    held, price = book.held, opening.price
    legs = []
    leaving = opening.changed & (held * opening.direction <= 0.0) & (held != 0.0)
    if leaving.any():
        legs.append(_trade(book, np.where(leaving, -held, 0.0), opening, terms))
    if opening.entering.any():
        equity = np.maximum(book.cash + _across(held * price), 0.0)
        base = np.full_like(equity, terms.capital) if terms.fixed else equity
        money = np.maximum(opening.weight * base[:, None] - terms.commission.least, 0.0)
        wanted = opening.direction * whole(money / opening.unit, terms.lot)
        step = np.where(opening.entering, wanted - held, 0.0)
        smaller = step * held < 0.0
        if smaller.any():
            legs.append(_trade(book, np.where(smaller, step, 0.0), opening, terms))
            step = np.where(smaller, 0.0, step)
        # One symbol whose full signal fits under the leverage cannot ask for too much.
        if held.shape[1] > 1 or terms.size > terms.leverage or terms.fixed:
            step = _affordable(step, held, equity, opening, terms)
        legs.append(_trade(book, step, opening, terms))
    return legs


def _affordable(step: Floats, held: Floats, equity: Floats, opening: Openings, terms: Terms) -> Floats:
    """Make the growing positions fit under the leverage, each by the same share."""
    size = np.abs(step)
    needed = _across(size * np.where(size > 0.0, opening.unit, 0.0))
    room = np.maximum(terms.leverage * equity - _across(np.abs(held) * opening.price), 0.0)
    scarce = needed > room * SLACK
    if not scarce.any():
        return step
    share = np.where(scarce, room / np.where(scarce, needed, 1.0), 1.0)
    fitting = np.sign(step) * whole(size * share[:, None], terms.lot)
    return np.where(scarce[:, None], fitting, step)


def _across(values: Floats) -> Floats:
    """Add up what each run has in all symbols."""
    total: Floats = values[:, 0] if values.shape[1] == 1 else np.add.reduce(values, axis=1)
    return total


def whole(quantity: Floats, lot: float) -> Floats:
    """Round quantities towards nothing to multiples of a lot."""
    if lot == 0.0:
        return quantity
    # What is a multiple already but for a rounding error stays what it is.
    rounded: Floats = np.floor(quantity) if lot == 1.0 else np.floor(quantity / lot + DUST) * lot
    return rounded


def quantity_at(
    wanted: Wanted, side: Side, price: float, *, equity: float, gross: float, terms: Terms
) -> float | None:
    """Give how many that is at a price, costs included, as far as the leverage leaves room beside `gross`.

    None says that its stop lies on the wrong side of the price.
    """
    weight = wanted.at(price, side)
    if weight is None:
        return None
    worse, fees = float(terms.slippage.calculate(price)), terms.commission
    buying = side is Side.BUY
    unit = (price + worse if buying else max(price - worse, 0.0)) * (1.0 + fees.pct) + fees.per_share
    equity = max(equity, 0.0)
    base = terms.capital if terms.fixed else equity
    money = max(weight * base - fees.least, 0.0)
    if unit <= 0.0 or money <= 0.0:
        return 0.0
    size = whole(np.array([money / unit]), terms.lot)
    room = max(terms.leverage * equity - gross, 0.0)
    needed = float(size[0]) * unit
    if needed > room * SLACK:
        size = whole(size * (room / needed), terms.lot)
    return float(size[0])


def _trade(book: Book, quantity: Floats, opening: Openings, terms: Terms) -> Leg:
    paid = np.where(quantity > 0.0, opening.buying, opening.selling)
    commission = terms.commission.calculate(paid, quantity)
    if terms.commission.least:
        commission = np.where(quantity != 0.0, commission, 0.0)
    book.cash -= _across(quantity * paid + commission)
    book.held += quantity
    return Leg(quantity, paid, commission)
