"""The rule of `turns` for one run of one symbol, in plain numbers: arrays of one cost ten times as much.

Every step is the same as there and in the same order, so that what comes of it is the same to the last bit;
a property test holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from puffling.puffin.backtest.costs import Terms
from puffling.puffin.backtest.turns import DUST, SLACK, Openings

_TURNS_BETWEEN_PULSES = 2_000


@dataclass(slots=True)
class Alone:
    """Cash and quantity after every turn, and the fills: in which turn, how many, at what price and fee."""

    cash: list[float] = field(default_factory=list)
    held: list[float] = field(default_factory=list)
    turns: list[int] = field(default_factory=list)
    quantities: list[float] = field(default_factory=list)
    prices: list[float] = field(default_factory=list)
    commissions: list[float] = field(default_factory=list)


def turns_alone(openings: Openings, terms: Terms, pulse: Callable[[], None]) -> Alone:
    """Make all turns of one run of one symbol; now and then `pulse` is called, a place to stop."""
    made, cash, held = Alone(), float(terms.capital), 0.0
    least, fee_of = terms.commission.least, terms.commission.calculate

    def trade(turn: int, step: float, buying: float, selling: float) -> None:
        nonlocal cash, held
        if not step:
            return
        paid = buying if step > 0.0 else selling
        commission = float(fee_of(paid, step))
        cash -= step * paid + commission
        held += step
        made.turns.append(turn)
        made.quantities.append(step)
        made.prices.append(paid)
        made.commissions.append(commission)

    for number, (entering, direction, weight, price, buying, selling, unit) in enumerate(_rows(openings)):
        if number % _TURNS_BETWEEN_PULSES == 0:
            pulse()
        if held * direction <= 0.0:
            trade(number, -held, buying, selling)
        if entering:
            equity = max(cash + held * price, 0.0)
            money = max(weight * (terms.capital if terms.fixed else equity) - least, 0.0)
            step = direction * _whole(money / unit, terms.lot) - held
            if step * held >= 0.0 and (terms.size > terms.leverage or terms.fixed):
                needed = abs(step) * unit if step else 0.0
                room = max(terms.leverage * equity - abs(held) * price, 0.0)
                if needed > room * SLACK:
                    step = float(np.sign(step)) * _whole(abs(step) * (room / needed), terms.lot)
            trade(number, step, buying, selling)
        made.cash.append(cash)
        made.held.append(held)
    return made


def _rows(openings: Openings) -> zip[tuple[bool, float, float, float, float, float, float]]:
    used = (
        openings.entering,
        openings.direction,
        openings.weight,
        openings.price,
        openings.buying,
        openings.selling,
        openings.unit,
    )
    return zip(*(column[:, 0].tolist() for column in used), strict=True)


def _whole(quantity: float, lot: float) -> float:
    if lot == 0.0:
        return quantity
    return float(np.floor(quantity)) if lot == 1.0 else float(np.floor(quantity / lot + DUST)) * lot
