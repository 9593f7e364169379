"""What a strategy wants to hold at the newest close, and the orders that bring a book there.

This is for a strategy that runs live. Signals become shares of the money, sizes and orders by the very rules
of a backtest (`targets`, `sizing`, `turns`), so that the same bars make the same orders in both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from puffling.frozen import frozen
from puffling.puffin.backtest.costs import Terms
from puffling.puffin.backtest.engine import bars_a_year
from puffling.puffin.backtest.orders import Sizing
from puffling.puffin.backtest.sizing import sized, terms_for
from puffling.puffin.backtest.targets import Tested, panel_of, targets_of
from puffling.puffin.backtest.turns import Book, Openings, turn
from puffling.puffin.data.bars import Bars

LEAVE = "leave"
SHRINK = "shrink"
GROW = "grow"


@frozen
class Aims:
    """What to hold of each symbol after the newest bar, as shares of the money; below 0 is sold short.

    `rebalance` says that all of it is brought back to that, changed or not.
    """

    symbols: tuple[str, ...]
    weights: tuple[float, ...]
    rebalance: bool = False


@frozen
class Turn:
    """One order of a turn, signed; `leg` says whether it leaves a position, or makes it smaller or larger."""

    symbol: str
    quantity: float
    leg: str


def aims_of(strategy: Tested, series: Mapping[str, Bars], terms: Terms, sizing: Sizing) -> Aims:
    """Ask a strategy what to hold after the newest bar."""
    panel = panel_of(series)
    targets = sized(targets_of(strategy, panel), panel, terms, sizing, bars_a_year=bars_a_year(panel))
    newest = tuple(float(weight) for weight in targets.weights[-1])
    again = targets.rebalance is not None and bool(targets.rebalance[-1])
    return Aims(panel.symbols, newest, again)


def turn_to(
    symbols: Sequence[str],
    *,
    cash: float,
    held: Sequence[float],
    prices: Sequence[float],
    weights: Sequence[float],
    changed: Sequence[bool],
    terms: Terms,
    sizing: Sizing,
) -> tuple[Turn, ...]:
    """Give the orders, first to last, that bring what changed to its share of the money at these prices."""
    terms = terms_for(sizing, terms)
    opening = Openings.of(
        np.array([prices], dtype=np.float64),
        np.array([weights], dtype=np.float64),
        np.array([changed], dtype=bool),
        terms,
    )
    book = Book(np.array([cash], dtype=np.float64), np.array([held], dtype=np.float64))
    made: list[Turn] = []
    standing = np.array(held, dtype=np.float64)
    for leg in turn(book, opening, terms):
        for place in np.flatnonzero(leg.quantity[0]).tolist():
            quantity = float(leg.quantity[0, place])
            made.append(Turn(symbols[place], quantity, _leg_of(float(standing[place]), quantity)))
            standing[place] += quantity
    return tuple(made)


def _leg_of(held: float, quantity: float) -> str:
    if held * quantity >= 0.0:
        return GROW
    return LEAVE if quantity == -held else SHRINK
